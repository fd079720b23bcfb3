"""Modules that were compiled wrongly once. The first lines of each say what was wrong and which calls to make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential.comparison import Call, Case, first_difference
from zkwasm_compiler.wasm.text import wat_to_wasm

FOUND = Path(__file__).parent / "found"


def calls_in(text: str) -> tuple[Call, ...]:
    """The calls of lines ``;; call NAME ARGUMENT…``."""
    words = [line.removeprefix(";; call ").split() for line in text.splitlines() if line.startswith(";; call ")]
    return tuple((name, tuple(map(int, args))) for name, *args in words)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("path", sorted(FOUND.glob("*.wat")), ids=lambda path: path.stem)
def test_found(path: Path, level: int) -> None:
    text = path.read_text()
    calls = calls_in(text)
    assert calls, f"{path.name} says no call to make"
    exports = tuple(dict.fromkeys(name for name, _ in calls))
    difference = first_difference(Case(wat_to_wasm(text, path.name), exports, calls), level)
    assert not difference, difference
