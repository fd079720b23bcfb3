"""`Range`: an unsigned and a signed interval of one bit pattern, each as narrow as the other allows.

Together they are two intervals: the patterns below and those from 2^(bits-1). The empty set is None.
"""

from __future__ import annotations

from dataclasses import dataclass

NEGATED = {"eq": "ne", "ne": "eq"} | {
    f"{a}_{s}": f"{b}_{s}" for a, b in (("lt", "ge"), ("ge", "lt"), ("gt", "le"), ("le", "gt")) for s in "su"
}
"""not (x op y)  is  x NEGATED[op] y."""
SWAPPED = {"eq": "eq", "ne": "ne"} | {
    f"{a}_{s}": f"{b}_{s}" for a, b in (("lt", "gt"), ("gt", "lt"), ("le", "ge"), ("ge", "le")) for s in "su"
}
"""x op y  is  y SWAPPED[op] x."""


@dataclass(frozen=True, slots=True)
class Range:
    """The patterns x of `bits` bits with u_low <= x <= u_high and, as a signed number, s_low <= x <= s_high."""

    bits: int
    u_low: int
    u_high: int
    s_low: int
    s_high: int

    def __contains__(self, pattern: int) -> bool:
        signed = pattern - (1 << self.bits) if pattern >> (self.bits - 1) else pattern
        return self.u_low <= pattern <= self.u_high and self.s_low <= signed <= self.s_high

    @property
    def single(self) -> int | None:
        """The only pattern in the range."""
        return self.u_low if self.u_low == self.u_high else None

    @property
    def is_nonnegative(self) -> bool:
        return self.s_low >= 0

    @property
    def is_negative(self) -> bool:
        return self.s_high < 0

    @property
    def same_sign(self) -> bool:
        """Whether all patterns have the sign of each other."""
        return self.s_low >= 0 or self.s_high < 0


def make(bits: int, u_low: int, u_high: int, s_low: int, s_high: int) -> Range | None:
    """The range within these bounds; None when nothing is."""
    size = 1 << bits
    half = size >> 1
    low, high = max(u_low, s_low, 0), min(u_high, s_high, half - 1)  # what is not negative
    negative_low = max(u_low, s_low + size, half)
    negative_high = min(u_high, s_high + size, size - 1)
    if low > high:
        if negative_low > negative_high:
            return None
        return Range(bits, negative_low, negative_high, negative_low - size, negative_high - size)
    if negative_low > negative_high:
        return Range(bits, low, high, low, high)
    return Range(bits, low, negative_high, negative_low - size, high)


def full(bits: int) -> Range:
    """Every pattern."""
    return _FULL[bits]


def constant(bits: int, pattern: int) -> Range:
    """One pattern."""
    signed = pattern - (1 << bits) if pattern >> (bits - 1) else pattern
    return Range(bits, pattern, pattern, signed, signed)


def unsigned(bits: int, low: int, high: int) -> Range:
    """low <= x <= high, a nonempty interval of unsigned patterns."""
    found = make(bits, low, high, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    assert found is not None
    return found


def signed(bits: int, low: int, high: int) -> Range:
    """low <= x <= high, a nonempty interval of signed numbers."""
    found = make(bits, 0, (1 << bits) - 1, low, high)
    assert found is not None
    return found


def join(x: Range, y: Range) -> Range:
    """The smallest range with both in it."""
    return Range(
        x.bits,
        min(x.u_low, y.u_low),
        max(x.u_high, y.u_high),
        min(x.s_low, y.s_low),
        max(x.s_high, y.s_high),
    )


def meet(x: Range, y: Range) -> Range | None:
    """What is in both."""
    return make(
        x.bits,
        max(x.u_low, y.u_low),
        min(x.u_high, y.u_high),
        max(x.s_low, y.s_low),
        min(x.s_high, y.s_high),
    )


def constrain(order: str, x: Range, y: Range) -> Range | None:
    """The part of x for which ``x order y`` can hold with a y in its range."""
    u_low, u_high, s_low, s_high = x.u_low, x.u_high, x.s_low, x.s_high
    match order:
        case "eq":
            return meet(x, y)
        case "ne":
            only = y.single
            if only is not None and only in x:
                u_low, u_high = u_low + (u_low == only), u_high - (u_high == only)
                s_low, s_high = s_low + (s_low == y.s_low), s_high - (s_high == y.s_low)
        case "lt_u":
            u_high = min(u_high, y.u_high - 1)
        case "le_u":
            u_high = min(u_high, y.u_high)
        case "gt_u":
            u_low = max(u_low, y.u_low + 1)
        case "ge_u":
            u_low = max(u_low, y.u_low)
        case "lt_s":
            s_high = min(s_high, y.s_high - 1)
        case "le_s":
            s_high = min(s_high, y.s_high)
        case "gt_s":
            s_low = max(s_low, y.s_low + 1)
        case "ge_s":
            s_low = max(s_low, y.s_low)
    return make(x.bits, u_low, u_high, s_low, s_high)


def decide(order: str, x: Range, y: Range) -> bool | None:
    """Whether ``x order y`` holds, where that is the same for all numbers in the ranges."""
    if constrain(order, x, y) is None:
        return False
    return True if constrain(NEGATED[order], x, y) is None else None


_FULL = {bits: Range(bits, 0, (1 << bits) - 1, -(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in (32, 64)}
BOOLEAN = unsigned(32, 0, 1)
