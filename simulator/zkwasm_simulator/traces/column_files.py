"""Files of numpy's format `.npy`, version 1.0, with one column of unsigned 64-bit numbers.

The header has always the same size, so that the number of rows can be written last. *Source:* numpy.lib.format.
"""

from __future__ import annotations

import re
import sys
from array import array
from pathlib import Path

from zkwasm_compiler.errors import InputError, Problem
from zkwasm_simulator.constraints.columns import Column

HEADER_BYTES = 128
_MAGIC = b"\x93NUMPY\x01\x00"
_SHAPE = re.compile(rb"'descr': '<u8', 'fortran_order': False, 'shape': \((\d+),\)")


def header(rows: int) -> bytes:
    """The header of a column of `rows` rows."""
    text = f"{{'descr': '<u8', 'fortran_order': False, 'shape': ({rows},), }}".encode()
    room = HEADER_BYTES - len(_MAGIC) - 2
    return _MAGIC + room.to_bytes(2, "little") + text.ljust(room - 1) + b"\n"


def little_endian(values: Column) -> Column:
    """The numbers as files have them."""
    if sys.byteorder == "little":
        return values
    swapped = array("Q", values)
    swapped.byteswap()
    return swapped


class ColumnFile:
    """A column that grows."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._file.write(header(0))
        self.rows = 0

    def extend(self, values: Column) -> None:
        little_endian(values).tofile(self._file)
        self.rows += len(values)

    def put(self, row: int, value: int) -> None:
        """Overwrite a row."""
        self._file.seek(HEADER_BYTES + 8 * row)
        self._file.write(value.to_bytes(8, "little"))
        self._file.seek(0, 2)

    def finish(self) -> None:
        self._file.seek(0)
        self._file.write(header(self.rows))
        self._file.close()

    def close(self) -> None:
        self._file.close()


def read_column(path: Path) -> Column:
    """A column file. *Raises:* InputError."""
    try:
        with path.open("rb") as file:
            shape = _SHAPE.search(file.read(HEADER_BYTES))
            content = file.read()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=str(path))) from None
    if shape is None or len(content) != 8 * int(shape[1]):
        raise InputError(Problem("is no column of a trace; write the trace again", file=str(path)))
    values = array("Q")
    values.frombytes(content)
    return little_endian(values)
