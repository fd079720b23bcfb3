"""Which values a register of one limb can hold: numbers in [0, 2^31), and indexes in (-2^31, 2^31), wherever they are
alive."""

from __future__ import annotations

from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.ir.function import Function, Type, Value

LIMIT = 1 << 31


def narrow_values(function: Function, ranges: Ranges | None) -> set[Value]:
    """The values of a legalised function whose range, where they are made, fits."""
    if ranges is None:
        return set()
    known = ranges.results

    def small(value: Value) -> bool:
        if value not in known:
            return False
        if value.type is Type.INDEX:
            return known[value].s_low > -LIMIT and known[value].s_high < LIMIT
        return value.type in (Type.I32, Type.I64) and known[value].u_high < LIMIT

    values = (value for block in function.blocks for value in [*block.parameters, *block.body])
    return {value for value in values if small(value)}.difference(function.entry.parameters)
