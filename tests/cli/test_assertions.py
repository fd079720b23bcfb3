"""`zkwasm test`: the assertions of files, for people, scripts and CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatch_zkwasm.cli import main

GOOD = ";@ run A=2 B=3 => A=5 steps=2\nsum:\n        $ => A :ADD\n        :RETURN\n"


def test_all_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zkasm").write_text(GOOD)
    (tmp_path / "b.zkasm").write_text(GOOD)
    assert main(["test", str(tmp_path / "a.zkasm"), str(tmp_path / "b.zkasm")]) == 0
    assert capsys.readouterr().out == (
        "a.zkasm:1: ok: sum: A=2 B=3 => A=5 steps=2 (2 steps, N = 16)\n"
        "b.zkasm:1: ok: sum: A=2 B=3 => A=5 steps=2 (2 steps, N = 16)\n"
        "2 runs, 0 failed\n"
    )


def test_one_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zkasm").write_text(GOOD.replace("A=5", "A=6"))
    assert main(["test", str(tmp_path / "a.zkasm")]) == 1
    assert "    A is 5, not 6\n    registers: A = 5, B = 3\n1 run, 1 failed\n" in capsys.readouterr().out
    assert main(["test", str(tmp_path / "a.zkasm"), "--json"]) == 1
    (program,) = json.loads(capsys.readouterr().out)["programs"]
    assert [(run["line"], run["passed"], run["steps"]) for run in program["runs"]] == [(1, False, 2)]
    assert program["counts"] == [
        {"file": "a.zkasm", "line": 3, "count": 1},
        {"file": "a.zkasm", "line": 4, "count": 1},
    ]


def test_a_limit_stops_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zkasm").write_text(";@ run => A=0\nl: :JMP(l)\n")
    assert main(["test", str(tmp_path / "a.zkasm"), "--limit", "9"]) == 1
    assert "steps_exhausted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("0 => A\n", 1, "has no assertions"),
        ("0 =>\n", 1, "a.zkasm:1:5"),
        (None, 2, "no such file"),
        ("é", 1, "a.zkasm: byte 0x0: is not UTF-8 text"),
        ('INCLUDE "b.zkasm"\n', 1, 'a.zkasm:1:1: "b.zkasm" cannot be read: there is no file '),
    ],
)
def test_what_cannot_run_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, status: int, message: str
) -> None:
    path = tmp_path / "a.zkasm"
    if text is not None:
        path.write_text(text, encoding="latin-1")
    assert main(["test", str(path)]) == status
    assert message in capsys.readouterr().err


def test_no_runs_are_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.zkasm").write_text("0 => A\n")
    main(["test", str(tmp_path / "a.zkasm")])
    assert capsys.readouterr().out == "0 runs, 0 failed\n"
