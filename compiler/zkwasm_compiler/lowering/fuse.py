"""Fusion of steps after allocation: stores, tests, moves, calls and returns go into the step that makes their value.

A step *follows* another when it only uses a value that the other one's op has: ``A :JMPNZ(l)`` follows ``D - 1 => A``,
``A => B :MSTORE(x)`` too, ``5 => B`` follows ``5 => A``, a reload follows the store. Its destinations and operations
then go into the earlier step, unless something between them reads or writes what would move, or the machine has no such
step. A jump stays where it is: the value's step sinks down to it. What was a constraint never passes an exit.
The origins of the fused steps are kept, so the allocation checker judges the result as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zkwasm_compiler.lowering.dead_steps import drop_dead_steps
from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.legality import is_legal
from zkwasm_compiler.machine.step import DEFINED, LIMB, Advice, Operation, Slot, Step

UNPROVABLE = "fail"
"""The label of the place that no proof passes: what happens before a jump there is of no consequence."""
WINDOW = 40
"""How many steps fusion looks back."""

Numbered = tuple[Step[str], tuple[int, ...]]


def fuse(function: MachineFunction[str]) -> AllocatedFunction:
    """The function with fewer steps; blocks and edges stay."""
    assert isinstance(function, AllocatedFunction)
    blocks = [replace(block, steps=list(block.steps), edges=list(block.edges)) for block in function.blocks]
    result = replace(function, blocks=blocks, origins=dict(function.origins))
    drop_dead_steps(result)
    fused = True
    while fused:
        for block in result.blocks:
            steps = _fuse_block(list(zip(block.steps, result.origins[block.label], strict=True)))
            block.steps = [step for step, _ in steps]
            result.origins[block.label] = [origins for _, origins in steps]
        fused = drop_dead_steps(result)
    return result


def _fuse_block(steps: list[Numbered]) -> list[Numbered]:
    position = 1
    while position < len(steps):
        if _fuse_at(steps, position):
            position = max(position - 1, 1)
        else:
            position += 1
    return steps


def _fuse_at(steps: list[Numbered], position: int) -> bool:
    """Fuse the step at a position into an earlier one, or an earlier one into it; whether that was done."""
    step, origins = steps[position]
    leader = _leader(steps, position)
    if leader is None:
        return False
    first, first_origins = steps[leader]
    between = [other for other, _ in steps[leader + 1 : position]]
    fused = _fused(first, step)
    if fused is None:
        return False
    if _may_rise(step, between, first):
        steps[leader] = (fused, first_origins + origins)
        del steps[position]
        return True
    if between and _may_sink(first, between, step):
        steps[position] = (fused, first_origins + origins)
        del steps[leader]
        return True
    return False


# Which step a step follows


def _leader(steps: Sequence[Numbered], position: int) -> int | None:
    """The nearest earlier step whose op has the value that the step at `position` uses, unchanged since."""
    step, origins = steps[position]
    if _is_empty(step):
        return _last_before_reload(steps, position) if step.operations else None
    register, constant, cell = _register(step), _constant(step), None if origins else _reloaded(step)
    for earlier in range(position - 1, max(position - 1 - WINDOW, -1), -1):
        other = steps[earlier][0]
        if register is not None:
            if _changes_by_operation(other, register):
                return None
            if register in other.destinations or (_register(other) == register and not _changes(other, register)):
                return earlier
            if _changes(other, register):
                return None
        elif constant is not None:
            if _constant(other) == constant and not _is_empty(other):
                return earlier
        elif cell is not None:
            if other.memory is not None and other.memory.slot == cell and _settles(other):
                return earlier
            if other.memory is not None and other.memory.name == "MSTORE" and other.memory.slot in (cell, None):
                return None
        else:
            return None
    return None


def _last_before_reload(steps: Sequence[Numbered], position: int) -> int | None:
    """The step that a jump without a sum can join: the one before it, or before the reload of what it jumps to."""
    fixed = {register for op in steps[position][0].operations for register in op.fixed if register not in op.late}
    for earlier in range(position - 1, max(position - 1 - WINDOW, -1), -1):
        other = steps[earlier][0]
        if _reloaded(other) is None or fixed.isdisjoint(other.destinations):
            return earlier
    return None


def _settles(step: Step[str]) -> bool:
    """Whether the op of a step with a memory operation is what the cell holds behind it."""
    return step.memory is not None and (step.memory.name == "MSTORE" or _reloaded(step) is not None)


def _is_empty(step: Step[str]) -> bool:
    """Whether the step has no sum that anything needs."""
    no_sum = not step.terms and not step.constant and step.long_constant is None and step.free is None
    return no_sum and not step.destinations and all(op.name in ("JMP", "CALL", "RETURN") for op in step.operations)


def _register(step: Step[str]) -> str | None:
    """The register whose content the op is."""
    if step.free is None and not step.constant and step.long_constant is None and len(step.terms) == 1:
        (term,) = step.terms
        return term.register if term.coefficient == 1 and not term.rotated else None
    return None


def _constant(step: Step[str]) -> int | None:
    """The 64-bit constant that the op is."""
    if step.terms or step.free is not None:
        return None
    if step.long_constant is not None:
        return step.long_constant
    return step.constant if 0 <= step.constant < LIMB else None


def _reloaded(step: Step[str]) -> Slot | None:
    """The frame cell that the step does nothing but load."""
    plain = step.free is DEFINED and not step.terms and not step.constant and len(step.operations) == 1
    memory = step.memory if plain else None
    return memory.slot if memory is not None and memory.name == "MLOAD" and _in_frame(memory) else None


def _in_frame(operation: Operation[str]) -> bool:
    return operation.slot is not None and operation.slot.area == "frame"


def _changes(step: Step[str], register: str) -> bool:
    """Whether the step puts something else into the register."""
    return register in step.destinations or _changes_by_operation(step, register)


def _reads(step: Step[str]) -> set[str]:
    return {*step.reads_anywhere(), *(register for _, register in step.reads_fixed())}


# May they become one


def _fused(first: Step[str], second: Step[str]) -> Step[str] | None:
    """Both steps in one, if the machine has it."""
    added = tuple(op for op in second.operations if not (_reloaded(second) is not None and op is second.memory))
    for operation in added:
        if _reads_too_early(operation, first):
            return None
    destinations = (*first.destinations, *(r for r in second.destinations if r not in first.destinations))
    operations = [*first.operations, *added]
    operations.sort(key=lambda operation: operation.name.startswith("JMP") or operation.name in ("CALL", "RETURN"))
    comment = first.comment or second.comment
    offset = second.offset if first.offset is None else first.offset
    fused = replace(first, destinations=destinations, operations=tuple(operations), comment=comment, offset=offset)
    if any(_changes_by_operation(first, register) for register in second.destinations):
        return None
    return fused if is_legal(fused) else None


def _reads_too_early(operation: Operation[str], first: Step[str]) -> bool:
    """Whether the operation needs a register that `first` is only just making.

    Arguments of calls and results are there in time; what addresses a jump, or is an operand, is read before.
    """
    return any(register in first.destinations for register in operation.fixed if register not in operation.late)


def _changes_by_operation(step: Step[str], register: str) -> bool:
    return register in step.clobbers() or any(register in operation.fixed_results for operation in step.operations)


def _may_rise(step: Step[str], between: Sequence[Step[str]], first: Step[str]) -> bool:
    """Whether the destinations and operations of `step` may happen in `first` already."""
    moved = [
        operation for operation in step.operations if not (_reloaded(step) is not None and operation is step.memory)
    ]
    if any(_exits(other) for other in (first, *between)) and not all(_in_frame(operation) for operation in moved):
        return False
    if any(other.operation("CALL") is not None for other in (first, *between)) and (moved or step.destinations):
        return False  # a call reads its arguments behind the destinations
    for other in between:
        if any(register in _reads(other) or _changes(other, register) for register in step.destinations):
            return False
        for operation in moved:
            if _is_jump(operation) or any(_changes(other, register) for register in operation.fixed):
                return False
            if operation.slot is not None and _touches(other, operation):
                return False
    return True


def _may_sink(first: Step[str], between: Sequence[Step[str]], step: Step[str]) -> bool:
    """Whether `first` may happen only when `step` does."""
    if any(_is_jump(operation) for operation in first.operations):
        return False
    pure = not first.operations and not isinstance(first.free, Advice)
    memory = first.memory
    for other in between:
        if other.operation("CALL") is not None or (_exits(other) and not pure):
            return False
        if any(register in _reads(other) or _changes(other, register) for register in first.destinations):
            return False
        if any(_changes(other, register) for register in _reads(first)):
            return False
        if memory is not None and _touches(other, memory):
            return False
    return True


def _is_jump(operation: Operation[str]) -> bool:
    return operation.name.startswith("JMP") or operation.name in ("CALL", "RETURN")


def _exits(step: Step[str]) -> bool:
    """Whether the step may leave, other than to where no proof gets."""
    jump = step.jump
    return jump is not None and not (jump.targets and set(jump.targets) <= {UNPROVABLE, "next"})


def _touches(step: Step[str], operation: Operation[str]) -> bool:
    """Whether the step's memory access and `operation` may not change places."""
    memory = step.memory
    if memory is None or (memory.name == "MLOAD" and operation.name == "MLOAD"):
        return False
    return bool(memory.fixed) or bool(operation.fixed) or memory.slot == operation.slot
