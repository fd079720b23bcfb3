"""Numbers in the code that is written: where they are, and between which bounds they lie.

A limb is an element of the field p = 2^64 − 2^32 + 1. Most are small, and a sum of small ones is computed as it is and
reduced when it is needed as a field element. The bounds say what need not be checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkwasm_simulator.field import LIMB_MASK, PRIME, SINGLE_LIMB_LIMIT
from zkwasm_simulator.jit.encoder import Code, call, i64, op

Keep = Callable[[Code], Code]
"""Puts the value of an expression into a new local and gives the code that reads it."""

EXACT_LIMIT = 1 << 62
"""Sums within ± this are computed in one i64."""

SINGLE_BOUND = 1 << 40
"""One-limb registers are within ± this; `SP++` may take them out of the range of an assignment."""


@dataclass(slots=True, eq=False)
class Value:
    """A number v with low ≤ v ≤ high: `code` gives v mod 2^64 and may be used more than once.

    Either −2^63 ≤ low and high < 2^63, or 0 ≤ low. As a limb it is v mod p. A check that was passed makes the bounds
    narrower.
    """

    code: Code
    low: int
    high: int

    @property
    def normalised(self) -> bool:
        """Is it known to be of 32 bits?"""
        return self.low >= 0 and self.high <= LIMB_MASK

    def narrow(self, low: int, high: int) -> None:
        """It is known to be within these bounds, too."""
        self.low = max(self.low, low)
        self.high = min(self.high, high)


def constant(value: int) -> Value:
    return Value(i64(value), value, value)


ZERO = constant(0)


def element(code: Code) -> Value:
    """Any field element."""
    return Value(code, 0, PRIME - 1)


def signed_coefficient(coefficient: int) -> int:
    """A field element as the number of least magnitude."""
    return coefficient if coefficient <= PRIME // 2 else coefficient - PRIME


def canonical(value: Value, keep: Keep) -> Value:
    """The same limb as a number from 0 to p − 1."""
    if value.low >= 0:
        return value
    if value.low == value.high:
        return constant(value.low % PRIME)
    return element(keep(element_code(value.code)))


def element_code(code: Code) -> Code:
    """The field element of a number with its sign: v + p = v − (2^32 − 1) mod 2^64."""
    return code + code + i64(63) + op("i64.shr_s") + i64(32) + op("i64.shr_u") + op("i64.sub")


def signed_form(value: Value, keep: Keep) -> Value:
    """The same limb as a number with its sign: field elements of 2^63 and more become negative."""
    if value.high < 1 << 63:
        return value
    sign = value.code + i64(63) + op("i64.shr_s") + i64(32) + op("i64.shr_u")
    return Value(keep(value.code + sign + op("i64.add")), (1 << 63) - PRIME, (1 << 63) - 1)


def single(value: Value, keep: Keep) -> tuple[Value, Code | None]:
    """A limb as what a one-limb register holds, and the condition under which none can hold it (None: never)."""
    limit = SINGLE_LIMB_LIMIT
    if -limit <= value.low and value.high <= limit:
        return value, None
    number = signed_form(value, keep)
    outside = number.code + i64(limit) + op("i64.add") + i64(2 * limit) + op("i64.gt_u")
    return Value(number.code, max(number.low, -limit), min(number.high, limit)), outside


def _scaled(value: Value, coefficient: int) -> tuple[int, int]:
    bounds = (value.low * coefficient, value.high * coefficient)
    return min(bounds), max(bounds)


def linear(terms: list[tuple[int, Value]], keep: Keep, multiply: int) -> Value:
    """Σ coefficient · value in the field; coefficients are signed. `multiply` is the function that multiplies limbs."""
    exact: list[tuple[int, Value]] = []
    others: list[tuple[int, Value]] = []
    fixed = low = high = 0
    for coefficient, value in terms:
        least, most = _scaled(value, coefficient)
        if value.low == value.high:
            fixed += least
        elif max(-least, most) < EXACT_LIMIT // 8 and low + least > -EXACT_LIMIT and high + most < EXACT_LIMIT:
            low, high = low + least, high + most
            exact.append((coefficient, value))
        else:
            others.append((coefficient, value))
    fixed = signed_coefficient(fixed % PRIME)
    if abs(fixed) >= EXACT_LIMIT:
        others.append((1, constant(fixed % PRIME)))
        fixed = 0
    total = _exact_sum(exact, fixed, low, high, keep)
    if not others:
        return total
    others.sort(key=lambda term: term[0] != -1)
    first = exact or others[0][0] == -1  # a constant goes where it needs no step of its own, or else behind
    reduced = canonical(total, keep) if first and not total.low == total.high == 0 else None
    for coefficient, value in others:
        reduced = _modular_term(reduced, coefficient, canonical(value, keep), keep, multiply)
    assert reduced is not None
    if first or fixed == 0:
        return reduced
    return element(_difference(reduced.code, i64(-fixed % PRIME), keep))


def _exact_sum(terms: list[tuple[int, Value]], fixed: int, low: int, high: int, keep: Keep) -> Value:
    if not terms:
        return constant(fixed)
    code = b""
    for coefficient, value in sorted(terms, key=lambda term: term[0] < 0):
        if not code:
            code = value.code if coefficient == 1 else _product(coefficient, value)
        elif coefficient < 0:
            code += (value.code if coefficient == -1 else _product(-coefficient, value)) + op("i64.sub")
        else:
            code += (value.code if coefficient == 1 else _product(coefficient, value)) + op("i64.add")
    if len(terms) == 1 and terms[0][0] == 1 and fixed == 0:
        return terms[0][1]
    if fixed:
        code += i64(fixed) + op("i64.add")
    return Value(keep(code), low + fixed, high + fixed)


def _product(coefficient: int, value: Value) -> Code:
    if coefficient == -1:
        return i64(0) + value.code + op("i64.sub")
    return value.code + i64(coefficient) + op("i64.mul")


def _modular_term(total: Value | None, coefficient: int, value: Value, keep: Keep, multiply: int) -> Value:
    """`total` + coefficient · value, all of them field elements from 0 to p − 1; no total is 0."""
    for sign in (1, -1):
        bits = _HALVINGS.get(sign * coefficient % PRIME)
        if bits is not None:
            value, coefficient = _halved(value, bits, keep), sign
            break
    if abs(coefficient) != 1:
        value = element(keep(value.code + i64(coefficient % PRIME) + call(multiply)))
        coefficient = 1
    if coefficient == 1:
        if total is None:
            return value
        # a + b = a − (p − b), and 1 ≤ p − b ≤ p
        value = Value(keep(i64(PRIME) + value.code + op("i64.sub")), 1, PRIME)
    return element(_difference((total or ZERO).code, value.code, keep))


_HALVINGS = {pow(2, -bits, PRIME): bits for bits in range(1, 33)}
"""Field elements that divide by a power of two, and which."""


def _halved(value: Value, bits: int, keep: Keep) -> Value:
    """v / 2^k in the field, for k ≤ 32: (v + m·p) / 2^k for the m < 2^k that makes it whole.

    That m is −v mod 2^k, since p = 1 mod 2^32. The result is (v + m) / 2^k + m·2^(64−k) − m·2^(32−k), which is below p;
    v + m is below 2^64.
    """
    missing = keep(i64(0) + value.code + op("i64.sub") + i64((1 << bits) - 1) + op("i64.and"))
    whole = value.code + missing + op("i64.add") + i64(bits) + op("i64.shr_u")
    more = missing + i64(64 - bits) + op("i64.shl") + op("i64.add")
    less = missing + i64(32 - bits) + op("i64.shl") + op("i64.sub")
    return element(keep(whole + more + less))


def _difference(a: Code, b: Code, keep: Keep) -> Code:
    """a − b, and p more when a < b: p = −(2^32 − 1) mod 2^64."""
    correction = i64(LIMB_MASK) + i64(0) + a + b + op("i64.lt_u") + op("select")
    return keep(a + b + op("i64.sub") + correction + op("i64.sub"))
