"""WASI programs do what they do in wasmtime, and what cannot be proved is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.hosts import wasi_oracle
from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_compiler.errors import ConfigurationError, UnsupportedError
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, lying_prover, static_audit

PROGRAMS = Path(__file__).resolve().parent.parent / "programs" / "wasi"


@dataclass(frozen=True, slots=True)
class Case:
    """A program with what it gets, and the level that it is compiled at: libc is large."""

    name: str
    given: bytes = b""
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    level: int = 0
    layout: str = "auto"

    def program(self) -> Program:
        environment = tuple(f"{name}={value}" for name, value in self.environment.items())
        return compile_module(
            wasm(self.name),
            CompileOptions(
                exports=("_start",),
                optimization_level=self.level,
                memory_layout=self.layout,
                arguments=self.arguments,
                environment=environment,
                name=self.name,
            ),
        )


def wasm(name: str) -> bytes:
    return (PROGRAMS / f"{name}.wasm").read_bytes()


CASES = {
    "bytes": Case("upper", b"Hello, wide World! " * 9, level=2, layout="bytes"),
    "words": Case("upper", b"Hello, wide World! " * 9, level=2, layout="words"),
    "no input": Case("upper", level=1),
    "linked in": Case("unused", level=2),
    "arguments": Case("arguments", arguments=("prog", "", "x y"), environment={"SHAPE": "round", "COLOUR": "grün"}),
    "printf": Case("numbers", b"12\n-7\n300\n-2147483648\n0\n"),
}


LONG = ("arguments", "printf")
MARKED = [pytest.param(case, marks=[pytest.mark.long] if case in LONG else []) for case in CASES]


@pytest.mark.parametrize("case", MARKED)
def test_programs_agree_with_wasmtime(case: str, tmp_path: Path) -> None:
    one = CASES[case]
    wanted = wasi_oracle.run(wasm(one.name), tmp_path, one.given, one.arguments, one.environment)
    result = Instance(one.program()).call("_start", private_input=one.given)
    assert (result.public_output, result.exit_code) == (wanted.output, wanted.exit_code)
    assert "".join(result.log).encode() == wanted.errors
    assert result.status == (256 + wanted.exit_code if wanted.exit_code else 0)


def test_an_exit_code_is_a_status() -> None:
    for code, status in ((0, 0), (1, 257), (255, 511), (256, 0), (0xFFFFFFFF, 511)):
        text = f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (func (export "f") (result i32) (call $exit (i32.const {code})) (i32.const 7)))"""
        result = Instance(compile_module(wat_to_wasm(text))).call("f")
        assert result.status == status
        assert result.exit_code == (status - 256 if status else 0)
        assert result.trap is None
        assert result.steps > 0
        assert result.values == (() if status else (0,))


def test_descriptors() -> None:
    """The errors of docs/host-functions.md, and what is said of a descriptor."""
    text = """(module
      (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "errors") (result i32 i32)
        (i32.add (i32.mul (i32.const 100) (call $read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (call $write (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.add (i32.mul (i32.const 100) (call $close (i32.const 3))) (call $prestat (i32.const 3) (i32.const 0))))
      (func (export "success") (result i32 i32)
        (i32.add (i32.mul (i32.const 100) (call $seek (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 0)))
          (call $close (i32.const 2)))
        (call $stat (i32.const 1) (i32.const 64))))"""
    instance = Instance(compile_module(wat_to_wasm(text)))
    assert instance.call("errors").values == (808, 808)
    assert instance.call("success").values == (7000, 0)
    assert instance.memory.read(64, 24) == bytes(8) + b"\x40" + bytes(15)


def test_what_cannot_be_proved_is_refused() -> None:
    with pytest.raises(UnsupportedError) as caught:
        compile_module(wasm("clock"), CompileOptions(exports=("_start",)))
    assert "call of import wasi_snapshot_preview1.clock_time_get: a provable run has no clock; compile" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arguments": ("a\0b",)}, "holds a zero byte"),
        ({"environment": ("COLOUR",)}, "'COLOUR' is no entry of an environment; write NAME=value"),
    ],
)
def test_wrong_strings(options: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        CompileOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", ["words", "bytes"])
def test_no_lie_survives(layout: str) -> None:
    program = Case("upper", level=2, layout=layout).program()
    assert not static_audit(program).findings
    report = lying_prover(program, "_start", private_input=b"some text, 70 bytes " * 4, limit=300)
    assert not report.survivors
    assert report.violated > 100


@pytest.mark.long
def test_no_lie_survives_in_a_program_with_libc() -> None:
    report = lying_prover(Case("numbers").program(), "_start", private_input=b"12\n", limit=120)
    assert not report.survivors
    assert not report.unfinished
    assert report.violated > 60
