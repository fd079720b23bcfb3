"""What single ops become in legalisation: one function an op, in terms of the builder's vocabulary.

Each takes the builder and the value and returns what stands for the value; returning the value itself keeps it.
Identities are stated beside the code; `tests/lowering` checks every one against `ir.integers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Trap, Type, Value, constant_bits

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

F = 0xFFFFFFFF
Expansion = Callable[["Legalizer", Value], Value]
EXPANSIONS: dict[str, Expansion] = {}


def _expands(*ops: str) -> Callable[[Expansion], Expansion]:
    def add(function: Expansion) -> Expansion:
        for op in ops:
            EXPANSIONS[op] = function
        return function

    return add


# Shifts and rotations


def _amount(build: Legalizer, amount: Value) -> Value:
    """The shift amount modulo the width, as i32; amounts below the width, the usual ones, cost one comparison."""
    width = amount.type.bits
    if amount.type is Type.I64:
        amount = build.i32("i32.wrap_i64", amount)
    return build.choose(
        build.below(amount, width), lambda: amount, lambda: build.i32("i32.and", amount, build.constant(width - 1))
    )


def _clean64(build: Legalizer, x: Value) -> Value:
    """The zero extension of an i32."""
    return build.i64("i64.extend_i32_u", x)


@_expands("i32.shl")
def _shl_32(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    if constant_bits(amount) is not None:
        return value
    return build.i32("i32.mul", x, build.i32("zk.pow2_32", _amount(build, amount)))


@_expands("i32.shr_u")
def _shr_u_32(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        mask = constant_bits(x.args[1]) if x.op == "i32.and" else None
        power = 1 << constant % 32
        if mask is not None and mask % power == 0:
            return build.i32("zk.div_exact", x, build.constant(power)) if power > 1 else x
        return x if power == 1 else value
    # x * 2^(32-s) has x >> s in its high half
    return build.i32("zk.high", build.i64("zk.mul_nw", _clean64(build, x), _inverse_power(build, amount)))


@_expands("i32.and")
def _and_32(build: Legalizer, value: Value) -> Value:
    """A field of bits: masked where it is, and then divided, which sums do for nothing."""
    x, mask = value.args
    bits, amount = constant_bits(mask), constant_bits(x.args[1]) if x.op == "i32.shr_u" else None
    if bits is None or amount is None or build.uses[x] != 1:
        return value
    kept = build.i32("i32.and", x.args[0], build.constant(bits << amount % 32))
    return build.i32("zk.div_exact", kept, build.constant(1 << amount % 32))


def _inverse_power(build: Legalizer, amount: Value) -> Value:
    return build.i64("zk.rpow2_32", _amount(build, amount))


@_expands("i32.rotl")
def _rotl_32(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        return x if constant % 32 == 0 else value
    # the bits that leave the low half of x * 2^s stand in the high half where the rotation wants them
    power = _clean64(build, build.i32("zk.pow2_32", _amount(build, amount)))
    return build.i32("zk.fold", build.i64("zk.mul_nw", _clean64(build, x), power))


@_expands("i32.rotr")
def _rotr_32(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        return x if constant % 32 == 0 else value
    return build.i32("zk.fold", build.i64("zk.mul_nw", _clean64(build, x), _inverse_power(build, amount)))


@_expands("i32.shr_s")
def _shr_s_32(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        if constant % 32 == 0:
            return x
        quotient = build.i32("i32.shr_u", x, amount)
        ones = (F << (32 - constant % 32)) & F
        return build.choose(
            build.not_negative(x),
            lambda: quotient,
            lambda: build.i32("zk.add_nw", quotient, build.constant(ones)),
        )
    power = _inverse_power(build, amount)

    def shifted(y: Value) -> Value:
        return build.i32("zk.high", build.i64("zk.mul_nw", _clean64(build, y), power))

    def complement(y: Value) -> Value:
        return build.i32("i32.sub", build.constant(F), y)

    # for negative x: ~(~x >> s)
    return build.choose(build.not_negative(x), lambda: shifted(x), lambda: complement(shifted(complement(x))))


@_expands("i64.shl")
def _shl_64(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None and constant % 64 == 1:
        return build.i64("i64.add", x, x)
    if constant is not None:
        return x if constant % 64 == 0 else value
    return build.i64("i64.mul", x, build.i64("zk.pow2_64", _amount(build, amount)))


def _shr_u_by(build: Legalizer, x: Value, amount: Value) -> Value:
    """x >> amount for an i32 amount below 64: the high word of x * 2^(64-amount), which needs amount > 0."""
    return build.choose(
        build.is_zero(amount),
        lambda: x,
        lambda: build.i64("zk.mulhi_u", x, build.i64("zk.rpow2_64", amount)),
        Type.I64,
    )


@_expands("i64.shr_u")
def _shr_u_64(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        return x if constant % 64 == 0 else value
    return _shr_u_by(build, x, _amount(build, amount))


@_expands("i64.shr_s")
def _shr_s_64(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        if constant % 64 == 0:
            return x
        quotient = build.i64("i64.shr_u", x, amount)
        return build.choose(
            build.not_negative(x),
            lambda: quotient,
            lambda: build.i64("zk.fill_ones", quotient, build.constant(constant % 64)),
            Type.I64,
        )
    small = _amount(build, amount)

    def complement(y: Value) -> Value:
        return build.i64("i64.xor", y, build.constant(-1, Type.I64))

    return build.choose(
        build.not_negative(x),
        lambda: _shr_u_by(build, x, small),
        lambda: complement(_shr_u_by(build, complement(x), small)),
        Type.I64,
    )


@_expands("i64.rotl")
def _rotl_64(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        return x if constant % 64 == 0 else value
    return build.i64("zk.rotl_pow2", x, build.i64("zk.pow2_64", _amount(build, amount)))


@_expands("i64.rotr")
def _rotr_64(build: Legalizer, value: Value) -> Value:
    x, amount = value.args
    constant = constant_bits(amount)
    if constant is not None:
        return x if constant % 64 == 0 else value
    opposite = build.i32("i32.sub", build.constant(0), build.i32("i32.wrap_i64", amount))
    opposite = build.i32("i32.and", opposite, build.constant(63))
    return build.i64("zk.rotl_pow2", x, build.i64("zk.pow2_64", opposite))


# Division


def _negated(build: Legalizer, x: Value) -> Value:
    constant = constant_bits(x)
    if constant is not None:
        return build.constant(-constant, x.type)
    return build.emit(f"{x.type.value}.sub", x.type, build.constant(0, x.type), x)


@_expands("i32.div_s", "i64.div_s")
def _div_s(build: Legalizer, value: Value) -> Value:
    """|x| / |y| with the signs put back; 2^(w-1) with both signs negative is the overflow."""
    x, y = value.args
    divide = f"{value.type.value}.div_u"

    def quotient(a: Value, b: Value) -> Value:
        return build.emit(divide, value.type, a, b)

    def both_negative() -> Value:
        result = quotient(_negated(build, x), _negated(build, y))
        if constant_bits(y) in (None, (1 << value.type.bits) - 1):  # only -1 can overflow
            build.trap_unless(build.not_negative(result), Trap.INTEGER_OVERFLOW)
        return result

    def by_sign_of_divisor(positive: Callable[[], Value], negative: Callable[[], Value]) -> Value:
        constant = constant_bits(y)
        if constant is not None:
            return negative() if constant >> (value.type.bits - 1) else positive()
        return build.choose(build.not_negative(y), positive, negative, value.type)

    return build.choose(
        build.not_negative(x),
        lambda: by_sign_of_divisor(lambda: quotient(x, y), lambda: _negated(build, quotient(x, _negated(build, y)))),
        lambda: by_sign_of_divisor(lambda: _negated(build, quotient(_negated(build, x), y)), both_negative),
        value.type,
    )


@_expands("i32.rem_s", "i64.rem_s")
def _rem_s(build: Legalizer, value: Value) -> Value:
    """|x| mod |y| with the sign of x."""
    x, y = value.args
    constant = constant_bits(y)
    if constant is not None:
        divisor = _negated(build, y) if constant >> (value.type.bits - 1) else y
    else:
        divisor = build.choose(build.not_negative(y), lambda: y, lambda: _negated(build, y), value.type)

    def remainder(a: Value) -> Value:
        return build.emit(f"{value.type.value}.rem_u", value.type, a, divisor)

    return build.choose(
        build.not_negative(x),
        lambda: remainder(x),
        lambda: _negated(build, remainder(_negated(build, x))),
        value.type,
    )


# Bit counts


@_expands("i32.clz")
def _clz_32(build: Legalizer, value: Value) -> Value:
    (x,) = value.args
    return build.choose(build.is_zero(x), lambda: build.constant(32), lambda: build.i32("zk.clz_nz_32", x))


def _count_64(build: Legalizer, x: Value, op: str) -> Value:
    count = build.choose(build.is_zero(x), lambda: build.constant(64), lambda: build.i32(op, x))
    return _clean64(build, count)


@_expands("i64.clz")
def _clz_64(build: Legalizer, value: Value) -> Value:
    return _count_64(build, value.args[0], "zk.clz_nz_64")


@_expands("i64.ctz")
def _ctz_64(build: Legalizer, value: Value) -> Value:
    return _count_64(build, value.args[0], "zk.ctz_nz_64")


@_expands("i32.ctz")
def _ctz_32(build: Legalizer, value: Value) -> Value:
    (x,) = value.args
    return build.choose(
        build.is_zero(x),
        lambda: build.constant(32),
        lambda: build.i32("zk.ctz_nz_64", _clean64(build, x)),
    )


@_expands("i64.popcnt")
def _popcnt_64(build: Legalizer, value: Value) -> Value:
    return _clean64(build, build.i32("zk.popcnt_64", value.args[0]))


@_expands("i32.wrap_i64", "zk.low")
def _wrap(build: Legalizer, value: Value) -> Value:
    """What other expansions extended without need is taken back."""
    (x,) = value.args
    return x.args[0] if x.op == "i64.extend_i32_u" else value


# Sign extensions


@_expands("i32.extend8_s", "i32.extend16_s")
def _extend_32(build: Legalizer, value: Value) -> Value:
    bits = 8 if value.op.endswith("8_s") else 16
    low = build.i32("i32.and", value.args[0], build.constant((1 << bits) - 1))
    return build.choose(
        build.below(low, 1 << (bits - 1)),
        lambda: low,
        lambda: build.i32("zk.add_nw", low, build.constant(F << bits)),
    )


@_expands("i64.extend8_s", "i64.extend16_s")
def _extend_64(build: Legalizer, value: Value) -> Value:
    bits = 8 if value.op.endswith("8_s") else 16
    low = build.i32("i32.and", build.i32("i32.wrap_i64", value.args[0]), build.constant((1 << bits) - 1))
    wide = _clean64(build, low)
    return build.choose(
        build.below(low, 1 << (bits - 1)),
        lambda: wide,
        lambda: build.i64("zk.fill_ones", wide, build.constant(64 - bits)),
        Type.I64,
    )


@_expands("i64.extend_i32_s")
def _extend_32_to_64(build: Legalizer, value: Value) -> Value:
    return _sign_extended(build, value.args[0])


@_expands("i64.extend32_s")
def _extend_low_half(build: Legalizer, value: Value) -> Value:
    return _sign_extended(build, build.i32("i32.wrap_i64", value.args[0]))


def _sign_extended(build: Legalizer, x: Value) -> Value:
    wide = _clean64(build, x)
    return build.choose(build.not_negative(x), lambda: wide, lambda: build.i64("zk.high_ones", wide), Type.I64)
