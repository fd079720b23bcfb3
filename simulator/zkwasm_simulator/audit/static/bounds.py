"""Bounds that follow from bounds: of the summands of a sum that is 0 in the field, and of the words of a product.

An equation of the field, multiplied by a suitable number, has coefficients so small that with the windows of its
summands it comes to few multiples of p: then it is an equation of integers, and each summand is where the others leave
room for it. A quotient is below the dividend by the divisor, a remainder that is a multiple is one of few numbers, a
sum modulo 2^32 of a small and a large one has a bound that neither has alone. Everything here is a consequence of the
windows that come in; `knowledge` says which sums there are, and repeats this where a window has become narrower.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from math import gcd

from zkwasm_simulator.audit.static.forms import Form, Terms, Window, quotient, scaled, signed, width
from zkwasm_simulator.field import LIMB_MASK, PRIME

MOST_TURNS = 3
"""Of how many multiples of p an equation of integers is looked at."""

CONVERGENTS = 3
"""How many fractions that are close to a coefficient are tried as multipliers."""

MOST_GROUPINGS = 6
"""How many of the sums that a sum may contain are tried first."""

LIMB_BITS = LIMB_MASK.bit_length()
WORD_BITS = 2 * LIMB_BITS

Windows = tuple[Window, ...]


@lru_cache(maxsize=1 << 16)
def narrowed(coefficients: tuple[int, ...], windows: Windows) -> Windows | None:
    """The windows of x₀, x₁, … when Σ coefficientᵢ·xᵢ is 0 modulo p; None when it cannot be."""
    found = list(windows)
    for numbers in _multiples(coefficients):
        parts = [scaled(window, number) for window, number in zip(found, numbers, strict=True)]
        low, high = sum(part[0] for part in parts), sum(part[1] for part in parts)
        first, last = -(-low // PRIME), high // PRIME
        if last - first >= MOST_TURNS:
            continue
        narrower = _narrowed_integers(numbers, found, [turn * PRIME for turn in range(first, last + 1)])
        if narrower is None:
            return None
        found = narrower
    return tuple(found)


def _narrowed_integers(numbers: Sequence[int], windows: Sequence[Window], totals: Sequence[int]) -> list[Window] | None:
    """The windows of integers xᵢ when Σ numberᵢ·xᵢ is one of `totals`."""
    found = list(windows)
    for one in range(len(numbers)):
        others = [(number, found[i]) for i, number in enumerate(numbers) if i != one]
        places = [_place(numbers[one], found[one], total, others) for total in totals]
        possible = [place for place in places if place is not None]
        if not possible:
            return None
        found[one] = hull(possible)
    return found


def _place(number: int, window: Window, total: int, others: Sequence[tuple[int, Window]]) -> Window | None:
    """Where x is in its window when number·x and multiples of others come to `total`."""
    if number < 0:
        number, total, others = -number, -total, [(-other, its) for other, its in others]
    total -= sum(other * its[0] for other, its in others if its[0] == its[1])
    parts = [scaled(its, other) for other, its in others if its[0] != its[1]]
    divisor = gcd(*(other for other, its in others if its[0] != its[1]))
    low, high = total - sum(part[1] for part in parts), total - sum(part[0] for part in parts)
    low, high = max(window[0], -(-low // number)), min(window[1], high // number)
    common = gcd(divisor, number)
    if total % common:
        return None
    step = divisor // common
    if step > 1:  # the others are multiples of the divisor
        remainder = total // common * pow(number // common, -1, step) % step
        low, high = low + (remainder - low) % step, high - (high - remainder) % step
    return (low, high) if low <= high else None


@lru_cache(maxsize=1 << 12)
def _multiples(coefficients: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The equation multiplied by numbers that make its coefficients small: one over each, and denominators of them."""
    factors = [1, 1 << LIMB_BITS]
    for coefficient in coefficients:
        factors.append(pow(coefficient, -1, PRIME))
        factors += sorted(_denominators(coefficient), key=lambda f: max(f, abs(signed(f * coefficient))))[:CONVERGENTS]
    found = {}
    for factor in factors:
        numbers = tuple(signed(coefficient * factor) for coefficient in coefficients)
        found[numbers if numbers[0] > 0 else tuple(-number for number in numbers)] = True
    return tuple(found)


def _denominators(coefficient: int) -> Iterator[int]:
    """Factors that make the coefficient small, by Euclid's algorithm."""
    before, remainder = PRIME, coefficient % PRIME
    factor_before, factor = 0, 1
    while remainder:
        yield abs(factor)
        quotient = before // remainder
        before, remainder = remainder, before - quotient * remainder
        factor_before, factor = factor, factor_before - quotient * factor


# Sums of sums

Grouping = tuple[tuple[Terms, int], ...]
"""A sum as a sum of fewer sums, each with a coefficient."""


def groupings(terms: Terms, wholes: Collection[Terms]) -> Iterator[Grouping]:
    """Ways to write a sum with as few summands as possible, as multiples of sums of `wholes`; first as it is."""
    yield tuple((((symbol, 1),), coefficient) for symbol, coefficient in terms)
    symbols = dict(terms).keys()
    usable = [one for one in wholes if len(one) > 1 and one != terms and dict(one).keys() <= symbols]
    found = set()
    for first in usable[:MOST_GROUPINGS]:
        grouping = _grouped(Form(terms), [first, *usable])
        if grouping is not None and grouping not in found:
            found.add(grouping)
            yield grouping


