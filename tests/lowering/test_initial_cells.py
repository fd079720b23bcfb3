"""The plan of initial cells: every call stores what it sees, and never more than all."""

from __future__ import annotations

import random
import re

import pytest

from zkwasm_compiler.runtime.initial_cells import FIRST, Cell, CellPlan, SeenCell, plan_cells

LANDINGS = {export: f"export{export}" for export in range(1, 20)}


def seen(name: str, *exports: int, at_first: bool = False) -> SeenCell:
    return SeenCell(Cell(name, "1"), frozenset(exports), at_first)


def stored(plan: CellPlan, label: str | None) -> list[str]:
    """The cells that the way from a label to its RETURN, or to the start function, stores."""
    lines = plan.lines(LANDINGS)
    cells: list[str] = []
    position = None if label is None else lines.index(f"{label}:")
    while position is not None:
        line = lines[position]
        position += 1
        cells += re.findall(r"MSTORE\((\w+)\)", line)
        if "RETURN" in line or "JMP(initialised)" in line or "JMP(export" in line:
            break
        jump = re.search(r"JMP\((\w+)\)", line)
        if jump:
            position = lines.index(f"{jump[1]}:")
    return cells


def group(name: str, count: int, *exports: int) -> list[SeenCell]:
    return [seen(f"{name}{number}", *exports) for number in range(count)]


def counts(cells: list[SeenCell], exports: int) -> list[int]:
    """How many cells the ways to the exports store."""
    plan = plan_cells(cells)
    return [len(stored(plan, plan.way(export))) for export in range(1, exports + 1)]


def test_sets_that_contain_each_other_cost_nothing_more() -> None:
    cells = [*group("a", 9, 1), *group("b", 9, 1, 2), *group("c", 9, 1, 2, 3), *group("d", 9, 1, 2, 3, 4), seen("e")]
    assert counts(cells, 5) == [36, 27, 18, 9, 0]
    assert len(plan_cells(cells).lines(LANDINGS)) <= 2 * len(cells)


def test_what_few_see_is_copied_to_their_ways() -> None:
    cells = [*group("a", 20, 1, 2, 3, 4), seen("b", 2, 4), seen("c", 1, 3), seen("d", 3)]
    assert counts(cells, 4) == [21, 21, 22, 21]


def test_a_large_group_is_passed_by_few() -> None:
    """Without the change of places the exports 1 to 6 would pass the large group."""
    cells = [*group("a", 30, 1, 2, 3, 4, 5, 6, 15), *group("b", 99, 7, 8, 9, 10, 11, 12, 13, 14, 15)]
    assert counts(cells, 14) == [30] * 6 + [129] * 8


def test_what_the_start_function_sees_comes_first_and_once() -> None:
    plan = plan_cells([seen("a", 1, at_first=True), seen("b", 1), seen("c", at_first=True)])
    assert stored(plan, FIRST) == ["a", "c"]
    assert stored(plan, plan.way(1)) == ["b"]


@pytest.mark.parametrize("seed", range(20))
def test_any_sets(seed: int) -> None:
    source = random.Random(seed)
    exports = range(1, source.randrange(2, 6))
    cells = [
        seen(f"x{number}", *(e for e in exports if source.random() < 0.6), at_first=source.random() < 0.2)
        for number in range(12)
    ]
    plan = plan_cells(cells)
    text = "\n".join(plan.lines(LANDINGS))
    for cell in cells:
        most = 1 if cell.at_first else len(cell.exports)
        assert min(most, 1) <= text.count(f"({cell.cell.address})") <= most
    assert text.count("MSTORE") <= 2 * len(cells)
    for export in exports:
        way = stored(plan, plan.way(export))
        assert len(way) == len(set(way)), "no cell is stored twice"
        assert {cell.cell.address for cell in cells if export in cell.exports and not cell.at_first} <= set(way)
