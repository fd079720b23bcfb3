"""Advice that differs from the honest one ends in a violated constraint or in the same results.

The lying prover of `zkwasm_simulator.audit` runs over what the compiler emits: every op, every access, control flow,
bulk memory, the kernels. The results are the public outputs, the linear memory and the globals.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.benchmarks.programs import CALLS, WITHOUT_INPUTS, module_bytes
from tests.soundness.emitted import (
    CONTROL_CALLS,
    LAYOUT_NAMES,
    OPS_OF_WASM,
    SEGMENTS_CALLS,
    SIZES_CALLS,
    TABLES_CALLS,
    WAYS,
    access_calls,
    access_program,
    control_program,
    op_arguments,
    op_program,
    segments_program,
    sizes_program,
    tables_program,
)
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import LyingReport, lying_prover


def _told(program: Program, name: str, args: tuple[int, ...], limit: int, *, coherent: bool = False) -> LyingReport:
    report = lying_prover(program, name, args, limit=limit, coherent=coherent)
    assert not report.survivors, report.survivors[0]
    assert not report.unfinished
    return report


@pytest.mark.parametrize("op", OPS_OF_WASM)
def test_no_lie_changes_an_op(op: str) -> None:
    for number, args in enumerate(op_arguments(op)):
        _told(op_program(op), "f", args, 70, coherent=number % 16 == 0)


@pytest.mark.parametrize("level", [0, 2])
def test_no_lie_changes_a_program(level: int) -> None:
    for name, args in CONTROL_CALLS:
        _told(control_program(level), name, args, 300, coherent=True)


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize(("op", "layout"), WAYS)
def test_no_lie_changes_an_access(op: str, growing: bool, layout: str) -> None:
    program = access_program(op, growing, layout)
    for number, (name, args) in enumerate(access_calls(op, growing)):
        _told(program, name, args, 15, coherent=number % 6 == 0)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("level", [0, 2])
def test_no_lie_changes_the_size_or_many_bytes(level: int, layout: str) -> None:
    for name, args in SIZES_CALLS:
        _told(sizes_program(level, layout), name, args, 60, coherent=True)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
def test_no_lie_changes_passive_segments(growing: bool, layout: str) -> None:
    for name, args in SEGMENTS_CALLS:
        _told(segments_program(2, growing, layout), name, args, 30)


@pytest.mark.parametrize("level", [0, 2])
def test_no_lie_changes_tables(level: int) -> None:
    for name, args in TABLES_CALLS:
        _told(tables_program(level), name, args, 30)


@pytest.mark.long
@pytest.mark.parametrize("file", WITHOUT_INPUTS)
def test_no_lie_changes_a_kernel(file: str) -> None:
    program = compile_module(module_bytes(file), CompileOptions())
    for name, args in CALLS[file]:
        _told(program, name, args, 300, coherent=True)


def _without(program: Program, check: int) -> Program:
    """The program with a test that always passes in place of one."""
    row = {name: value for name, value in program.rows[check].items() if not name.startswith("in")}
    return replace(program, rows=(*program.rows[:check], {**row, "CONST": "0"}, *program.rows[check + 1 :]))  # type: ignore[arg-type]


def test_a_missing_constraint_is_found() -> None:
    """The control: x * 8 modulo 2^32 without the step that checks the advised sum."""
    text = '(module (func (export "f") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 3))))'
    program = compile_module(wat_to_wasm(text, "shl.wat"))
    check = next(
        i
        for i, row in enumerate(program.rows)
        if "JMPN(fail" in row["lineStr"] and "*" in row["lineStr"] and "freeInTag" not in row
    )
    _told(program, "f", (0x12345678,), 1000)
    assert lying_prover(_without(program, check), "f", (0x12345678,), limit=1000).survivors


@pytest.mark.parametrize("test", ["JMPNZ(fail", "JMPN(fail"])
def test_a_missing_test_of_a_word_is_found(test: str) -> None:
    """Without the last test of the rest another byte can be had; without that of a trap, one that is not due."""
    program = access_program("i32.load8_u", growing=False, layout="words")
    check = next(
        i for i, row in enumerate(program.rows) if f"E*4 - 0x1000{3 * (test[4] == 'Z')} :{test}" in row["lineStr"]
    )
    _told(program, "any", (3,), 1000)
    assert lying_prover(_without(program, check), "any", (3,), limit=1000).survivors


@pytest.mark.parametrize("op", ["i32.store", "i32.store16"])
def test_a_missing_test_of_a_stored_byte_is_found(op: str) -> None:
    """Without the test that an advised byte is below 2^8, the cell can hold more, at the cost of the last one."""
    program = access_program(op, growing=False, layout="bytes")
    (_, (address, *value)) = access_calls(op, growing=False)[0]
    _told(program, "any", (address, *value), 1000)
    checks = [i for i, row in enumerate(program.rows) if "*0x1000000 :JMPN(fail" in row["lineStr"]]
    assert lying_prover(_without(program, checks[0]), "any", (address, *value), limit=1000).survivors


def test_a_lie_that_only_the_memory_shows_is_found() -> None:
    """A byte of a store whose value is advice that nothing checks."""
    program = access_program("i32.store8", growing=False, layout="words")
    check = next(i for i, row in enumerate(program.rows) if "E*4 - 0x10003 :JMPNZ(fail" in row["lineStr"])
    report = lying_prover(_without(program, check), "any", (3, 0x5A), limit=1000)
    assert report.survivors[0].output.startswith("cell ")
