"""Wrong advice, field elements out of range and bad high limbs on numbers: nothing wrong can be proved."""

from __future__ import annotations

import pytest

from tests.rules.affine_cases import SUMS, meaning, rule_of
from tests.rules.lying_prover import check_lies
from zkwasm_compiler.rules.catalogue import CONVERSIONS, RULES
from zkwasm_compiler.rules.rule import Rule


@pytest.mark.parametrize("rule", [*RULES, *CONVERSIONS], ids=lambda rule: rule.name)
def test_lies_are_refused(rule: Rule) -> None:
    assert check_lies(rule, 12) > 0


@pytest.mark.parametrize(("coefficients", "constant"), SUMS)
def test_lies_about_sums_are_refused(coefficients: tuple[int, ...], constant: int) -> None:
    assert check_lies(rule_of(coefficients, constant), 20, meaning=meaning(coefficients, constant)) > 0
