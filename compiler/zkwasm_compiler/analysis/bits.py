"""Which bits of a value may be one: a mask for every value, found from the ops above it.

`x & ~possible(x) == 0` holds in every execution. The mask is also the largest value that x may have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from operator import or_

from zkwasm_compiler.analysis.order import incoming_edges, reverse_postorder
from zkwasm_compiler.ir.function import Function, Type, Value, constant_bits

MAXIMUM_DEPTH = 12
NUMBERS = frozenset((Type.I32, Type.I64))
MAXIMUM_ROUNDS = 6
"""Parameters whose bits still grow then may have all."""


@dataclass(slots=True)
class PossibleBits:
    """Answers are kept: a value's mask stays right while values are only replaced by equal ones."""

    _masks: dict[Value, int] = field(default_factory=dict)

    def possible(self, value: Value, depth: int = 0) -> int:
        """The bits that may be one; all of them where nothing is known."""
        if value.op.endswith(".const"):
            assert isinstance(value.immediate, int)
            return value.immediate
        known = self._masks.get(value)
        if known is not None:
            return known
        every = (1 << value.type.bits) - 1
        rule = _RULES.get(value.op.partition(".")[2] or value.op)
        if rule is None or depth >= MAXIMUM_DEPTH:
            return every
        mask = rule(value, [self.possible(arg, depth + 1) for arg in value.args]) & every
        self._masks[value] = mask
        return mask


def bits_of_parameters(function: Function) -> dict[Value, int]:
    """The bits of block parameters that may be one, by what their edges give: the least that agrees with itself."""
    order = reverse_postorder(function)
    edges = {block: [target for _, target in found] for block, found in incoming_edges(function).items()}
    sources = {
        parameter: [target.args[position] for target in edges[block]]
        for block in order[1:]
        for position, parameter in enumerate(block.parameters)
        if parameter.type in NUMBERS
    }
    found = dict.fromkeys(sources, 0)
    for number in count():
        bits = PossibleBits(dict(found))
        for block in order:
            for value in block.body:
                if value.type in NUMBERS:
                    bits.possible(value)
        masks = {parameter: reduce(or_, map(bits.possible, args)) for parameter, args in sources.items()}
        grown = {parameter: mask for parameter, mask in masks.items() if mask & ~found[parameter]}
        if not grown:
            break
        for parameter, mask in grown.items():
            found[parameter] |= mask if number < MAXIMUM_ROUNDS else (1 << parameter.type.bits) - 1
    return found


def _up_to(largest: int) -> int:
    """The bits of the numbers from 0 to `largest`."""
    return (1 << largest.bit_length()) - 1


def _add(value: Value, masks: list[int]) -> int:
    x, y = masks
    return x | y if x & y == 0 else _up_to(_unless_too_large(x + y, value))


def _mul(value: Value, masks: list[int]) -> int:
    power = constant_bits(value.args[1])
    if power is not None and power.bit_count() == 1:
        return masks[0] * power
    return _up_to(_unless_too_large(masks[0] * masks[1], value))


def _unless_too_large(largest: int, value: Value) -> int:
    every = (1 << value.type.bits) - 1
    return largest if largest <= every else every


def _shl(value: Value, masks: list[int]) -> int:
    amount = constant_bits(value.args[1])
    return masks[0] << (amount % value.type.bits) if amount is not None else -1


def _shr_u(value: Value, masks: list[int]) -> int:
    amount = constant_bits(value.args[1])
    return masks[0] >> (amount % value.type.bits) if amount is not None else _up_to(masks[0])


def _shr_s(value: Value, masks: list[int]) -> int:
    return _shr_u(value, masks) if not masks[0] >> (value.type.bits - 1) else -1


def _div_u(value: Value, masks: list[int]) -> int:
    divisor = constant_bits(value.args[1])
    return _up_to(masks[0] // divisor if divisor else masks[0])


def _div_exact(value: Value, masks: list[int]) -> int:
    divisor = constant_bits(value.args[1])
    if divisor is not None and divisor.bit_count() == 1:
        return masks[0] // divisor
    return _div_u(value, masks)


def _rem_u(value: Value, masks: list[int]) -> int:
    return _up_to(max(min(masks[0], masks[1] - 1), 0))


def _extend(from_bits: int) -> Callable[[Value, list[int]], int]:
    def rule(value: Value, masks: list[int]) -> int:
        kept = masks[0] & ((1 << from_bits) - 1)
        return -1 if kept >> (from_bits - 1) else kept

    return rule


def _boolean(value: Value, masks: list[int]) -> int:
    return 1


def _up_to_bits(bits: int) -> Callable[[Value, list[int]], int]:
    return lambda value, masks: (1 << bits) - 1


def _count(value: Value, masks: list[int]) -> int:
    return _up_to(value.args[0].type.bits)


_RULES: dict[str, Callable[[Value, list[int]], int]] = {
    **dict.fromkeys(["eqz", "eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"], _boolean),
    **dict.fromkeys(["clz", "ctz", "popcnt"], _count),
    "and": lambda value, masks: masks[0] & masks[1],
    "or": lambda value, masks: masks[0] | masks[1],
    "xor": lambda value, masks: masks[0] | masks[1],
    "select": lambda value, masks: masks[0] | masks[1],
    "add": _add,
    "mul": _mul,
    "shl": _shl,
    "shr_u": _shr_u,
    "shr_s": _shr_s,
    "div_u": _div_u,
    "rem_u": _rem_u,
    "extend8_s": _extend(8),
    "extend16_s": _extend(16),
    "extend32_s": _extend(32),
    "extend_i32_s": _extend(32),
    "extend_i32_u": lambda value, masks: masks[0],
    "wrap_i64": lambda value, masks: masks[0],
    "add_nw": _add,
    "sub_nw": lambda value, masks: _up_to(masks[0]),
    "mul_nw_32": _mul,
    "div_exact": _div_exact,
    "low": lambda value, masks: masks[0],
    "high": lambda value, masks: masks[0] >> 32,
    "pack": lambda value, masks: masks[0] | masks[1] << 32,
    **{f"load{bits}_u": _up_to_bits(bits) for bits in (8, 16, 32)},
}
"""What an op makes of its arguments' masks, by the op's name without its type; bits beyond the width do not matter."""
