"""Blocks that do little but return are copied, one for each block that goes to them.

It costs no step, and what the ways to a shared return have to agree on, which register holds what and whether the
frame is claimed, is then for each of them to choose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from zkwasm_compiler.machine.function import MachineBlock, MachineFunction
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
        blocks: list[Block] = []
        copies: list[Block] = []
        for block in self.function.blocks:
            if block.label in self.exits:
                continue
            expected: dict[str, float] = {}
            for edge in block.edges:
                if edge.label in self.exits:
                    expected[edge.label] = expected.get(edge.label, 0.0) + edge.expected
            own = {label: self.copy(self.exits[label], expected[label]) for label in expected}
            copies += own.values()
            blocks.append(_redirected(block, {label: copy.label for label, copy in own.items()}))
        return replace(self.function, blocks=blocks + copies)

    def copy(self, block: Block, expected: float) -> Block:
        """A copy with a label and registers of its own."""
        number = next(n for n in range(1, len(self.labels) + 2) if f"{block.label}_{n}" not in self.labels)
        label = f"{block.label}_{number}"
        self.labels.add(label)
        names: dict[VirtualRegister, VirtualRegister] = {}
        for made in _made(block):
            self.register += 1
            names[made] = replace(made, id=self.register)
        steps = [step.map(lambda r: names.get(r, r), lambda r: names[r]) for step in block.steps]
        parameters = [names[parameter] for parameter in block.parameters]
        return MachineBlock(label, parameters, steps, [], expected, expected)


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
    edges = [replace(edge, label=labels.get(edge.label, edge.label)) for edge in block.edges]
    return replace(block, steps=[*block.steps[:-1], last], edges=edges)
