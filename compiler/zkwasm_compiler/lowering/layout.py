"""Block layout: an allocated function becomes one list of labels and steps.

What a jump costs on this machine decides. A conditional jump names both of its targets for free. An unconditional one
is free when the step before it can carry it: a step without a jump takes the JMP, a check `JMPN(fail)` takes its target
as the other branch. A block that is nothing but a jump is threaded: its predecessors go to its target. Only a block
that ends with a call before the jump needs a neighbour: those are placed before their targets, the most frequent
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from zkwasm_compiler.machine.function import MachineBlock, MachineFunction
from zkwasm_compiler.machine.step import CONDITIONAL_JUMPS, NEXT, Operation, Step, jump


@dataclass(frozen=True, slots=True)
class Label:
    """The place of the next step in the program."""

    name: str


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A whole function in order. Its entry label comes first, other labels only where something jumps to them.
    `executed` is how many steps a call is expected to take."""

    items: list[Label | Step[str]]
    executed: float


def layout(function: MachineFunction[str]) -> LaidOut:
    """Put the blocks of the function in order."""
    blocks = {block.label: _Block.of(block) for block in function.blocks}
    entry = function.blocks[0].label
    final = {label: _thread(label, blocks) for label in blocks if label != entry}
    for block in blocks.values():
        block.retarget(final)
    order = _order(entry, blocks)
    following = [*order[1:], None]
    items: list[Label | Step[str]] = []
    executed = 0.0
    for label, after in zip(order, following, strict=True):
        items.append(Label(label))
        placed = _leaving_early(blocks[label].placed(after))
        items += placed
        entries = len(blocks[label].table)
        executed += blocks[label].expected * (sum(isinstance(item, Step) for item in placed) - max(entries - 1, 0))
    used = {target for item in items if isinstance(item, Step) for op in item.operations for target in op.targets}
    kept = [item for item in items if isinstance(item, Step) or item.name in used or item.name == entry]
    return LaidOut(kept, executed)


@dataclass(eq=False, slots=True)
class _Block:
    """A block taken apart: `steps` without its final unconditional jump, whose target is `goes_to`."""

    label: str
    frequency: float
    expected: float
    steps: list[Step[str]]
    goes_to: str | None
    table: list[str]

    @staticmethod
    def of(block: MachineBlock[str]) -> _Block:
        *rest, last = block.steps
        operation = last.jump
        if operation is None or operation.name != "JMP":
            return _Block(block.label, block.frequency, block.expected, list(block.steps), None, [])
        if operation.operands:
            return _Block(
                block.label, block.frequency, block.expected, list(block.steps), None, [e.label for e in block.edges]
            )
        stripped = replace(last, operations=tuple(o for o in last.operations if o is not operation))
        steps = [*rest, stripped] if stripped != Step() else rest
        return _Block(block.label, block.frequency, block.expected, steps, operation.targets[0], [])

    def retarget(self, final: dict[str, str]) -> None:
        """Go where the threads of jumps end."""
        self.steps = [step.retarget(lambda name: final.get(name, name)) for step in self.steps]
        self.table = [final.get(label, label) for label in self.table]
        if self.goes_to is not None:
            self.goes_to = final.get(self.goes_to, self.goes_to)

    def needs_neighbour(self) -> bool:
        """Whether the final jump would take a step of its own."""
        return self.goes_to is not None and (not self.steps or carrying(self.steps[-1], self.goes_to) is None)

    def successors(self) -> Iterator[str]:
        """The labels that control may go to, with side exits."""
        for step in self.steps:
            for operation in step.operations:
                if operation.name != "CALL":
                    yield from operation.targets
        yield from self.table
        if self.goes_to is not None:
            yield self.goes_to

    def placed(self, after: str | None) -> list[Label | Step[str]]:
        """The steps when the block labelled `after` follows."""
        if self.table:
            base = self.steps[-1].operations[-1].targets[0]
            rows: list[Step[str]] = [Step(operations=(jump("JMP", target),)) for target in self.table]
            return [*self.steps, *rows, Label(base)]
        if self.goes_to is not None and self.goes_to != after:
            jumping = carrying(self.steps[-1], self.goes_to) if self.steps else None
            if jumping is None:
                return [*self.steps, Step(operations=(jump("JMP", self.goes_to),))]
            return [*self.steps[:-1], jumping]
        if not self.steps:
            return []
        return [*self.steps[:-1], _shortened(self.steps[-1], after)]


