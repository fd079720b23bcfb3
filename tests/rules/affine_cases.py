"""Sums to prove `rules.affine` for: coefficients and constant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.rules.symbolic_model import WORD, Facts, Polynomial
from zkwasm_compiler.rules.affine import affine_rule
from zkwasm_compiler.rules.rule import Rule

SUMS: tuple[tuple[tuple[int, ...], int], ...] = (
    ((), 5),
    ((1,), 0),
    ((1,), -1),
    ((-1,), 0),
    ((-1,), 1 << 31),
    ((-1,), -(1 << 31)),
    ((3,), 0x7FFFFFFF),
    ((1 << 31,), 0),
    ((1 << 31,), 1 << 31),
    ((-(1 << 31) + 1,), 0),
    ((0x9E3779B1,), 0x85EBCA77),
    ((WORD - 5,), 12345),
    ((1, 1), 0),
    ((1, -1), 0),
    ((-1, -1), -1),
    ((1 << 30, 1 << 30), 7),
    ((1 << 31, -(1 << 30)), -7),
    ((0x9E3779B1, 0x2545F491), 0),
    ((1 << 31, (1 << 31) - 2), 0),
    ((1, -2, 3), 4),
    ((0, 1, 0), 9),
    ((1, 1, 1, 1), 0),
    ((-1, -1, -1, -1), 0),
    ((1 << 29, 1 << 29, 1 << 29, 1 << 29), 3),
    ((5, -7, 0x01000193, -0x01000193), 0x811C9DC5),
    ((1, 2, 4, 8, 16, 32, 64, 128), 1),
    ((-1, 2, -4, 8, -16, 32, -64, 128), -1),
)


def rule_of(coefficients: Sequence[int], constant: int) -> Rule:
    """The rule for a sum, which must exist."""
    rule = affine_rule(coefficients, constant)
    assert rule is not None, (coefficients, constant)
    return rule


def symbolic_meaning(coefficients: Sequence[int], constant: int) -> Callable[..., Polynomial]:
    """Σ coefficient*x + constant modulo 2^32."""

    def meaning(facts: Facts, *operands: Polynomial) -> Polynomial:
        terms = (x * (k % WORD) for k, x in zip(coefficients, operands, strict=True))
        return facts.divide(sum(terms, Polynomial.constant(constant)), WORD)[1]

    return meaning


def meaning(coefficients: Sequence[int], constant: int) -> Callable[..., int]:
    """The same for numbers."""
    return lambda *operands: (sum(k * x for k, x in zip(coefficients, operands, strict=True)) + constant) % WORD
