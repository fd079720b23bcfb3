"""The cells of the machine in a WebAssembly instance, as the mapping that the interpreter works on."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, MutableMapping
from ctypes import addressof, c_uint8, c_uint64
from typing import Any

from zkwasm_simulator.field import Limbs
from zkwasm_simulator.jit.state import CELL_BYTES, MOST_CELLS

_RUNS = re.compile(rb"\x01+")
_CELL = struct.Struct("<QQ")


class Cells(MutableMapping[int, Limbs]):
    """Every cell that was written; those that the instance has no room for are kept here."""

    def __init__(self, store: Any, exports: Any, initial: dict[int, Limbs]) -> None:
        self._store = store
        self._memory = exports["cells"]
        self._flags = exports["written"]
        self._reserve = exports["reserve"]
        self._far: dict[int, Limbs] = {}
        self._size = -1
        self._most = MOST_CELLS
        self._limbs: Any = ()
        self._written: Any = ()
        self._look()
        for address, limbs in initial.items():
            self[address] = limbs

    def _look(self) -> None:
        """See the memories as they are: the code may have made them larger."""
        size = self._flags.data_len(self._store)
        if size != self._size:
            cells = addressof(self._memory.data_ptr(self._store).contents)
            flags = addressof(self._flags.data_ptr(self._store).contents)
            self._limbs = (c_uint64 * (2 * size)).from_address(cells)
            self._written = (c_uint8 * size).from_address(flags)
            self._size = size

    def _near(self, address: int) -> bool:
        """Is the cell in the instance? Room is made for it, so that the code does not leave for it again."""
        if 0 <= address < self._size:
            return True
        if not 0 <= address < self._most:
            return False
        if self._reserve(self._store, address):
            self._most = self._size  # there is no more room, and must not be any later
            return False
        self._look()
        return True

    def __contains__(self, address: object) -> bool:
        assert isinstance(address, int)
        return bool(self._written[address]) if self._near(address) else address in self._far

    def __getitem__(self, address: int) -> Limbs:
        if not self._near(address):
            return self._far[address]
        if not self._written[address]:
            raise KeyError(address)
        low: int = self._limbs[2 * address]
        high: int = self._limbs[2 * address + 1]
        return low, high

    def __setitem__(self, address: int, limbs: Limbs) -> None:
        if not self._near(address):
            self._far[address] = limbs
            return
        self._limbs[2 * address], self._limbs[2 * address + 1] = limbs
        self._written[address] = 1

    def __delitem__(self, address: int) -> None:
        raise TypeError("cells cannot be deleted")

    def __iter__(self) -> Iterator[int]:
        return iter(dict(self.items()))

    def __len__(self) -> int:
        self._look()
        return bytes(self._written).count(1) + len(self._far)

    def copy_to(self, target: dict[int, Limbs]) -> None:
        """Put every cell into `target`."""
        self._look()
        limbs = memoryview(self._limbs).cast("B")
        for run in _RUNS.finditer(memoryview(self._written).cast("B")):
            first, end = run.span()
            content = limbs[first * CELL_BYTES : end * CELL_BYTES]
            target.update(zip(range(first, end), _CELL.iter_unpack(content), strict=True))
        target.update(self._far)