def carrying(step: Step[str], target: str) -> Step[str] | None:
    """The step with a jump to `target` after it, or None when it can't carry one."""
    operation = step.jump
    if operation is None:
        return replace(step, operations=(*step.operations, jump("JMP", target)))
    if operation.name not in CONDITIONAL_JUMPS or operation.operands:
        return None
    if NEXT in operation.targets:
        targets = tuple(target if name == NEXT else name for name in operation.targets)
    elif len(operation.targets) == 1:
        targets = (*operation.targets, target)
    else:
        return None
    return _with_jump(step, operation, replace(operation, targets=targets))


def _with_jump(step: Step[str], old: Operation[str], new: Operation[str]) -> Step[str]:
    return replace(step, operations=tuple(new if operation is old else operation for operation in step.operations))


def _leaving_early(items: list[Label | Step[str]]) -> list[Label | Step[str]]:
    """A block that ends with nothing but a jump to another function: the test before it, if it is one, can jump."""
    if len(items) < 2:
        return items
    *rest, test, last = items
    if not (isinstance(test, Step) and isinstance(last, Step)) or last.jump is None or len(last.operations) > 1:
        return items
    leaving = last.jump
    if not leaving.leaves or leaving.name != "JMP" or leaving.computed or last.terms or last.destinations:
        return items
    jumping = carrying(test, leaving.targets[0])
    if jumping is None or jumping.jump is None:
        return items
    return [*rest, _with_jump(jumping, jumping.jump, replace(jumping.jump, clobbers=leaving.clobbers))]


_OPPOSITE = {"JMPZ": "JMPNZ", "JMPNZ": "JMPZ", "JMPC": "JMPNC", "JMPNC": "JMPC"}


def _shortened(step: Step[str], after: str | None) -> Step[str]:
    """A final conditional jump that does not name the block which follows."""
    operation = step.jump
    if operation is None or operation.name not in CONDITIONAL_JUMPS or len(operation.targets) != 2:
        return step
    taken, other = operation.targets
    if other == after:
        return _with_jump(step, operation, replace(operation, targets=(taken,)))
    if taken == after:
        if operation.name in _OPPOSITE:
            return _with_jump(step, operation, replace(operation, name=_OPPOSITE[operation.name], targets=(other,)))
        return _with_jump(step, operation, replace(operation, targets=(NEXT, other)))
    return step


def _thread(label: str, blocks: dict[str, _Block]) -> str:
    """Where a jump to `label` ends up, past blocks that only jump on."""
    seen = {label}
    while label in blocks and not blocks[label].steps:
        target = blocks[label].goes_to
        if target is None or target in seen:
            return label
        label = target
        seen.add(label)
    return label


def _order(entry: str, blocks: dict[str, _Block]) -> list[str]:
    """The reachable blocks: chains of blocks that need their neighbour, in the order in which they are reached."""
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    wanting = sorted(
        (block for block in blocks.values() if block.needs_neighbour()), key=lambda block: -block.frequency
    )
    for block in wanting:
        target = block.goes_to
        if target is None or target not in blocks or target == entry or target in before:
            continue
        if _chain_end(target, after) != block.label:
            after[block.label] = target
            before[target] = block.label
    order: list[str] = []
    placed: set[str] = set()
    work = [entry]
    while work:
        label = work.pop()
        if label in placed or label not in blocks:
            continue
        while label in before:
            label = before[label]
        while label in blocks and label not in placed:
            placed.add(label)
            order.append(label)
            work += reversed([name for name in blocks[label].successors() if name in blocks])
            label = after.get(label, "")
    return order


def _chain_end(label: str, after: dict[str, str]) -> str:
    while label in after:
        label = after[label]
    return label
