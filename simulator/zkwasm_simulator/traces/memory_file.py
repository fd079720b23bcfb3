"""The memory machine on disk: accesses come in the order of steps, its rows are in the order of cells.

Accesses are written down as they come and counted by cell, so that in the end the place of each is known: they are
distributed to files that are mapped into memory.
"""

from __future__ import annotations

import mmap
from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from zkwasm_simulator.constraints.columns import MEMORY
from zkwasm_simulator.constraints.memory import signed_cell
from zkwasm_simulator.field import PRIME
from zkwasm_simulator.traces.column_files import HEADER_BYTES, header, little_endian

_FIELDS = 5
"""An access: cell, step, 1 for a write, the limbs."""
_ACCESSES_AT_ONCE = 1 << 15


class MemoryFile:
    """Collects the accesses of a run in the file `path`, which is gone in the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w+b")
        self._counts: Counter[int] = Counter()

    def extend(self, accesses: Iterable[tuple[int, ...]]) -> None:
        """Add accesses, in the order of steps."""
        found = list(accesses)
        self._counts.update(access[0] for access in found)
        array("Q", [field for access in found for field in access]).tofile(self._file)

    def rows_needed(self, n: int) -> int:
        """The rows in a trace of `n` rows, with those that bridge gaps."""
        gaps = ((following - cell) % PRIME for cell, following in pairwise(self._cells()))
        return self._counts.total() + sum((gap - 1) // n for gap in gaps)

    def finish(self, folder: Path, n: int) -> int:
        """Write the columns of a trace of `n` rows; gives their number of rows."""
        places, last, bridges, rows = self._places(n)
        columns = {name: _Mapped(folder / f"Mem.{name}.npy", rows) for name in MEMORY}
        self._file.seek(0)
        while content := self._file.read(8 * _FIELDS * _ACCESSES_AT_ONCE):
            fields = array("Q", content)
            for start in range(0, len(fields), _FIELDS):
                cell = fields[start]
                place = places[cell]
                places[cell] = place + 1
                row = (cell, fields[start + 1], 1, *fields[start + 2 : start + _FIELDS], int(place == last[cell]))
                for values, value in zip(columns.values(), row, strict=True):
                    values.cells[place] = value
        for place, cell in bridges:
            columns["addr"].cells[place] = cell
            columns["lastAccess"].cells[place] = 1
        for values in columns.values():
            values.close()
        self.close()
        return rows

    def close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _cells(self) -> list[int]:
        return sorted(self._counts, key=signed_cell)

    def _places(self, n: int) -> tuple[dict[int, int], dict[int, int], list[tuple[int, int]], int]:
        """The first and the last row of each cell, rows that bridge gaps with their cells, and the number of rows."""
        first, last, bridges = {}, {}, []
        row = 0
        cells = self._cells()
        for number, cell in enumerate(cells, 1):
            first[cell] = row
            row += self._counts[cell]
            last[cell] = row - 1
            gap = (cells[number] - cell) % PRIME if number < len(cells) else 0
            if gap <= n * n:
                for bridge in range(cell + n, cell + gap, n):
                    bridges.append((row, bridge % PRIME))
                    row += 1
        return first, last, bridges, row


class _Mapped:
    """A column of zeros in a file, whose cells can be written in any order."""

    def __init__(self, path: Path, rows: int) -> None:
        self._file = path.open("w+b")
        self._file.write(header(rows))
        self._file.truncate(HEADER_BYTES + 8 * rows)
        self._map = mmap.mmap(self._file.fileno(), HEADER_BYTES + 8 * rows)
        self._bytes = memoryview(self._map)
        self.cells = self._bytes[HEADER_BYTES:].cast("Q")

    def close(self) -> None:
        values = array("Q", self.cells) if little_endian(array("Q", [1]))[0] != 1 else None
        if values is not None:
            self.cells[:] = memoryview(little_endian(values))
        self.cells.release()
        self._bytes.release()
        self._map.close()
        self._file.close()
