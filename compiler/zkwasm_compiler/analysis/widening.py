"""Widening: how far the range of a loop header's parameter goes when it keeps growing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from zkwasm_compiler.analysis.interval import NEGATED, Range, full, make
from zkwasm_compiler.ir.function import Function


def thresholds_of(function: Function) -> tuple[int, ...]:
    """Numbers at which a growing bound may stop: what the function compares with, and their neighbours."""
    found = {0, 1}
    for block in function.blocks:
        for value in block.body:
            if value.op.partition(".")[2] in NEGATED:
                for arg in value.args:
                    if arg.op.endswith(".const") and isinstance(arg.immediate, int):
                        limit = arg.immediate
                        if limit >> (arg.type.bits - 1):
                            limit -= 1 << arg.type.bits
                        found.update((limit - 1, limit, limit + 1))
    return tuple(sorted(found))


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
