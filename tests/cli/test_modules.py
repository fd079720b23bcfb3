"""`zkwasm compile`, `run` and `explain` with WebAssembly modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import wasmtime

from hatch_zkwasm.cli import main

MODULE = """\
(module
  (func (export "gcd") (param $a i64) (param $b i64) (result i64)
    (local $rest i64)
    (block $done
      (loop $next
        (br_if $done (i64.eqz (local.get $b)))
        (local.set $rest (i64.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a))
  (func (export "divmod") (param i32 i32) (result i32 i32)
    (i32.div_s (local.get 0) (local.get 1))
    (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "nothing")))
"""

ONE = '(module (func (export "increment") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))\n'

ASSERTION = """\
(module
  (import "builtin" "assert_eq" (func $assert_eq (param i32 i32)))
  (func $sum_is_right
    (call $assert_eq (i32.add (i32.const 2) (i32.const 3)) (i32.const {})))
  (start $sum_is_right))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "numbers.wat").write_text(MODULE)
    (tmp_path / "numbers.wasm").write_bytes(wasmtime.wat2wasm(MODULE))
    (tmp_path / "one.wat").write_text(ONE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("words", "first_lines", "status"),
    [
        (["numbers.wat", "--call", "gcd", "48", "18"], ["gcd(48, 18) = 6", "status 0"], 0),
        (["numbers.wasm", "--call", "gcd", "0x30", "0x12"], ["gcd(48, 18) = 6", "status 0"], 0),
        (["numbers.wat", "--call", "divmod", "-7", "2"], ["divmod(-7, 2) = (-3, -1)", "status 0"], 0),
        (["numbers.wat", "--call", "divmod", "0xfffffff9", "2"], ["divmod(-7, 2) = (-3, -1)", "status 0"], 0),
        (
            ["numbers.wat", "--call", "divmod", "1", "0"],
            ["divmod(1, 0) traps: integer divide by zero (in divmod, byte offset 0x69)", "status 2"],
            1,
        ),
        (
            ["numbers.wat", "--call", "divmod", "-0x80000000", "-1"],
            ["divmod(-2147483648, -1) traps: integer overflow (in divmod, byte offset 0x69)", "status 3"],
            1,
        ),
        (["numbers.wat", "--call", "nothing", "-O0"], ["nothing() returns", "status 0"], 0),
        (["one.wat", "41"], ["increment(41) = 42", "status 0"], 0),
        (["one.wat", "-0x29"], ["increment(-41) = -40", "status 0"], 0),
        (["one.wat", "-O1", "--", "-41"], ["increment(-41) = -40", "status 0"], 0),
    ],
)
def test_run(words: list[str], first_lines: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *words]) == status
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert lines[:4] == [*first_lines, "", "machine    uses  rows"]
    assert [line.split()[0] for line in lines[4:]] == [
        "main", "arith", "binary", "mem_align", "keccak", "memory", "rom", "N",
    ]  # fmt: skip
    assert output.err == ""


def test_run_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "numbers.wat", "--json", "--call", "divmod", "-7", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {key: found[key] for key in ("call", "arguments", "results", "status")} == {
        "call": "divmod",
        "arguments": [-7, 2],
        "results": [-3, -1],
        "status": 0,
    }
    assert found["n"] >= max(found["rows"].values()) >= found["steps"] > 0
    assert main(["run", "numbers.wat", "--json", "--call", "divmod", "1", "0"]) == 1
    assert json.loads(capsys.readouterr().out)["trap"] == "integer divide by zero"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["numbers.wat"],
            "numbers.wat: choose a function with --call; the program exports "
            "gcd(i64, i64) -> i64, divmod(i32, i32) -> (i32, i32), nothing()",
        ),
        (
            ["numbers.wat", "--call", "lcm"],
            "numbers.wat: exports no function 'lcm'; it exports "
            "gcd(i64, i64) -> i64, divmod(i32, i32) -> (i32, i32), nothing()",
        ),
        (["one.wat"], "increment(i32) -> i32 takes 1 argument, 0 given"),
        (
            ["one.wat", "1.5"],
            "argument 1 of increment(i32) -> i32: '1.5' is not an integer; i32 takes decimal, 0x…, 0o… and 0b… numbers",
        ),
    ],
)
def test_wrong_calls(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *words]) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_compiled_files_run_as_the_module_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "numbers.wat", "-e", "gcd", "-o", "out/gcd.zkasm", "--rom", "out/gcd.rom.json"]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("numbers.wat: ")
    assert output.err.endswith(" instructions, exports gcd(i64, i64) -> i64\n")
    assert files(folder / "out") == ["gcd.rom.json", "gcd.zkasm"]
    assert main(["run", "out/gcd.zkasm", "48", "18"]) == 0
    from_source = capsys.readouterr().out
    assert from_source.startswith("gcd(48, 18) = 6\n")
    assert main(["run", "out/gcd.rom.json", "48", "18"]) == 0
    assert capsys.readouterr().out == from_source
    assert main(["asm", "out/gcd.zkasm", "-o", "out/again.rom.json"]) == 0
    again, first = (json.loads((folder / "out" / name).read_text()) for name in ("again.rom.json", "gcd.rom.json"))
    assert again["labels"] == first["labels"]
    assert len(again["program"]) == len(first["program"])


