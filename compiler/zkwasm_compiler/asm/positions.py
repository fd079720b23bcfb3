"""Where the rows of a compiled program come from: instructions of the WebAssembly module, and lines of its source.

The compiler makes `Positions`; simulator and tools ask for the one of a row. In JSON they are a file beside the
program, which the program does not need.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from zkwasm_compiler.errors import InputError

NOWHERE = -1
"""Stands for the offset of rows that no instruction is compiled to."""


@dataclass(frozen=True, slots=True)
class Position:
    """An instruction: its byte offset in its module, the function whose body it is in (empty if that is not known), and
    the line of the source that it was compiled from, where the module says so (0: it does not). `module` is the name of
    the linked module that it is of; empty: it is of the program's own."""

    offset: int
    function: str = ""
    file: str = ""
    line: int = 0
    module: str = ""

    def __str__(self) -> str:
        function = f"{self.function}, " if self.function else ""
        module = f" of the linked module {self.module}" if self.module else ""
        line = f" ({self.file}:{self.line})" if self.line else ""
        return f"{function}byte offset {self.offset:#x}{module}{line}"


@dataclass(frozen=True, slots=True)
class Positions:
    """Those of a program of `length` rows.

    `rows` has (row, offset) where the offset of rows changes, in order; `functions` (offset, end, name) of the bodies;
    `lines` (offset, number in `files`, line) where the line of offsets changes. Offsets count through all modules of a
    linked program: `modules` has where those of each begin, with its name, empty for the program's own.
    """

    length: int = 0
    rows: tuple[tuple[int, int], ...] = ()
    functions: tuple[tuple[int, int, str], ...] = ()
    files: tuple[str, ...] = ()
    lines: tuple[tuple[int, int, int], ...] = ()
    modules: tuple[tuple[int, str], ...] = ()

    def at(self, row: int) -> Position | None:
        """What row `row` was compiled from; None for what the compiler added."""
        found = _before(self.rows, row)
        if found is None or found[1] == NOWHERE:
            return None
        offset = found[1]
        body, line = _before(self.functions, offset), _before(self.lines, offset)
        function = str(body[2]) if body is not None and offset < body[1] else ""
        start, module = _before(self.modules, offset) or (0, "")
        if not function or line is None or not line[2]:
            return Position(offset - start, function, module=module)
        return Position(offset - start, function, self.files[line[1]], line[2], module)


def _before(table: tuple[Any, ...], key: int) -> Any:
    """The last entry that begins at or before `key`."""
    position = bisect_right(table, key, key=lambda entry: entry[0])
    return table[position - 1] if position else None


def changes(offsets: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The entries, in order, whose second number is not that of the entry before."""
    found: list[tuple[int, int]] = []
    for key, offset in offsets:
        if not found or found[-1][1] != offset:
            found.append((key, offset))
    return tuple(found)


def positions_json(positions: Positions) -> str:
    """The text of a file of positions."""
    tables = {name: getattr(positions, name) for name in ("length", "rows", "functions", "files", "lines", "modules")}
    lines = (f"{json.dumps(name)}: {json.dumps(table, separators=(',', ':'))}" for name, table in tables.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def positions_from_json(text: str) -> Positions:
    """*Raises:* InputError when the text is not that of a file of positions."""
    try:
        found = cast(Mapping[str, Any], json.loads(text))
        return Positions(
            int(found["length"]),
            tuple((int(row), int(offset)) for row, offset in found["rows"]),
            tuple((int(offset), int(end), str(name)) for offset, end, name in found["functions"]),
            tuple(map(str, found["files"])),
            tuple((int(offset), int(file), int(line)) for offset, file, line in found["lines"]),
            tuple((int(offset), str(name)) for offset, name in found["modules"]),
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"not the positions of a program: {error}") from None
