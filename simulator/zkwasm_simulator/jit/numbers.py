"""Numbers of advice in code: one i64 or two, with their bounds, and the operations on them.

A number of one word is a `Value`, signed, or unsigned when it cannot be negative. Where an operation would fail, or its
result would have more than 128 bits, the code leaves the block in front of the row (`Place.refuse`).
"""

from __future__ import annotations

from typing import Protocol

from zkwasm_simulator.jit.encoder import Code, call, i64, op
from zkwasm_simulator.jit.values import ZERO, Value, constant

I63, I64 = 1 << 63, 1 << 64
I127 = 1 << 127

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


class UnsupportedError(Exception):
    """Advice that only the reference interpreter computes."""


class Place(Protocol):
    """Where the code goes: what advice needs to know of the row."""

    def share(self, code: Code, values: int = 1) -> list[Code]:
        """Put what an expression leaves on the stack into locals, the top first; the same ones for the same code."""

    def refuse(self, condition: Code) -> None:
        """Leave the block in front of the row when the i32 `condition` is not 0."""

    def register(self, name: str) -> Value:
        """A limb (`A0`) or a one-limb register."""

    def variable(self, name: str) -> Value:
        """A variable of advice; refused when it is not known."""

    def normalise(self, *limbs: Value) -> None:
        """Refuse limbs that are not of 32 bits."""

    def step(self) -> Code:
        """The number of the step."""

    @property
    def division(self) -> int:
        """The function that divides numbers of 128 bits (`module.divide_code`)."""


def kept(place: Place, code: Code) -> Code:
    (local,) = place.share(code)
    return local


class Wide:
    """A number of 128 bits, signed or not: two words and its bounds."""

    __slots__ = ("high", "high_word", "low", "low_word")

    def __init__(self, low_word: Code, high_word: Code, low: int, high: int) -> None:
        if not (-I127 <= low <= high < I127 or 0 <= low <= high < 2 * I127):
            raise UnsupportedError
        self.low_word = low_word
        self.high_word = high_word
        self.low = low
        self.high = high


def fits(low: int, high: int) -> bool:
    """Does one i64 hold all numbers of these bounds?"""
    return (low >= 0 and high < I64) or (low >= -I63 and high < I63)


def single_word(number: Value | Wide) -> Value:
    if isinstance(number, Wide):
        raise UnsupportedError
    return number


def truth(value: Value) -> Code:
    return value.code + op("i64.eqz") + op("i32.eqz")


def narrowed(number: Value | Wide, place: Place) -> Value | Wide:
    """A number that is not negative in one word; refused when it has two."""
    if isinstance(number, Value) or number.low < 0:
        return number
    place.refuse(number.high_word + op("i64.eqz") + op("i32.eqz"))
    return Value(number.low_word, number.low, min(number.high, I64 - 1))


def wide_operator(operation: str, operands: list[Value | Wide], place: Place) -> Value | Wide:
    """Comparison and division of numbers that are not negative, one of them of 128 bits."""
    if len(operands) != 2 or any(operand.low < 0 for operand in operands):
        raise UnsupportedError
    a, b = operands
    if operation in ("div", "mod"):
        return _wide_division(operation, a, b, place)
    if operation not in ("lt", "le", "gt", "ge"):
        raise UnsupportedError
    if operation in ("gt", "le"):
        a, b = b, a
    less = _less(a, b)
    return bit(less if operation in ("lt", "gt") else less + op("i32.eqz"), place)


def _less(a: Value | Wide, b: Value | Wide) -> Code:
    """a < b, an i32; neither is negative."""
    (a_low, a_high), (b_low, b_high) = (
        (number.low_word, number.high_word) if isinstance(number, Wide) else (number.code, i64(0)) for number in (a, b)
    )
    low = a_high + b_high + op("i64.eq") + a_low + b_low + op("i64.lt_u") + op("i32.and")
    return a_high + b_high + op("i64.lt_u") + low + op("i32.or")


def _wide_division(operation: str, a: Value | Wide, b: Value | Wide, place: Place) -> Value | Wide:
    if b.low == 0:
        both = b.low_word + b.high_word + op("i64.or") if isinstance(b, Wide) else b.code
        place.refuse(both + op("i64.eqz"))
    code = _words(a) + _words(b) + call(place.division)
    remainder_high, remainder_low, quotient_high, quotient_low = place.share(code, 4)
    if operation == "div":
        low_word, high_word, high = quotient_low, quotient_high, a.high // max(b.low, 1)
    else:
        low_word, high_word, high = remainder_low, remainder_high, min(a.high, b.high - 1)
    return Value(low_word, 0, high) if high < I64 else Wide(low_word, high_word, 0, high)


def bit(condition: Code, place: Place) -> Value:
    return Value(kept(place, condition + op("i64.extend_i32_u")), 0, 1)


def _bounds(operation: str, a: Value | Wide, b: Value | Wide) -> tuple[int, int]:
    if operation == "add":
        return a.low + b.low, a.high + b.high
    if operation == "sub":
        return a.low - b.high, a.high - b.low
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return min(corners), max(corners)


