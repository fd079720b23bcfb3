"""The instructions of the linear memory in legalisation: accesses as the module's layout has them, and the operations
that are the same in every layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.ir.memory_layout import BYTES, WORDS, MemoryLayout
from zkwasm_compiler.lowering import memory_bulk, memory_bytes, memory_words
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
BULK: dict[MemoryLayout, Callable[[Legalizer, Value], None]] = {
    WORDS: memory_bulk.expand_bulk,
    BYTES: memory_bytes.expand_bulk,
}
"""What lowers memory.fill and memory.copy, by layout."""


def expand_size(build: Legalizer, value: Value) -> Value:
    """memory.size in pages."""
    if build.memory_words:
        return build.constant(build.memory_words >> PAGE_WORD_BITS)
    return _pages(build, build.i32("zk.memory_words"))


def _pages(build: Legalizer, words: Value) -> Value:
    """How many pages that many words are; they are whole ones."""
    return build.i32("zk.div_exact", words, build.constant(1 << PAGE_WORD_BITS))


def expand_grow(build: Legalizer, value: Value) -> Value:
    """memory.grow: the words are counted in a cell; -1 where the maximum would be passed."""
    (pages,) = (build.resolve(arg) for arg in value.args)
    words = build.i32("zk.memory_words")
    before = _pages(build, words)
    room = build.i32("i32.sub", build.constant(build.routines.maximum_pages), before)

    def grown() -> Value:
        more = build.i32("zk.mul_nw_32", pages, build.constant(1 << PAGE_WORD_BITS))
        build.emit("zk.set_memory_words", Type.NONE, build.i32("zk.add_nw", words, more))
        return before

    return build.choose(build.i32("i32.le_u", pages, room), grown, lambda: build.constant(F))
