"""`zkwasm asm` and `zkwasm run` with hand-written programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatch_zkwasm.cli import main

PROGRAM = """\
VAR GLOBAL sum
start:
  5 => A
  7 => B
  $ => C :ADD, MSTORE(sum)
  ${A - 9} => D
  -1 => RCX
finalizeExecution:
  0 => A,B,C,D,RCX :JMP(start)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sum.zkasm").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TABLE = """\
A       0x5
B       0x7
C       0xc
D       0xfffffffffffffffc
E       0x0
CTX     0
SP      0
PC      0
GAS     0
RR      0
HASHPOS 0
RCX     -1

machine    uses  rows
main          5    18
arith         0     0
binary        1     4
mem_align     0     0
keccak        0     0
memory        1     1
rom                 6
N = 32 = 2^5, for the rows of main
"""


@pytest.mark.usefixtures("folder")
def test_run_source_and_rom(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sum.zkasm"]) == 0
    assert capsys.readouterr() == (TABLE, "")
    assert main(["asm", "sum.zkasm", "-o", "sum.rom.json"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["run", "sum.rom.json"]) == 0
    assert capsys.readouterr() == (TABLE, "")


@pytest.mark.usefixtures("folder")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sum.zkasm", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["registers"]["D"] == "0xfffffffffffffffc"
    assert (found["steps"], found["n"]) == (5, 32)
    assert found["counters"] == {"arith": 0, "binary": 1, "mem_align": 0, "keccak": 0, "memory": 1}
    assert found["rows"]["main"] == 18


@pytest.mark.usefixtures("folder")
def test_asm_prints_without_an_output_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["asm", "sum.zkasm"]) == 0
    printed = capsys.readouterr().out
    assert [row.get("CONST") for row in json.loads(printed)["program"]] == ["5", "7", None, None, "-1", "0"]
    assert main(["asm", "sum.zkasm", "-o", "-"]) == 0
    assert capsys.readouterr().out == printed


def test_all_errors_of_a_source(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.zkasm").write_text("start:\n  5 => Q\n  0 => A\n  $ => A :FROB\n")
    assert main(["asm", "bad.zkasm", "-o", "out/bad.rom.json"]) == 1
    output = capsys.readouterr()
    lines = output.err.splitlines()
    assert output.out == ""
    assert len(lines) == 2
    assert all(line.startswith("error: bad.zkasm:") for line in lines)
    assert sorted(path.name for path in folder.iterdir()) == ["bad.zkasm", "sum.zkasm"]


def test_a_run_that_cannot_be_proved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sum.zkasm").write_text(PROGRAM.replace("  -1 => RCX", "  6 :ASSERT"))
    assert main(["run", "sum.zkasm"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: sum.zkasm:7: assert: ")
    assert output.err.count("\n") == 1


@pytest.mark.usefixtures("folder")
def test_there_is_no_function_to_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sum.zkasm", "1", "-0x2"]) == 2
    assert main(["run", "sum.zkasm", "--call", "sum"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("error: sum.zkasm: has no functions to call: ") == output.err.count("\n") == 2


def test_rom_json_that_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.rom.json").write_text("[1")
    assert main(["run", "x.rom.json"]) == 1
    output = capsys.readouterr()
    assert output.err.startswith("error: x.rom.json")
    assert output.err.count("\n") == 1
