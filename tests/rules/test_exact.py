"""Sums that are known not to leave 0..2^32-1: instances of the rules for values and for branches are proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import z3

from tests.rules.polynomials import WORD, P, Polynomial
from tests.rules.prover import UnprovedError, prove
from tests.rules.specification import MEANINGS
from tests.rules.symbolic_model import Facts
from zkwasm_compiler.rules.affine import POWER_TABLES, PRIME, branch_rule, exact_rule, field_coefficient, power_rule
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Leaf, Node

SUMS: tuple[tuple[tuple[int, ...], int], ...] = (
    ((), 5),
    ((1,), 1),
    ((1,), -1),
    ((-1,), WORD),
    ((-1,), 100),
    ((1, 1), 0),
    ((1, -1), 0),
    ((100, 1), 7),
    ((0x9E3779B1,), 0),
    ((1, -2, 3, -4), 4),
)
SMALL_SUMS = [(coefficients, constant) for coefficients, constant in SUMS if all(abs(k) <= 100 for k in coefficients)]
HALVES = [((1,), 0, 1), ((1,), -1, 1), ((1, -1), 0, 7), ((1, -1), 0, 31)]
"""Coefficients and constant of a multiple of 2^k, and k."""


def within(coefficients: Sequence[int], constant: int, low: int, divisor: int = 1) -> Callable[..., Polynomial]:
    """(Σ coefficient*x + constant) / divisor, which is exact and in [low, 2^32)."""

    def meaning(facts: Facts, *operands: Polynomial) -> Polynomial:
        terms = (x * k for k, x in zip(coefficients, operands, strict=True))
        total = sum(terms, Polynomial.constant(constant))
        if divisor == 1:
            result = total
            facts.say(facts.expression(total) >= low, facts.expression(total) < WORD)
        else:
            result = facts.fresh("quotient", low, WORD - 1)
            facts.say_equal(total, result * divisor)
        return result

    return meaning


@pytest.mark.parametrize("representation", [Representation.CLEAN, Representation.TIDY])
@pytest.mark.parametrize(("coefficients", "constant"), SUMS)
def test_sum_is_its_own_limb(coefficients: tuple[int, ...], constant: int, representation: Representation) -> None:
    rule = exact_rule(coefficients, constant, (representation,) * len(coefficients))
    assert rule is not None
    assert rule.result is (representation if coefficients else Representation.CLEAN)
    assert prove(rule, within(coefficients, constant, 0)) == 1


@pytest.mark.parametrize(("coefficients", "constant"), [((1,), 5), ((1,), -5), ((1, 1), 0), ((1, -3), 7)])
def test_sum_with_one_word(coefficients: tuple[int, ...], constant: int) -> None:
    operands = (Representation.WORD, *[Representation.TIDY] * (len(coefficients) - 1))
    rule = exact_rule(coefficients, constant, operands)
    assert rule is not None
    assert rule.result is Representation.WORD
    assert prove(rule, within(coefficients, constant, 0)) == 1


@pytest.mark.parametrize(("coefficients", "constant"), [((1,), 5), ((1, 1), 0), ((1, -3), 7)])
def test_sum_with_a_high_word(coefficients: tuple[int, ...], constant: int) -> None:
    operands = (Representation.LONG, *[Representation.TIDY] * (len(coefficients) - 1))
    rule = exact_rule(coefficients, constant, operands)
    assert rule is not None
    assert rule.result is Representation.WORD
    assert prove(rule, within(coefficients, constant, 0)) == 1


def test_high_limbs_of_words_do_not_add_up() -> None:
    assert exact_rule((1, 1), 0, (Representation.WORD,) * 2) is None
    assert exact_rule((1, 1), 0, (Representation.WORD, Representation.LONG)) is None
    assert exact_rule((2,), 0, (Representation.WORD,)) is None


@pytest.mark.parametrize(("coefficients", "constant", "shift"), HALVES)
def test_exact_quotients(coefficients: tuple[int, ...], constant: int, shift: int) -> None:
    inverse = pow(2, -shift, PRIME)
    scaled = tuple(field_coefficient(k * inverse) for k in coefficients)
    rule = exact_rule(scaled, field_coefficient(constant * inverse), (Representation.CLEAN,) * len(scaled))
    assert rule is not None
    assert prove(rule, within(coefficients, constant, 0, 1 << shift)) == 1


def test_a_quotient_that_is_not_exact_is_no_quotient() -> None:
    half = field_coefficient(pow(2, -1, PRIME))
    rule = exact_rule((half,), 0, (Representation.CLEAN,))
    assert rule is not None
    with pytest.raises(UnprovedError):
        prove(rule, lambda facts, x: facts.divide(x, 2)[0])


@pytest.mark.parametrize("rotated", [None, 0])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("jump", ["JMPN", "JMPZ"])
@pytest.mark.parametrize(("coefficients", "constant"), SUMS)
def test_branch(coefficients: tuple[int, ...], constant: int, jump: str, inverted: bool, rotated: int | None) -> None:
    rule = branch_rule(coefficients, constant, jump, inverted, rotated if coefficients else None)
    total = within(coefficients, constant, -WORD)

    def meaning(facts: Facts, *operands: Polynomial) -> Polynomial:
        value = facts.expression(total(facts, *operands))
        holds = value < 0 if jump == "JMPN" else value == 0
        return facts.indicator(z3.Not(holds) if inverted else holds)

    assert prove(rule, meaning) == 2


INDEXES = [((4,), 65536), ((4, 1), 65540), ((1, -1), 16384), ((4,), -8)]


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize(("coefficients", "constant"), INDEXES)
def test_multiples_of_an_index(coefficients: tuple[int, ...], constant: int, checked: bool) -> None:
    """An index may be negative; the sum is not."""
    operands = (Representation.TIDY_INDEX, *[Representation.TIDY] * (len(coefficients) - 1))
    rule = exact_rule(coefficients, constant, operands, checked)
    assert rule is not None
    assert rule.result is Representation.TIDY
    assert prove(rule, within(coefficients, constant, 0)) == 1 + checked


def test_a_check_bounds_a_multiple() -> None:
    """Where nothing is known of the sum, a step without the check lets one of more than 32 bits pass."""
    for checked in (True, False):
        rule = exact_rule((4,), 65536, (Representation.TIDY_INDEX,), checked)
        assert rule is not None
        if checked:
            assert prove(rule, lambda facts, x: x * 4 + 65536) == 2
        else:
            with pytest.raises(UnprovedError):
                prove(rule, lambda facts, x: x * 4 + 65536)


@pytest.mark.parametrize("jump", ["JMPN", "JMPZ"])
@pytest.mark.parametrize(("coefficients", "constant"), [((4, -1), 65536), ((1, -1), 0), ((4,), 100)])
def test_branch_on_a_multiple_of_an_index(coefficients: tuple[int, ...], constant: int, jump: str) -> None:
    rule = branch_rule(coefficients, constant, jump, False)
    leaves = (Leaf("x0", Representation.INDEX), *rule.pattern.children[1:])
    total = within(coefficients, constant, -WORD)

    def meaning(facts: Facts, *operands: Polynomial) -> Polynomial:
        value = facts.expression(total(facts, *operands))
        return facts.indicator(value < 0 if jump == "JMPN" else value == 0)

    assert prove(replace(rule, pattern=Node("exact_test", leaves)), meaning) == 2


@pytest.mark.parametrize("op", POWER_TABLES)
@pytest.mark.parametrize(("coefficients", "constant"), SMALL_SUMS)
def test_power_of_a_sum(op: str, coefficients: tuple[int, ...], constant: int) -> None:
    total = within(coefficients, constant, 0)
    for rotated in (None, 0) if coefficients else (None,):
        rule = power_rule(op, coefficients, constant, rotated)
        assert prove(rule, lambda facts, *operands: MEANINGS[op](facts, total(facts, *operands))) > 1


@pytest.mark.parametrize("op", POWER_TABLES)
@pytest.mark.parametrize(("coefficients", "constant", "shift"), HALVES)
def test_power_of_a_quotient(op: str, coefficients: tuple[int, ...], constant: int, shift: int) -> None:
    inverse = pow(2, -shift, PRIME)
    total = within(coefficients, constant, 0, 1 << shift)
    scaled = tuple(field_coefficient(k * inverse) for k in coefficients)
    rule = power_rule(op, scaled, field_coefficient(constant * inverse))
    assert prove(rule, lambda facts, *operands: MEANINGS[op](facts, total(facts, *operands))) > 1


def test_prime() -> None:
    assert PRIME == P
