"""Lies that fit together: where one lie breaks a constraint, another free input is changed so that it holds again.

A broken constraint has a residual, a number that must be 0 or in a range: the value of the step for a jump, the
difference for an assertion or a memory access, A*B + C - D*2^64 - op for ARITH. In a few rows it is nearly always a
linear function of each free input, so one more run with the free input changed by 1 gives the slope, and with it the
value that repairs the constraint. A quotient that is one too small gets the remainder that is one divisor too large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from zkwasm_simulator.audit.effects import register_limbs
from zkwasm_simulator.audit.forging import Forgery, Fork, FreeInput, Stage, Verdict
from zkwasm_simulator.audit.honest import NOTHING
from zkwasm_simulator.field import LIMB_MASK, PRIME, WORD_MASK, Limbs, split
from zkwasm_simulator.machine import Machine

WINDOW = 64
"""How many steps behind the first lie a constraint may be."""
REPAIRED_INPUTS = 4
"""How many of the free inputs in between are tried, the last first."""
DEPTH = 2
"""How many further lies one lie may need."""

NONNEGATIVE = (0, LIMB_MASK)
NEGATIVE = (PRIME - 1, PRIME - LIMB_MASK - 1)
LIMB_STEPS: tuple[Limbs, ...] = ((1, 0), (0, 1))

Said = dict[int, Limbs]


@dataclass(frozen=True, slots=True)
class _Broken:
    """The constraint to repair: that of `row` at `step`. `kind` says how its residual is found and what it must be."""

    kind: str
    step: int
    row: int
    targets: tuple[int, ...] = (0,)


def repairs(
    stage: Stage, fork: Fork, said: Said, forgery: Forgery, depth: int = DEPTH
) -> Iterator[tuple[Said, Forgery]]:
    """Runs in which further free inputs are changed so that the constraint which `forgery` breaks holds."""
    broken = _broken(stage, forgery)
    if broken is None or broken.step - fork.step > WINDOW or depth == 0:
        return
    between = [one for one in forgery.free_inputs if fork.step < one.step <= broken.step and one.step not in said]
    between = [one for one in between if one.row not in stage.audited.data]
    for free_input in reversed(between[-REPAIRED_INPUTS:]):
        for value in _repaired_values(stage, fork, said, free_input, broken):
            further = {**said, free_input.step: value}
            run = stage.run(fork, further)
            yield further, run
            if run.verdict is Verdict.VIOLATED and run.step > forgery.step:
                yield from repairs(stage, fork, further, run, depth - 1)


def _broken(stage: Stage, forgery: Forgery) -> _Broken | None:
    """The constraint that a violated run breaks; when it left the honest path before, the jump that made it leave."""
    if forgery.verdict is not Verdict.VIOLATED or forgery.fault is None:
        return None
    rows = stage.audited.rows
    if forgery.diverged is not None and forgery.diverged < forgery.step:
        step = forgery.diverged
        row = rows[stage.honest.path[step]]
        wanted = stage.honest.path[step + 1] if step + 1 < len(stage.honest.path) else None
        if row.jump.kind == "JMPZ" and wanted == row.jump.target:
            return _Broken("value", step, row.index)
        if row.jump.kind == "JMPN":
            return _Broken("value", step, row.index, NEGATIVE if wanted == row.jump.target else NONNEGATIVE)
        return None
    row = rows[forgery.row]
    kind = forgery.fault.error_kind
    if kind == "jmpn_range":
        jumped = stage.honest.path[forgery.step + 1 : forgery.step + 2] == [row.jump.target]
        return _Broken("value", forgery.step, row.index, NEGATIVE if jumped else NONNEGATIVE)
    if kind in _RESIDUALS:
        return _Broken(kind, forgery.step, row.index)
    return None


def _repaired_values(stage: Stage, fork: Fork, said: Said, one: FreeInput, broken: _Broken) -> list[Limbs]:
    """Values of a free input that may repair the constraint."""
    residual = _residual(stage, fork, {**said, one.step: one.said}, broken)
    if residual is None:
        return []
    found: list[Limbs] = []
    if broken.kind in _WORDS:
        found += _repaired_words(stage, fork, said, one, broken, residual)
    for limb, (low, high) in enumerate(LIMB_STEPS):
        moved = (one.said[0] + low) % PRIME, (one.said[1] + high) % PRIME
        after = _residual(stage, fork, {**said, one.step: moved}, broken)
        slope = 0 if after is None else (after[0] - residual[0]) % PRIME
        if not slope:
            continue
        for target in broken.targets:
            change = (target - residual[0]) * pow(slope, -1, PRIME)
            limbs = list(one.said)
            limbs[limb] = (limbs[limb] + change) % PRIME
            found.append((limbs[0], limbs[1]))
    return [value for value in dict.fromkeys(found) if value != one.said]


def _repaired_words(
    stage: Stage, fork: Fork, said: Said, one: FreeInput, broken: _Broken, residual: tuple[int, int]
) -> list[Limbs]:
    """As `_repaired_values`, with the free input as one number of 64 bits and the residual as an integer."""
    low, high = one.said
    if (low | high) > LIMB_MASK:
        return []
    word = low | high << 32
    after = _residual(stage, fork, {**said, one.step: split(word + 1)}, broken)
    if after is None or after[1] == residual[1]:
        return []
    slope = after[1] - residual[1]
    return [split((word - residual[1] // slope) & WORD_MASK)] if residual[1] % slope == 0 else []


# Residuals: as a field element, and as an integer where words are compared


def _residual(stage: Stage, fork: Fork, said: Mapping[int, Limbs], broken: _Broken) -> tuple[int, int] | None:
    """The residual of the constraint in a run that says these values, if it gets there."""
    probe = stage.run(fork, said, stop=broken.step)
    if probe.verdict is not Verdict.UNFINISHED or probe.row != broken.row:
        return None
    machine = stage.state_before(fork, said, broken.step)
    value = _value(stage, machine, broken, said)
    return None if value is None else _RESIDUALS[broken.kind](stage, machine, broken.row, value)


def _value(stage: Stage, machine: Machine, broken: _Broken, said: Mapping[int, Limbs]) -> Limbs | None:
    """The value of the step before which `machine` is."""
    row = stage.audited.rows[broken.row]
    total = list(row.constant)
    for source, coefficient in row.terms:
        limbs = register_limbs(source)
        if not limbs:
            return None
        for number, limb in enumerate(limbs):
            total[number] += coefficient * int(getattr(machine, limb))
    if row.free:
        free = said.get(broken.step) or stage.free_input(machine, broken.row, broken.step)
        total[0] += row.free * free[0]
        total[1] += row.free * free[1]
    return total[0] % PRIME, total[1] % PRIME


def _jump_residual(stage: Stage, machine: Machine, row: int, value: Limbs) -> tuple[int, int]:
    return value[0], 0


def _assertion_residual(stage: Stage, machine: Machine, row: int, value: Limbs) -> tuple[int, int]:
    return _difference(value, machine.limbs("A"))


def _memory_residual(stage: Stage, machine: Machine, row: int, value: Limbs) -> tuple[int, int]:
    return _difference(value, machine.memory.get(stage.cell(machine, row), NOTHING))


def _difference(value: Limbs, other: Limbs) -> tuple[int, int]:
    """The difference of the limb that differs."""
    limb = 0 if value[0] != other[0] else 1
    return (value[limb] - other[limb]) % PRIME, 0


def _arith_residual(stage: Stage, machine: Machine, row: int, value: Limbs) -> tuple[int, int]:
    a, b, c, d = (low + (high << 32) for low, high in map(machine.limbs, "ABCD"))
    residual = a * b + c - (d << 64) - value[0] - (value[1] << 32)
    return residual % PRIME, residual


def _sum_residual(stage: Stage, machine: Machine, row: int, value: Limbs) -> tuple[int, int]:
    a, b = (low + (high << 32) for low, high in map(machine.limbs, "AB"))
    word = value[0] + (value[1] << 32)
    match stage.audited.rows[row].binary:
        case "ADD":
            residual = word - (a + b & WORD_MASK)
        case "SUB":
            residual = word - (a - b & WORD_MASK)
        case "AND":
            residual = word - (a & b)
        case "OR":
            residual = word - (a | b)
        case "XOR":
            residual = word - (a ^ b)
        case _:
            residual = 0
    return residual % PRIME, residual


_RESIDUALS: dict[str, Callable[[Stage, Machine, int, Limbs], tuple[int, int]]] = {
    "value": _jump_residual,
    "assert": _assertion_residual,
    "memory_read": _memory_residual,
    "memory_read_uninitialised": _memory_residual,
    "arith": _arith_residual,
    "binary": _sum_residual,
}
_WORDS = ("arith", "binary")
