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
        turns = range(-(-low // PRIME), high // PRIME + 1)
        if not turns:
            return None
        if len(turns) > MOST_TURNS:
            continue
        for i in range(len(numbers)):
            room = (low - parts[i][0], high - parts[i][1])
            places = [_place(i, numbers, found[i], turn * PRIME, room) for turn in turns]
            lows, highs = [place[0] for place in places if place], [place[1] for place in places if place]
            if not lows:
                return None
            found[i] = min(lows), max(highs)
            part = scaled(found[i], numbers[i])
            low, high = room[0] + part[0], room[1] + part[1]
            parts[i] = part
    return tuple(found)


def _place(one: int, numbers: Sequence[int], window: Window, total: int, rest: Window) -> Window | None:
    """Where x of one summand is in its window when all come to `total` and the others are in `rest`."""
    number = numbers[one]
    low, high = total - rest[1], total - rest[0]
    if number < 0:
        low, high, number, total = -high, -low, -number, -total
    low, high = max(window[0], -(-low // number)), min(window[1], high // number)
    divisor = gcd(*(other for i, other in enumerate(numbers) if i != one))
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


# Products

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
