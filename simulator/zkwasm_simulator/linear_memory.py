"""The linear memory of an instance: bytes in the low limbs of the cells of the memory region, four a cell."""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.asm.program import MEMORY_REGION, Interface, MemoryCells
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.field import LIMB_MASK, Limbs, split

PAGE_BYTES = 1 << 16
CELL_BYTES = 4


class LinearMemory:
    """Reads and writes the bytes of a memory; addresses and counts are in bytes."""

    def __init__(self, layout: MemoryCells, cells: dict[int, Limbs], changed: Callable[[], None]) -> None:
        self._layout = layout
        self._cells = cells
        self._changed = changed

    @property
    def pages(self) -> int:
        """The size now, in pages of 65536 bytes."""
        if self._layout.words_cell is None:
            return self._layout.minimum
        return self._cells[self._layout.words_cell][0] * CELL_BYTES // PAGE_BYTES

    def __len__(self) -> int:
        """The size now, in bytes."""
        return self.pages * PAGE_BYTES

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes from `address` on. *Raises:* ConfigurationError when one of them is outside."""
        self._check(address, count)
        first = address // CELL_BYTES
        words = range(first, -(-(address + count) // CELL_BYTES))
        content = b"".join(self._word(index).to_bytes(CELL_BYTES, "little") for index in words)
        start = address - first * CELL_BYTES
        return content[start : start + count]

    def write(self, address: int, content: bytes) -> None:
        """Put bytes at `address`. *Raises:* ConfigurationError when one of them would be outside."""
        self._check(address, len(content))
        for position, byte in enumerate(content, address):
            index, shift = position // CELL_BYTES, 8 * (position % CELL_BYTES)
            word = (self._word(index) & ~(0xFF << shift)) | byte << shift
            self._cells[MEMORY_REGION + index] = (word, 0)
        self._changed()

    def _word(self, index: int) -> int:
        return self._cells.get(MEMORY_REGION + index, (0, 0))[0] & LIMB_MASK

    def _check(self, address: int, count: int) -> None:
        if address < 0 or count < 0 or address + count > len(self):
            raise ConfigurationError(
                f"bytes {address} to {address + count} are outside the memory, which has {len(self)} bytes"
            )


def initial_cells(interface: Interface) -> dict[int, Limbs]:
    """What the globals and the memory of a new instance hold, by cell. A call initialises only what it sees of it."""
    cells = {cell.cell: split(cell.initial) for cell in interface.globals if cell.initial is not None}
    layout = interface.memory
    if layout is None:
        return cells
    if layout.words_cell is not None:
        cells[layout.words_cell] = (layout.minimum * PAGE_BYTES // CELL_BYTES, 0)
    memory = LinearMemory(layout, cells, lambda: None)
    for address, digits in layout.content:
        memory.write(address, bytes.fromhex(digits))
    return cells
