"""Every operator with the constants that rules tell apart, against wasmtime."""

from __future__ import annotations

import random

import pytest

from tests.differential.campaign import CAMPAIGN_SECONDS, seeds
from tests.differential.comparison import Case, first_difference
from tests.differential.operators import cases, conditions, expressions, random_expressions

SAMPLE = 1.0 if CAMPAIGN_SECONDS else 0.1
"""The part of the systematic expressions that runs every day; a campaign runs all."""
CALLS = 8


def check(case: Case, level: int) -> None:
    difference = first_difference(case, level)
    assert not difference, f"{difference}\n{case.text()}"


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("type_", ["i32", "i64"])
def test_operators(type_: str, level: int) -> None:
    generator = random.Random(f"{type_} {level}")
    bodies = [*expressions(type_), *conditions(type_)]
    chosen = [body for body in bodies if generator.random() < SAMPLE]
    for case in cases(type_, chosen, generator, CALLS):
        check(case, level)


@pytest.mark.parametrize("type_", ["i32", "i64"])
def test_random_expressions(type_: str) -> None:
    for seed in seeds(4):
        generator = random.Random(seed)
        bodies = list(random_expressions(generator, type_, 40))
        for case in cases(type_, bodies, generator, CALLS):
            check(case, (2, 0, 3)[seed % 3])
