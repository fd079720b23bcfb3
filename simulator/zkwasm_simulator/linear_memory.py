"""The linear memory of an instance: bytes in the low limbs of the cells of the memory region."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

from zkwasm_compiler.asm.program import MEMORY_REGION, Interface, MemoryCells
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.field import Limbs, split

PAGE_BYTES = 1 << 16
WORD_BYTES = 4


class LinearMemory:
    """Reads and writes the bytes of a memory; addresses and counts are in bytes."""

    def __init__(self, layout: MemoryCells, cells: MutableMapping[int, Limbs], changed: Callable[[], None]) -> None:
        self._layout = layout
        self._cells = cells
        self._changed = changed

    @property
    def pages(self) -> int:
        """The size now, in pages of 65536 bytes."""
        if self._layout.words_cell is None:
            return self._layout.minimum
        return self._cells[self._layout.words_cell][0] * WORD_BYTES // PAGE_BYTES

    def __len__(self) -> int:
        """The size now, in bytes."""
        return self.pages * PAGE_BYTES

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes from `address` on. *Raises:* ConfigurationError when one of them is outside."""
        self._check(address, count)
        size = self._layout.cell_bytes
        first = address // size
        cells = range(first, -(-(address + count) // size))
        content = b"".join(self._content(index).to_bytes(size, "little") for index in cells)
        start = address - first * size
        return content[start : start + count]

    def write(self, address: int, content: bytes) -> None:
        """Put bytes at `address`. *Raises:* ConfigurationError when one of them would be outside."""
        self._check(address, len(content))
        self.place(address, content)
        self._changed()

    def place(self, address: int, content: bytes) -> None:
        """Put bytes anywhere: behind the memory may be that of a linked module."""
        size = self._layout.cell_bytes
        for position, byte in enumerate(content, address):
            index, shift = position // size, 8 * (position % size)
            changed = (self._content(index) & ~(0xFF << shift)) | byte << shift
            self._cells[MEMORY_REGION + index] = (changed, 0)

    def _content(self, index: int) -> int:
        """The bytes of a cell as a number."""
        low, _ = self._cells.get(MEMORY_REGION + index, (0, 0))
        return low & ((1 << 8 * self._layout.cell_bytes) - 1)

    def _check(self, address: int, count: int) -> None:
        if address < 0 or count < 0 or address + count > len(self):
            raise ConfigurationError(
                f"bytes {address} to {address + count} are outside the memory, which has {len(self)} bytes"
            )


def initial_cells(interface: Interface) -> dict[int, Limbs]:
    """What the globals, the tables and the memory of a new instance hold, by cell. A call initialises only what it sees
    of it."""
    cells = {cell.cell: split(cell.initial) for cell in interface.globals if cell.initial is not None}
    for table in interface.tables:
        cells |= {table.cell + index: (number, 0) for index, number in table.content}
        if table.size_cell is not None:
            cells[table.size_cell] = (table.minimum, 0)
    layout = interface.memory
    if layout is None:
        return cells
    if layout.words_cell is not None:
        cells[layout.words_cell] = (layout.minimum * PAGE_BYTES // WORD_BYTES, 0)
    memory = LinearMemory(layout, cells, lambda: None)
    for address, digits in layout.content:
        memory.place(address, bytes.fromhex(digits))
    return cells
