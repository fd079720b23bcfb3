"""Which values a register of one limb can hold: integers in [0, 2^31) wherever they are alive."""

from __future__ import annotations

from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.ir.function import Function, Type, Value

LIMIT = 1 << 31


def narrow_values(function: Function, ranges: Ranges | None) -> set[Value]:
    """The values of a legalised function whose range, where they are made, is below 2^31."""
    if ranges is None:
        return set()
    known = ranges.results

    def small(value: Value) -> bool:
        return value.type in (Type.I32, Type.I64) and value in known and known[value].u_high < LIMIT

    values = (value for block in function.blocks for value in [*block.parameters, *block.body])
    return {value for value in values if small(value)}.difference(function.entry.parameters)
