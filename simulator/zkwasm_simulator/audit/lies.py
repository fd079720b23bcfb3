"""What to say instead of the honest free input.

Values that weak checks let pass: neighbours, extremes, limbs beyond 32 bits, the same number in other limbs, quotients
in the field, swapped limbs, what other steps say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zkwasm_simulator.field import LIMB_MASK, PRIME, Limbs

WORD = 1 << 32
SIGN = 1 << 31
QUOTIENT_DIVISORS = (2, 3, 4, 8, 1 << 16, WORD)


def lies(honest: Limbs, others: Sequence[Limbs] = ()) -> Iterator[Limbs]:
    """Different values to say instead of `honest`, the most promising first; `others` are said at other steps."""
    seen = {honest}
    for low, high in _candidates(*honest, others):
        value = low % PRIME, high % PRIME
        if value not in seen:
            seen.add(value)
            yield value


def _candidates(low: int, high: int, others: Sequence[Limbs]) -> Iterator[Limbs]:
    yield low + 1, high
    yield low - 1, high
    yield low, high + 1
    yield 0, high
    yield low ^ 1, high
    yield LIMB_MASK, high
    yield low + WORD, high
    yield from ((low * pow(divisor, -1, PRIME), high) for divisor in QUOTIENT_DIVISORS)
    yield 1, high
    yield -1, high
    yield low, LIMB_MASK
    yield low, WORD
    yield low, high - 1
    yield low, high ^ SIGN
    yield high, low
    yield low + WORD, high - 1  # the same number in other limbs
    yield low - WORD, high + 1
    yield low ^ SIGN, high
    yield low + 2, high
    yield low - 2, high
    yield -low, -high
    yield LIMB_MASK, LIMB_MASK
    yield 0, 0
    yield low + SIGN, high
    yield low - WORD, high
    yield from others