def _grouped(rest: Form, wholes: Sequence[Terms]) -> Grouping | None:
    """A sum with the first of `wholes` as one summand, and others as far as they save summands."""
    found: list[tuple[Terms, int]] = []
    for number, terms in enumerate(wholes):
        coefficients = dict(rest.terms)
        if not dict(terms).keys() <= coefficients.keys():
            continue
        ratio, saved = Counter(quotient(coefficients[symbol], known) for symbol, known in terms).most_common(1)[0]
        if saved > 1:
            found.append((terms, ratio))
            rest = rest - Form(terms).times(ratio)
        elif number == 0:
            return None
    return (*found, *((((symbol, 1),), coefficient) for symbol, coefficient in rest.terms))


def hull(windows: Sequence[Window]) -> Window:
    """The window that contains all of some."""
    return min(window[0] for window in windows), max(window[1] for window in windows)


# Products

Choices = frozenset[tuple[int, int]]
"""Words, each by its limbs."""
Limbs = tuple[Window, Window]
"""The windows of a word's low and high limb."""


@lru_cache(maxsize=1 << 14)
def narrowed_product(a: Limbs, b: Limbs, c: Limbs, d: Limbs, result: Limbs) -> tuple[Limbs, ...] | None:
    """The limbs of a·b + c = d·2^64 + result, all of them words; None when there are none."""
    words: list[Limbs | None] = [a, b, c, d, result]
    for _ in range(2):
        x, y, z, top, low = (_word(limbs) for limbs in words if limbs is not None)
        least = max(x[0] * y[0] + z[0], (top[0] << WORD_BITS) + low[0])
        most = min(x[1] * y[1] + z[1], (top[1] << WORD_BITS) + low[1])
        if least > most:
            return None
        top = max(top[0], least >> WORD_BITS), min(top[1], most >> WORD_BITS)
        if width(top) == 0:
            low = max(low[0], least - (top[0] << WORD_BITS)), min(low[1], most - (top[0] << WORD_BITS))
        new = [
            _factor(x, y, least - z[1], most - z[0]),
            _factor(y, x, least - z[1], most - z[0]),
            (max(z[0], least - x[1] * y[1]), min(z[1], most - x[0] * y[0])),
            top,
            low,
        ]
        words = [None if limbs is None else _limbs(limbs, word) for limbs, word in zip(words, new, strict=True)]
        if None in words:
            return None
    return tuple(limbs for limbs in words if limbs is not None)


@lru_cache(maxsize=1 << 14)
def product_windows(choices: Choices | None, a: Limbs, b: Limbs, c: Limbs, d: Limbs, result: Limbs) -> Windows | None:
    """The limbs of a·b + c = d·2^64 + result, all of them words, and the sum of the limbs of the result.

    b is one of `choices`, if there are any. None when there are no such words.
    """
    if choices is None:
        found = narrowed_product(a, b, c, d, result)
        possible = [] if found is None else [found]
    else:
        possible = [found for one in sorted(choices) if (found := _product_by(one, a, c, d, result)) is not None]
    if not possible:
        return None
    limbs = (hull([found[word][number] for found in possible]) for word in range(5) for number in (0, 1))
    sums = [(low[0] + high[0], low[1] + high[1]) for low, high in (found[-1] for found in possible)]
    return *limbs, hull(sums)


def _product_by(b: tuple[int, int], a: Limbs, c: Limbs, d: Limbs, result: Limbs) -> tuple[Limbs, ...] | None:
    """The words when b is known: all is linear, and what b makes of a limb is divisible by what divides b."""
    fixed = (b[0], b[0]), (b[1], b[1])
    found = narrowed_product(a, fixed, c, d, result)
    if found is None:
        return None
    number = b[0] + (b[1] << LIMB_BITS)
    weights = [weight << shift for weight in (number, 1, -1 << WORD_BITS, -1) for shift in (0, LIMB_BITS)]
    windows = [window for i in (0, 2, 3, 4) for window in found[i]]
    if number == 0:
        weights, windows = weights[2:], windows[2:]
    narrower = _narrowed_integers(weights, windows, [0])
    if narrower is None:
        return None
    limbs = [*(found[0] if number == 0 else ()), *narrower]
    x, z, top, low = ((limbs[i], limbs[i + 1]) for i in range(0, 8, 2))
    return x, fixed, z, top, low


def _word(limbs: Limbs) -> Window:
    (low, low_end), (high, high_end) = limbs
    return low + (high << LIMB_BITS), low_end + (high_end << LIMB_BITS)


def _limbs(limbs: Limbs, word: Window) -> Limbs | None:
    """Where the limbs of a word are."""
    low, high = limbs
    high = max(high[0], word[0] >> LIMB_BITS), min(high[1], word[1] >> LIMB_BITS)
    if high[0] == high[1]:
        low = max(low[0], word[0] - (high[0] << LIMB_BITS)), min(low[1], word[1] - (high[0] << LIMB_BITS))
    return (low, high) if low[0] <= low[1] and high[0] <= high[1] else None


def _factor(one: Window, other: Window, least: int, most: int) -> Window:
    """Where one factor is when the product is between `least` and `most`."""
    low, high = one
    if other[0] > 0:
        high = min(high, most // other[0])
    if other[1] > 0:
        low = max(low, -(-least // other[1]))
    return low, high
