"""docs/memory-costs.md, docs/table-costs.md and docs/host-functions.md say what accesses, calls and programs cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.benchmarks import host_page, memory_page, table_page
from tests.benchmarks.memory_page import BLOCK, renewed
from tests.benchmarks.programs import CALLS
from tests.conftest import ROOT

PAGES = {
    "memory-costs.md": memory_page.TABLES,
    "table-costs.md": table_page.TABLES,
    "host-functions.md": host_page.TABLES,
}


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_are_current(request: pytest.FixtureRequest, name: str) -> None:
    tables: dict[str, Callable[[], str]] = PAGES[name]
    page = ROOT / "docs" / name
    written = page.read_text(encoding="utf-8")
    assert sorted(match[2] for match in BLOCK.finditer(written)) == sorted(tables)
    current = renewed(written, tables)
    if request.config.getoption("--bless"):
        page.write_text(current, encoding="utf-8")
    else:
        assert written == current, "the tables are stale; run pytest tests/benchmarks tests/docs --bless and read them"


def test_every_program_that_works_on_memory_is_there() -> None:
    folder = "memory/"
    measured = {
        f"{file.removeprefix(folder).removesuffix('.wasm')}.{export}"
        for file, calls in CALLS.items()
        if file.startswith(folder)
        for export, _ in calls
    }
    assert measured == set(memory_page.PROGRAMS)


def test_every_program_with_tables_is_there() -> None:
    assert {f"tables.{export}" for export, _ in CALLS["tables.wat"]} == set(table_page.PROGRAMS)


def test_every_program_with_streams_is_there() -> None:
    assert {f"streams.{export}" for export, _ in CALLS["streams.wat"]} == set(host_page.PROGRAMS)
