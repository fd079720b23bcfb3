"""Sums: the lemma for every sum, the form of the rules' steps that makes it apply, and proofs of instances.

Lemma: let -n*(2^32-1) <= S <= 2^64 - (n+2)*2^32 and r in [0, 2^32). If n + 1 - F*S + F*r is (in the field) some w in
[0, 2^32), then r = S mod 2^32; and for r = S mod 2^32 it is one. As F = -2^-32 in the field, the condition multiplied
by 2^32 is S - r + 2^32*(n+1) = 2^32*w + p*k for an integer k.
"""

from __future__ import annotations

import random

import pytest
import z3

from tests.rules.affine_cases import SUMS, meaning, rule_of, symbolic_meaning
from tests.rules.honest_prover import check_complete
from tests.rules.polynomials import WORD, P
from tests.rules.prover import UnprovedError, prove
from zkwasm_compiler.rules.affine import F, affine_rule, signed_coefficient
from zkwasm_compiler.rules.rule import Rule

CASES = [pytest.param(*case, id=f"{case[0]}+{case[1]}".replace(" ", "")) for case in SUMS]


def test_f_is_minus_one_word_inverse() -> None:
    assert F * WORD % P == P - 1


def _refuted(*formulas: z3.BoolRef) -> bool:
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.add(*formulas)
    return bool(solver.check() == z3.unsat)


def test_lemma_for_every_sum() -> None:
    n, s, r, w, k, q = z3.Ints("n s r w k q")
    bounds = [n >= 0, s >= -n * (WORD - 1), s <= (1 << 64) - (n + 2) * WORD, r >= 0, r < WORD]
    checked = [w >= 0, w < WORD, s - r + WORD * (n + 1) == WORD * w + P * k]
    assert _refuted(*bounds, *checked, k != 0)
    assert _refuted(*bounds, *checked, s - r != WORD * (w - n - 1))  # so r = S mod 2^32
    honest = [s == WORD * q + r, w == q + n + 1]
    assert _refuted(*bounds, *honest, z3.Or(w < 0, w >= WORD))


def test_lemma_needs_n_plus_1() -> None:
    n, s, r, w, k = z3.Ints("n s r w k")
    bounds = [n >= 0, s >= -n * (WORD - 1), s <= (1 << 64) - (n + 2) * WORD, r >= 0, r < WORD]
    assert not _refuted(*bounds, w >= 0, w < WORD, s - r + WORD * n == WORD * w + P * k, k != 0)


def _sum_and_offset(rule: Rule) -> tuple[dict[str | None, int], int]:
    """The sum S that is checked, by operand (None: the constant), and its n. The steps must have the lemma's form."""
    advised, checked = rule.steps
    assert advised.destinations == ("r",)
    assert advised.advice is not None
    assert not advised.terms
    for step in rule.steps:
        assert [(operation.name, operation.targets) for operation in step.operations] == [("JMPN", ("fail",))]
    total: dict[str | None, int] = {}
    offset = 0
    for term in checked.terms:
        coefficient = term.value({})
        if term.operand is None and coefficient % F:
            offset += coefficient
        elif term.operand == "r":
            assert coefficient == F
        else:
            total[term.operand] = total.get(term.operand, 0) - coefficient // F
            assert coefficient % F == 0
    return total, offset - 1


def test_every_rule_has_the_form_of_the_lemma() -> None:
    chance = random.Random(7)
    made = 0
    for _ in range(400):
        count = chance.randint(0, 8)
        coefficients = [chance.choice((1, -1)) * chance.getrandbits(chance.randint(0, 32)) for _ in range(count)]
        constant = chance.choice((0, chance.getrandbits(32)))
        rule = affine_rule(coefficients, constant)
        if rule is None:
            continue
        made += 1
        total, n = _sum_and_offset(rule)
        expected = {f"x{i}": signed_coefficient(k) for i, k in enumerate(coefficients)}
        expected_all = {**expected, None: signed_coefficient(constant)}
        assert {name: k for name, k in expected_all.items() if k} == total
        ends = [sorted((0, k * F)) for name, k in total.items() if name is not None] + [[total.get(None, 0)] * 2]
        low, high = (sum(end[number] for end in ends) for number in (0, 1))
        assert -n * F <= low
        assert high <= (1 << 64) - (n + 2) * WORD
        assert -n * F <= low - F or high > (1 << 64) - (n + 3) * WORD  # room for what is a little below 0
    assert made > 200


@pytest.mark.parametrize(("coefficients", "constant"), CASES)
def test_instance_is_sound(coefficients: tuple[int, ...], constant: int) -> None:
    assert prove(rule_of(coefficients, constant), symbolic_meaning(coefficients, constant)) > 0


@pytest.mark.parametrize(("coefficients", "constant"), CASES)
def test_instance_is_complete(coefficients: tuple[int, ...], constant: int) -> None:
    assert check_complete(rule_of(coefficients, constant), 60, meaning(coefficients, constant)) > 0


def test_a_wrong_coefficient_is_found() -> None:
    with pytest.raises(UnprovedError):
        prove(rule_of((3,), 0), symbolic_meaning((5,), 0))


def test_sums_that_could_wrap_have_no_rule() -> None:
    assert affine_rule([1 << 31, 1 << 31], 0) is None
    assert affine_rule([1 << 31, (1 << 31) - 1], 0) is None
    assert affine_rule([1 << 31, (1 << 31) - 2], 0) is not None