def arithmetic(operation: str, a: Value | Wide, b: Value | Wide, place: Place) -> Value | Wide:
    low, high = _bounds(operation, a, b)
    if low == high:
        if fits(low, high):
            return constant(low)
        raise UnsupportedError
    if isinstance(a, Value) and isinstance(b, Value):
        if fits(low, high):
            return Value(kept(place, a.code + b.code + op(f"i64.{operation}")), low, high)
        if operation == "mul":
            return _wide_product(a, b, low, high, place)
    if operation == "mul":
        raise UnsupportedError
    code = _words(a) + _words(b) + op(f"i64.{operation}128")
    if operation == "sub" or a.low < 0 or b.low < 0 or high < 2 * I127:
        return _kept_wide(code, low, high, place)
    total = _kept_wide(code, 0, 2 * I127 - 1, place)
    place.refuse(_less(total, a))  # more than 128 bits
    return total


def _wide_product(a: Value, b: Value, low: int, high: int, place: Place) -> Wide:
    if a.low >= 0 and b.low >= 0:
        name = "i64.mul_wide_u"
    elif a.high < I63 and b.high < I63:
        name = "i64.mul_wide_s"
    else:
        raise UnsupportedError
    return _kept_wide(a.code + b.code + op(name), low, high, place)


def _kept_wide(code: Code, low: int, high: int, place: Place) -> Wide:
    """The two words that `code` leaves on the stack, the high one on top."""
    high_word, low_word = place.share(code, 2)
    return Wide(low_word, high_word, low, high)


def _words(number: Value | Wide) -> Code:
    """Both words of a number on the stack."""
    if isinstance(number, Wide):
        return number.low_word + number.high_word
    if number.low >= 0:
        return number.code + i64(0)
    return number.code + number.code + i64(63) + op("i64.shr_s")


def shift_left(number: Value | Wide, distance: int, place: Place) -> Value | Wide:
    value = single_word(number)
    low, high = value.low << distance, value.high << distance
    if fits(low, high):
        return Value(kept(place, value.code + i64(distance) + op("i64.shl")), low, high) if distance < 64 else ZERO
    if distance >= 64:
        return Wide(i64(0), kept(place, value.code + i64(distance - 64) + op("i64.shl")), low, high)
    if distance == 0:
        return value
    upper = value.code + i64(64 - distance) + op("i64.shr_u" if value.low >= 0 else "i64.shr_s")
    return Wide(kept(place, value.code + i64(distance) + op("i64.shl")), kept(place, upper), low, high)


def shift_right(number: Value | Wide, distance: int, place: Place) -> Value | Wide:
    low, high = number.low >> distance, number.high >> distance
    shift = op("i64.shr_u" if number.low >= 0 else "i64.shr_s")
    if isinstance(number, Value):
        if distance >= 64:
            return ZERO if number.low >= 0 else Value(kept(place, number.code + i64(63) + shift), -1, 0)
        return Value(kept(place, number.code + i64(distance) + shift), low, high)
    if distance == 0:
        return number
    if not fits(low, high):
        raise UnsupportedError
    if distance >= 64:
        code = number.high_word + i64(distance - 64) + shift
    else:
        upper = number.high_word + i64(64 - distance) + op("i64.shl")
        code = number.low_word + i64(distance) + op("i64.shr_u") + upper + op("i64.or")
    return Value(kept(place, code), low, high)


def comparison(operation: str, a: Value, b: Value, place: Place) -> Value:
    if a.low >= 0 and b.low >= 0:
        suffix = "_u"
    elif a.high < I63 and b.high < I63:
        suffix = "_s"
    else:
        raise UnsupportedError
    name = operation if operation in ("eq", "ne") else operation + suffix
    return bit(a.code + b.code + op(f"i64.{name}"), place)


def division(operation: str, a: Value, b: Value, place: Place) -> Value:
    """Truncated toward zero, as WebAssembly divides."""
    if b.low <= 0 <= b.high:
        place.refuse(b.code + op("i64.eqz"))
    if a.low >= 0 and b.low >= 0:
        suffix = "_u"
        low = 0
        high = a.high // max(b.low, 1) if operation == "div" else min(a.high, b.high - 1)
    elif a.low > -I63 and a.high < I63 and b.high < I63:
        suffix = "_s"
        high = max(-a.low, a.high)
        low = -high
    else:
        raise UnsupportedError
    name = "div" if operation == "div" else "rem"
    return Value(kept(place, a.code + b.code + op(f"i64.{name}{suffix}")), low, max(high, low))


def bit_or(operation: str, a: Value, b: Value, place: Place) -> Value:
    if a.low >= 0 and b.low >= 0:
        low, high = 0, (1 << max(a.high, b.high).bit_length()) - 1
    elif a.high < I63 and b.high < I63:
        low, high = -I63, I63 - 1
    else:
        raise UnsupportedError
    name = "or" if operation == "bitor" else "xor"
    return Value(kept(place, a.code + b.code + op(f"i64.{name}")), low, high)
