"""Quotient and remainder of the same numbers: one is computed, the other follows from it in a step or two.

    x % y  ==  x - y * (x / y)              x >> k  ==  (x - (x & (2^k - 1))) / 2^k, exactly

Where the quotient by 2^k takes two steps, it comes first: x & (2^k - 1)  ==  x - 2^k * (x >> k).

Runs within `narrow`, because the ops that it makes exist only there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkwasm_compiler.analysis.dominators import DominatorTree, dominator_tree
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.ir.function import Block, Function, Type, Value, constant_bits
from zkwasm_compiler.ir.substitute import Replacements

QUOTIENTS = ("i32.div_u", "i64.div_u", "zk.div_u_nz_32", "zk.div_u_nz_64")
REMAINDERS = ("i32.rem_u", "i64.rem_u", "zk.rem_u_nz_32", "zk.rem_u_nz_64")
LONGEST_SHORT = 15
"""Shifts by up to so many bits have a rule of two steps."""
CROWDED = 16
"""In blocks with more values a mask does not stay in a register."""
MAXIMUM_DEPTH = 8
Key = tuple[str, Value, "Value | int"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A value that is a quotient or a remainder."""

    block: Block
    value: Value
    is_quotient: bool


def share_divisions(function: Function, ranges: Ranges) -> None:
    """Rewrite in place. Values keep their ranges."""
    _Sharer(function, ranges).run()


class _Sharer:
    def __init__(self, function: Function, ranges: Ranges) -> None:
        self.function = function
        self.ranges = ranges
        self.tree: DominatorTree = dominator_tree(function)
        self.replacements = Replacements()
        self.sources = {
            parameter: [target.args[position] for _, target in edges]
            for block, edges in incoming_edges(function).items()
            for position, parameter in enumerate(block.parameters)
        }

    def is_word(self, value: Value, seen: frozenset[Value] = frozenset()) -> bool:
        """Whether the high limb may hold anything even when the prover is honest, as far as one can say here."""
        name = value.op.partition(".")[2] or value.op
        if value in seen or len(seen) >= MAXIMUM_DEPTH:
            return False
        if name in ("load", "mul", "wrap_i64", "high", "result", "global.get"):
            return True
        sources = self.sources.get(value, value.args if name in ("xor", "or", "and") else ())
        return (all if name == "and" else any)(self.is_word(source, seen | {value}) for source in sources)

    def run(self) -> None:
        groups: dict[Key, list[_Place]] = {}
        for block in self.tree.preorder:
            for value in block.body:
                key = _key(value)
                if key is not None:
                    is_quotient = value.op in QUOTIENTS or value.op == "i32.shr_u"
                    groups.setdefault(key, []).append(_Place(block, value, is_quotient))
        for (kind, x, amount), places in groups.items():
            if kind == "division":
                self._share(places, self._division)
            else:
                short = isinstance(amount, int) and amount <= LONGEST_SHORT
                crowded = len(places[0].block.body) > CROWDED
                self._share(places, self._short if short and (crowded or self.is_word(x)) else self._shift)
        self.replacements.apply(self.function)

    def _share(self, places: list[_Place], compute: Callable[[_Place, _Place, Value | None], Value]) -> None:
        """Let the first place make what all places that it dominates need, if there are both kinds."""
        first = places[0]
        reached = [place for place in places if self.tree.dominates(first.block, place.block)]
        if len({place.is_quotient for place in reached}) < 2:
            return
        base: Value | None = None
        for place in reached:
            base = compute(first, place, base)

    def _division(self, first: _Place, place: _Place, quotient: Value | None) -> Value:
        """Divide at the first place, subtract for the remainders."""
        x, y = place.value.args
        if quotient is None:
            quotient = place.value
            if not place.is_quotient:
                op = place.value.op.replace("rem_u", "div_u")
                quotient = self._insert(place, op, place.value.type, x, y)
        if place.is_quotient:
            if place.value is not quotient:
                self._drop(place, quotient)
            return quotient
        if place.value.type is Type.I32:
            product = self._insert(place, "zk.mul_nw_32", Type.I32, quotient, y)
            place.value.op, place.value.args = "zk.sub_nw", [x, product]
        else:
            product = self._insert(place, "zk.mul_nw", Type.I64, quotient, y)
            place.value.op, place.value.args = "i64.sub", [x, product]
        return quotient

    def _short(self, first: _Place, place: _Place, quotient: Value | None) -> Value:
        """Shift at the first place, subtract what was shifted out for the masks."""
        x = place.value.args[0]
        amount = constant_bits(place.value.args[1])
        assert amount is not None
        k = amount % 32 if place.is_quotient else amount.bit_length()
        if quotient is None:
            quotient = place.value
            if not place.is_quotient:
                quotient = self._insert(place, "i32.shr_u", Type.I32, x, self._constant(place, k))
        if place.is_quotient:
            if place.value is not quotient:
                self._drop(place, quotient)
            return quotient
        product = self._insert(place, "zk.mul_nw_32", Type.I32, quotient, self._constant(place, 1 << k))
        place.value.op, place.value.args = "zk.sub_nw", [x, product]
        return quotient

    def _shift(self, first: _Place, place: _Place, rest: Value | None) -> Value:
        """Mask at the first place, divide exactly for the quotients."""
        x = place.value.args[0]
        if rest is None:
            rest = place.value
            if place.is_quotient:
                mask = self._constant(place, (1 << _amount(place.value)) - 1)
                rest = self._insert(place, "i32.and", Type.I32, x, mask)
        if not place.is_quotient:
            if place.value is not rest:
                self._drop(place, rest)
            return rest
        known = self.ranges.at(rest, place.block).single
        if known != 0:
            subtrahend = rest if known is None else self._constant(place, known)
            x = self._insert(place, "zk.sub_nw", Type.I32, x, subtrahend)
        divisor = self._constant(place, 1 << _amount(place.value))
        place.value.op, place.value.args = "zk.div_exact", [x, divisor]
        return rest

    def _insert(self, place: _Place, op: str, type_: Type, *args: Value) -> Value:
        value = self.function.new_value(op, type_, list(args), offset=place.value.offset)
        place.block.body.insert(place.block.body.index(place.value), value)
        return value

    def _constant(self, place: _Place, bits: int) -> Value:
        value = self.function.new_value("i32.const", Type.I32, immediate=bits, offset=place.value.offset)
        place.block.body.insert(place.block.body.index(place.value), value)
        return value

    def _drop(self, place: _Place, instead: Value) -> None:
        place.block.body.remove(place.value)
        self.replacements.add(place.value, instead)


def _amount(value: Value) -> int:
    bits = constant_bits(value.args[1])
    assert bits is not None
    return bits % 32


def _key(value: Value) -> Key | None:
    """What a division, a shift or a mask has in common with its partner."""
    if value.op in QUOTIENTS or value.op in REMAINDERS:
        divisor = constant_bits(value.args[1])
        return "division", value.args[0], value.args[1] if divisor is None else divisor
    if value.op not in ("i32.shr_u", "i32.and"):
        return None
    bits = constant_bits(value.args[1])
    if bits is None:
        return None
    if value.op == "i32.shr_u":
        k = bits % 32
    else:
        k = bits.bit_length() if bits & (bits + 1) == 0 else 0
    return ("shift", value.args[0], k) if k else None
