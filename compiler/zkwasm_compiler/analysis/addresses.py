"""Addresses as sums: `Addresses.linear` writes an i32 as coefficients, values and a constant, modulo 2^32.

Two addresses whose difference is a constant lie that far from each other whatever their common values are. In: SSA
before narrowing. The sums are short and not deep; what goes beyond that is a value like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkwasm_compiler.ir.function import Value

WORD = 1 << 32
MAXIMUM_TERMS = 4
MAXIMUM_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Linear:
    """The sum of coefficient times value over `terms`, and of `constant`, modulo 2^32; the terms are in order of id,
    their coefficients between 1 and 2^32 - 1."""

    terms: tuple[tuple[Value, int], ...]
    constant: int

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """self + factor·other."""
        coefficients = dict(self.terms)
        for value, coefficient in other.terms:
            coefficients[value] = (coefficients.get(value, 0) + factor * coefficient) % WORD
        terms = sorted((item for item in coefficients.items() if item[1]), key=lambda item: item[0].id)
        return Linear(tuple(terms), (self.constant + factor * other.constant) % WORD)

    def shifted(self, count: int) -> Linear:
        """`count` more."""
        return Linear(self.terms, (self.constant + count) % WORD)

    @property
    def signed_constant(self) -> int:
        """The constant as a number from -2^31 to 2^31 - 1."""
        return self.constant - WORD if self.constant >> 31 else self.constant


def just(value: Value) -> Linear:
    """The value itself."""
    return Linear(((value, 1),), 0)


class Addresses:
    """The linear forms of a function's values. `resolve` says what stands for a value by now."""

    def __init__(self, resolve: Callable[[Value], Value] = lambda value: value) -> None:
        self._resolve = resolve
        self._known: dict[Value, Linear] = {}

    def linear(self, value: Value, depth: int = 0) -> Linear:
        """What the value is congruent to."""
        value = self._resolve(value)
        known = self._known.get(value)
        if known is None or any(self._resolve(term) is not term for term, _ in known.terms):
            known = self._known[value] = self._find(value, depth)
        return known

    def _find(self, value: Value, depth: int) -> Linear:
        if value.op == "i32.const" and isinstance(value.immediate, int):
            return Linear((), value.immediate)
        found = None
        if depth < MAXIMUM_DEPTH and value.op in _SUMS:
            left, right = (self.linear(arg, depth + 1) for arg in value.args)
            found = _SUMS[value.op](left, right)
        return found if found is not None and len(found.terms) <= MAXIMUM_TERMS else just(value)


def _product(left: Linear, right: Linear) -> Linear | None:
    if left.terms:
        left, right = right, left
    return Linear((), 0).plus(right, left.constant) if not left.terms else None


def _shifted_left(left: Linear, right: Linear) -> Linear | None:
    return Linear((), 0).plus(left, 1 << right.constant % 32) if not right.terms else None


_SUMS: dict[str, Callable[[Linear, Linear], Linear | None]] = {
    "i32.add": lambda left, right: left.plus(right),
    "i32.sub": lambda left, right: left.plus(right, -1),
    "i32.mul": _product,
    "i32.shl": _shifted_left,
}
