"""Loads and stores with one byte a cell: an address is the number of a cell, and alignment does not matter.

The low limb of a cell is below 256, always. The last byte of an access is checked, one step; each byte is a step more.
What is known to be inside needs no check, and `lowering.addresses` lets accesses to one base share theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zkwasm_compiler.analysis.bits import PossibleBits
from zkwasm_compiler.analysis.references import CALLS
from zkwasm_compiler.ir.function import PAGE_BYTES, Function, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.isa.zkvm64 import MACHINE
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.lowering.memory_results import always_outside, extended

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

LARGEST_INDEX = MACHINE.limits.executor_index_limit
"""The largest number in E that addresses a cell."""


class ByteAccesses:
    """The accesses of one function; called with each in the order of the text."""

    def __init__(self, build: Legalizer) -> None:
        self.build = build
        self.bits = PossibleBits()
        self.movable = copied(build.function, build.uses)
        self.copied: dict[Value, list[Value]] = {}

    def __call__(self, value: Value) -> Value:
        """The access as accesses to bytes; gives what a load loads."""
        build = self.build
        assert isinstance(value.immediate, int)
        size = ACCESS_BYTES[value.op]
        if value.immediate + size > (4 * build.memory_words or PAGE_BYTES * build.routines.maximum_pages):
            return always_outside(build, value)
        index, first = self.locate(value, size)
        if value.type is not Type.NONE:
            return self.load(value, index, first, size)
        self.store(value, index, first, size)
        return value

    def locate(self, value: Value, size: int) -> tuple[Value, int]:
        """An index for an access, of bytes that are inside, and how far beyond it the first byte is."""
        build = self.build
        base, distance = build.addresses.place(value.args[0])
        assert isinstance(value.immediate, int)
        first = distance + value.immediate
        largest = self.largest(base)
        if largest + first + size <= 4 * build.routines.minimum_words:
            if base.op == "i32.const":
                return build.constant(largest + first), 0
            if base not in build.addresses.folding and largest <= LARGEST_INDEX:
                return base, first
        index, last = build.addresses.index(value, value.immediate + size - 1, build.following)
        return index, last - (size - 1)

    def largest(self, x: Value) -> int:
        """The largest number that an integer may be here."""
        largest = self.bits.possible(x)
        return largest if self.build.ranges is None else min(largest, self.build.ranges.at(x, self.build.home).u_high)

    # Loads

    def load(self, value: Value, index: Value, first: int, size: int) -> Value:
        build = self.build
        if not build.uses[value]:
            return build.constant(0, value.type)  # the check is all there is to it
        if value in self.movable:
            self.copied[value] = [self.load_bytes(index, first + number, 1) for number in range(size)]
            return build.constant(0, value.type)  # the store takes the bytes
        low = self.load_bytes(index, first, min(size, 4))
        if size < 8:
            return extended(build, value, low)
        return build.i64("zk.pack", low, self.load_bytes(index, first + 4, 4))

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


def expand_bulk(build: Legalizer, value: Value) -> None:
    """memory.fill and memory.copy, which are routines."""
    build.call_routine(value.op.partition(".")[2], *(build.resolve(arg) for arg in value.args))


def copied(function: Function, uses: Mapping[Value, int]) -> set[Value]:
    """The loads of up to four bytes that nothing uses but a store of them in the same block, with no call between."""
    found: set[Value] = set()
    for block in function.blocks:
        loaded: set[Value] = set()
        for value in block.body:
            if value.op in CALLS:
                loaded = set()
            elif value.op in ACCESS_BYTES and value.type is not Type.NONE:
                loaded.add(value)
            elif value.op in ACCESS_BYTES:
                source = value.args[1]
                if source in loaded and uses[source] == 1 and ACCESS_BYTES[value.op] <= ACCESS_BYTES[source.op] <= 4:
                    found.add(source)
    return found
