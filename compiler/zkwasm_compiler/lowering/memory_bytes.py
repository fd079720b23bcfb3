"""Loads and stores with one byte a cell: an address is the number of a cell, and alignment does not matter.

The low limb of a cell is below 256, always. The last byte of an access is checked, one step; each byte is a step more.
A check holds from there on wherever it has been made before: accesses to the same address, up to a constant, share the
index, and only one that reaches further than those before it checks again. What is known to be inside needs no check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zkwasm_compiler.analysis.bits import PossibleBits
from zkwasm_compiler.analysis.dominators import DominatorTree, dominator_tree
from zkwasm_compiler.ir.function import PAGE_BYTES, Block, Function, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.lowering.memory_results import OUT_OF_BOUNDS, always_outside, extended

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer


@dataclass(frozen=True, slots=True)
class Checked:
    """An address x of which the byte at x + `last` is known to be inside; `index` stands for x + `anchor`."""

    index: Value
    anchor: int
    last: int


class ByteAccesses:
    """The accesses of one function; called with each in the order of the text."""

    def __init__(self, build: Legalizer) -> None:
        self.build = build
        self.bits = PossibleBits()
        self.tree: DominatorTree = dominator_tree(build.function)
        self.limit = 4 * build.memory_words or PAGE_BYTES * build.routines.maximum_pages
        self.plan = plan(build.function, build.uses, self.limit)
        self.checked: dict[Block, dict[Value, Checked]] = {}
        self.copied: dict[Value, list[Value]] = {}

    def __call__(self, value: Value) -> Value:
        """The access as accesses to bytes; gives what a load loads."""
        build = self.build
        assert isinstance(value.immediate, int)
        size, end = ACCESS_BYTES[value.op], value.immediate + ACCESS_BYTES[value.op]
        if end > self.limit:
            return always_outside(build, value)
        index, first = self.locate(value, size)
        if value.type is not Type.NONE:
            return self.load(value, index, first, size)
        self.store(value, index, first, size)
        return value

    def locate(self, value: Value, size: int) -> tuple[Value, int]:
        """The index for an access, checked, and how far beyond it the first byte is."""
        build = self.build
        x, offset = base(value, self.limit)
        last = offset + size - 1
        minimum = 4 * build.routines.minimum_words
        if x.op == "i32.const":
            assert isinstance(x.immediate, int)
            if x.immediate + last < minimum:
                return build.constant(x.immediate + offset), 0
        elif self.largest(x) + last < minimum:
            return build.resolve(x), offset
        known = self.known(x)
        reach = max(last, self.plan.reach.get(value, 0))
        if known is None:
            known = self.check(x, reach)
        elif known.last < last:
            known = self.extend(x, known, reach)
        self.checked.setdefault(build.home, {})[x] = known
        return build.resolve(known.index), offset - known.anchor

    def known(self, x: Value) -> Checked | None:
        """What was checked of x on every way to here."""
        block: Block | None = self.build.home
        while block is not None:
            found = self.checked.get(block, {}).get(x)
            if found is not None:
                return found
            block = self.tree.parent.get(block)
        return None

    def check(self, x: Value, last: int) -> Checked:
        """Trap unless x + last is inside."""
        build = self.build
        words = build.memory_words
        if words:
            index = build.i32("zk.byte_index", build.resolve(x), build.constant(last), build.constant(words))
            return Checked(index, last, last)
        if last > 4 * build.routines.minimum_words:  # the difference must stay below 2^32
            build.trap_unless(build.i32("i32.le_u", build.resolve(x), build.constant(F - last)), OUT_OF_BOUNDS)
        build.emit("zk.check_byte", Type.NONE, build.resolve(x), build.constant(last), build.i32("zk.memory_words"))
        return Checked(x, 0, last)

    def extend(self, x: Value, known: Checked, last: int) -> Checked:
        """Check a byte further on."""
        if known.index is x:
            return self.check(x, last)
        further = self.build.emit("zk.check_index", Type.NONE, known.index)
        further.immediate = last - known.anchor
        return Checked(known.index, known.anchor, last)

    def largest(self, x: Value) -> int:
        """The largest number that an integer may be here."""
        largest = self.bits.possible(x)
        return largest if self.build.ranges is None else min(largest, self.build.ranges.at(x, self.build.home).u_high)

    # Loads

    def load(self, value: Value, index: Value, first: int, size: int) -> Value:
        build = self.build
        if not build.uses[value]:
            return build.constant(0, value.type)  # the check is all there is to it
        if value in self.plan.copied:
            self.copied[value] = [self.load_bytes(index, first + number, 1) for number in range(size)]
            return build.constant(0, value.type)  # the store takes the bytes
        low = self.load_bytes(index, first, min(size, 4))
        if size < 8:
            return extended(build, value, low)
        wide = build.i64("zk.pack", low, self.load_bytes(index, first + 4, 4))
        return wide if value.type is Type.I64 else build.emit("f64.reinterpret_i64", Type.F64, wide)

    def load_bytes(self, index: Value, beyond: int, count: int) -> Value:
        """The number of some bytes, the lowest first."""
        number = self.build.i32("zk.load_bytes", index, self.build.constant(count))
        number.immediate = beyond
        return number

    # Stores

    def store(self, value: Value, index: Value, first: int, size: int) -> None:
        build = self.build
        stored, largest = build.resolve(value.args[1]), self.largest(value.args[1])
        parts = self.copied.get(value.args[1])
        if parts is None and stored.op.endswith(".const") and isinstance(stored.immediate, int):
            parts = [build.constant(stored.immediate >> 8 * number & 255) for number in range(size)]
        if parts is not None:
            for number, part in enumerate(parts[:size]):
                self.store_byte(index, first + number, part)
            return
        if stored.type in (Type.F32, Type.F64):
            integer = Type.I32 if stored.type is Type.F32 else Type.I64
            stored = build.emit(f"{integer.value}.reinterpret_{stored.type.value}", integer, stored)
        if stored.type is Type.I64:
            if size == 8:
                high = build.i32("zk.high", stored) if largest > F else build.constant(0)
                self.store_word(index, first + 4, 4, high, largest >> 32)
                size = 4
            stored = build.i32("i32.wrap_i64", stored)
        self.store_word(index, first, size, stored, min(largest, F))

    def store_word(self, index: Value, first: int, size: int, x: Value, largest: int) -> None:
        """The `size` lowest bytes of an i32 that is at most `largest`."""
        build = self.build
        most = max(1, (largest.bit_length() + 7) // 8)
        count = min(size, most)
        if count == 1:
            self.store_byte(index, first, x if most == 1 else build.i32("i32.and", x, build.constant(255)))
        else:
            op = "zk.store_bytes" if most <= count else "zk.store_low_bytes"
            build.emit(op, Type.NONE, index, x, build.constant(count)).immediate = first
        for number in range(count, size):
            self.store_byte(index, first + number, build.constant(0))

    def store_byte(self, index: Value, beyond: int, byte: Value) -> None:
        self.build.emit("zk.store_byte", Type.NONE, index, byte).immediate = beyond


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided before any access is expanded.

    `reach`: how far the accesses to the same address reach that follow a load without an effect between them. Its check
    may be theirs as well: nothing tells which of them trapped. `copied`: the loads of up to four bytes that nothing
    uses but a store of them in the same block, with no call between the two.
    """

    reach: dict[Value, int]
    copied: frozenset[Value]


