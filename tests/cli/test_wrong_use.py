"""Wrong use of `zkwasm`: one clear line for each problem, no traceback, the right exit status, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def zkwasm(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatch_zkwasm", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["prove"], "invalid choice: 'prove'"),
        (["compile"], "the following arguments are required: IN.wasm|IN.wat"),
        (["compile", "a.wat", "b.wat"], "unrecognized arguments: b.wat"),
        (["compile", "a.wat", "-O4"], "argument -O: invalid choice: 4"),
        (["run", "a.wat", "1", "--fast", "-2"], "unrecognized arguments: --fast"),
        (["profile", "a.wat", "--functions", "-1"], "argument --functions: -1 is negative; 0 shows none"),
        (["profile", "a.wat", "--blocks", "-1"], "argument --blocks: -1 is negative; 0 shows none"),
    ],
)
def test_what_the_parser_refuses(tmp_path: Path, words: list[str], message: str) -> None:
    done = zkwasm(*words, folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("usage: zkwasm")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compile", "none.wat"], "none.wat: there is no such file"),
        (["compile", "text.txt"], "text.txt: is not a WebAssembly module by its name: .wasm, .wat"),
        (["explain", "none.wasm"], "none.wasm: there is no such file"),
        (["asm", "none.zkasm"], "none.zkasm: there is no such file"),
        (["run", "none.whl"], "none.whl: there is no such file"),
        (["run", "text.txt"], "text.txt: is not a file of a known kind: .wasm, .wat, .zkasm, .rom.json, .whl"),
        (["run", "."], ".: cannot be read: Is a directory"),
        (
            ["check", "a.trace"],
            "a.trace: is a trace; name the program that it is of first: zkwasm check PROGRAM --trace a.trace",
        ),
        (
            ["check", "text.txt", "--trace", "a.trace", "--rows", "64"],
            "a.trace: --rows says how long a trace is to be recorded; that in --trace has its length already",
        ),
        (
            ["profile", "text.txt", "--html", "out", "--folded", "./a.trace/../out"],
            "a.trace/../out: cannot be written by both --html and --folded; give each a file of its own",
        ),
        *(
            (
                ["run", "a.zkasm", *words],
                f"a.zkasm: is no module to compile, so {option} has nothing to act on; compile the program with it, or "
                "leave it out",
            )
            for option, *words in (
                ("-O", "-O2"),
                ("--memory-layout", "--memory-layout", "auto"),
                ("--argument", "--argument", "x"),
                ("--clock", "--clock", "0"),
                ("--random-seed", "--random-seed", "0"),
            )
        ),
        (["build"], "pyproject.toml: there is no such file; run in a project's folder or name the folder"),
    ],
)
def test_what_does_not_exist_or_fit(tmp_path: Path, words: list[str], message: str) -> None:
    (tmp_path / "text.txt").write_text("text")
    (tmp_path / "a.zkasm").write_text("start:\n")
    (tmp_path / "a.trace").mkdir()
    (tmp_path / "a.trace" / "trace.json").write_text("{}")
    before = files(tmp_path)
    done = zkwasm(*words, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.wat", b"\xff(module)", "bad.wat: byte 0x0: is not UTF-8 text"),
        ("bad.zkasm", b"\xff", "bad.zkasm: byte 0x0: is not UTF-8 text"),
        ("bad.rom.json", b"\xff", "bad.rom.json: byte 0x0: is not UTF-8 text"),
        ("bad.whl", b"PK", "bad.whl: cannot be read as a wheel: File is not a zip file"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    done = zkwasm("run", name, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {message}\n")


def test_configuration_problems_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.zkwasm]\nout = "p"\nprograms.a = 1\n')
    done = zkwasm("build", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: pyproject.toml: tool.zkwasm.out: unknown key; did you mean `output`?",
        "error: pyproject.toml: tool.zkwasm.output: is missing; "
        "name the folder inside the package, such as src/package/programs",
        "error: pyproject.toml: tool.zkwasm.programs.a: must be a table, found an integer",
    ]
    assert files(tmp_path) == ["pyproject.toml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["inputs", "empty.zkasm", "-o", "out"], "the program has no rows; there is nothing to run"),
        (["trace", "loop.zkasm", "-o", "loop.zkasm/trace"], "loop.zkasm/trace: cannot be written: "),
        (["profile", "loop.zkasm", "--html", "."], ".: cannot be written: it is a folder"),
    ],
)
def test_what_cannot_be_run_or_written(tmp_path: Path, words: list[str], message: str) -> None:
    (tmp_path / "empty.zkasm").write_text("")
    (tmp_path / "loop.zkasm").write_text("start:\n  0 => A\nfinalizeExecution:\n  0 => A :JMP(start)\n")
    before = files(tmp_path)
    done = zkwasm(*words, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {message}")
    assert files(tmp_path) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "end.zkasm").write_text("finalizeExecution:\n  0 => A\n")
    command = [sys.executable, "-m", "hatch_zkwasm", "run", "end.zkasm"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the output cannot be written: ")
    assert len(done.stderr.splitlines()) == 1
