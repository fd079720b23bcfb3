"""Rules in the scale model, with all advice: further evidence beside the proofs, from another direction."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.affine_cases import rule_of
from tests.rules.scale_model import ScaleError, check_scaled
from zkwasm_compiler.rules.catalogue import CONVERSIONS, RULES
from zkwasm_compiler.rules.rule import Rule

UNSCALED = {
    *("i32.popcnt", "zk.popcnt_64", "zk.pack.word"),
    *("zk.sqrt", "zk.sqrt_rest", "zk.normal", "zk.normal_zeros"),
}
"""Bytes and nibbles are not there in words of 4 bits, nor room for sign and exponent in front of a significand; the
advice that packs two words has no limb that is 0; a root takes more advice than can be tried."""


@pytest.mark.parametrize(
    "rule", [rule for rule in (*RULES, *CONVERSIONS) if rule.name not in UNSCALED], ids=lambda rule: rule.name
)
def test_all_advice_of_the_scale_model(rule: Rule) -> None:
    assert check_scaled(rule) > 0


SUMS = [
    ((1,), 3),
    ((-1,), 0),
    ((3,), 1),
    ((7,), 0),
    ((13,), 0),
    ((1, 1), 0),
    ((1, -1), 0),
    ((-1, -1), -2),
    ((2, -3), 4),
    ((5, 6), 0),
    ((-2, -3, 1), 0),
]
"""Coefficients and constants that leave the scaled sum in -n*15 .. 256 - (n+2)*16."""


def _meaning(coefficients: tuple[int, ...], constant: int) -> Callable[..., int]:
    return lambda *operands: (sum(k * x for k, x in zip(coefficients, operands, strict=True)) + constant) % 16


@pytest.mark.parametrize(("coefficients", "constant"), SUMS)
def test_all_advice_of_scaled_sums(coefficients: tuple[int, ...], constant: int) -> None:
    assert check_scaled(rule_of(coefficients, constant), _meaning(coefficients, constant)) > 0


def test_a_sum_out_of_range_fails() -> None:
    """15*x reaches 225 > 256 - 2*16: the limit of the lemma is real."""
    with pytest.raises(ScaleError):
        check_scaled(rule_of((15,), 0), _meaning((15,), 0))