def plan(function: Function, uses: Mapping[Value, int], limit: int) -> Plan:
    """The plan for a function; offsets up to `limit` are folded into addresses."""
    reach: dict[Value, int] = {}
    copied: set[Value] = set()
    for block in function.blocks:
        leaders: dict[Value, Value] = {}
        loaded: set[Value] = set()
        for value in block.body:
            if value.op in ACCESS_BYTES:
                x, offset = base(value, limit)
                last = offset + ACCESS_BYTES[value.op] - 1
                leader = leaders.setdefault(x, value)
                if last < limit:
                    reach[leader] = max(reach.get(leader, 0), last)
                if value.type is not Type.NONE:
                    loaded.add(value)
                    continue
                source = value.args[1]
                if source in loaded and uses[source] == 1 and ACCESS_BYTES[value.op] <= ACCESS_BYTES[source.op] <= 4:
                    copied.add(source)
            if OPS[value.op].traps or not OPS[value.op].pure:
                leaders = {}
            if value.op == "call":
                loaded = set()
    return Plan(reach, frozenset(copied))


def base(value: Value, limit: int) -> tuple[Value, int]:
    """The address of an access as another value and a constant, as long as the access may be inside `limit` bytes."""
    assert isinstance(value.immediate, int)
    x, offset, size = value.args[0], value.immediate, ACCESS_BYTES[value.op]
    while x.op == "zk.add_nw" and x.args[1].op == "i32.const":
        constant = x.args[1].immediate
        if not isinstance(constant, int) or constant + offset + size > limit:
            break
        x, offset = x.args[0], offset + constant
    return x, offset
