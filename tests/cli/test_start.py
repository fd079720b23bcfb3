"""How `zkwasm` starts and stops: help, speed, what it imports, interruption, a reader that goes away."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hatch_zkwasm import __version__, cli
from hatch_zkwasm.commands import COMMANDS, asm
from zkwasm_compiler.errors import InternalError

COMMAND = [sys.executable, "-m", "hatch_zkwasm"]


@pytest.mark.parametrize("words", [[], *([command.NAME] for command in COMMANDS)])
def test_help_has_examples(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: zkwasm")
    assert "\nexamples:\n  zkwasm " in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"hatch-zkwasm {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hatch_zkwasm", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "hatch_zkwasm.commands.run" in imported
    heavy = ("zkwasm_compiler", "zkwasm_simulator", "hatchling", "wasmtime", "numpy", "json", "tomllib", "z3")
    assert sorted(name for name in imported if name.partition(".")[0] in heavy) == []


def test_help_is_quick() -> None:
    fastest = min(_seconds([*COMMAND, "--help"]) for _ in range(3))
    assert fastest < 0.3


def _seconds(command: list[str]) -> float:
    """The processor time of a command: other work on the machine does not count."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def test_interruption_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(words: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    assert cli.main(["build"]) == 130
    assert capsys.readouterr() == ("", "")


def test_reader_that_goes_away() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([*COMMAND, "--help"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InternalError("no rule covers i32.clz"), "no rule covers i32.clz"),
        (AssertionError("odd"), "AssertionError at test_start.py:{line}: odd"),
    ],
)
def test_a_bug_names_the_command(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(arguments: object) -> int:
        raise error

    monkeypatch.setattr(asm, "execute", broken)
    assert cli.main(["asm", "my file.zkasm", "-o", "x"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"error: a bug of hatch-zkwasm {__version__}: {message.format(line=broken.__code__.co_firstlineno + 1)}\n"
        "error: please report it with the files that this command uses: zkwasm asm 'my file.zkasm' -o x\n"
    )
    monkeypatch.setenv(cli.TRACEBACK_VARIABLE, "1")
    assert cli.main(["asm", "my file.zkasm", "-o", "x"]) == 1
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):\n")
