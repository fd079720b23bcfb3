"""Blocks that do little but return are copied, one for each block that goes to them.

It costs no step, and what the ways to a shared return have to agree on, which register holds what and whether the
frame is claimed, is then for each of them to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from zkwasm_compiler.machine.frequencies import estimate_edges
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import VirtualRegister

LARGEST = 3
"""The most steps of a block that is copied."""

Function = MachineFunction[VirtualRegister]
Block = MachineBlock[VirtualRegister]


def copy_exits(function: Function) -> Function | None:
    """The function with the copies, or None if each exit has but one way to it."""
    sources = Counter(label for block in function.blocks for label in {edge.label for edge in block.edges})
    exits = {block.label: block for block in function.blocks if sources[block.label] > 1 and _leaves(block)}
    return _Copies(function, exits).run() if exits else None


def _leaves(block: Block) -> bool:
    last = block.steps[-1].jump if block.steps else None
    return last is not None and last.leaves and len(block.steps) <= LARGEST


class _Copies:
    def __init__(self, function: Function, exits: dict[str, Block]) -> None:
        self.function = function
        self.exits = exits
        self.labels = {block.label for block in function.blocks}
        self.register = max((made.id for block in function.blocks for made in _made(block)), default=0)

    def run(self) -> Function:
        positions = {block.label: number for number, block in enumerate(self.function.blocks)}
        targets = [[positions[edge.label] for edge in block.edges] for block in self.function.blocks]
        taken = estimate_edges([block.frequency for block in self.function.blocks], targets)
        blocks: list[Block] = []
        copies: list[Block] = []
        for block, frequencies in zip(self.function.blocks, taken, strict=True):
            if block.label in self.exits:
                continue
            own: dict[str, Block] = {}
            for edge, frequency in zip(block.edges, frequencies, strict=True):
                if edge.label in own:
                    own[edge.label].frequency += frequency
                elif edge.label in self.exits:
                    own[edge.label] = self.copy(self.exits[edge.label], frequency)
            copies += own.values()
            blocks.append(_redirected(block, {label: copy.label for label, copy in own.items()}))
        return replace(self.function, blocks=blocks + copies)

    def copy(self, block: Block, frequency: float) -> Block:
        """A copy with a label and registers of its own."""
        number = next(n for n in range(1, len(self.labels) + 2) if f"{block.label}_{n}" not in self.labels)
        label = f"{block.label}_{number}"
        self.labels.add(label)
        names: dict[VirtualRegister, VirtualRegister] = {}
        for made in _made(block):
            self.register += 1
            names[made] = replace(made, id=self.register)
        steps = [step.map(lambda r: names.get(r, r), lambda r: names[r]) for step in block.steps]
        return MachineBlock(label, [names[parameter] for parameter in block.parameters], steps, [], frequency)


def _made(block: Block) -> Iterator[VirtualRegister]:
    """The registers that the block assigns."""
    yield from block.parameters
    for step in block.steps:
        yield from step.destinations
        yield from (register for register, _ in step.writes_fixed())


def _redirected(block: Block, labels: dict[str, str]) -> Block:
    """The block with edges to other labels."""
    if not labels:
        return block
    last = block.steps[-1].retarget(lambda name: labels.get(name, name))
    edges = [Edge(labels.get(edge.label, edge.label), edge.args) for edge in block.edges]
    return replace(block, steps=[*block.steps[:-1], last], edges=edges)
