"""Copies of exits: every way has its own, and the function does what it did."""

from __future__ import annotations

from collections import Counter
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocation.builders import (
    add_constant,
    allocated,
    block,
    branch,
    compute,
    function,
    give_back,
    go,
    text,
    values,
)
from tests.allocation.execution import check_behaviour
from tests.allocation.generation import random_function
from zkwasm_compiler.lowering.allocate import allocate
from zkwasm_compiler.lowering.copy_exits import LARGEST, copy_exits
from zkwasm_compiler.machine.allocation_checker import check_allocation
from zkwasm_compiler.machine.frequencies import expect


def test_ways_need_not_agree_where_the_result_is() -> None:
    x, y, p, r = values("x y p r")
    before = function(
        [x, y],
        block("f", [branch("JMPZ", x, "end", "other")], ("end", [x]), ("other", [])),
        block("other", [go("end")], ("end", [y])),
        block("end", [add_constant(r, p, 1), give_back(r)], parameters=[p]),
    )
    expect(before)
    after = copy_exits(before)
    assert after is not None
    assert (
        text(allocated(after))
        == dedent(
            """
            f:
              A :JMPZ(end_1, other)
            other:
              :JMP(end_2)
            end_1:
              A + 1 => A :RETURN
            end_2:
              B + 1 => A :RETURN
            """
        ).lstrip()
    )
    assert [item.expected for item in after.blocks] == [1.0, 0.5, 0.5, 0.5]


def test_what_is_long_or_has_one_way_is_not_copied() -> None:
    x, *made = values("x a b c d")
    long = [compute(new, "ADD", x, x) for new in made[:LARGEST]]
    for steps, targets, copied in ((long, ("end", "end"), False), (long[1:], ("end", "end"), True)):
        blocks = [block(name, [go("end")], ("end", [])) for name in ("one", "two")]
        before = function(
            [x],
            block("f", [branch("JMPZ", x, "one", "two")], ("one", []), ("two", [])),
            *blocks,
            block(targets[0], [*steps, give_back(made[1])]),
        )
        assert (copy_exits(before) is not None) == copied
    before = function([x], block("f", [go("end")], ("end", [])), block("end", [give_back(x)]))
    assert copy_exits(before) is None


@given(seed=st.integers(0, 10**9), blocks=st.integers(1, 9), steps=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_random_functions_keep_their_behaviour(seed: int, blocks: int, steps: int) -> None:
    before = random_function(seed, blocks, steps)
    expect(before)
    copied = copy_exits(before)
    if copied is not None:
        arriving: Counter[str] = Counter()
        for edge in (edge for item in copied.blocks for edge in item.edges):
            arriving[edge.label] += edge.expected
        new = [item for item in copied.blocks if item.label not in {old.label for old in before.blocks}]
        assert all(item.expected == pytest.approx(arriving[item.label]) for item in new)
        after = allocate(copied)
        check_allocation(copied, after)
        check_behaviour(before, after, seed)
        assert copy_exits(copied) is None
