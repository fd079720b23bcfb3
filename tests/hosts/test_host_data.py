"""Streams on the command line and in the examples of a project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hatch_zkwasm.build import build
from hatch_zkwasm.cli import main
from hatch_zkwasm.configuration import load_configuration
from hatch_zkwasm.errors import BuildError
from tests.hosts.streams import TEXT
from zkwasm_compiler.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "streams.wat").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_with_inputs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "streams.wat", "91", "--call", "composite", "--private-input", "07000000"]) == 0
    assert capsys.readouterr().out.startswith("composite(91) returns\nstatus 0\n\nmachine")
    (folder / "in.txt").write_bytes(b"some text")
    command = ["run", "streams.wat", "0", "9", "--call", "echo", "--public-input", "@in.txt"]
    assert main([*command, "--public-output", "out.txt"]) == 0
    assert (folder / "out.txt").read_bytes() == b"some text"
    shown = capsys.readouterr().out
    assert "echo(0, 9) = 9\nstatus 0\npublic output, 9 bytes: 736f6d652074657874\n" in shown
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["public-output"] == b"some text".hex()
    assert main(["run", "streams.wat", "--call", "greet"]) == 0
    assert capsys.readouterr().err == "factor\n"


def test_a_failed_assertion_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "streams.wat", "91", "--call", "composite", "--private-input", "05000000"]) == 1
    assert "assertion_failed: not a factor" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--private-input", "0"], "--private-input: '0' is not bytes in hexadecimal digits"),
        (["--public-input", "@none"], "none: there is no such file"),
    ],
)
def test_wrong_inputs(folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:
    assert main(["run", "streams.wat", "91", "--call", "composite", *options]) == 2
    assert message in capsys.readouterr().err


def test_audit_with_inputs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["audit", "streams.wat", "0", "9", "--call", "reveal", "--private-input", "0102030405", "--limit", "60"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "all are pinned" in shown
    assert "private input: 4; public input: 7" in shown
    assert "no lie survives" in shown


PROJECT = """
[tool.zkwasm]
output = "programs"
[tool.zkwasm.programs.streams]
source = "streams.wat"
exports = ["composite", "echo", "reveal"]
examples = [%s]
"""


def _examples(folder: Path, *examples: str) -> list[dict[str, object]]:
    (folder / "pyproject.toml").write_text(PROJECT % ", ".join(examples))
    report = build(load_configuration(folder))
    assert build(load_configuration(folder)).summary == "0 compiled, 1 up to date"
    found: list[dict[str, object]] = report.programs[0].manifest["examples"]
    return found


def test_examples_with_streams(folder: Path) -> None:
    (folder / "in.txt").write_bytes(b"from a file")
    first, second, third = _examples(
        folder,
        '{ call = "composite", args = [91], private-input = { hex = "07000000" } }',
        '{ call = "echo", args = [0, 9], public-input = { text = "hello" }, public-output = { text = "hello" },'
        " result = 5 }",
        '{ call = "reveal", args = [0, 99], private-input = { file = "in.txt" }, result = 11 }',
    )
    assert first["private-input"] == "07000000"
    assert second["public-output"] == b"hello".hex()
    assert third["private-input"] == b"from a file".hex()


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (
            '{ call = "echo", args = [0, 9], public-input = { text = "hi" }, public-output = { hex = "00" },'
            " result = 2 }",
            "echo(0, 9) wrote 'hi', but 00 was expected",
        ),
        (
            '{ call = "composite", args = [91], private-input = { hex = "05000000" } }',
            "composite(91) cannot be proved: streams.wat",
        ),
        ('{ call = "composite", args = [91], private-input = { hex = "07000000" }, exit-code = 3 }', "exit code 3"),
    ],
)
def test_examples_that_go_wrong(folder: Path, example: str, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        _examples(folder, example)
    assert message.partition(": ")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{}", "private-input: must be a table with one of hex, text, file, found 0 keys"),
        ('"00"', "private-input: must be a table, found a string"),
        ('{ hex = "0" }', "private-input.hex: must be bytes in hexadecimal digits, two each, found '0'"),
        ('{ file = "none" }', "private-input.file: there is no file none"),
        ("{ text = 1 }", "private-input.text: must be a string, found an integer"),
        ('{ base64 = "" }', "private-input.base64: unknown key; allowed are file, hex, text"),
    ],
)
def test_data_that_is_not_well_written(folder: Path, data: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _examples(folder, f'{{ call = "composite", args = [1], private-input = {data} }}')
    assert f"tool.zkwasm.programs.streams.examples[0].{message}" in str(caught.value)


def test_arguments_and_environment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sizes.wat").write_text(
        """(module
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
          (memory 1)
          (func (export "sizes") (result i32 i32)
            (drop (call $args (i32.const 0) (i32.const 4)))
            (drop (call $environ (i32.const 8) (i32.const 12)))
            (i32.add (i32.mul (i32.const 100) (i32.load (i32.const 0))) (i32.load (i32.const 4)))
            (i32.add (i32.mul (i32.const 100) (i32.load (i32.const 8))) (i32.load (i32.const 12)))))"""
    )
    options = ["--argument", "me", "--argument", "", "--env", "COLOUR=red"]
    assert main(["run", "sizes.wat", *options]) == 0
    assert "sizes() = (204, 111)" in capsys.readouterr().out
    assert main(["run", "sizes.wat"]) == 0
    assert "sizes() = (0, 0)" in capsys.readouterr().out
    (folder / "pyproject.toml").write_text(
        """
        [tool.zkwasm]
        output = "programs"
        [tool.zkwasm.programs.sizes]
        source = "sizes.wat"
        arguments = ["me", "too"]
        environment = { COLOUR = "red" }
        examples = [{ call = "sizes", results = [207, 111] }]
        """
    )
    report = build(load_configuration(folder))
    assert report.programs[0].manifest["options"]["environment"] == ["COLOUR=red"]
    assert build(load_configuration(folder)).summary == "0 compiled, 1 up to date"


TIME = """(module (import "env" "Date.now" (func $now (result f64))) (import "env" "seed" (func $seed (result f64)))
  (func (export "f") (result f64 f64) (call $now) (call $seed)))"""


def test_a_clock_and_a_seed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "time.wat").write_text(TIME)
    shown = "f() = (1767225600000.0, 1.741564878771823"
    for time in ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000+01:00", "1767225600000000000"):
        assert main(["run", "time.wat", "--clock", time, "--random-seed", "0x2a"]) == 0
        assert shown in capsys.readouterr().out
    assert main(["audit", "time.wat", "--call", "f", "--clock", "0", "--random-seed", "1", "--limit", "9"]) == 0
    assert main(["explain", "time.wat", "--clock", "0", "--random-seed", "1"]) == 0
    assert main(["compile", "time.wat", "--clock", "0", "--random-seed", "1", "-o", "time.zkasm"]) == 0
    capsys.readouterr()
    assert main(["run", "time.wat", "--clock", "0"]) == 1
    assert "env.seed: a provable run has no random numbers; compile with --random-seed N" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--clock", "now"], "--clock: 'now' is no time; write nanoseconds since 1970, or a time such as 2026-01-01T"),
        (["--clock", "2026-01-01T00:00:00"], "--clock: 2026-01-01T00:00:00 has no zone; end it with Z for UTC"),
        (["--clock", "1969-12-31T00:00:00Z"], "--clock: 1969-12-31T00:00:00Z is not in the years 1970 to 2554"),
        (["--random-seed", "x"], "--random-seed: 'x' is no number from 0 to 18446744073709551615"),
        (["--random-seed", "18446744073709551616"], "'18446744073709551616' is no number from 0 to"),
    ],
)
def test_no_time_and_no_seed(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    (folder / "time.wat").write_text(TIME)
    assert main(["run", "time.wat", *options]) == 2
    assert message in capsys.readouterr().err


TIMED = """
[tool.zkwasm]
output = "programs"
[tool.zkwasm.programs.time]
source = "time.wat"
%s
examples = [{ call = "f", results = [1767225600000.0, %s] }]
"""


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00Z", '"2026-01-01T01:00:00+01:00"', "1767225600000000000"])
def test_a_clock_and_a_seed_of_a_project(folder: Path, time: str) -> None:
    (folder / "time.wat").write_text(TIME)
    for seed, number in ((42, 1.7415648787718232), (0, 1.8833108082136426)):
        text = TIMED % (f"clock = {time}\nrandom-seed = {seed}", number)
        (folder / "pyproject.toml").write_text(text)
        manifest = build(load_configuration(folder)).programs[0].manifest
        assert manifest["options"]["clock"] == 1767225600000000000
        assert manifest["options"]["random-seed"] == seed
        assert build(load_configuration(folder)).summary == "0 compiled, 1 up to date"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("clock = 2026-01-01T00:00:00", "clock: 2026-01-01T00:00:00 has no zone; end it with Z for UTC"),
        (
            "clock = 2026-01-01",
            "clock: must be a time such as 2026-01-01T00:00:00Z, a string or an integer",
        ),
        ("clock = -1", "clock: -1 is not in the years 1970 to 2554"),
        ("clock = 1.5", "clock: must be a time such as 2026-01-01T00:00:00Z, a string or an integer, found a float"),
        ('clock = "soon"', "clock: 'soon' is no time"),
        ("random-seed = -1", "random-seed: must be an integer from 0 to 18446744073709551615, found -1"),
    ],
)
def test_wrong_times_of_a_project(folder: Path, line: str, message: str) -> None:
    (folder / "time.wat").write_text(TIME)
    (folder / "pyproject.toml").write_text(TIMED % (line, 0))
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(folder)
    assert f"tool.zkwasm.programs.time.{message}" in str(caught.value)


@pytest.mark.parametrize("command", ["profile", "check"])
def test_other_commands_take_inputs(folder: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    (folder / "sum.wat").write_text(
        """(module (import "zkwasm" "read_private_i32" (func $read (result i32)))
          (func (export "sum") (result i32) (i32.add (call $read) (call $read))))"""
    )
    assert main([command, "sum.wat", "--private-input", "0100000002000000"]) == 0
    assert "sum() of sum.wat" in capsys.readouterr().out
    assert main([command, "sum.wat", "--public-input", "01"]) == 2
    assert "the program reads no public input, but some was given" in capsys.readouterr().err


def test_the_input_of_the_public_executor(folder: Path) -> None:
    command = ["inputs", "streams.wat", "0", "9", "--call", "echo", "--public-input", "010203", "-o", "proof"]
    assert main([*command, "--private-input", "0a0b"]) == 0
    found = json.loads((folder / "proof" / "input.json").read_text())
    assert (found["batchL2Data"], found["timestampLimit"]) == ("0x0102030b0a", 3)
