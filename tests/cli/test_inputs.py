"""`zkwasm inputs`: the files of a prover, the same bytes every time, and what they say is what a run of them gives."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from hatch_zkwasm.cli import main
from tests.conftest import ROOT
from tests.simulator.test_exec64 import public_inputs
from zkwasm_compiler.asm import load_rom
from zkwasm_simulator import execute

COLLATZ = str(ROOT / "example_project" / "native" / "collatz.wat")


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_files_of_a_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        assert main(["inputs", COLLATZ, "27", "-o", str(folder)]) == 0
        assert capsys.readouterr().out == (
            f"collatz(27) of collatz.wat: rom.json, input.json, manifest.json in {folder}\n"
        )
    files = written(first)
    assert files == written(second)
    manifest = json.loads(files["manifest.json"])
    for name in ("rom.json", "input.json"):
        assert manifest["files"][name] == hashlib.sha256(files[name]).hexdigest()
    program = load_rom(files["rom.json"].decode(), "rom.json")
    inputs = public_inputs(json.loads(files["input.json"]))
    execution = execute(program, inputs=inputs, full_run=True)
    public = execution.public
    assert public is not None
    assert manifest["n"] == public.n
    assert manifest["public"]["PC"] == public.status == 0
    assert manifest["public"]["SP"] == 1
    assert manifest["public"]["inputs"] == [[27, 0], *[[0, 0]] * 7]
    assert manifest["public"]["outputs"] == [list(word) for word in public.outputs]
    assert public.outputs[:3] == ((111, 0), (9232, 0), (0, 0))
    assert manifest["steps"] == execution.steps


def test_a_trap_is_proved_as_well(tmp_path: Path) -> None:
    source = tmp_path / "trap.wat"
    source.write_text('(module (func (export "f") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0))))')
    assert main(["inputs", str(source), "0", "-o", str(tmp_path / "proof")]) == 0
    manifest = json.loads((tmp_path / "proof" / "manifest.json").read_text())
    assert manifest["public"]["PC"] == 2
    assert manifest["public"]["outputs"] == [[0, 0]] * 12


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inputs", COLLATZ, "-o", str(tmp_path / "proof")]) == 2
    assert "collatz" in capsys.readouterr().err
    assert main(["inputs", COLLATZ, "27", "-o", str(tmp_path / "proof"), "--step-limit", "50"]) == 1
    assert "steps_exhausted" in capsys.readouterr().err
    assert not (tmp_path / "proof").exists()
