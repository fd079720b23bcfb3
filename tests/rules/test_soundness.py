"""Every lowering rule is proved: whatever satisfies its constraints gives the op's value in the promised form."""

from __future__ import annotations

import pytest

from tests.rules.prover import prove
from zkwasm_compiler.rules.catalogue import CONVERSIONS, RULES
from zkwasm_compiler.rules.rule import Rule


@pytest.mark.parametrize("rule", [*RULES, *CONVERSIONS], ids=lambda rule: rule.name)
def test_no_advice_gives_a_wrong_value(rule: Rule) -> None:
    assert prove(rule) > 0


def test_names_are_unique() -> None:
    names = [rule.name for rule in (*RULES, *CONVERSIONS)]
    assert len(set(names)) == len(names)
