"""The page about constraints and columns is what the tables say."""

from __future__ import annotations

from tests.conftest import ROOT
from zkwasm_simulator.constraints.reference import constraints_page


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "constraints.md").read_text(encoding="utf-8") == constraints_page(), (
        "write it anew: python -m zkwasm_simulator.constraints.reference > docs/constraints.md"
    )
