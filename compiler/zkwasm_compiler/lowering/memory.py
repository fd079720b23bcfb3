"""Loads and stores in legalisation: byte addresses become word indexes, parts of words become words.

A cell of the memory region holds four bytes in its low limb; what its high limb holds does not matter. An access whose
alignment is known takes one step for scaling and bounds check and one for the access. Otherwise the prover names the
word, `zk.by_rest` proves it and branches on the two lowest bits of the address. Whole words that are not aligned go
through `runtime.routines`, which move bytes; bytes are cut out in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Block, Target, Trap, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.expansions import F

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

PAGE_WORD_BITS = 14
OUT_OF_BOUNDS = Trap.OUT_OF_BOUNDS_MEMORY_ACCESS
LARGEST_ADDRESS = F


class Access:
    """One load or store: its address, its offset and what is known of them."""

    def __init__(self, build: Legalizer, value: Value) -> None:
        assert isinstance(value.immediate, int)
        self.build = build
        self.value = value
        self.address = build.resolve(value.args[0])
        self.offset = value.immediate
        self.bytes = ACCESS_BYTES[value.op]
        self.words = build.memory_words
        constant = self.address.immediate if self.address.op == "i32.const" else None
        self.constant = constant + self.offset if isinstance(constant, int) else None

    def known_rest(self) -> int | None:
        """The byte address modulo 4, where that is known."""
        if self.constant is not None:
            return self.constant % 4
        residue = self.build.alignment.modulo(self.value.args[0], 2)
        return None if residue is None else (residue + self.offset) % 4

    def index(self, first: int) -> Value:
        """The checked index of the word at the address plus `first` bytes (4 divides that)."""
        build = self.build
        if self.constant is not None and self.words and self.constant + first + 4 <= 4 * self.words:
            return build.constant(self.constant + first)
        limit = build.constant(self.words) if self.words else build.i32("zk.memory_words")
        return build.i32("zk.word_index", self.address, build.constant(self.offset + first, Type.I64), limit)


def expand_access(build: Legalizer, value: Value) -> Value:
    """A load or store as control flow and word accesses; gives what a load loads."""
    access = Access(build, value)
    if access.offset + access.bytes > LARGEST_ADDRESS + 1 or (
        build.memory_words and access.offset + access.bytes > 4 * build.memory_words
    ):
        return _always_outside(build, value)
    rest = access.known_rest()
    if rest is not None and rest + access.bytes <= (4 if access.bytes < 4 else 8) and (access.bytes < 4 or rest == 0):
        last = access.index(max(access.bytes - 4, 0) - (rest if access.bytes < 4 else 0))
        return _part(build, value, last, rest)
    return _dispatched(build, access)


def _always_outside(build: Legalizer, value: Value) -> Value:
    """The offset alone is outside: a trap, and a value that nothing sees."""
    build.current.terminator = build.function.new_value("trap", Type.NONE, immediate=OUT_OF_BOUNDS, offset=build.offset)
    build.current = build.function.new_block()
    return value if value.type is Type.NONE else build.constant(0, value.type)


def _dispatched(build: Legalizer, access: Access) -> Value:
    """Branch on the address modulo 4. What does not lie in one word is left to a routine."""
    value = access.value
    located = build.i32("zk.locate", access.address)
    located.immediate = access.offset
    arms = [build.function.new_block() for _ in range(4)]
    join = build.function.new_block()
    loads = value.type is not Type.NONE
    result = build.function.add_parameter(join, value.type) if loads else value
    build.current.terminator = build.function.new_value(
        "zk.by_rest",
        Type.NONE,
        [access.address, located],
        access.offset,
        targets=[Target(arm) for arm in arms],
        offset=build.offset,
    )
    slow: Block | None = None
    for rest, arm in enumerate(arms):
        build.current = arm
        if access.bytes < 4 and rest + access.bytes <= 4:
            made = _part(build, value, located, rest)
        elif access.bytes >= 4 and rest == 0:
            if access.bytes == 8:
                check = build.emit("zk.check_index", Type.NONE, located)
                check.immediate = 1
                made = _long(build, value, located, first=0)
            else:
                made = _part(build, value, located, 0)
        else:
            if slow is not None:
                build.jump(Target(slow))
                continue
            slow = build.function.new_block()
            build.jump(Target(slow))
            build.current = slow
            made = routine_access(build, access)
        build.jump(Target(join, [made] if loads else []))
    build.current = join
    return result


def _part(build: Legalizer, value: Value, index: Value, rest: int) -> Value:
    """The access to `rest` bytes into the word at `index`, or to the two words that end there."""
    if ACCESS_BYTES[value.op] == 8:
        return _long(build, value, index, first=-1)
    if value.type is Type.NONE:
        return _store_part(build, value, index, rest)
    word = build.load_word(index, 0)
    return _extended(build, value, _cut(build, word, rest, ACCESS_BYTES[value.op]))


def _cut(build: Legalizer, word: Value, rest: int, count: int) -> Value:
    """`count` bytes of a word from byte `rest` on, as a number."""
    if count == 4:
        return word
    masked = build.i32("i32.and", word, build.constant(((1 << 8 * count) - 1) << 8 * rest))
    return masked if rest == 0 else build.i32("zk.div_exact", masked, build.constant(1 << 8 * rest))


def _extended(build: Legalizer, value: Value, loaded: Value) -> Value:
    """A loaded number as the type of the load, sign-extended where the op says so."""
    bits = 8 * ACCESS_BYTES[value.op]
    wide = build.i64("i64.extend_i32_u", loaded) if value.type is Type.I64 else loaded
    if value.op.endswith("_s"):

        def negative() -> Value:
            if value.type is Type.I32:
                return build.i32("zk.add_nw", loaded, build.constant(F << bits))
            if bits == 32:
                return build.i64("zk.high_ones", wide)
            return build.i64("zk.fill_ones", wide, build.constant(64 - bits))

        return build.choose(build.below(loaded, 1 << (bits - 1)), lambda: wide, negative, value.type)
    return build.emit("f32.reinterpret_i32", Type.F32, loaded) if value.type is Type.F32 else wide


def _long(build: Legalizer, value: Value, index: Value, first: int) -> Value:
    """Eight bytes: the word `first` beyond the index and the one after it."""
    if value.type is not Type.NONE:
        low, high = build.load_word(index, first), build.load_word(index, first + 1)
        joined = build.i64("zk.pack", low, high)
        return joined if value.type is Type.I64 else build.emit("f64.reinterpret_i64", Type.F64, joined)
    stored = build.resolve(value.args[1])
    if stored.type is Type.F64:
        stored = build.i64("i64.reinterpret_f64", stored)
    build.store_word(index, first, build.i32("i32.wrap_i64", stored))
    build.store_word(index, first + 1, build.i32("zk.high", stored))
    return value


def _store_part(build: Legalizer, value: Value, index: Value, rest: int) -> Value:
    """Bytes `rest` and following of the word at `index` become the low ones of the stored value."""
    stored = build.resolve(value.args[1])
    if stored.type is Type.I64:
        stored = build.i32("i32.wrap_i64", stored)
    elif stored.type is Type.F32:
        stored = build.i32("i32.reinterpret_f32", stored)
    count = ACCESS_BYTES[value.op]
    if count < 4:
        mask = (1 << 8 * count) - 1
        kept = build.i32("i32.and", build.load_word(index, 0), build.constant(F ^ (mask << 8 * rest)))
        part = build.i32("i32.and", stored, build.constant(mask))
        if rest:
            part = build.i32("zk.mul_nw_32", part, build.constant(1 << 8 * rest))
        stored = build.i32("zk.add_nw", kept, part)
    build.store_word(index, 0, stored)
    return value


WORD_ROUTINES = {2: "16", 4: "32", 8: "64"}


def routine_access(build: Legalizer, access: Access) -> Value:
    """The access by a routine that moves bytes; the first word is known to be inside."""
    value = access.value
    address = build.i32("zk.add_nw", access.address, build.constant(access.offset)) if access.offset else access.address
    width = WORD_ROUTINES[access.bytes]
    if value.type is not Type.NONE:
        loaded = build.call_routine(f"load{width}", address)
        if access.bytes < 8:
            return _extended(build, value, loaded)
        return loaded if value.type is Type.I64 else build.emit("f64.reinterpret_i64", Type.F64, loaded)
    stored = build.resolve(value.args[1])
    if stored.type in (Type.F32, Type.F64):
        integer = Type.I32 if stored.type is Type.F32 else Type.I64
        stored = build.emit(f"{integer.value}.reinterpret_{stored.type.value}", integer, stored)
    if stored.type is Type.I64 and access.bytes < 8:
        stored = build.i32("i32.wrap_i64", stored)
    build.call_routine(f"store{width}", address, stored)
    return value


def expand_size(build: Legalizer, value: Value) -> Value:
    """memory.size in pages."""
    if build.memory_words:
        return build.constant(build.memory_words >> PAGE_WORD_BITS)
    return build.i32("i32.shr_u", build.i32("zk.memory_words"), build.constant(PAGE_WORD_BITS))


def expand_grow(build: Legalizer, value: Value) -> Value:
    """memory.grow: the words are counted in a cell; -1 where the maximum would be passed."""
    (pages,) = (build.resolve(arg) for arg in value.args)
    words = build.i32("zk.memory_words")
    before = build.i32("i32.shr_u", words, build.constant(PAGE_WORD_BITS))
    room = build.i32("i32.sub", build.constant(build.routines.maximum_pages), before)

    def grown() -> Value:
        more = build.i32("i32.shl", pages, build.constant(PAGE_WORD_BITS))
        build.emit("zk.set_memory_words", Type.NONE, build.i32("i32.add", words, more))
        return before

    return build.choose(build.i32("i32.le_u", pages, room), grown, lambda: build.constant(F))


def expand_bulk(build: Legalizer, value: Value) -> Value:
    """memory.fill and memory.copy."""
    build.call_routine(value.op.partition(".")[2], *(build.resolve(arg) for arg in value.args))
    return value
