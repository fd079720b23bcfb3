"""Can two provers part where a branch depends on an open value, and both come to a proof?

What both paths say about the values that were the same up to the branch must contradict: windows of the same sum that
have nothing in common, or bounds and remainders of the same word. Each prover's own values are eliminated first, by
adding multiples of windows (Fourier and Motzkin, with multipliers that are small integers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd

from zkwasm_simulator.audit.static.forms import (
    LIMB_WINDOW,
    SMALL,
    Form,
    Terms,
    Window,
    canonical,
    intersection,
    quotient,
    renamed,
    scaled,
    signed,
    variable,
    width,
)
from zkwasm_simulator.audit.static.knowledge import Knowledge
from zkwasm_simulator.audit.static.windows import Pair, Product
from zkwasm_simulator.field import PRIME, WORD_MASK

MOST_FACTS = 300
OTHERS = 1 << 40
"""Added to the numbers of the symbols that are the second prover's own."""

Facts = dict[Terms, Window]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a path says about the values that are shared with paths that part from it, and about its own."""

    facts: tuple[tuple[Form, Window], ...]
    nonzero: tuple[Form, ...]
    words: tuple[tuple[Pair, _Word], ...]
    own: Callable[[int], bool]


def claims(before: Knowledge, after: Knowledge, first_new: int) -> Claims:
    """The claims of a path that was at `before` when it parted from others, and came to `after`.

    `first_new` is the number of the first symbol that is younger than the branch.
    """

    def own(symbol: int) -> bool:
        if before.symbols.is_given(symbol):
            return False
        return symbol >= first_new or (before.symbols.locations(symbol) is None and symbol not in before.pinned)

    sums = {**after.windows, **after.likely}
    facts = [(after.form(Form(terms)), after.values(terms) or window) for terms, window in sums.items()]
    facts += [(variable(symbol) - form, (0, 0)) for symbol, form in after.solved.items()]
    return Claims(tuple(facts), tuple(map(after.form, after.nonzero)), tuple(_words(before, after, own)), own)


def exclusive(one: Claims, other: Claims) -> bool:
    """Do the claims of two paths that part at the same branch contradict?"""
    if _words_contradict(one, other):
        return True
    own = one.own

    def theirs(symbol: int) -> int:
        return symbol + OTHERS if own(symbol) else symbol

    facts: Facts = {}
    claimed = [*one.facts, *((renamed(form, theirs), window) for form, window in other.facts)]
    if not all(_add(facts, form, window) for form, window in claimed):
        return True
    nonzero = [*one.nonzero, *(renamed(form, theirs) for form in other.nonzero)]

    def private(symbol: int) -> bool:
        return symbol >= OTHERS or own(symbol)

    if not _solve(facts, nonzero, private) or not all(_exclude_zero(facts, form) for form in nonzero):
        return True
    if _indivisible(facts):
        return True
    rest = sorted({symbol for terms in facts for symbol, _ in terms if private(symbol)})
    return not all(_eliminate(facts, symbol) for symbol in rest) or _proportional_contradict(facts)


def _add(facts: Facts, form: Form, window: Window) -> bool:
    """Add a window; False when that contradicts."""
    if width(window) >= PRIME - 1:
        return True
    terms, window = canonical(form, window)
    found = intersection(window, facts.get(terms, window if terms else (0, 0)))
    if found is None:
        return False
    if terms:
        facts[terms] = found
    return True


def _exclude_zero(facts: Facts, form: Form) -> bool:
    """The form is not 0; False when that contradicts."""
    terms, (zero, _) = canonical(form, (0, 0))
    if terms not in facts:
        return bool(terms) or zero != 0
    low, high = facts[terms]
    low, high = low + (low == zero), high - (high == zero)
    facts[terms] = low, high
    return low <= high


def _solve(facts: Facts, nonzero: list[Form], private: Callable[[int], bool]) -> bool:
    """Replace a symbol of each equation, a private one if there is one, by what it is equal to; False when that
    contradicts."""
    while True:
        equation = next((fact for fact in facts.items() if width(fact[1]) == 0), None)
        if equation is None:
            return True
        symbol, coefficient = max(equation[0], key=lambda term: (private(term[0]), term[0]))
        nothing = Form(equation[0], -equation[1][0] % PRIME)

        def without(form: Form, symbol: int = symbol, coefficient: int = coefficient, nothing: Form = nothing) -> Form:
            return form - nothing.times(quotient(dict(form.terms).get(symbol, 0), coefficient))

        del facts[equation[0]]
        about = [(terms, facts.pop(terms)) for terms in [terms for terms in facts if symbol in dict(terms)]]
        if not all(_add(facts, without(Form(terms)), window) for terms, window in about):
            return False
        nonzero[:] = [without(form) for form in nonzero]


def _indivisible(facts: Facts) -> bool:
    """Must a sum be a multiple of a number that its window has none of? It is one where each of its terms is: where the
    term divided by the number is a multiple of what has a window by itself."""
    alone: dict[int, list[tuple[int, Window]]] = {}
    for terms, window in facts.items():
        if len(terms) == 1:
            alone.setdefault(terms[0][0], []).append((terms[0][1], window))
    for terms, window in facts.items():
        for divisor in {abs(signed(coefficient)) for _, coefficient in terms}:
            if width(window) < divisor - 1 and divisor <= SMALL:
                parts = [_part(alone.get(symbol, []), coefficient, divisor) for symbol, coefficient in terms]
                found = [part for part in parts if part is not None]
                low, high = sum(part[0] for part in found), sum(part[1] for part in found)
                if len(found) == len(terms) and not _has_multiple(window, divisor, (low, high)):
                    return True
    return False


def _part(known: list[tuple[int, Window]], coefficient: int, divisor: int) -> Window | None:
    """The window of a symbol times coefficient / divisor, from those of the symbol times other numbers."""
    for other, window in known:
        factor = quotient(coefficient, divisor * other)
        if abs(factor) <= SMALL:
            return scaled(window, factor)
    return None


def _has_multiple(window: Window, divisor: int, factors: Window) -> bool:
    """Is one of the factors times the divisor in the window, modulo p?"""
    first, last = (divisor * factors[0] - window[1]) // PRIME, (divisor * factors[1] - window[0]) // PRIME
    if last - first > 4:
        return True
    for turn in range(first, last + 1):
        low, high = (window[0] + turn * PRIME, window[1] + turn * PRIME)
        if max(factors[0], -(-low // divisor)) <= min(factors[1], high // divisor):
            return True
    return False


def _eliminate(facts: Facts, symbol: int) -> bool:
    """Replace the facts about a symbol by what follows from them without it; False when that contradicts."""
    about = [(terms, facts.pop(terms)) for terms in [terms for terms in facts if symbol in dict(terms)]]
    for number, (terms, window) in enumerate(about):
        for other, other_window in about[:number]:
            for multiplier, first, second in _multipliers(dict(terms)[symbol], dict(other)[symbol]):
                form = Form(terms).times(first) + Form(other).times(second)
                low, high = scaled(window, first), scaled(other_window, second)
                assert symbol not in form.symbols, multiplier
                if len(facts) < MOST_FACTS and not _add(facts, form, (low[0] + high[0], low[1] + high[1])):
                    return False
    return True


def _multipliers(one: int, other: int) -> Iterator[tuple[int, int, int]]:
    """Small integers that make two coefficients cancel."""
    ratio = quotient(other, one)
    if abs(ratio) <= SMALL:
        yield ratio, ratio, -1
        return
    ratio = quotient(one, other)
    if abs(ratio) <= SMALL:
        yield ratio, -1, ratio


def _proportional_contradict(facts: Facts) -> bool:
    """Does a sum contradict a small multiple of it?"""
    listed = list(facts.items())
    for number, (terms, window) in enumerate(listed):
        for other, other_window in listed[:number]:
            if [s for s, _ in terms] != [s for s, _ in other]:
                continue
            for _, first, second in _multipliers(terms[0][1], other[0][1]):
                difference = Form(terms).times(first) + Form(other).times(second)
                if difference.terms:
                    continue
                low, high = scaled(window, first), scaled(other_window, -second)
                if max(width(low), width(high)) < PRIME - 1 and intersection(low, high) is None:
                    return True
    return False


# Words: of a·b + c = d·2^64 + result with a constant factor follow bounds and a remainder of the other factor


@dataclass(frozen=True, slots=True)
class _Word:
    """What a path says about a word: low ≤ word ≤ high, word ≡ remainder modulo `modulus`."""

    low: int
    high: int
    remainder: int
    modulus: int


def _words_contradict(one: Claims, other: Claims) -> bool:
    return any(
        a.low > b.high or b.low > a.high or (a.remainder - b.remainder) % gcd(a.modulus, b.modulus) != 0
        for word, a in one.words
        for name, b in other.words
        if word == name
    )


def _words(before: Knowledge, after: Knowledge, own: Callable[[int], bool]) -> list[tuple[Pair, _Word]]:
    """The words that a path multiplies by constants, by what they were before it, and by what they are now."""
    found = []
    for product in after.products:
        for factor, word in ((product.a, product.b), (product.b, product.a)):
            number = _number(after, factor)
            for knowledge in (before, after):
                name = knowledge.form(word[0]), knowledge.form(word[1])
                shared = not any(own(symbol) for form in name for symbol in form.symbols)
                if number and shared and (name[0].terms or name[1].terms):
                    found.append((name, _word(after, product, number)))
    return found


def _word(knowledge: Knowledge, product: Product, factor: int) -> _Word:
    c, d, result = (_bounds(knowledge, pair) for pair in (product.c, product.d, product.result))
    low = max(0, -((c[1] - (d[0] << 64) - result[0]) // factor))
    high = min(WORD_MASK, ((d[1] << 64) + result[1] - c[0]) // factor)
    if c[0] != c[1] or result[0] != result[1]:
        return _Word(low, high, 0, 1)
    difference = (result[0] - c[0]) & WORD_MASK
    shift = (factor & -factor).bit_length() - 1
    modulus = 1 << (64 - shift)
    if difference % (1 << shift):
        return _Word(1, 0, 0, 1)  # the factor divides nothing like it: there is no such word
    return _Word(low, high, (difference >> shift) * pow(factor >> shift, -1, modulus) % modulus, modulus)


def _number(knowledge: Knowledge, pair: Pair) -> int:
    low, high = _bounds(knowledge, pair)
    return low if low == high else 0


def _bounds(knowledge: Knowledge, pair: Pair) -> Window:
    """Between which numbers a word is."""
    limbs = [intersection(knowledge.window(form) or LIMB_WINDOW, LIMB_WINDOW) or LIMB_WINDOW for form in pair]
    return limbs[0][0] + (limbs[1][0] << 32), limbs[0][1] + (limbs[1][1] << 32)
