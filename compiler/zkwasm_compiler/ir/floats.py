"""WebAssembly's floating-point operations on unsigned bit patterns: exact rational numbers, rounded once.

Constant folding and the IR interpreter use it. A NaN that an operation makes is always the canonical one, positive and
quiet without payload: WebAssembly would allow others. Source: WebAssembly 2.0, section 4.3.3; IEEE 754-2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.integers import TrapError, signed


@dataclass(frozen=True, slots=True)
class Format:
    """A binary interchange format: its width, and how many bits of the significand are stored."""

    name: str
    bits: int
    fraction: int

    @property
    def sign(self) -> int:
        """The pattern of the sign bit."""
        return 1 << self.bits - 1

    @property
    def infinity(self) -> int:
        """The pattern of +inf, the largest that is no NaN among those without sign."""
        return self.sign - (1 << self.fraction)

    @property
    def nan(self) -> int:
        """The pattern of the canonical NaN."""
        return self.infinity + (1 << self.fraction - 1)

    @property
    def smallest(self) -> int:
        """The exponent of the smallest normal number."""
        return 2 - (1 << self.bits - self.fraction - 2)

    def is_nan(self, x: int) -> bool:
        return x & ~self.sign > self.infinity

    def is_infinite(self, x: int) -> bool:
        return x & ~self.sign == self.infinity

    def magnitude(self, x: int) -> Fraction:
        """The absolute value of a finite pattern."""
        exponent, fraction = divmod(x & ~self.sign, 1 << self.fraction)
        if exponent:
            fraction += 1 << self.fraction
        return Fraction(fraction) * Fraction(2) ** (max(exponent, 1) - 1 + self.smallest - self.fraction)

    def value(self, x: int) -> Fraction:
        """The number that a finite pattern stands for."""
        return -self.magnitude(x) if x & self.sign else self.magnitude(x)

    def rounded(self, negative: bool, magnitude: Fraction) -> int:
        """The pattern of the nearest number, the even one of two; infinity where the magnitude is too large."""
        pattern = 0
        if magnitude:
            exponent = max(_exponent(magnitude), self.smallest)
            units = round(magnitude / Fraction(2) ** (exponent - self.fraction))  # to the even one of two
            pattern = min(units + (exponent - self.smallest << self.fraction), self.infinity)
        return pattern | self.sign if negative else pattern


F32, F64 = Format("f32", 32, 23), Format("f64", 64, 52)


def _exponent(magnitude: Fraction) -> int:
    """The largest power of two that is not above a positive number, as an exponent."""
    guess = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    return guess if Fraction(2) ** guess <= magnitude else guess - 1


def add(f: Format, x: int, y: int) -> int:
    if f.is_nan(x) or f.is_nan(y) or (f.is_infinite(x) and f.is_infinite(y) and x != y):
        return f.nan
    if f.is_infinite(x) or f.is_infinite(y):
        return x if f.is_infinite(x) else y
    total = f.value(x) + f.value(y)
    if total == 0:
        return x & y & f.sign  # -0 only of two negative zeros
    return f.rounded(total < 0, abs(total))


def sub(f: Format, x: int, y: int) -> int:
    return add(f, x, y ^ f.sign)


def mul(f: Format, x: int, y: int) -> int:
    sign = (x ^ y) & f.sign
    if f.is_nan(x) or f.is_nan(y):
        return f.nan
    if f.is_infinite(x) or f.is_infinite(y):
        return sign | f.infinity if (x | f.sign) != f.sign and (y | f.sign) != f.sign else f.nan
    return f.rounded(bool(sign), f.magnitude(x) * f.magnitude(y))


def div(f: Format, x: int, y: int) -> int:
    sign = (x ^ y) & f.sign
    if f.is_nan(x) or f.is_nan(y) or (f.is_infinite(x) and f.is_infinite(y)):
        return f.nan
    if f.is_infinite(x):
        return sign | f.infinity
    if f.is_infinite(y):
        return sign
    if not f.magnitude(y):
        return sign | f.infinity if f.magnitude(x) else f.nan
    return f.rounded(bool(sign), f.magnitude(x) / f.magnitude(y))


def sqrt(f: Format, x: int) -> int:
    if f.is_nan(x) or (x & f.sign and x != f.sign):
        return f.nan
    if f.is_infinite(x) or x in (0, f.sign):
        return x
    exact = f.magnitude(x)
    scale = 2 * f.fraction - _exponent(exact) // 2  # enough bits that what is cut off only says "a little more"
    root = math.isqrt(math.floor(exact * Fraction(4) ** scale))
    more = Fraction(root * root) != exact * Fraction(4) ** scale
    return f.rounded(False, Fraction(2 * root + more) / Fraction(2) ** (scale + 1))


def minimum(f: Format, x: int, y: int) -> int:
    if f.is_nan(x) or f.is_nan(y):
        return f.nan
    return min(x, y, key=lambda pattern: _order(f, pattern))


def maximum(f: Format, x: int, y: int) -> int:
    if f.is_nan(x) or f.is_nan(y):
        return f.nan
    return max(x, y, key=lambda pattern: _order(f, pattern))


def _order(f: Format, x: int) -> int:
    """A number that grows with what the pattern stands for, -0 being below +0."""
    return f.sign - 1 - x if x & f.sign else x


def _to_integer(direction: Callable[[Fraction], int]) -> Callable[[Format, int], int]:
    def rounding(f: Format, x: int) -> int:
        if f.is_nan(x):
            return f.nan
        if f.is_infinite(x):
            return x
        whole = direction(f.value(x))
        return f.rounded(bool(x & f.sign), Fraction(abs(whole)))

    return rounding


ceil = _to_integer(math.ceil)
floor = _to_integer(math.floor)
trunc = _to_integer(math.trunc)
nearest = _to_integer(round)


def compare(f: Format, test: str, x: int, y: int) -> int:
    """One of eq, ne, lt, gt, le, ge."""
    if f.is_nan(x) or f.is_nan(y):
        return int(test == "ne")
    zero = (x | y) & ~f.sign == 0
    a, b = (0, 0) if zero else (_order(f, x), _order(f, y))
    outcomes = {"eq": a == b, "ne": a != b, "lt": a < b, "gt": a > b, "le": a <= b, "ge": a >= b}
    return int(outcomes[test])


def truncate(f: Format, x: int, bits: int, *, is_signed: bool) -> int:
    """The integer part as an integer of `bits` bits. *Raises:* TrapError."""
    if f.is_nan(x):
        raise TrapError(Trap.INVALID_CONVERSION_TO_INTEGER)
    low, high = _bounds(bits, is_signed)
    whole = None if f.is_infinite(x) else math.trunc(f.value(x))
    if whole is None or not low <= whole <= high:
        raise TrapError(Trap.INTEGER_OVERFLOW)
    return whole & (1 << bits) - 1


def truncate_saturating(f: Format, x: int, bits: int, *, is_signed: bool) -> int:
    """The same, but the nearest integer that there is where that has none, and 0 for NaN."""
    if f.is_nan(x):
        return 0
    low, high = _bounds(bits, is_signed)
    if f.is_infinite(x):
        return (low if x & f.sign else high) & (1 << bits) - 1
    return min(max(math.trunc(f.value(x)), low), high) & (1 << bits) - 1


def _bounds(bits: int, is_signed: bool) -> tuple[int, int]:
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)


def convert(f: Format, x: int, bits: int, *, is_signed: bool) -> int:
    """An integer of `bits` bits as the nearest float."""
    value = signed(x, bits) if is_signed else x
    return f.rounded(value < 0, Fraction(abs(value)))


def change_format(source: Format, target: Format, x: int) -> int:
    """Promotion and demotion."""
    if source.is_nan(x):
        return target.nan
    sign = target.sign if x & source.sign else 0
    if source.is_infinite(x):
        return sign | target.infinity
    return target.rounded(bool(sign), source.magnitude(x))
