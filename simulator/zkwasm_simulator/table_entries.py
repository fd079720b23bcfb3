"""The tables of an instance that the program keeps in cells: references by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from zkwasm_compiler.asm.program import TableArray
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.values import Value, from_bits


class TableEntries(Sequence[Value]):
    """Reads the entries of a table as they are now; references are None for null, or numbers."""

    def __init__(self, table: TableArray, cells: dict[int, Limbs]) -> None:
        self._table = table
        self._cells = cells

    def __len__(self) -> int:
        if self._table.size_cell is None:
            return self._table.minimum
        return self._cells.get(self._table.size_cell, (0, 0))[0]

    @overload
    def __getitem__(self, index: int) -> Value: ...

    @overload
    def __getitem__(self, index: slice) -> list[Value]: ...

    def __getitem__(self, index: int | slice) -> Value | list[Value]:
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        number = range(len(self))[index]
        return from_bits(self._table.type, self._cells.get(self._table.cell + number, (0, 0))[0])
