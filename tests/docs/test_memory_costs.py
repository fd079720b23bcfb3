"""docs/memory-costs.md says what accesses and programs cost."""

from __future__ import annotations

import pytest

from tests.benchmarks.memory_page import BLOCK, PROGRAMS, TABLES, renewed
from tests.benchmarks.programs import CALLS
from tests.conftest import ROOT


def test_the_tables_are_current(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs" / "memory-costs.md"
    written = page.read_text(encoding="utf-8")
    assert sorted(match[2] for match in BLOCK.finditer(written)) == sorted(TABLES)
    current = renewed(written)
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
    assert measured == set(PROGRAMS)
