"""docs/float-costs.md says what floating-point operations cost."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.floats import ARITHMETIC, CONVERSIONS, arithmetic_table, conversion_table
from tests.conftest import ROOT
from tests.floats.operations import OPERATIONS

BLOCK = re.compile(r"(<!-- table: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TABLES = {"arithmetic": arithmetic_table, "conversions": conversion_table}


def test_the_tables_are_current(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs" / "float-costs.md"
    written = page.read_text(encoding="utf-8")
    assert [match[2] for match in BLOCK.finditer(written)] == list(TABLES)
    current = BLOCK.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", written)
    if request.config.getoption("--bless"):
        page.write_text(current, encoding="utf-8")
    else:
        assert written == current, "the tables are stale; run pytest tests/benchmarks tests/docs --bless and read them"


def test_every_operation_is_there() -> None:
    """Of the saturating conversions some stand for all: they are the trapping ones with other ends."""
    measured = {f"{type_}.{name}" for type_ in ("f32", "f64") for name in ARITHMETIC} | set(CONVERSIONS)
    assert {operation.instruction for operation in OPERATIONS if "trunc_sat" not in operation.instruction} <= measured
