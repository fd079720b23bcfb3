"""What a program begins with, as cells: mutable globals, the size of a memory that grows, and the words of data.

In: a module whose functions are optimised but not legalised yet, so that addresses are still those of WebAssembly. Out:
`Initialisation`, the cells with what sees them; `runtime.initial_cells` says where they are stored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.footprint import Footprint, Footprints
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.ir.function import Data, Module
from zkwasm_compiler.runtime.initial_cells import Cell, SeenCell
from zkwasm_compiler.runtime.routines import Routines
from zkwasm_compiler.runtime.table_cells import TableCells, cells_name

START = 0
"""Stands for the start function among the public indexes of the exports."""
LONGEST_GAP = 8
"""So many zeros within the initial content end a piece of it."""


@dataclass(frozen=True, slots=True)
class Initialisation:
    """The footprints of the start function (`START`) and of the exports, by public index."""

    footprints: Mapping[int, Footprint]

    @staticmethod
    def of(module: Module, ranges: Mapping[int, Ranges] | None = None) -> Initialisation:
        """Before legalisation; `ranges` by function index."""
        found = Footprints(module, call_graph(module), ranges)
        footprints = {number: found.of(index) for number, index in enumerate(module.exports.values(), start=1)}
        if module.start is not None:
            footprints[START] = found.of(module.start)
        return Initialisation(footprints)

    def cells(self, module: Module) -> list[SeenCell]:
        """Every cell that does not begin as it should by itself."""
        if module.trap is not None:
            return []
        cells = []
        for number, item in enumerate(item for item in module.globals if item.mutable):
            literal = str(item.initial) if item.initial < 1 << 32 else f"{item.initial:#x}n"
            seeing = {key for key, footprint in self.footprints.items() if item.index in footprint.globals}
            cells.append(_seen(f"global[{number}]", literal, seeing))
        memory = Routines(module)
        if memory.growing:
            seeing = {key for key, footprint in self.footprints.items() if footprint.memory}
            cells.append(_seen("memory_words[0]", str(memory.minimum_words), seeing))
        return [*cells, *self._entries(module), *self._words(module)]

    def _entries(self, module: Module) -> list[SeenCell]:
        """The sizes of tables that grow, and the entries of those in cells that are not null."""
        tables = TableCells(module)
        cells = []
        for index in tables.capacity:
            seeing = {key for key, footprint in self.footprints.items() if index in footprint.tables}
            table = module.tables[index]
            if index in tables.growing and table.minimum:
                cells.append(_seen(f"table_sizes[{index}]", str(table.minimum), seeing))
            for entry, number in sorted(table.entries.items()):
                cells.append(_seen(f"{cells_name(index)}[{entry}]", str(number), seeing))
        return cells

    def _words(self, module: Module) -> list[SeenCell]:
        """The cells of active segments that are not zero. E is 0 where they are stored."""
        size = module.memory_layout.cell_bytes
        words = initial_cells(module)
        indexes = sorted(words)
        seeing: dict[int, list[int]] = {index: [] for index in indexes}
        for key, footprint in self.footprints.items():
            for low, high in footprint.bytes:
                seen = slice(bisect_left(indexes, low // size), bisect_right(indexes, (high - 1) // size))
                for index in indexes[seen]:
                    if seeing[index][-1:] != [key]:  # two intervals may meet in one cell
                        seeing[index].append(key)
        return [_seen(f"MEM:E{index:+d}", str(words[index]), set(seeing[index])) for index in indexes]


def _seen(address: str, literal: str, seeing: set[int]) -> SeenCell:
    return SeenCell(Cell(address, literal), frozenset(seeing - {START}), START in seeing)


def initial_cells(module: Module) -> dict[int, int]:
    """The cells of the memory that active segments make other than 0, by index."""
    size = module.memory_layout.cell_bytes
    cells: dict[int, int] = {}
    for address, byte in initial_bytes(module).items():
        cells[address // size] = cells.get(address // size, 0) | byte << 8 * (address % size)
    return cells


def initial_bytes(module: Module) -> dict[int, int]:
    """The bytes of the memory that active segments make other than 0, by address in order."""
    content: dict[int, int] = {}
    for data in _placed(module):
        content.update(enumerate(data.content, data.position or 0))
    return {address: content[address] for address in sorted(content) if content[address]}


def _placed(module: Module) -> list[Data]:
    return [data for data in module.data if data.position is not None and module.trap is None]


def initial_content(module: Module) -> tuple[tuple[int, str], ...]:
    """The same as pieces for the interface: addresses and bytes in hexadecimal digits."""
    pieces: list[tuple[int, bytearray]] = []
    for address, byte in initial_bytes(module).items():
        if not pieces or address - (end := pieces[-1][0] + len(pieces[-1][1])) > LONGEST_GAP:
            pieces.append((address, bytearray()))
            end = address
        pieces[-1][1].extend(bytes(address - end))
        pieces[-1][1].append(byte)
    return tuple((address, bytes(content).hex()) for address, content in pieces)
