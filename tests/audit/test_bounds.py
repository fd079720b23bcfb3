"""Bounds that follow from bounds: never narrower than what is possible, by enumeration, and as narrow as needed."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkwasm_simulator.audit.static.bounds import groupings, narrowed, narrowed_product
from zkwasm_simulator.audit.static.forms import Form, total
from zkwasm_simulator.field import LIMB_MASK, PRIME

F = LIMB_MASK
LIMB = (0, F)
SMALL = st.integers(-12, 12)
COEFFICIENTS = st.one_of(
    SMALL.filter(bool),
    st.builds(lambda a, b: a * pow(b, -1, PRIME) % PRIME, SMALL.filter(bool), st.integers(1, 12)),
    st.integers(1, PRIME - 1),
)
WINDOWS = st.tuples(SMALL, st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))
LIMBS = st.one_of(st.sampled_from((0, 1, 2, F - 1, F, 1 << 31)), st.integers(0, F))
PAIRS = st.tuples(LIMBS, LIMBS)


@given(st.lists(st.tuples(COEFFICIENTS, WINDOWS), min_size=1, max_size=3))
def test_what_is_possible_stays(summands: list[tuple[int, tuple[int, int]]]) -> None:
    coefficients, windows = tuple(c for c, _ in summands), tuple(window for _, window in summands)
    found = narrowed(coefficients, windows)
    values = product(*(range(low, high + 1) for low, high in windows))
    possible = [xs for xs in values if sum(c * x for c, x in zip(coefficients, xs, strict=True)) % PRIME == 0]
    if found is None:
        assert not possible
        return
    assert all(old[0] <= new[0] <= new[1] <= old[1] for old, new in zip(windows, found, strict=True))
    assert all(low <= x <= high for xs in possible for x, (low, high) in zip(xs, found, strict=True))


def over(*numbers: int) -> int:
    """The first number divided by the others in the field."""
    numerator, *denominators = numbers
    for one in denominators:
        numerator = numerator * pow(one, -1, PRIME) % PRIME
    return numerator


@pytest.mark.parametrize(
    ("coefficients", "windows", "found"),
    [
        ((1, -7, -1), (LIMB, LIMB, (0, 6)), (LIMB, (0, F // 7), (0, 6))),  # a quotient
        # a quotient as the compiler writes it, x/7 - y/(7·m) with m·7 = 2^32 + 3; 4 is added in the check
        ((over(1, 7), -over(1, (1 << 32) + 3), -1), (LIMB, LIMB, (-4, F - 4)), (LIMB, (0, 6 * 613566757), (0, F // 7))),
        ((over(-1, 1 << 32), -1), (LIMB, (-(1 << 31), 1 << 31)), ((0, 0), (0, 0))),
        ((F, F, -1), (LIMB, (5, 9), (-2, 1)), (((1 << 32) - 9, (1 << 32) - 5), (5, 9), (-1, -1))),  # x + y is 2^32
        ((8, -1, -(1 << 32)), (LIMB, LIMB, (0, 7)), (LIMB, (0, F - 7), (0, 7))),  # a low limb divisible by 8
        ((4, -1), ((0, 100), (7, 14)), ((2, 3), (8, 12))),
        ((4, -1), ((0, 100), (9, 11)), None),
        ((1, -1), (LIMB, (PRIME + 3, PRIME + 4)), ((3, 4), (PRIME + 3, PRIME + 4))),  # p is 0
        ((3, -1), ((0, PRIME // 2), (0, 5)), ((0, PRIME // 3 + 2), (0, 5))),  # 3·x may be p + 5
    ],
)
def test_sums(
    coefficients: tuple[int, ...], windows: tuple[tuple[int, int], ...], found: tuple[tuple[int, int], ...] | None
) -> None:
    assert narrowed(coefficients, windows) == found


def _halves(word: int) -> tuple[int, int]:
    return word & F, word >> 32


def _around(pair: tuple[int, int], below: int, above: int) -> tuple[tuple[int, int], tuple[int, int]]:
    low, high = ((max(0, limb - below), min(F, limb + above)) for limb in pair)
    return low, high


@given(PAIRS, PAIRS, PAIRS, st.lists(st.tuples(LIMBS, LIMBS), min_size=5, max_size=5))
def test_possible_products_stay(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], margins: list[tuple[int, int]]
) -> None:
    value = (a[0] + (a[1] << 32)) * (b[0] + (b[1] << 32)) + c[0] + (c[1] << 32)
    pairs = [a, b, c, _halves(value >> 64), _halves(value & ((1 << 64) - 1))]
    windows = [_around(pair, *margin) for pair, margin in zip(pairs, margins, strict=True)]
    found = narrowed_product(*windows)
    assert found is not None
    for pair, old, new in zip(pairs, windows, found, strict=True):
        for limb, was, now in zip(pair, old, new, strict=True):
            assert was[0] <= now[0] <= limb <= now[1] <= was[1]


def test_products() -> None:
    word, zero = (LIMB, LIMB), ((0, 0), (0, 0))
    small = ((0, 4), (0, 0))
    power = (LIMB, (0, 1))
    assert narrowed_product(zero, word, zero, zero, word) == (zero, word, zero, zero, zero)
    assert narrowed_product(small, power, zero, zero, word) == (small, power, zero, zero, (LIMB, (0, 7)))
    top = ((0, 0), (1 << 31, 1 << 31))  # 2^63
    found = narrowed_product(((0, F), (0, 0)), ((8, 8), (0, 0)), zero, zero, (LIMB, (4, F)))
    assert found is not None
    assert found[0] == ((1 << 31, F), (0, 0))  # what 8·a ≥ 2^34 says of a
    assert narrowed_product(((0, 6), (0, 0)), ((8, 8), (0, 0)), zero, zero, top) is None


def test_a_sum_is_a_sum_of_sums() -> None:
    terms = ((0, F), (1, over(6 * F, 7)), (2, over(-6 * F, 7 * 9)))
    whole = ((1, over(1, 7)), (2, over(-1, 63)))
    found = list(groupings(terms, [whole, ((0, 1),), ((1, 1), (3, 1))]))
    assert [len(grouping) for grouping in found] == [3, 2]
    assert found[1] == ((whole, 6 * F), (((0, 1),), F))
    for grouping in found:
        assert total((Form(part), coefficient) for part, coefficient in grouping) == total([(Form(terms), 1)])
