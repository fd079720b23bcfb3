"""What an op makes of the ranges of its arguments: `result_range`, one rule an op, by its name without the type.

A rule may assume that the op does not trap and, for `zk.*` ops, what the op's row says of its arguments. Ops without a
rule may give anything.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.analysis.interval import (
    BOOLEAN,
    NEGATED,
    Range,
    constant,
    decide,
    full,
    join,
    make,
    signed,
    unsigned,
)
from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES

Rule = Callable[[Value, list[Range]], Range]
NUMBERS = frozenset((Type.I32, Type.I64))


def result_range(value: Value, args: list[Range]) -> Range:
    """Where the results of `value` are when its arguments are in `args`."""
    if value.op.endswith(".const"):
        assert isinstance(value.immediate, int)
        return constant(value.type.bits, value.immediate)
    rule = _RULES.get(value.op) or _RULES.get(value.op.partition(".")[2])
    return rule(value, args) if rule else full(value.type.bits)


def remainder_divisor(x: Value, y: Value) -> int | None:
    """d where y is d * (x / d) for a constant d: x - y is the remainder."""
    if y.op not in ("i32.mul", "i64.mul") or y.args[0].op != y.op.replace("mul", "div_u"):
        return None
    quotient, divisor = y.args[0], y.args[1].immediate
    same = quotient.args[0] is x and y.args[1].op.endswith(".const") and quotient.args[1].op.endswith(".const")
    return divisor if same and isinstance(divisor, int) and divisor == quotient.args[1].immediate else None


def _within(bits: int, u_low: int, u_high: int, s_low: int, s_high: int) -> Range:
    """The range of integers that are known as [u_low, u_high] from unsigned arguments and as [s_low, s_high] from
    signed ones, modulo 2^bits: an interval that wraps nowhere, or as a whole, keeps its meaning."""
    size = 1 << bits
    half = size >> 1
    if u_low // size == u_high // size:
        u_low, u_high = u_low % size, u_high % size
    else:
        u_low, u_high = 0, size - 1
    if (s_low + half) // size == (s_high + half) // size:
        shift = (s_low + half) // size * size
        s_low, s_high = s_low - shift, s_high - shift
    else:
        s_low, s_high = -half, half - 1
    found = make(bits, u_low, u_high, s_low, s_high)
    return found if found is not None else full(bits)


def _up_to(largest: int) -> int:
    """The number with the bits of all numbers from 0 to `largest`."""
    return (1 << largest.bit_length()) - 1


def total(x: Range, y: Range) -> Range:
    """Where x + y is."""
    return _within(x.bits, x.u_low + y.u_low, x.u_high + y.u_high, x.s_low + y.s_low, x.s_high + y.s_high)


def difference(x: Range, y: Range) -> Range:
    """Where x - y is."""
    return _within(x.bits, x.u_low - y.u_high, x.u_high - y.u_low, x.s_low - y.s_high, x.s_high - y.s_low)


def _add(value: Value, args: list[Range]) -> Range:
    return total(*args)


def _sub(value: Value, args: list[Range]) -> Range:
    return difference(*args)


def _sub_exact(value: Value, args: list[Range]) -> Range:
    x, y = args
    return unsigned(x.bits, max(x.u_low - y.u_high, 0), max(x.u_high - y.u_low, 0))


def _mul(value: Value, args: list[Range]) -> Range:
    x, y = args
    products = [a * b for a in (x.s_low, x.s_high) for b in (y.s_low, y.s_high)]
    return _within(x.bits, x.u_low * y.u_low, x.u_high * y.u_high, min(products), max(products))


def _and(value: Value, args: list[Range]) -> Range:
    x, y = args
    if x.single is not None:
        x, y = y, x
    mask = y.single
    high = min(x.u_high, y.u_high, _up_to(x.u_high) & _up_to(y.u_high))
    if mask is None:
        return unsigned(x.bits, 0, high)
    if -mask & ((1 << x.bits) - 1) == mask & -mask:  # ones above zeros: rounds down, which keeps the order
        negative = y.s_low if y.s_low < 0 else mask
        return make(x.bits, x.u_low & mask, x.u_high & mask, x.s_low & negative, x.s_high & negative) or full(x.bits)
    if not _up_to(x.u_high) & ~mask:  # nothing is masked away
        return x
    return unsigned(x.bits, 0, min(high, mask))


def _or(value: Value, args: list[Range]) -> Range:
    x, y = args
    return unsigned(x.bits, max(x.u_low, y.u_low), _up_to(x.u_high | y.u_high))


def _xor(value: Value, args: list[Range]) -> Range:
    x, y = args
    ones = (1 << x.bits) - 1
    if y.single == ones:
        return unsigned(x.bits, ones - x.u_high, ones - x.u_low)
    return unsigned(x.bits, 0, _up_to(x.u_high | y.u_high))


def _amounts(value: Value, amount: Range) -> tuple[int, int]:
    """The smallest and the largest number of bits that a shift moves."""
    bits = value.type.bits
    if amount.single is not None:
        return amount.single % bits, amount.single % bits
    return (amount.u_low, amount.u_high) if amount.u_high < bits else (0, bits - 1)


def _shl(value: Value, args: list[Range]) -> Range:
    x = args[0]
    low, high = _amounts(value, args[1])
    numbers = [a << k for a in (x.s_low, x.s_high) for k in (low, high)]
    return _within(x.bits, x.u_low << low, x.u_high << high, min(numbers), max(numbers))


def _shr_u(value: Value, args: list[Range]) -> Range:
    low, high = _amounts(value, args[1])
    return unsigned(args[0].bits, args[0].u_low >> high, args[0].u_high >> low)


def _shr_s(value: Value, args: list[Range]) -> Range:
    low, high = _amounts(value, args[1])
    numbers = [a >> k for a in (args[0].s_low, args[0].s_high) for k in (low, high)]
    return signed(args[0].bits, min(numbers), max(numbers))


def _div_u(value: Value, args: list[Range]) -> Range:
    x, y = args
    return unsigned(x.bits, x.u_low // max(y.u_high, 1), x.u_high // max(y.u_low, 1))


def _rem_u(value: Value, args: list[Range]) -> Range:
    x, y = args
    return x if x.u_high < y.u_low else unsigned(x.bits, 0, min(x.u_high, max(y.u_high - 1, 0)))


def _div_s(value: Value, args: list[Range]) -> Range:
    x, y = args
    half = 1 << (x.bits - 1)
    if y.s_low > 0:  # x / y with its sign is monotonic in x, and in y on either side of x = 0
        numbers = [(abs(a) // b) * (1 if a >= 0 else -1) for a in (x.s_low, x.s_high) for b in (y.s_low, y.s_high)]
        low, high = min(numbers), max(numbers)
        return signed(x.bits, min(low, 0) if x.s_low < 0 <= x.s_high else low, high)
    largest = max(abs(x.s_low), abs(x.s_high))
    return signed(x.bits, max(-largest, -half), min(largest, half - 1))


def _rem_s(value: Value, args: list[Range]) -> Range:
    x, y = args
    largest = max(max(abs(y.s_low), abs(y.s_high)) - 1, 0)
    return signed(x.bits, -min(largest, max(-x.s_low, 0)), min(largest, max(x.s_high, 0)))


def _compare(value: Value, args: list[Range]) -> Range:
    decided = decide(value.op.partition(".")[2], *args)
    return BOOLEAN if decided is None else constant(32, int(decided))


def _eqz(value: Value, args: list[Range]) -> Range:
    decided = decide("eq", args[0], constant(args[0].bits, 0))
    return BOOLEAN if decided is None else constant(32, int(decided))


def _clz(value: Value, args: list[Range]) -> Range:
    x = args[0]
    return unsigned(value.type.bits, x.bits - x.u_high.bit_length(), x.bits - x.u_low.bit_length())


def _ctz(value: Value, args: list[Range]) -> Range:
    x = args[0]
    return unsigned(value.type.bits, 0, x.u_high.bit_length() - 1 if x.u_low > 0 else x.bits)


def _popcnt(value: Value, args: list[Range]) -> Range:
    return unsigned(value.type.bits, int(args[0].u_low > 0), args[0].u_high.bit_length())


def _extend(from_bits: int) -> Rule:
    half = 1 << (from_bits - 1)

    def rule(value: Value, args: list[Range]) -> Range:
        x = args[0]
        kept = x.s_low >= -half and x.s_high < half
        return signed(value.type.bits, *((x.s_low, x.s_high) if kept else (-half, half - 1)))

    return rule


def _zero_extend(value: Value, args: list[Range]) -> Range:
    return unsigned(value.type.bits, args[0].u_low, args[0].u_high)


def _wrap(value: Value, args: list[Range]) -> Range:
    x = args[0]
    return _within(32, x.u_low, x.u_high, x.s_low, x.s_high)


def _low(value: Value, args: list[Range]) -> Range:
    return unsigned(32, min(args[0].u_low, (1 << 32) - 1), min(args[0].u_high, (1 << 32) - 1))


def _pack(value: Value, args: list[Range]) -> Range:
    low, high = args
    return unsigned(64, low.u_low + (high.u_low << 32), low.u_high + (high.u_high << 32))


def _high(value: Value, args: list[Range]) -> Range:
    return unsigned(32, args[0].u_low >> 32, args[0].u_high >> 32)


def _select(value: Value, args: list[Range]) -> Range:
    x, y, condition = args
    if condition.u_low > 0:
        return x
    return y if condition.u_high == 0 else join(x, y)


def _loaded(value: Value, args: list[Range]) -> Range:
    bits = 8 * ACCESS_BYTES[value.op]
    if value.op.endswith("_s"):
        return _within(value.type.bits, 0, (1 << value.type.bits) - 1, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return unsigned(value.type.bits, 0, (1 << bits) - 1)


def _byte(value: Value, args: list[Range]) -> Range:
    return unsigned(32, 0, 255)


_RULES: dict[str, Rule] = {
    **dict.fromkeys(["eqz", "i64.eqz"], _eqz),
    **dict.fromkeys(NEGATED, _compare),
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "shl": _shl,
    "shr_u": _shr_u,
    "shr_s": _shr_s,
    "div_u": _div_u,
    "rem_u": _rem_u,
    "div_s": _div_s,
    "rem_s": _rem_s,
    **dict.fromkeys(["clz", "zk.clz_nz_64", "zk.normal_zeros"], _clz),
    "ctz": _ctz,
    "popcnt": _popcnt,
    "extend8_s": _extend(8),
    "extend16_s": _extend(16),
    "extend32_s": _extend(32),
    "extend_i32_s": _extend(32),
    "extend_i32_u": _zero_extend,
    "wrap_i64": _wrap,
    "select": _select,
    "zk.add_nw": _add,
    "zk.sub_nw": _sub_exact,
    "zk.mul_nw_32": _mul,
    "zk.low": _low,
    "zk.pack": _pack,
    "zk.high": _high,
    **dict.fromkeys(["zk.div_u_nz_32", "zk.div_u_nz_64"], _div_u),
    **dict.fromkeys(["zk.rem_u_nz_32", "zk.rem_u_nz_64"], _rem_u),
    **dict.fromkeys([op for op in ACCESS_BYTES if "load" in op], _loaded),
    **dict.fromkeys(["host.private_byte", "host.public_byte"], _byte),
}
