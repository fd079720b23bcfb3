"""Which cells a call initialises, and where in the program: `plan_cells`.

A store takes a step, so a call makes only those that the called function can see. What the start function sees comes
before it. What one export alone sees is stored on the way to it, and so is what few see, as long as these copies do not
double the rows. The other cells form one chain of groups: an export joins the chain at the first group that it sees and
runs to the end. So no call stores more than all cells, and sets of cells that contain each other cost nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FIRST = "cells_at_first"
INITIALISED = "initialised"
"""Where the program goes on when the cells that the start function sees are stored."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as the text of the program names it, and the literal that it begins with."""

    address: str
    literal: str


@dataclass(frozen=True, slots=True)
class SeenCell:
    """A cell, the exports that see it, by their public index, and whether the start function does."""

    cell: Cell
    exports: frozenset[int]
    at_first: bool = False


@dataclass(frozen=True, slots=True)
class CellPlan:
    """`first` come before the start function; `own` are those of one export alone; `chain` are the groups of the chain;
    `joins` has the group that an export joins it at."""

    first: tuple[Cell, ...] = ()
    own: dict[int, tuple[Cell, ...]] = field(default_factory=dict)
    chain: tuple[tuple[Cell, ...], ...] = ()
    joins: dict[int, int] = field(default_factory=dict)

    def way(self, export: int) -> str | None:
        """The label where the way to an export begins, None when it stores nothing."""
        if export in self.own:
            return f"cells_of_{export}"
        return self._group(export)

    def _group(self, export: int) -> str | None:
        return f"cells_{self.joins[export]}" if export in self.joins else None

    def lines(self, landings: Mapping[int, str]) -> list[str]:
        """The stores of all cells, with their labels. The chain ends with a RETURN, which leads to the export; other
        ways end at the export's label in `landings`."""
        lines = [f"{FIRST}:", *_stores(self.first, f"JMP({INITIALISED})")] if self.first else []
        for export, cells in self.own.items():
            group = self._group(export)
            lines += [f"cells_of_{export}:", *_stores(cells, f"JMP({group or landings[export]})")]
        for number, cells in enumerate(self.chain):
            last = number == len(self.chain) - 1
            lines += [f"cells_{number}:", *_stores(cells, "RETURN" if last else None)]
        return lines


def _stores(cells: tuple[Cell, ...], last: str | None) -> list[str]:
    lines = [f"  {cell.literal} :MSTORE({cell.address})" for cell in cells]
    return [*lines[:-1], f"{lines[-1]}, {last}"] if last else lines


def plan_cells(cells: Iterable[SeenCell]) -> CellPlan:
    """Where to store each cell."""
    first: list[Cell] = []
    groups: dict[frozenset[int], list[Cell]] = {}
    for seen in cells:
        if seen.at_first:
            first.append(seen.cell)
        elif seen.exports:
            groups.setdefault(seen.exports, []).append(seen.cell)
    own: dict[int, list[Cell]] = {}
    budget = sum(map(len, groups.values()))
    shared: list[frozenset[int]] = []
    for exports in sorted(groups, key=lambda exports: (_copies(exports, groups), sorted(exports))):
        budget -= _copies(exports, groups)
        if budget < 0:
            shared.append(exports)
            continue
        for export in sorted(exports):
            own.setdefault(export, []).extend(groups[exports])
    order = _chained(shared, groups)
    chain = tuple(tuple(groups[exports]) for exports in order)
    return CellPlan(tuple(first), {export: tuple(own[export]) for export in sorted(own)}, chain, _joins(order))


Groups = dict[frozenset[int], list[Cell]]


def _copies(exports: frozenset[int], groups: Groups) -> int:
    """The rows that it takes to store a group on every way, beyond those of storing it once."""
    return len(groups[exports]) * (len(exports) - 1)


def _joins(order: list[frozenset[int]]) -> dict[int, int]:
    """The first group that each export sees."""
    joins: dict[int, int] = {}
    for number, exports in enumerate(order):
        for export in sorted(exports):
            joins.setdefault(export, number)
    return joins


def _chained(shared: list[frozenset[int]], groups: Groups) -> list[frozenset[int]]:
    """The groups in an order in which exports pass few that they do not see: what few see comes early, then neighbours
    change places as long as that saves steps."""
    order = sorted(shared, key=lambda exports: (len(exports), -len(groups[exports]), sorted(exports)))
    for _ in range(len(order)):
        changed = False
        for number in range(len(order) - 1):
            early, late = order[number : number + 2]
            joins = _joins(order)
            saved = sum(joins[export] == number for export in early - late) * len(groups[late])
            lost = sum(joins[export] == number + 1 for export in late) * len(groups[early])
            if saved > lost:
                order[number : number + 2] = late, early
                changed = True
        if not changed:
            break
    return order
