"""docs/walkthrough.md shows what the compiler really does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zkwasm_compiler.explain import stages
from zkwasm_compiler.wasm.text import wat_to_wasm

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"```text stage=(\w+)\n(.*?)```", re.DOTALL)


def test_the_dumps_are_current(request: pytest.FixtureRequest) -> None:
    page = DOCS / "walkthrough.md"
    written = page.read_text(encoding="utf-8")
    source = DOCS / "walkthrough.wat"
    made = {stage.name: stage.text for stage in stages(wat_to_wasm(source.read_text(), source.name), "gcd")}
    current = BLOCK.sub(lambda match: f"```text stage={match[1]}\n{made[match[1]]}\n```", written)
    assert {name for name, _ in BLOCK.findall(written)} == set(made)
    if request.config.getoption("--bless"):
        page.write_text(current, encoding="utf-8")
    else:
        assert written == current, "the dumps are stale; run pytest --bless and read the difference"
