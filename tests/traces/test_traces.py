"""Traces on disk are the traces that `record` makes, in numpy's format; `zkwasm trace` and `zkwasm check`."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from hatch_zkwasm.cli import main
from tests.benchmarks.programs import module_bytes
from tests.conftest import ROOT
from tests.simulator.programs import callable_program, program
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.errors import ConfigurationError, InputError
from zkwasm_simulator import PublicInputs, check, record
from zkwasm_simulator.constraints import MACHINES, recording
from zkwasm_simulator.traces import writing
from zkwasm_simulator.traces.reading import read_trace
from zkwasm_simulator.traces.writing import write_trace

COLLATZ = str(ROOT / "example_project" / "native" / "collatz.wat")

HASHING = ("5 :HASHK1(0)", "2 => D", "0x1234 :HASHK(0)", "3 :HASHKLEN(0)", "${hashKDigestR64(0, 1)} => A",
           "${hashKDigestR64(0, 2)} => B", "${hashKDigestR64(0, 3)} => C", "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)",
           "0 => A,B,C,D,HASHPOS")  # fmt: skip
FAR = ("9 :MSTORE(x)", "8 :MSTORE(SP + 3)", "4 => E", "7 :MSTORE(MEM:E)", "$ => A :MLOAD(MEM:E)", "6 :MSTORE(x)",
       "${memAlignWR8_W0(A, 3, 2)} => D", "2 => C", "3 :MEM_ALIGN_WR8", "0 => A,C,D,E")  # fmt: skip


def call(code: Program, *words: int) -> PublicInputs:
    return PublicInputs.of_words(words, function_index=1)


@pytest.mark.parametrize("at_once", [7, 1 << 14])
def test_written_traces_are_recorded_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(recording, "STEPS_AT_ONCE", at_once)
    compiled = compile_module(module_bytes("kernels.wasm"), CompileOptions(("modpow",)))
    runs = [
        (compiled, call(compiled, 3, 1000005, 1000007), None),
        (callable_program(), call(compiled, 4, 5), None),
        (callable_program(), call(compiled, 4, 5), 1024),
        (program(*HASHING), PublicInputs(), None),
        (program(*FAR, variables=("x",)), PublicInputs(), None),
        (program(*FAR, variables=("x",)), PublicInputs(), 32),
    ]
    for number, (code, inputs, rows) in enumerate(runs):
        folder = tmp_path / str(number)
        written = write_trace(code, folder, inputs=inputs, rows=rows)
        expected = record(code, inputs=inputs, rows=rows)
        found = read_trace(folder)
        assert found == expected, number
        assert written.n == expected.rows
        assert written.rows == {table.machine: len(table) for table in expected.tables}
        assert check(found, code) == check(expected, code)
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(number) for number in range(len(runs))]


def test_the_files_are_what_numpy_reads(tmp_path: Path) -> None:
    write_trace(callable_program(), tmp_path / "trace", inputs=PublicInputs.of_words([4, 5], function_index=1))
    names = {f"{machine}.{column}.npy" for machine, columns in MACHINES.items() for column in columns}
    assert {path.name for path in (tmp_path / "trace").iterdir()} == names | {"trace.json"}
    content = (tmp_path / "trace" / "Main.zkPC.npy").read_bytes()
    assert content[:8] == b"\x93NUMPY\x01\x00"
    length = int.from_bytes(content[8:10], "little")
    assert (10 + length) % 64 == 0
    described = ast.literal_eval(content[10 : 10 + length].decode())
    rows = described["shape"][0]
    assert described == {"descr": "<u8", "fortran_order": False, "shape": (rows,)}
    assert content[10 + length - 1 : 10 + length] == b"\n"
    assert len(content) == 10 + length + 8 * rows
    description = json.loads((tmp_path / "trace" / "trace.json").read_text())
    assert description["n"] == rows
    assert description["machines"]["Main"]["columns"]["zkPC"]["file"] == "Main.zkPC.npy"
    assert description["instructions"][0]["row"] == 0


def test_nothing_is_left_of_a_run_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match="assert"):
        write_trace(program("1 => A", "2 :ASSERT"), tmp_path / "trace")
    with pytest.raises(ConfigurationError, match="power of two"):
        write_trace(program("1 => A"), tmp_path / "trace", rows=100)

    def interrupt(steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_trace(program("1 => A", "0 => A"), tmp_path / "trace", progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "trace").mkdir()
    with pytest.raises(ConfigurationError, match="exists already"):
        write_trace(program("1 => A"), tmp_path / "trace")


def test_damaged_traces(tmp_path: Path) -> None:
    folder = tmp_path / "trace"
    with pytest.raises(InputError, match="cannot be read"):
        read_trace(folder)
    write_trace(program("1 => A", "0 => A"), folder)
    column = folder / "Main.A0.npy"
    kept = column.read_bytes()
    short, large = kept[:-8], kept[:-8] + b"\xff" * 8
    for content, message in ((short, "no column"), (b"no numpy", "no column"), (large, "element")):
        column.write_bytes(content)
        with pytest.raises((InputError, ConfigurationError), match=message):
            read_trace(folder)
    column.write_bytes(kept)
    (folder / writing.DESCRIPTION).write_text('{"format": "other"}')
    with pytest.raises(InputError, match="no description"):
        read_trace(folder)


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "collatz")
    assert main(["trace", COLLATZ, "27", "-o", folder]) == 0
    assert f"collatz(27) of collatz.wat: N = 2048 = 2^11, in {folder}" in capsys.readouterr().out
    assert main(["check", COLLATZ, "27"]) == 0
    assert capsys.readouterr().out == "collatz(27) of collatz.wat: all constraints hold in 2048 rows\n"
    assert main(["check", COLLATZ, "27", "--rows", "4096"]) == 0
    assert "4096 rows" in capsys.readouterr().out
    for words in (["27", "--trace", folder], ["--trace", folder]):
        assert main(["check", COLLATZ, *words]) == 0
        assert "all constraints hold in 2048 rows" in capsys.readouterr().out
    assert main(["check", COLLATZ, "28", "--trace", folder]) == 1
    assert "public: FREE0 of row 2 is public" in capsys.readouterr().out
    assert main(["trace", COLLATZ, "27", "-o", folder]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["trace", COLLATZ, "27"]) == 2


def test_a_changed_cell_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "collatz"
    assert main(["trace", COLLATZ, "27", "-o", str(folder)]) == 0
    path = folder / "Main.B0.npy"
    content = bytearray(path.read_bytes())
    content[128 + 8 * 100] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    assert main(["check", COLLATZ, "27", "--trace", str(folder)]) == 1
    assert "(Main.B0 row " in capsys.readouterr().out
