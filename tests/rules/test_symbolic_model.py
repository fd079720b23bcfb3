"""The pieces of the proofs are right: field equations, ranges, division and the facts about products, on numbers."""

from __future__ import annotations

import random
from itertools import product

import pytest
import z3

from tests.rules.polynomials import WORD, P, Polynomial
from tests.rules.symbolic_model import Facts

NUMBERS = (0, 1, 2, 31, WORD // 2, WORD - 1, WORD, WORD + 1, P // 2, P - WORD, P - 1)
COEFFICIENTS = (1, -1, 2, WORD, WORD - 1, 1 - WORD, 1 << 63, 1 << 40)
RANGES = ((0, WORD - 1), (-WORD, -1), (1, P - 1), (0, 0))


def _in_range(number: int, low: int, high: int) -> bool:
    """Whether the field element has a representative in the range."""
    return (number - low) % P <= high - low


def _variable(facts: Facts, number: int, bound: int) -> Polynomial:
    """A variable in [0, bound) that is equal to the number, which only z3 knows."""
    variable = facts.fresh("x", 0, bound - 1)
    facts.say(facts.expression(variable) == number)
    return variable


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_field_elements_in_ranges(low: int, high: int) -> None:
    chance = random.Random(low)
    for number, coefficient, constant in product(NUMBERS, COEFFICIENTS, (0, 1, -5)):
        if chance.random() < 0.6:
            continue
        facts = Facts()
        bound = WORD if number < WORD else P
        polynomial = _variable(facts, number, bound) * coefficient + constant
        value = facts.in_range(polynomial, low, high)
        expected = _in_range(number * coefficient + constant, low, high)
        assert (facts.check()[0] == z3.sat) == expected, (number, coefficient, constant)
        if expected:
            right = low + (number * coefficient + constant - low) % P
            assert facts.refutes(facts.expression(value) != right)


def test_congruence() -> None:
    for number, coefficient in product(NUMBERS, COEFFICIENTS):
        for offset in (0, 1, P, -P, WORD):
            facts = Facts()
            other = Polynomial.constant(number * coefficient + offset)
            facts.say(facts.congruent(_variable(facts, number, P) * coefficient, other))
            assert (facts.check()[0] == z3.sat) == (offset % P == 0), (number, coefficient, offset)


def test_division_by_a_constant() -> None:
    for number, divisor in product((*NUMBERS, -1, -WORD, -P), (1, 3, WORD, 1 << 64)):
        facts = Facts()
        variable = facts.fresh("x", -P, P)
        facts.say(facts.expression(variable) == number)
        quotient, remainder = (facts.expression(part) for part in facts.divide(variable, divisor))
        assert facts.check()[0] == z3.sat
        assert facts.refutes(z3.Or(quotient != number // divisor, remainder != number % divisor))


def test_facts_about_products_are_true() -> None:
    """For every choice of small numbers, with the true products put in."""
    for a, b, c in product(range(5), repeat=3):
        facts = Facts()
        x, y, z = (facts.fresh(name, 0, 4) for name in "xyz")
        names = [next(iter(variable.terms))[0] for variable in (x, y, z)]
        values = dict(zip(names, (a, b, c), strict=True))
        for i, j in ((x, z), (y, z), (x, y), (x, x)):
            facts.product(i, j)
        numbers = {name: z3.IntVal(value) for name, value in values.items()}
        for first, second in facts.products:
            numbers[f"{first} * {second}"] = z3.IntVal(values[first] * values[second])
        pairs = [(z3.Int(name), number) for name, number in numbers.items()]
        for fact in facts.product_facts():
            assert z3.is_true(z3.simplify(z3.substitute(fact, *pairs))), (fact, values)


def test_products_of_the_same_values_are_the_same() -> None:
    facts = Facts()
    low, high, other = (facts.fresh(name, 0, WORD - 1) for name in ("low", "high", "other"))
    assert facts.product(facts.value(low, high), other).key == facts.product(other, facts.value(low, high)).key
    with pytest.raises(AssertionError):
        facts.product(low - 5, other)


@pytest.mark.parametrize("bits", [32, 64])
def test_signed_values(bits: int) -> None:
    for number in (0, 1, (1 << (bits - 1)) - 1, 1 << (bits - 1), (1 << bits) - 1):
        facts = Facts()
        value = facts.signed(_variable(facts, number, 1 << bits), bits)
        right = number - (1 << bits) if number >> (bits - 1) else number
        assert facts.refutes(facts.expression(value) != right)


@pytest.mark.parametrize("name", ["AND", "OR", "XOR"])
def test_bits_with_constants(name: str) -> None:
    operation = {"AND": int.__and__, "OR": int.__or__, "XOR": int.__xor__}[name]
    for number, constant in product((0, 1, 5, 0x0F0F, WORD - 1), (0, 1, 0xFF, WORD - 1)):
        facts = Facts()
        result = facts.bitwise(name, _variable(facts, number, WORD), Polynomial.constant(constant))
        facts.say(facts.expression(result) == operation(number, constant))
        assert facts.check()[0] == z3.sat
