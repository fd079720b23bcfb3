"""The Goldilocks field and the two-limb numbers of the machine."""

from __future__ import annotations

PRIME = 2**64 - 2**32 + 1
LIMB_MASK = 2**32 - 1
WORD_MASK = 2**64 - 1

SINGLE_LIMB_LIMIT = 2**31 - 1
"""One-limb registers and address indexes hold -SINGLE_LIMB_LIMIT to SINGLE_LIMB_LIMIT."""

Limbs = tuple[int, int]
"""(low, high): two field elements; normalised when both are below 2^32."""

ZERO: Limbs = (0, 0)


def split(value: int) -> Limbs:
    """The low 64 bits of `value`, in two's complement, as limbs."""
    return value & LIMB_MASK, value >> 32 & LIMB_MASK


def signed_limb(value: int) -> int | None:
    """The field element as a signed number, if a one-limb register can hold it."""
    if value <= SINGLE_LIMB_LIMIT:
        return value
    value -= PRIME
    return value if value >= -SINGLE_LIMB_LIMIT else None
