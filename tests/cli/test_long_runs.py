"""`zkwasm run` with an engine, a step limit and a line of progress."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hatch_zkwasm import progress
from hatch_zkwasm.cli import main
from hatch_zkwasm.progress import ProgressLine, progress_text

LOOP = """\
start:
  3000000 => A
loop:
  A - 1 => A :JMPNZ(loop)
finalizeExecution:
  0 => A :JMP(start)
"""

PROVABLE = """\
start:
  {steps} => A
loop:
  A - 1 => A :JMPNZ(loop)
finalizeExecution:
wait:
  ${{beforeLast()}} :JMPN(wait)
  0 => A :JMP(start)
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def loop(tmp_path: Path) -> str:
    path = tmp_path / "loop.zkasm"
    path.write_text(LOOP)
    return str(path)


def test_engines_and_limit(loop: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for engine in ("auto", "jit"):
        assert main(["run", loop, "--engine", engine, "--step-limit", "10_000_000"]) == 0
        shown.append(capsys.readouterr())
    assert shown[0] == shown[1]
    assert "main       3000001  3000014" in shown[0].out
    assert shown[0].err == ""
    assert main(["run", loop, "--engine", "reference", "--step-limit", "100"]) == 1
    assert "not reached in 100 steps" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--engine", "fast"], ["--step-limit", "0"], ["--step-limit", "many"]])
def test_wrong_options(loop: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", loop, *words]) == 2
    assert "usage" in capsys.readouterr().err


def test_the_line_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        with ProgressLine(stream) as line:
            line(5_000_000)
    assert terminal.getvalue().startswith("\r\x1b[K5,000,000 steps, ")
    assert terminal.getvalue().endswith(" million a second, N at least 2^23\r\x1b[K")
    assert file.getvalue() == ""
    assert progress_text(1_000_000_000, 2.0) == "1,000,000,000 steps, 500.0 million a second, N at least 2^30"


def test_short_runs_show_nothing() -> None:
    terminal = Terminal()
    with ProgressLine(terminal) as line:
        line(5)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("command", ["run", "profile", "trace", "check", "inputs"])
def test_every_command_that_runs_a_program_tells_how_far_it_is(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    steps = {"run": 3_000_000, "profile": 3_000_000, "inputs": 3_000_000}.get(command, 20_000)
    source = tmp_path / "loop.zkasm"
    source.write_text(PROVABLE.format(steps=steps))
    output = ["-o", str(tmp_path / "out")] if command in ("trace", "inputs") else []
    assert main([command, str(source), *output]) == 0
    assert " million a second" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