def test_compile_prints_what_it_would_write(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "numbers.wasm", "-o", "numbers.zkasm"]) == 0
    capsys.readouterr()
    assert main(["compile", "numbers.wasm"]) == 0
    assert capsys.readouterr() == ((folder / "numbers.zkasm").read_text(), "")
    assert main(["compile", "numbers.wasm", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [export["name"] for export in found["interface"]["exports"]] == ["gcd", "divmod", "nothing"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.wasm", lambda: wasmtime.wat2wasm(MODULE)[:-7], "cut.wasm: byte 0x"),
        ("empty.wasm", lambda: b"", "empty.wasm: byte 0x0: "),
        ("section.wasm", lambda: b"\0asm\1\0\0\0\x2a\0", "section.wasm: byte 0x8: "),
        (
            "simd.wasm",
            lambda: wasmtime.wat2wasm("(module (func (drop (v128.const i32x4 0 0 0 0))))"),
            "simd.wasm: byte 0x",
        ),
        ("type.wat", lambda: b"(module (func (result i32) (i64.const 1)))", "type.wat: byte 0x"),
        ("syntax.wat", lambda: b"(module\n  (funk))", "syntax.wat:2:4: "),
    ],
)
def test_bad_modules(
    folder: Path, name: str, content: object, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(content)
    (folder / name).write_bytes(content())
    before = files(folder)
    for command in (["compile", name, "-o", "x.zkasm", "--rom", "x.json"], ["run", name], ["explain", name]):
        assert main(command) == 1
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith(f"error: {message}")
        assert output.err.count("\n") == 1
    assert files(folder) == before


def test_unknown_export(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "numbers.wat", "-e", "lcm"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: numbers.wat: ")
    assert "lcm" in output.err
    assert "gcd" in output.err
    assert output.err.count("\n") == 1


def test_start_function_with_a_true_assertion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "seed.wat").write_text(ASSERTION.format(5))
    assert main(["run", "seed.wat"]) == 0
    assert capsys.readouterr().out.startswith("instantiated\nstatus 0\n\nmachine    uses  rows\n")


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_start_function_with_a_false_assertion(folder: Path, level: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "seed.wat").write_text(ASSERTION.format(6))
    assert main(["run", "seed.wat", level]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith("error: seed.zkasm:")
    assert "assert" in output.err
    assert "sum_is_right" in output.err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "numbers.wat", "--function", "divmod"]) == 0
    text = capsys.readouterr().out
    assert "i32.rem_s" in text
    assert main(["explain", "numbers.wat", "--function", "lcm"]) == 2
    assert capsys.readouterr().err.startswith("error: numbers.wat: ")


def test_a_small_module_compiles_in_under_a_second() -> None:
    command = [sys.executable, "-m", "hatch_zkwasm", "compile", "numbers.wat", "-o", "x.zkasm"]
    assert min(_seconds(command) for _ in range(3)) < 1


def _seconds(command: list[str]) -> float:
    """The processor time of a command: other work on the machine does not count."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system
