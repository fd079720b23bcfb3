"""Loads and stores with four bytes a cell: byte addresses become word indexes, parts of words become words.

A cell of the memory region holds four bytes in its low limb; what its high limb holds does not matter. An access whose
alignment is known takes one step for scaling and bounds check and one for the access. Otherwise the prover names the
word, `zk.by_rest` proves it and branches on the two lowest bits of the address. Whole words that are not aligned go
through `runtime.routines`, which move bytes; bytes are cut out in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Block, Target, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.lowering.memory_results import always_outside, extended
from zkwasm_compiler.lowering.versions import direct_word

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

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
        return self.build.addresses.rest(self.value, self.build.home)

    def index(self, word: int) -> tuple[Value, int]:
        """A checked index and how many words beyond it the word is at the effective address plus `word` bytes (4
        divides that)."""
        build = self.build
        if self.constant is not None and self.words and self.constant + word + 4 <= 4 * self.words:
            return build.constant(self.constant + word), 0
        return build.addresses.index(self.value, self.offset + word, build.following)


def expand_access(build: Legalizer, value: Value) -> Value:
    """A load or store as control flow and word accesses; gives what a load loads."""
    access = Access(build, value)
    if access.offset + access.bytes > LARGEST_ADDRESS + 1 or (
        build.memory_words and access.offset + access.bytes > 4 * build.memory_words
    ):
        return always_outside(build, value)
    rest = access.known_rest()
    word = direct_word(access.bytes, rest)
    if rest is None or word is None:
        return _dispatched(build, access)
    index, beyond = access.index(word)
    return _part(build, value, index, rest, beyond)


def _dispatched(build: Legalizer, access: Access) -> Value:
    """Branch on the address modulo 4. What does not lie in one word is left to a routine."""
    value = access.value
    located = build.emit("zk.locate", Type.INDEX)
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


def _part(build: Legalizer, value: Value, index: Value, rest: int, beyond: int = 0) -> Value:
    """The access to `rest` bytes into the word `beyond` the one at `index`, or to the two words that end there."""
    if ACCESS_BYTES[value.op] == 8:
        return _long(build, value, index, first=beyond - 1)
    if value.type is Type.NONE:
        return _store_part(build, value, index, rest, beyond)
    word = build.load_word(index, beyond)
    return extended(build, value, _cut(build, word, rest, ACCESS_BYTES[value.op]))


def _cut(build: Legalizer, word: Value, rest: int, count: int) -> Value:
    """`count` bytes of a word from byte `rest` on, as a number."""
    if count == 4:
        return word
    masked = build.i32("i32.and", word, build.constant(((1 << 8 * count) - 1) << 8 * rest))
    return masked if rest == 0 else build.i32("zk.div_exact", masked, build.constant(1 << 8 * rest))


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


def _store_part(build: Legalizer, value: Value, index: Value, rest: int, beyond: int) -> Value:
    """Bytes `rest` and following of the word `beyond` the one at `index` become the low ones of the stored value."""
    stored = build.resolve(value.args[1])
    if stored.type is Type.I64:
        stored = build.i32("i32.wrap_i64", stored)
    elif stored.type is Type.F32:
        stored = build.i32("i32.reinterpret_f32", stored)
    count = ACCESS_BYTES[value.op]
    if count < 4:
        mask = (1 << 8 * count) - 1
        kept = build.i32("i32.and", build.load_word(index, beyond), build.constant(F ^ (mask << 8 * rest)))
        part = build.i32("i32.and", stored, build.constant(mask))
        if rest:
            part = build.i32("zk.mul_nw_32", part, build.constant(1 << 8 * rest))
        stored = build.i32("zk.add_nw", kept, part)
    build.store_word(index, beyond, stored)
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
            return extended(build, value, loaded)
        return loaded if value.type is Type.I64 else build.emit("f64.reinterpret_i64", Type.F64, loaded)
    stored = build.resolve(value.args[1])
    if stored.type in (Type.F32, Type.F64):
        integer = Type.I32 if stored.type is Type.F32 else Type.I64
        stored = build.emit(f"{integer.value}.reinterpret_{stored.type.value}", integer, stored)
    if stored.type is Type.I64 and access.bytes < 8:
        stored = build.i32("i32.wrap_i64", stored)
    build.call_routine(f"store{width}", address, stored)
    return value
