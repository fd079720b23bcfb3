"""`zkwasm audit`: what it prints, its exit status, and wrong use."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from hatch_zkwasm.cli import main

SOUND = """\
VAR GLOBAL x
start:
  STEP => A
  0 :ASSERT
  5n => A
  6n => B
  ${A + B} => C :ADD, MSTORE(x)
  0 => A, B, C
finalizeExecution:
  ${beforeLast()} :JMPN(finalizeExecution)
  :JMP(start)
"""
UNSOUND = SOUND.replace(":ADD, ", ":")
MODULE = """\
(module
  (func (export "half") (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1)))
  (func (export "third") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 3))))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sound.zkasm").write_text(SOUND)
    (tmp_path / "unsound.zkasm").write_text(UNSOUND)
    (tmp_path / "module.wat").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sound_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "sound.zkasm"]) == 0
    output = capsys.readouterr()
    static, lies = output.out.splitlines()
    assert static == "sound.zkasm: 1 free input: all are pinned"
    assert lies.endswith("; no lie survives")
    assert output.err == ""


def test_an_unsound_program_names_the_instruction(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "unsound.zkasm"]) == 1
    output = capsys.readouterr()
    place = "unsound.zkasm:7: `${A + B} => C :MSTORE(x)`: not pinned: "
    lines = output.out.splitlines()
    assert lines[0].startswith(f"{place}the low limb and high limb of the free input reaches the result: cell 0, ")
    assert lines[1].startswith("  unsound.zkasm:10: ")
    assert any(line.startswith(f"{place}step 4: ") for line in lines)
    assert lines[-1].endswith(" change a result, 1 instruction is not pinned")
    assert output.err == ""


def test_without_a_call_the_program_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "module.wat"]) == 0
    assert capsys.readouterr().out == "module.zkasm: 13 free inputs: all are pinned\n"


def test_a_call_is_lied_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "module.wat", "--call", "third", "100", "--limit", "200"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("third(100): ")


def test_the_limit_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "sound.zkasm", "--limit", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lies"]["tried"] == 0
    assert main(["audit", "unsound.zkasm", "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    (survivor,) = printed["lies"]["survivors"]
    assert (survivor["lies"][0]["line"], survivor["output"]) == (7, "cell 0")
    (finding,) = printed["static"]["findings"]
    assert (finding["line"], finding["limbs"], len(finding["path"])) == (7, ["low limb", "high limb"], 2)


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert main(["audit", "sound.zkasm"]) == 0
    shown = terminal.getvalue()
    assert "looked at 0 of 1 free inputs" in shown
    assert "lied at 0 of 1 free inputs" in shown
    assert shown.rpartition("\r")[2] == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.zkasm"], "none.zkasm: there is no such file"),
        (["sound.zkasm", "1"], "sound.zkasm: has no functions to call: "),
        (["module.wat", "1"], "module.wat: choose a function with --call; the program exports half(i32) -> i32, "),
        (["module.wat", "--call", "third"], "third(i32) -> i32 takes 1 argument, 0 given"),
        (["module.wat", "--call", "quarter"], "module.wat: exports no function 'quarter'; it exports half(i32) -> i32"),
    ],
)
def test_wrong_use(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", *words]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"error: {message}")
    assert output.err.count("\n") == 1


def test_a_limit_that_is_no_count(capsys: pytest.CaptureFixture[str]) -> None:
    for limit in ("-1", "many"):
        assert main(["audit", "sound.zkasm", "--limit", limit]) == 2
        assert "argument --limit: " in capsys.readouterr().err


def test_a_program_without_an_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "endless.zkasm").write_text("start:\n  :JMP(start)\n")
    assert main(["audit", "endless.zkasm"]) == 1
    assert capsys.readouterr().err.startswith("error: endless.zkasm has no end to audit it up to: ")
