"""The instructions of the linear memory in legalisation: accesses as the module's layout has them, and the operations
that are the same in every layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.ir.memory_layout import BYTES, WORDS, MemoryLayout
from zkwasm_compiler.lowering import memory_bytes, memory_words
from zkwasm_compiler.lowering.expansions import F

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

PAGE_WORD_BITS = 14
Expand = Callable[[Value], Value]
ACCESSES: dict[MemoryLayout, Callable[[Legalizer], Expand]] = {
    WORDS: lambda build: partial(memory_words.expand_access, build),
    BYTES: memory_bytes.ByteAccesses,
}
"""What makes loads and stores control flow and accesses to cells, by layout; it gives what a load loads."""


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
