"""Where functions that call themselves claim their frame on the stack and give it up.

A frame is claimed, by moving SP behind it, so that the frames of what the function calls lie behind it. Where no call
follows it can be used without: what is behind SP is nobody's. So a frame is claimed for calls only. Where that takes
the fewest steps is a minimum cut between the function's start and ends, where SP must be as it was, and its calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.lowering.allocate_cut import NEVER, SINK, SOURCE, Network
from zkwasm_compiler.lowering.symbols import trap_label
from zkwasm_compiler.machine.function import Edge, MachineBlock, MachineFunction, fresh_label
from zkwasm_compiler.machine.step import NEXT, Operation, Slot, Step, Term, jump
from zkwasm_compiler.runtime.frames import CELLS_BEHIND

STACK = "stack"
"""The area of the cells that are numbered from where SP is."""


def claim_frames(function: MachineFunction[str], on_stack: frozenset[str]) -> MachineFunction[str]:
    """The function with the steps that move SP, and its own cells numbered from there. `on_stack` are the labels of
    functions that use the stack or call one which does."""
    if not function.recursive or not function.frame_size:
        return function
    return _Claims(function, on_stack).run()


class _Claims:
    """A block is two places, its start and its end, or one if it doesn't call."""

    def __init__(self, function: MachineFunction[str], on_stack: frozenset[str]) -> None:
        self.function = function
        self.on_stack = on_stack
        self.blocks = function.blocks
        self.numbers = {block.label: number for number, block in enumerate(function.blocks)}
        self.calls = [
            [position for position, step in enumerate(block.steps) if self.calling(step)] for block in self.blocks
        ]
        self.labels = set(self.numbers)
        self.claimed = self.cut()

    def calling(self, step: Step[str]) -> bool:
        """Whether the frame must be claimed for the step: a call, or an argument in the frame of what is called."""
        for operation in step.operations:
            if operation.name == "CALL" and (operation.computed or operation.targets[0] in self.on_stack):
                return True
            if operation.slot is not None and operation.slot.area.partition(":")[2] in self.on_stack:
                return True
        return False

    def start(self, number: int) -> int:
        return 2 * number

    def end(self, number: int) -> int:
        return 2 * number + bool(self.calls[number])

    def cut(self) -> set[int]:
        """The places at which the frame is claimed."""
        network = Network()
        network.add(SOURCE, self.start(0), self.blocks[0].expected)
        if self.function.frame_size > CELLS_BEHIND:  # behind a claim that held there is room for it
            network.add(self.start(0), SINK, NEVER)
        for number, block in enumerate(self.blocks):
            if self.calls[number]:
                network.add(self.start(number), SINK, block.expected)
                behind = self.calls[number][-1] < len(block.steps) - 1
                network.add(self.end(number), SINK, block.expected if behind else NEVER)
            if self.leaving(block) and not _only_leaves(block.steps[-1]):
                network.add(SOURCE, self.end(number), block.expected)
            for edge in block.edges:
                network.add(self.end(number), self.start(self.numbers[edge.label]), edge.expected)
                network.add(self.start(self.numbers[edge.label]), self.end(number), edge.expected)
        return network.cut(NEVER)[1]

    def leaving(self, block: MachineBlock[str]) -> bool:
        return bool(block.steps) and block.steps[-1].jump is not None and block.steps[-1].jump.leaves

    def run(self) -> MachineFunction[str]:
        blocks: list[MachineBlock[str]] = []
        for number, block in enumerate(self.blocks):
            moves = {
                edge.label: self.between(block.label, edge.label)
                for edge in block.edges
                if self.ends_claimed(number) != self.starts_claimed(edge.label)
            }
            steps = list(self.steps(number))
            names = {target: move.label for target, move in moves.items()}
            if names:
                steps[-1] = steps[-1].retarget(partial(_renamed, names))
            edges = [replace(edge, label=_renamed(names, edge.label)) for edge in block.edges]
            for edge in block.edges:
                if edge.label in moves:
                    moves[edge.label].expected += edge.expected
            blocks += [replace(block, steps=steps, edges=edges), *moves.values()]
        return replace(self.function, blocks=blocks)

    def starts_claimed(self, label: str) -> bool:
        return self.start(self.numbers[label]) in self.claimed

    def ends_claimed(self, number: int) -> bool:
        return self.end(number) in self.claimed

    def between(self, source: str, target: str) -> MachineBlock[str]:
        """A block on the edges from one block to another that moves SP."""
        label = fresh_label(f"{source}_to_{target}", self.labels)
        step = self.claim(target) if self.starts_claimed(target) else self.release(jump("JMP", target))
        return MachineBlock(label, [], [step], [Edge(target)], 1.0, 0.0)

    def steps(self, number: int) -> Iterator[Step[str]]:
        """The steps of a block, with those between them that move SP."""
        block, calls = self.blocks[number], self.calls[number]
        claimed = self.starts_claimed(block.label)
        if claimed and not number:
            yield self.claim()
        for position, step in enumerate(block.steps):
            if calls and position == calls[0] and not claimed:
                claimed = True
                yield self.claim()
            if claimed and step.jump is not None and step.jump.leaves:
                claimed = False
                if _only_leaves(step):
                    yield self.release(*step.operations)
                    return
                yield self.release()
            yield self.numbered(step, claimed)
            if calls and position == calls[-1] and not self.ends_claimed(number):
                claimed = False
                yield self.release()

    def claim(self, following: str = NEXT) -> Step[str]:
        """The step that claims the frame. SP stays negative as long as it fits."""
        test: Operation[str] = jump("JMPN", following, trap_label(Trap.CALL_STACK_EXHAUSTED))
        return Step((Term("SP"),), self.function.frame_size, destinations=("SP",), operations=(test,))

    def release(self, *operations: Operation[str]) -> Step[str]:
        """The step that gives the frame up."""
        return Step((Term("SP"),), -self.function.frame_size, destinations=("SP",), operations=operations)

    def numbered(self, step: Step[str], claimed: bool) -> Step[str]:
        """The step with the cells of the frame numbered from where SP is."""
        first = -self.function.frame_size if claimed else 0
        operations = tuple(
            replace(operation, slot=Slot(STACK, first + operation.slot.index))
            if operation.slot is not None and operation.slot.area == "frame"
            else operation
            for operation in step.operations
        )
        return replace(step, operations=operations)


def _renamed(names: Mapping[str, str], name: str) -> str:
    return names.get(name, name)


def _only_leaves(step: Step[str]) -> bool:
    """Whether the step does nothing but return, so that its op is free."""
    return len(step.operations) == 1 and not step.destinations
