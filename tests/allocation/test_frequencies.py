"""How often blocks are expected to run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocation.builders import block, branch, function, give_back, go, values
from tests.allocation.generation import random_function
from zkwasm_compiler.machine.frequencies import expect


def test_ways_split_meet_and_go_round() -> None:
    (x,) = values("x")
    before = function(
        [x],
        block("f", [branch("JMPZ", x, "left", "right")], ("left", []), ("right", [])),
        block("left", [go("meet")], ("meet", [])),
        block("right", [branch("JMPZ", x, "meet", "trapping")], ("meet", []), ("trapping", [])),
        block("trapping", [give_back(x)], frequency=0.01),
        block("meet", [go("loop")], ("loop", [])),
        block("loop", [branch("JMPZ", x, "again", "end")], ("again", []), ("end", []), frequency=10.0),
        block("again", [go("loop")], ("loop", []), frequency=10.0),
        block("end", [give_back(x)]),
    )
    expect(before)
    found = {item.label: item.expected for item in before.blocks}
    assert found["left"] == found["right"] == 0.5
    assert found["trapping"] == pytest.approx(0.5 * 0.01 / 1.01)
    assert found["meet"] == pytest.approx(1 - found["trapping"])
    assert found["loop"] == pytest.approx(10 * found["meet"])
    assert found["end"] == pytest.approx(found["loop"] * 0.1 / 1.1)


@given(seed=st.integers(0, 10**9), blocks=st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_what_leaves_a_block_is_what_it_is_expected(seed: int, blocks: int) -> None:
    before = random_function(seed, blocks, 1)
    expect(before)
    for item in before.blocks:
        assert item.expected > 0
        if item.edges and item.expected > 1e-6:
            assert sum(edge.expected for edge in item.edges) == pytest.approx(item.expected, rel=1e-3)
