"""Widening: how far the range of a loop header's parameter goes when it keeps growing.

First to the numbers that the function compares with, then almost as far as possible: one step of a counter below the
end, so that the step does not wrap before the loop's condition has been seen; finally all the way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from zkwasm_compiler.analysis.interval import NEGATED, Range, full, make
from zkwasm_compiler.ir.function import Function, Value

PLAIN_JOINS = 1
NEAR_JOINS = 6
FAR_JOINS = 10
LARGE_FUNCTION = 5_000
"""Values from which on a function does without the near thresholds."""
MAXIMUM_STEPS = 8
MAXIMUM_STEP = 1 << 12


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a growing bound may stop, in increasing order."""

    near: tuple[int, ...]
    far: tuple[int, ...]

    def after(self, growths: int) -> tuple[int, ...] | None:
        """The numbers to stop at when a range has grown that often; None as long as it may grow as it likes."""
        if growths <= PLAIN_JOINS:
            return None
        if growths <= NEAR_JOINS and self.near:
            return self.near
        return self.far if growths <= FAR_JOINS else ()


def thresholds_of(function: Function) -> Thresholds:
    """What the function compares with, and the ends of the number ranges less the steps that it makes."""
    limits = {0, 1}
    steps = {1: None}
    size = 0
    for block in function.blocks:
        for value in block.body:
            size += 1
            number = _constant_argument(value)
            name = value.op.partition(".")[2]
            if number is not None and name in NEGATED:
                limits.update((number - 1, number, number + 1))
            elif number is not None and name == "add" and 0 < abs(number) <= MAXIMUM_STEP:
                steps[abs(number)] = None
    ends = {0, 1}
    for bits in (31, 32, 63, 64):
        ends.update((1 << bits) - 1 - step for step in [0, *list(steps)[:MAXIMUM_STEPS]])
        ends.update(step - (1 << bits) for step in [0, *list(steps)[:MAXIMUM_STEPS]] if bits % 2)
    return Thresholds(tuple(sorted(limits)) if size < LARGE_FUNCTION else (), tuple(sorted(ends)))


def _constant_argument(value: Value) -> int | None:
    """The constant among the arguments of a binary op, as a signed number."""
    for arg in value.args[::-1]:
        if arg.op.endswith(".const") and isinstance(arg.immediate, int):
            bits = arg.immediate
            return bits - (1 << arg.type.bits) if bits >> (arg.type.bits - 1) else bits
    return None


def widen(old: Range, new: Range, thresholds: tuple[int, ...]) -> Range:
    """`new`, which contains `old`, with the bounds that moved put as far as the next threshold or all the way."""
    most = full(new.bits)

    def above(number: int, limit: int) -> int:
        place = bisect_left(thresholds, number)
        return min(thresholds[place], limit) if place < len(thresholds) else limit

    def below(number: int, limit: int) -> int:
        place = bisect_right(thresholds, number)
        return max(thresholds[place - 1], limit) if place else limit

    widened = make(
        new.bits,
        below(new.u_low, 0) if new.u_low < old.u_low else new.u_low,
        above(new.u_high, most.u_high) if new.u_high > old.u_high else new.u_high,
        below(new.s_low, most.s_low) if new.s_low < old.s_low else new.s_low,
        above(new.s_high, most.s_high) if new.s_high > old.s_high else new.s_high,
    )
    assert widened is not None
    return widened
