"""The globals of an instance, as a mapping from exported name or index to Python value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import NoReturn

from zkwasm_compiler.asm.program import GlobalCell
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.field import Limbs, split
from zkwasm_simulator.values import Value, from_bits, pattern_of_word, to_bits


class Globals(MutableMapping[str | int, Value]):
    """Reads and writes the cells of globals. Iterating gives the indexes; mutable ones can be set."""

    def __init__(self, globals_: tuple[GlobalCell, ...], cells: dict[int, Limbs], changed: Callable[[], None]) -> None:
        self._globals = globals_
        self._cells = cells
        self._changed = changed

    def _find(self, key: str | int) -> GlobalCell:
        for cell in self._globals:
            if key in (cell.index, cell.export):
                return cell
        names = (f"{cell.index} ({cell.export})" if cell.export else str(cell.index) for cell in self._globals)
        raise ConfigurationError(f"the program keeps no global {key!r}; it keeps {', '.join(names) or 'none'}")

    def __contains__(self, key: object) -> bool:
        return any(key in (cell.index, cell.export) for cell in self._globals)

    def __getitem__(self, key: str | int) -> Value:
        cell = self._find(key)
        return from_bits(cell.type, pattern_of_word(cell.type, *self._cells.get(cell.cell, (0, 0))))

    def __setitem__(self, key: str | int, value: Value) -> None:
        cell = self._find(key)
        if not cell.mutable:
            raise ConfigurationError(f"the global {key!r} is immutable; only mutable globals can be set")
        self._cells[cell.cell] = split(to_bits(cell.type, value, f"the global {key!r}"))
        self._changed()

    def __delitem__(self, key: str | int) -> NoReturn:
        raise ConfigurationError(f"the global {key!r} cannot be removed")

    def __iter__(self) -> Iterator[str | int]:
        return iter(cell.index for cell in self._globals)

    def __len__(self) -> int:
        return len(self._globals)
