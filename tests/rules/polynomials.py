"""Polynomials over named integer variables, with the constants of the machine's field."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

P = (1 << 64) - (1 << 32) + 1
WORD = 1 << 32
Monomial = tuple[str, ...]


def centred(number: int) -> int:
    """The residue modulo P with the smallest magnitude."""
    number %= P
    return number - P if number > P // 2 else number


@dataclass(frozen=True, slots=True)
class Polynomial:
    """Σ coefficient * product of variables; the constant term belongs to the empty product."""

    terms: Mapping[Monomial, int] = field(default_factory=dict)

    @staticmethod
    def constant(number: int) -> Polynomial:
        return Polynomial({(): number} if number else {})

    @staticmethod
    def variable(name: str) -> Polynomial:
        return Polynomial({(name,): 1})

    def __add__(self, other: Polynomial | int) -> Polynomial:
        other = other if isinstance(other, Polynomial) else Polynomial.constant(other)
        sums = {key: self.terms.get(key, 0) + other.terms.get(key, 0) for key in [*self.terms, *other.terms]}
        return Polynomial({key: number for key, number in sums.items() if number})

    def __mul__(self, other: Polynomial | int) -> Polynomial:
        other = other if isinstance(other, Polynomial) else Polynomial.constant(other)
        total: dict[Monomial, int] = {}
        for (x, i), (y, j) in itertools.product(self.terms.items(), other.terms.items()):
            key = tuple(sorted(x + y))
            total[key] = total.get(key, 0) + i * j
        return Polynomial({key: number for key, number in total.items() if number})

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + other * -1 if isinstance(other, Polynomial) else self + -other

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: int) -> Polynomial:
        return Polynomial.constant(other) - self

    @property
    def number(self) -> int | None:
        """The value of a constant polynomial."""
        return self.terms.get((), 0) if not self.terms.keys() - {()} else None

    def modulo_p(self, factor: int) -> Polynomial:
        """`factor` times this, with the smallest coefficients that are the same modulo P."""
        return Polynomial({key: centred(number * factor) for key, number in self.terms.items() if number % P})

    @property
    def key(self) -> tuple[tuple[Monomial, int], ...]:
        return tuple(sorted(self.terms.items()))
