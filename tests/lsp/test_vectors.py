"""The recorded outcomes of the public assembler: no false error, and every error on its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.asm.test_vectors import DEVIATIONS, LINE_DEVIATIONS, recorded_line
from tests.asm.vectors import cases
from zkwasm_compiler import isa
from zkwasm_lsp.language.codes import Severity
from zkwasm_lsp.language.findings import findings
from zkwasm_lsp.language.program import analyse
from zkwasm_lsp.language.project import Project
from zkwasm_lsp.language.text import Text

FOLDER = Path("/nowhere")


def error_lines(main: str, text: str, files: dict[str, str], dialect: str = "64") -> list[tuple[str, int, str]]:
    """The errors that the server shows: file, line from 1, code."""
    project = Project()
    for name, content in {**files, main: text}.items():
        project.open(FOLDER / name, Text.of(content))
    program = analyse(project, FOLDER / main, isa.machine_of_dialect(dialect))
    return [
        (path.relative_to(FOLDER).as_posix(), project.text(path).position(one.start)[0] + 1, one.code)
        for path, found in findings(program).items()
        for one in found
        if one.severity is Severity.ERROR
    ]


@pytest.mark.parametrize(("dialect", "counts"), [("64", (1264, 688)), ("durian", (143, 58))])
def test_vectors(shared: Path, dialect: str, counts: tuple[int, int]) -> None:
    accepted = refused = 0
    wrong: dict[str, Any] = {}
    for case in cases(shared / "vectors" / ("asm64.jsonl" if dialect == "64" else "asm256.jsonl")):
        if case.get("branch", "64") != dialect or case.get("config") or case["id"] in DEVIATIONS:
            continue
        found = error_lines("main.zkasm", case["source"], case.get("files", {}), dialect)
        if "json" in case:
            accepted += 1
            if found:
                wrong[case["id"]] = found
            continue
        refused += 1
        error = case["error"]
        lines = [line for file, line, _ in found if file == error.get("file", file)]
        if not found or (error["line"] is not None and error["line"] not in lines):
            wrong[case["id"]] = (found, error)
    assert wrong == {}
    assert (accepted, refused) == counts


@pytest.mark.parametrize(
    ("dialect", "accepted", "expected"),
    [("64", True, 242), ("64", False, 207), ("durian", True, 266), ("durian", False, 183)],
)
def test_asm_probes(shared: Path, dialect: str, accepted: bool, expected: int) -> None:
    count = 0
    wrong: dict[str, Any] = {}
    for case in cases(shared / "vectors" / "asm_probes.jsonl"):
        result = case["results"][dialect]
        if result["ok"] != accepted or case["args"]:
            continue
        count += 1
        found = error_lines(f"{case['name']}.zkasm", case["source"], {}, dialect)
        line = None if accepted else LINE_DEVIATIONS.get(case["name"], recorded_line(result["error"]))
        if bool(found) == accepted or (line is not None and line not in [at for _, at, _ in found]):
            wrong[case["name"]] = (found, result.get("error"))
    assert wrong == {}
    assert count == expected
