"""What follows for other values when a value is known to be in a range, for example a branch's condition not zero.

An `Assumption` collects narrower ranges beside those of a `Knowledge`; what it finds reaches backwards through the ops
that can be inverted. Orders between two values that intervals cannot hold are kept as `Relations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zkwasm_compiler.analysis.interval import (
    NEGATED,
    SWAPPED,
    Range,
    constant,
    constrain,
    meet,
    signed,
    unsigned,
)
from zkwasm_compiler.analysis.range_rules import difference, result_range, total
from zkwasm_compiler.ir.function import Value

Relations = dict[tuple[Value, Value, str], bool]
"""(x, y, "u" or "s") is there when x <= y in that order; True when x < y."""
IMPLICATIONS = {
    "lt": ((False, True, True), (True, False, False)),
    "ge": ((False, True, False), (True, False, True)),
    "gt": ((True, True, True), (False, False, False)),
    "le": ((True, True, False), (False, False, True)),
}
"""What a relation says of a comparison: whether it is of the swapped operands, must be strict, and the result."""
MAXIMUM_DEPTH = 5
MAXIMUM_32 = (1 << 32) - 1


def implied(order: str, x: Value, y: Value, relations: Relations) -> bool | None:
    """Whether ``x order y`` holds, if the relations say so."""
    name, _, sign = order.partition("_")
    for swapped, strict, result in IMPLICATIONS.get(name, ()):
        known = relations.get((y, x, sign) if swapped else (x, y, sign))
        if known is not None and (known or not strict):
            return result
    return None


@dataclass(slots=True)
class Assumption:
    """`ranges` are narrower than `known`'s; `relations` are new. `possible` is False when nothing satisfies them."""

    known: Mapping[Value, Range]
    ranges: dict[Value, Range] = field(default_factory=dict)
    relations: Relations = field(default_factory=dict)
    possible: bool = True

    def get(self, value: Value) -> Range:
        """The range of a value under the assumption."""
        return self.ranges.get(value) or self.known[value]

    def after(self, value: Value) -> Range:
        """As `get`, but a value made before the assumption is worked out again from its arguments."""
        if value not in self.ranges and any(arg in self.ranges for arg in value.args):
            again = meet(self.known[value], result_range(value, [self.get(arg) for arg in value.args]))
            return again or self.known[value]
        return self.get(value)

    def nonzero(self, value: Value) -> None:
        """The value is not zero."""
        bits = value.type.bits
        self.within(value, unsigned(bits, 1, (1 << bits) - 1))

    def within(self, value: Value, range_: Range, depth: int = 0) -> None:
        """The value is in `range_`, and so are those that it was made from."""
        old = self.get(value)
        new = meet(old, range_)
        if new is None:
            self.possible = False
        elif new != old:
            self.ranges[value] = new
            if depth < MAXIMUM_DEPTH:
                self._reach_back(value, new, depth + 1)

    def compare(self, order: str, x: Value, y: Value, depth: int = 0) -> None:
        """``x order y`` holds."""
        x_range, y_range = self.get(x), self.get(y)
        x_new, y_new = constrain(order, x_range, y_range), constrain(SWAPPED[order], y_range, x_range)
        if x_new is None or y_new is None:
            self.possible = False
            return
        self._relate(order, x, y)
        self.within(x, x_new, depth)
        self.within(y, y_new, depth)

    def _relate(self, order: str, x: Value, y: Value) -> None:
        name, _, sign = order.partition("_")
        if not sign or x is y or x.op.endswith(".const") or y.op.endswith(".const"):
            return
        if name in ("gt", "ge"):
            x, y = y, x
        signs = "us" if self.get(x).is_nonnegative and self.get(y).is_nonnegative else sign
        for one in signs:
            self.relations[x, y, one] = name in ("lt", "gt")

    def _reach_back(self, value: Value, new: Range, depth: int) -> None:
        """Narrow the arguments of `value`, which is in `new`."""
        type_, _, name = value.op.partition(".")
        match name:
            case "eqz" if new.single is not None:
                (x,) = value.args
                zero = constant(x.type.bits, 0)
                narrow = constrain("eq" if new.single else "ne", self.get(x), zero)
                if narrow is None:
                    self.possible = False
                else:
                    self.within(x, narrow, depth)
            case _ if name in SWAPPED and type_ in ("i32", "i64"):
                if new.single is not None:
                    x, y = value.args
                    self.compare(name if new.single else NEGATED[name], x, y, depth)
            case "add":
                x, y = value.args
                self.within(x, difference(new, self.get(y)), depth)
                self.within(y, difference(new, self.get(x)), depth)
            case "sub":
                x, y = value.args
                self.within(x, total(new, self.get(y)), depth)
                self.within(y, difference(self.get(x), new), depth)
            case "wrap_i64":
                self._unwrap(value.args[0], new, depth)
            case "extend_i32_u":
                self.within(value.args[0], unsigned(32, new.u_low, min(new.u_high, MAXIMUM_32)), depth)
            case "extend_i32_s":
                self.within(value.args[0], signed(32, new.s_low, new.s_high), depth)
            case "and":  # x & y <= x
                for arg in value.args:
                    self.within(arg, unsigned(new.bits, new.u_low, (1 << new.bits) - 1), depth)
                self._unmask(value.args[0], value.args[1], new, depth)
            case "or":  # x <= x | y
                for arg in value.args:
                    self.within(arg, unsigned(new.bits, 0, new.u_high), depth)
            case "shr_u":
                amount = self.get(value.args[1]).single
                if amount is not None:
                    k = amount % new.bits
                    high = min(((new.u_high + 1) << k) - 1, (1 << new.bits) - 1)
                    self.within(value.args[0], unsigned(new.bits, new.u_low << k, high), depth)

    def _unmask(self, x: Value, y: Value, new: Range, depth: int) -> None:
        """x modulo the power of two above the mask y is `new`; a negative x would be larger."""
        whole, mask = self.get(x), self.get(y).single
        if mask is not None and mask & (mask + 1) == 0 and whole.s_high <= mask and whole.s_low + mask >= new.u_high:
            self.within(x, new, depth)

    def _unwrap(self, x: Value, new: Range, depth: int) -> None:
        """The low half of x is `new`."""
        whole = self.get(x)
        if whole.u_high <= MAXIMUM_32:
            self.within(x, unsigned(64, new.u_low, new.u_high), depth)
        elif whole.s_low >= -(1 << 31) and whole.s_high < 1 << 31:
            self.within(x, signed(64, new.s_low, new.s_high), depth)
