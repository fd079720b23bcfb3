"""What the functions of a program must know of each other and of what stands around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zkwasm_compiler.ir.function import Module, Trap
from zkwasm_compiler.ir.memory_layout import WORDS, MemoryLayout
from zkwasm_compiler.runtime.jump_tables import JumpTables

UNPROVABLE = "fail"
"""The label of the place from which nothing can be proved."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """What functions must know of each other, by WebAssembly index: their labels, which are recursive, and which
    registers a call changes (all of them where nothing better is known yet). `memory_words` is the size of the memory,
    0 when it may grow, `layout` what its cells hold, `segment_words` the size of the table of segments.
    `table_entries` has the sizes of the tables in cells, 0 where they may grow; `jump_tables` collects those that
    indirect calls need."""

    functions: Mapping[int, str]
    recursive: frozenset[int]
    clobbers: Mapping[int, frozenset[str]] = field(default_factory=dict)
    memory_words: int = 0
    layout: MemoryLayout = WORDS
    segment_words: int = 0
    table_entries: Mapping[int, int] = field(default_factory=dict)
    jump_tables: JumpTables = field(default_factory=lambda: JumpTables(Module()))

    @property
    def memory_cells(self) -> int:
        """The size of the memory in cells, 0 when it may grow."""
        return self.memory_words * self.layout.cells_a_word


def trap_label(trap: Trap) -> str:
    """The label that ends the program with the trap's status."""
    return f"trap_{trap.name.lower()}"
