"""When do bounds leave one value? Two provers say x and x': what can their differences be?

All that a row says about a difference is linear: c·δ is small where a sum with the coefficient c is range checked, and
every other summand is the same for both. So (δ, c·δ mod p) is a short vector of a lattice. The free input is pinned
when there is none, or when the bounds of the other summands rule out that both ends of such a vector are in range: a
remainder that a sum fixes up to multiples of the divisor, a sum modulo 2^32 that is checked to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import gcd, isqrt

from zkwasm_simulator.audit.static.forms import Window, intersection, scaled, signed, width
from zkwasm_simulator.field import PRIME

MOST_VECTORS = 500
"""With more short vectors than that nothing is pinned."""

MOST_ENDS = 1 << 10
"""With more possible numbers than that they are not tried one by one."""

MODERATE = 1 << 63
"""A summand that varies by less is taken as an interval."""

Vector = tuple[int, int]
Summands = tuple[tuple[int, Window], ...]
"""Coefficients with windows."""


@lru_cache(maxsize=1 << 16)
def one_value(coefficient: int, values: Window, sums: Window, rest: Summands, number: int) -> bool:
    """Is there never more than one x in `values` with coefficient·x + rest + number in `sums`?

    `rest` are the other summands, coefficients and windows.
    """
    vectors = _short_vectors(coefficient, width(values), width(sums))
    if vectors is None:
        return False
    return all(_ruled_out(vector, coefficient, values, sums, rest, number) for vector in vectors)


def _ruled_out(vector: Vector, coefficient: int, values: Window, sums: Window, rest: Summands, number: int) -> bool:
    """Are x and x + δ, e and e + ε never all in range?

    Multiplied by a suitable f, f·e - f·c·x - f·number is a sum of small integers and so between two integers, where
    f·rest may never be, modulo p.
    """
    xs, es = _both_ends(values, vector[0]), _both_ends(sums, vector[1])
    if width(xs) < 0 or width(es) < 0:
        return True
    for factor, product in _approximations(coefficient):
        ends = scaled(es, factor), scaled(xs, -product)
        shift = signed(number * factor)
        left = ends[0][0] + ends[1][0] - shift, ends[0][1] + ends[1][1] - shift
        if width(left) < PRIME and not _reaches([(signed(c * factor), window) for c, window in rest], left):
            return True
    return _no_end(coefficient, xs, es, rest, number)


def _no_end(coefficient: int, xs: Window, es: Window, rest: Summands, number: int) -> bool:
    """Is coefficient·x + rest + number none of a few numbers? Divided by a coefficient of the rest, the others may be
    small: k·(x - d·q) is a multiple of k, which few numbers are."""
    if width(es) > MOST_ENDS:
        return False
    for factor in (pow(c, -1, PRIME) for c, _ in rest):
        parts = [scaled(window, signed(c * factor)) for c, window in (*rest, (coefficient, xs))]
        low, high = sum(part[0] for part in parts), sum(part[1] for part in parts)
        ends = (factor * (end - number) - low for end in range(es[0], es[1] + 1))
        if high - low < PRIME and all(end % PRIME > high - low for end in ends):
            return True
    return False


def _reaches(summands: Sequence[tuple[int, Window]], target: Window) -> bool:
    """Can the sum be in the target modulo p? Yes, where that is not known: at most one summand may be a wide one."""
    wide: tuple[int, Window] | None = None
    low, high = target
    for coefficient, window in summands:
        part = scaled(window, coefficient)
        if width(part) >= MODERATE:
            if wide is not None:
                return True
            wide = coefficient, window
        else:
            low, high = low - part[1], high - part[0]
    if high - low >= PRIME - 1:
        return True
    if wide is None:
        return intersection((low, high), (0, 0)) is not None
    coefficient, window = wide
    start = low - coefficient * window[0]
    first = _first_multiple(coefficient % PRIME, PRIME, start % PRIME, high - low)
    return first is not None and first <= width(window)


def _first_multiple(coefficient: int, modulus: int, start: int, length: int) -> int | None:
    """The least x ≥ 0 with coefficient·x mod modulus in [start, start + length], which may go round."""
    end = start + length
    if start == 0 or end >= modulus:
        return 0
    if coefficient == 0:
        return None
    if 2 * coefficient > modulus:
        coefficient, start, end = modulus - coefficient, modulus - end, modulus - start
    first = -(-start // coefficient)
    if first * coefficient <= end:
        return first
    turns = _first_multiple(-modulus % coefficient, coefficient, start % coefficient, end - start)
    return None if turns is None else -(-(start + modulus * turns) // coefficient)


def _both_ends(window: Window, change: int) -> Window:
    """Where in the window a number is that is in it also after the change."""
    return max(window[0], window[0] - change), min(window[1], window[1] - change)


def _approximations(coefficient: int) -> Iterator[tuple[int, int]]:
    """Factors with coefficient·factor, as a signed number: the best ones, which Euclid's algorithm finds."""
    before, remainder = PRIME, coefficient % PRIME
    factor_before, factor = 0, 1
    while remainder:
        yield abs(factor), signed(coefficient * abs(factor))
        quotient = before // remainder
        before, remainder = remainder, before - quotient * remainder
        factor_before, factor = factor, factor_before - quotient * factor


