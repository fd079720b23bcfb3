"""The lattice arguments of the static audit, against enumeration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkwasm_simulator.audit.static.forms import intersection
from zkwasm_simulator.audit.static.uniqueness import _first_multiple, one_value, zeros
from zkwasm_simulator.field import LIMB_MASK, PRIME

F = LIMB_MASK
LIMB = (0, F)
SMALL = st.integers(-40, 40)
COEFFICIENTS = st.one_of(
    SMALL.filter(bool),
    st.builds(lambda a, b: a * pow(b, -1, PRIME) % PRIME, SMALL.filter(bool), st.integers(1, 40)),
)


def _window(low: int, length: int) -> tuple[int, int]:
    return low, low + length


WINDOWS = st.builds(_window, SMALL, st.integers(0, 40))


@given(COEFFICIENTS, WINDOWS, WINDOWS, st.lists(st.tuples(COEFFICIENTS, WINDOWS), max_size=1).map(tuple), SMALL)
def test_one_value_means_one_value(
    coefficient: int,
    values: tuple[int, int],
    sums: tuple[int, int],
    rest: tuple[tuple[int, tuple[int, int]], ...],
    number: int,
) -> None:
    if not one_value(coefficient, values, sums, rest, number):
        return
    allowed = {e % PRIME for e in range(sums[0], sums[1] + 1)}
    coefficient_of_rest, window = rest[0] if rest else (0, (0, 0))
    for other in range(window[0], window[1] + 1):
        total = coefficient_of_rest * other + number
        assert sum((coefficient * x + total) % PRIME in allowed for x in range(values[0], values[1] + 1)) <= 1


@pytest.mark.parametrize(
    ("coefficient", "rest", "number", "unique"),
    [
        (F, ((-F * 3, LIMB),), 1, True),  # x = 3·v modulo 2^32, rounded up
        (F, ((-F * 3, LIMB),), 0, False),  # … to the last bit but one
        (-F, ((1 << (64 - 5), LIMB),), 1, True),  # a rotation by 5
        (-F, ((1 << (64 - 31), LIMB),), 1, False),  # the same check is not one of a rotation by 31
        (-7, ((1, LIMB),), 0, False),  # a quotient without a bound of the remainder
    ],
)
def test_checks_of_the_cookbook(
    coefficient: int, rest: tuple[tuple[int, tuple[int, int]], ...], number: int, unique: bool
) -> None:
    assert one_value(coefficient % PRIME, LIMB, LIMB, rest, number) is unique


def test_a_quotient_with_its_remainder_in_range() -> None:
    assert one_value(PRIME - 7, LIMB, (0, 6), ((1, LIMB),), 0)
    assert not one_value(PRIME - 7, LIMB, (0, 7), ((1, LIMB),), 0)


@given(st.lists(st.tuples(SMALL.filter(bool), st.integers(0, 4)), min_size=2, max_size=3), st.integers(0, 6))
def test_zeros_are_zeros(summands: list[tuple[int, int]], bound: int) -> None:
    coefficients, reaches = [c for c, _ in summands], [reach for _, reach in summands]
    found = zeros([c % PRIME for c in coefficients], reaches, bound)
    deltas: list[list[int]] = [[]]
    for reach in reaches:
        deltas = [[*one, delta] for one in deltas for delta in range(-reach, reach + 1)]
    possible = [one for one in deltas if abs(sum(c * d for c, d in zip(coefficients, one, strict=True))) <= bound]
    assert all(one[number] == 0 for one in possible for number in found)


def test_bytes_of_a_word_are_pinned_together() -> None:
    """v - b0 - 256·b1 - 65536·b2, divided by 2^24, is a byte: then so are all."""
    weights = [-pow(256, place, PRIME) * pow(1 << 24, -1, PRIME) % PRIME for place in range(3)]
    assert zeros(weights, [255, 255, 255], 255) == {0, 1, 2}
    assert zeros(weights, [255, 256, 255], 255) < {0, 1, 2}


@given(st.integers(0, 60), st.integers(1, 61), st.integers(0, 60), st.integers(0, 61))
def test_first_multiple(coefficient: int, modulus: int, start: int, length: int) -> None:
    coefficient, start = coefficient % modulus, start % modulus
    wanted = {(start + more) % modulus for more in range(length + 1)}
    first = next((x for x in range(modulus) if coefficient * x % modulus in wanted), None)
    found = _first_multiple(coefficient, modulus, start, length)
    if start == 0 or start + length >= modulus:
        assert found == 0
    else:
        assert found == first


@given(WINDOWS, WINDOWS, st.integers(-2, 2))
def test_intersections(one: tuple[int, int], other: tuple[int, int], turns: int) -> None:
    moved = other[0] + turns * PRIME, other[1] + turns * PRIME
    common = {x % PRIME for x in range(one[0], one[1] + 1)} & {x % PRIME for x in range(other[0], other[1] + 1)}
    found = intersection(one, moved)
    assert ({x % PRIME for x in range(found[0], found[1] + 1)} if found else set()) == common
