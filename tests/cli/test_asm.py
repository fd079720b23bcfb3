"""`zkwasm asm`: dialects, constants from outside, errors that are allowed, several files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hatch_zkwasm.cli import main

WIDE = "start: $ => SR :SLOAD\n"
BOTH = "$ => A :MLOAD(SP)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The instructions that were printed."""
    program = json.loads(capsys.readouterr().out)["program"]
    assert isinstance(program, list)
    return program


def test_the_dialect_is_an_option(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.zkasm").write_text(BOTH)
    for dialect, has_low_limb in (("64", False), ("durian", True)):
        assert main(["asm", "main.zkasm", "--dialect", dialect]) == 0
        assert ("inFREE0" in rows(capsys)[0]) == has_low_limb
    assert main(["asm", "main.zkasm", "--dialect", "256"]) == 2
    assert capsys.readouterr().err == "error: --dialect: no zkASM dialect is called '256'; there is 64, durian\n"


def test_the_dialect_of_a_project(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "zkwasm.toml").write_text('dialect = "durian"\n')
    (folder / "main.zkasm").write_text(BOTH)
    assert main(["asm", "main.zkasm"]) == 0
    assert "inFREE0" in rows(capsys)[0]
    (folder / "zkwasm.toml").write_text('dialect = "wide"\n')
    assert main(["asm", "main.zkasm"]) == 1
    message = f"error: {folder / 'zkwasm.toml'}: dialect: must be one of '64', 'durian', found 'wide'\n"
    assert capsys.readouterr().err == message


def test_a_dialect_chosen_by_use_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.zkasm").write_text(WIDE)
    assert main(["asm", "main.zkasm", "-o", "rom.json"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "note: dialect durian, for in 64 main.zkasm:1:13: found `SR` where a register was expected; `SR` is a word "
        "of the dialect durian; begin with `;@ dialect durian` to name it\n"
    )
    (folder / "main.zkasm").write_text(";@ dialect durian\n" + WIDE)
    assert main(["asm", "main.zkasm", "-o", "rom.json"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("words", [["run", "main.zkasm"], ["run", "main.rom.json"], ["audit", "main.zkasm"]])
def test_what_is_no_64_is_not_run(folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    (folder / "main.zkasm").write_text(";@ dialect durian\n" + WIDE)
    assert main(["asm", "main.zkasm", "-o", "main.rom.json"]) == 0
    assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    start = f"error: {words[1]}: the program is for the machine zkevm256 (zkASM dialect durian): it can be assembled"
    assert printed.err.startswith(start)


def test_errors_of_all_files_are_reported_with_their_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a" / "parts").mkdir(parents=True)
    (folder / "a" / "main.zkasm").write_text('INCLUDE "parts/one.zkasm"\nINCLUDE "gone.zkasm"\n:JMP(l)\n')
    (folder / "a" / "parts" / "one.zkasm").write_text('A :ADD, SUB\nINCLUDE "../main.zkasm"\n')
    assert main(["asm", "a/main.zkasm", "-o", "rom.json"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines] == [
        "a/parts/one.zkasm:1:9",
        "a/parts/one.zkasm:2:1",
        "a/main.zkasm:2:1",
        "a/main.zkasm:3:1",
    ]
    assert not (folder / "rom.json").exists()


def test_constants_from_outside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.zkasm").write_text("CONST %A = 1\n%A => A\n%B => B\n%C => C\n")
    assert main(["asm", "main.zkasm", "-D", "A=-5", "-D", "B=0x10n", "--define", "C=0b11"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "warning: main.zkasm:1:1: the definition of `%A` is ignored: the options define it as -5\n"
    values = [row.get("CONST", row.get("CONSTL")) for row in json.loads(printed.out)["program"]]
    assert values == ["-5", "16", "3"]


@pytest.mark.parametrize("text", ["A", "=1", "A=", "A=x", "A=1.5", "A B=1", "A=n"])
def test_a_wrong_constant_from_outside(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (folder / "main.zkasm").write_text("A => B\n")
    assert main(["asm", "main.zkasm", "-D", text]) == 2
    assert capsys.readouterr().err.startswith(f"error: --define: found {text!r}; write NAME=VALUE")


def test_errors_that_are_allowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "main.zkasm").write_text("A\nl: :JMP(gone)\nl: A :MSTORE(v)\n")
    allowed = ["undefined-labels", "overwrite-labels", "undefined-variables"]
    assert main(["asm", "main.zkasm"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert main(["asm", "main.zkasm", *(word for what in allowed for word in ("--allow", what))]) == 0
    assert [line[:7] for line in capsys.readouterr().err.splitlines()] == ["warning"] * 3
    assert main(["asm", "main.zkasm", "--allow", "everything"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: --allow: found 'everything'; it must be one of undefined-labels, "
    )