def _short_vectors(coefficient: int, reach: int, bound: int) -> list[Vector] | None:
    """All (δ, coefficient·δ mod p) ≠ 0 with |δ| ≤ reach and |coefficient·δ| ≤ bound, but for multiples and signs.

    None when there are too many. The lattice is reduced (Lagrange and Gauss) in the norm in which the box is a square.
    """
    across, up = max(bound, 1), max(reach, 1)

    def product(one: Vector, other: Vector) -> int:
        return one[0] * other[0] * across * across + one[1] * other[1] * up * up

    short, long = (1, signed(coefficient)), (0, PRIME)
    if product(short, short) > product(long, long):
        short, long = long, short
    while True:
        turns = round_quotient(product(short, long), product(short, short))
        rest = long[0] - turns * short[0], long[1] - turns * short[1]
        if product(rest, rest) >= product(short, short):
            long = rest
            break
        short, long = rest, short
    # In a reduced basis |i·short + j·long| is at least √3/2 of |i·short| and of |j·long|.
    square = 3 * across * across * up * up
    most_i = isqrt(8 * square // (9 * product(short, short))) + 1
    most_j = isqrt(8 * square // (9 * product(long, long)))
    if most_j and (most_i * (2 * most_j + 1)) > MOST_VECTORS:
        return None
    pairs = [(1, 0), *((i, j) for j in range(1, most_j + 1) for i in range(-most_i, most_i + 1) if gcd(i, j) == 1)]
    vectors = [(i * short[0] + j * long[0], i * short[1] + j * long[1]) for i, j in pairs]
    return [vector for vector in vectors if abs(vector[0]) <= reach and abs(vector[1]) <= bound]


def round_quotient(numerator: int, denominator: int) -> int:
    """The integer nearest to a fraction with a positive denominator."""
    return (2 * numerator + denominator) // (2 * denominator)


def zeros(coefficients: Sequence[int], reaches: Sequence[int], bound: int) -> set[int]:
    """The numbers i of those δᵢ that must be 0 when |δᵢ| ≤ reachᵢ and |Σ coefficientᵢ·δᵢ mod p| ≤ bound.

    Multiplied by a suitable number the sum has coefficients so small that it cannot reach p: then it is one of
    integers, and a δ is 0 that is smaller than the common divisor of the others allows, or whose coefficient exceeds
    all others together.
    """
    factors = [1, *(pow(c, -1, PRIME) for c in coefficients), *(1 << bits for bits in range(1, 64))]
    best: set[int] = set()
    for factor in factors:
        numbers = [*(signed(c * factor) for c in coefficients), signed(-factor)]
        limits = [*reaches, bound]
        if sum(abs(n) * limit for n, limit in zip(numbers, limits, strict=True)) < PRIME:
            found = _peeled(numbers, limits)
            best = max(best, found, key=len)
    return best - {len(coefficients)}


def _peeled(numbers: Sequence[int], limits: Sequence[int]) -> set[int]:
    """Which δ of Σ numberᵢ·δᵢ = 0 over the integers must be 0."""
    zero = {number for number, limit in enumerate(limits) if limit == 0}
    while True:
        rest = [number for number in range(len(numbers)) if number not in zero]
        for one in rest:
            others = [other for other in rest if other != one]
            divisor = gcd(*(numbers[other] for other in others)) if others else 0
            step = abs(divisor) // gcd(divisor, numbers[one]) if divisor else 0
            reach = sum(abs(numbers[other]) * limits[other] for other in others)
            if (step and step > limits[one]) or abs(numbers[one]) > reach:
                zero.add(one)
                break
        else:
            return zero
