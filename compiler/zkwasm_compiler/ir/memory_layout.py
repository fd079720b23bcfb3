"""How the bytes of the linear memory lie in the cells of the machine's: what every stage must know of a layout.

How accesses are lowered stands in one module a layout: `lowering.memory_words` and `lowering.memory_bytes`. Whatever
the layout, sizes are counted in words of four bytes: those of the largest memory still fit into an i32.
"""

from __future__ import annotations

from dataclasses import dataclass

WORD_BYTES = 4
WORDS_A_PAGE = 1 << 14


@dataclass(frozen=True, slots=True)
class MemoryLayout:
    """`cell_bytes` bytes a cell, little-endian, in the low limb; what the high limb holds does not matter.

    A memory of more than `maximum_pages` would have cells that no index reaches (registers address cells up to 2^31).
    """

    name: str
    cell_bytes: int
    maximum_pages: int

    @property
    def cells_a_word(self) -> int:
        return WORD_BYTES // self.cell_bytes


WORDS = MemoryLayout("words", 4, 1 << 16)
BYTES = MemoryLayout("bytes", 1, (1 << 15) - 1)
LAYOUTS = (WORDS, BYTES)
AUTO = "auto"
"""The choice that leaves the layout to `lowering.layout_choice`."""
CHOICES = (AUTO, *(layout.name for layout in LAYOUTS))
