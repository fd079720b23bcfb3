"""Linear forms over the field, and windows: the integers that a form may be, modulo p.

Symbols are numbers; what they stand for is the business of `knowledge`. A window (low, high) says that a form is
congruent to an integer between the two; it is narrower than p.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from zkwasm_simulator.field import LIMB_MASK, PRIME

Terms = tuple[tuple[int, int], ...]
"""(symbol, coefficient), in the order of the symbols; no coefficient is 0."""
Window = tuple[int, int]

LIMB_WINDOW: Window = (0, LIMB_MASK)
NEGATIVE_WINDOW: Window = (-LIMB_MASK - 1, -1)

SMALL = 1 << 34
"""Up to here a coefficient counts as an integer when windows are combined."""


@dataclass(frozen=True, slots=True)
class Form:
    """A sum of symbols with coefficients, and a constant; all of the field."""

    terms: Terms = ()
    constant: int = 0

    @property
    def symbols(self) -> tuple[int, ...]:
        return tuple(symbol for symbol, _ in self.terms)

    def __add__(self, other: Form) -> Form:
        return total(((self, 1), (other, 1)))

    def __sub__(self, other: Form) -> Form:
        return total(((self, 1), (other, -1)))

    def times(self, factor: int) -> Form:
        return total(((self, factor),))


ZERO_FORM = Form()


def constant(value: int) -> Form:
    return Form((), value % PRIME)


def variable(symbol: int) -> Form:
    return Form(((symbol, 1),), 0)


def total(parts: Iterable[tuple[Form, int]]) -> Form:
    """The sum of forms, each multiplied by a number."""
    terms: dict[int, int] = {}
    number = 0
    for form, factor in parts:
        number += form.constant * factor
        for symbol, coefficient in form.terms:
            terms[symbol] = (terms.get(symbol, 0) + coefficient * factor) % PRIME
    return Form(tuple(sorted((s, c) for s, c in terms.items() if c)), number % PRIME)


def substituted(form: Form, values: Mapping[int, Form]) -> Form:
    """`form` with symbols replaced by forms, until none of them is left."""
    while any(symbol in values for symbol, _ in form.terms):
        form = total(
            [(Form((), form.constant), 1)]
            + [(values[symbol] if symbol in values else variable(symbol), c) for symbol, c in form.terms]
        )
    return form


def renamed(form: Form, name: Callable[[int], int]) -> Form:
    return Form(tuple(sorted((name(symbol), c) for symbol, c in form.terms)), form.constant)


def signed(value: int) -> int:
    """The integer nearest to 0 that is congruent to `value`."""
    value %= PRIME
    return value if value <= PRIME // 2 else value - PRIME


@lru_cache(maxsize=1 << 16)
def quotient(numerator: int, denominator: int) -> int:
    """The signed field quotient."""
    return signed(numerator * pow(denominator, -1, PRIME))


def canonical(form: Form, window: Window) -> tuple[Terms, Window]:
    """The same fact about the form without its constant, the first coefficient being positive."""
    shift = signed(form.constant)
    low, high = window[0] - shift, window[1] - shift
    if form.terms and signed(form.terms[0][1]) < 0:
        return tuple((symbol, PRIME - c) for symbol, c in form.terms), (-high, -low)
    return form.terms, (low, high)


def intersection(one: Window, other: Window) -> Window | None:
    """What two windows have in common; where that is two pieces, the narrower window. None when nothing."""
    found = []
    first = (one[0] - other[1]) // PRIME
    for turn in range(first, first + 4):
        low, high = max(one[0], other[0] + turn * PRIME), min(one[1], other[1] + turn * PRIME)
        if low <= high:
            found.append((low, high))
    if not found:
        return None
    return found[0] if len(found) == 1 else min(one, other, key=width)


def width(window: Window) -> int:
    return window[1] - window[0]


def scaled(window: Window, factor: int) -> Window:
    """The window of a form multiplied by an integer; it may be wider than p and then says nothing."""
    low, high = window[0] * factor, window[1] * factor
    return (low, high) if low <= high else (high, low)
