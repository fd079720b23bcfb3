"""The honest prover can prove every rule, on edge values and random ones."""

from __future__ import annotations

import pytest

from tests.rules.honest_prover import check_complete, immediates_of
from zkwasm_compiler.rules.catalogue import CONVERSIONS, RULES
from zkwasm_compiler.rules.rule import Rule


@pytest.mark.parametrize("rule", [*RULES, *CONVERSIONS], ids=lambda rule: rule.name)
def test_honest_advice_satisfies_the_rule(rule: Rule) -> None:
    instances = sum(1 for _ in immediates_of(rule))
    assert check_complete(rule, count=150 if instances < 4 else 30) >= instances
