"""Advice that differs from the honest one ends in a violated constraint or in the same public outputs and memory.

One free input of a run is replaced, each occurrence in turn; what follows is evaluated on the forged state. Public
inputs are the caller's choice and are left alone.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.soundness.emitted import (
    ACCESSES,
    CONTROL_CALLS,
    LAYOUT_NAMES,
    OPS_OF_WASM,
    SEGMENTS_CALLS,
    SIZES_CALLS,
    access_calls,
    access_program,
    control_program,
    op_arguments,
    op_program,
    segments_program,
    sizes_program,
)
from zkwasm_compiler import compile_module
from zkwasm_compiler.asm.program import MEMORY_REGION, Program
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import ExecutionFault, PreparedProgram, PublicInputs, execute
from zkwasm_simulator.decode import decode_row
from zkwasm_simulator.field import PRIME
from zkwasm_simulator.machine import Machine

Outputs = tuple[int, tuple[tuple[int, int], ...], dict[int, int]]
"""Status, output words, and the words of the linear memory that are not zero."""
F = 0xFFFFFFFF


def _lies(low: int, high: int) -> list[tuple[int, int]]:
    """Other values for a free input: neighbours, extremes, limbs out of range, field quotients, swapped limbs."""
    lows = {
        low + 1,
        low - 1,
        0,
        1,
        F,
        low ^ 0x80000000,
        low + (1 << 32),
        low * pow(2, -1, PRIME),
        low * pow(3, -1, PRIME),
    }
    values = [(number % PRIME, high) for number in sorted(lows)]
    values += [(low, other) for other in (1, F, 1 << 32, PRIME - 1, high ^ 1)]
    values += [(high, low), (F, F)]
    return [value for value in values if value != (low, high)]


def _outputs(program: Program, memory: dict[int, tuple[int, int]], status: int) -> Outputs:
    assert program.interface is not None
    first, count = program.interface.result_cell, program.interface.result_words
    words = {cell: low for cell, (low, _) in memory.items() if cell >= MEMORY_REGION and low}
    return status, tuple(memory.get(cell, (0, 0)) for cell in range(first, first + count)), words


def _survivors(program: Program, name: str, args: tuple[int, ...], most: int) -> list[str]:
    """Runs with one lie that came to other outputs without a violated constraint."""
    assert program.interface is not None
    export = program.interface.export(name)
    assert export is not None
    inputs = PublicInputs.of_words(args, function_index=export.index)
    rows = [decode_row(row, index) for index, row in enumerate(program.rows)]
    advised: list[tuple[int, int, int]] = []
    forged: dict[int, tuple[int, int]] = {}

    def free_input(machine: Machine, step: int, zkpc: int, low: int, high: int) -> tuple[int, int]:
        if rows[zkpc].advice is None or step < 10:
            return low, high
        if not forged:
            advised.append((step, low, high))
        return forged.get(step, (low, high))

    prepared = PreparedProgram(program, hook=free_input)
    honest = execute(prepared, inputs=inputs)
    right = _outputs(program, honest.memory, int(honest.registers["PC"]))
    survivors = []
    lies = [(step, low, high, lie) for step, low, high in advised for lie in _lies(low, high)]
    if len(lies) > most:
        lies = random.Random(3).sample(lies, most)
    for step, low, high, lie in lies:
        forged.clear()
        forged[step] = lie
        try:
            run = execute(prepared, inputs=inputs, step_limit=honest.steps * 4 + 1000)
        except ExecutionFault:
            continue
        if _outputs(program, run.memory, int(run.registers["PC"])) != right:
            survivors.append(f"{name}{args} step {step}: {lie} instead of {(low, high)}")
    return survivors


@pytest.mark.parametrize("op", OPS_OF_WASM)
def test_no_lie_changes_an_op(op: str) -> None:
    found = [text for args in op_arguments(op) for text in _survivors(op_program(op), "f", args, 150)]
    assert not found, found[:5]


@pytest.mark.parametrize("level", [0, 2])
def test_no_lie_changes_a_program(level: int) -> None:
    found = [text for name, args in CONTROL_CALLS for text in _survivors(control_program(level), name, args, 300)]
    assert not found, found[:5]


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("op", ACCESSES)
def test_no_lie_changes_an_access(op: str, growing: bool, layout: str) -> None:
    program = access_program(op, growing, layout)
    found = [text for name, args in access_calls(op, growing) for text in _survivors(program, name, args, 20)]
    assert not found, found[:5]


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("level", [0, 2])
def test_no_lie_changes_the_size_or_many_bytes(level: int, layout: str) -> None:
    program = sizes_program(level, layout)
    found = [text for name, args in SIZES_CALLS for text in _survivors(program, name, args, 60)]
    assert not found, found[:5]


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
def test_no_lie_changes_passive_segments(growing: bool, layout: str) -> None:
    program = segments_program(2, growing, layout)
    found = [text for name, args in SEGMENTS_CALLS for text in _survivors(program, name, args, 30)]
    assert not found, found[:5]


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
    assert not _survivors(program, "f", (0x12345678,), 1000)
    assert _survivors(_without(program, check), "f", (0x12345678,), 1000)


@pytest.mark.parametrize("test", ["JMPNZ(fail", "JMPN(fail"])
def test_a_missing_test_of_a_word_is_found(test: str) -> None:
    """Without the last test of the rest another byte can be had; without that of a trap, one that is not due."""
    program = access_program("i32.load8_u", growing=False, layout="words")
    check = next(
        i for i, row in enumerate(program.rows) if f"E*4 - 0x1000{3 * (test[4] == 'Z')} :{test}" in row["lineStr"]
    )
    assert not _survivors(program, "any", (3,), 1000)
    assert _survivors(_without(program, check), "any", (3,), 1000)


@pytest.mark.parametrize("op", ["i32.store", "i32.store16"])
def test_a_missing_test_of_a_stored_byte_is_found(op: str) -> None:
    """Without the test that an advised byte is below 2^8, the cell can hold more, at the cost of the last one."""
    program = access_program(op, growing=False, layout="bytes")
    (_, (address, *value)) = access_calls(op, growing=False)[0]
    assert not _survivors(program, "any", (address, *value), 1000)
    checks = [i for i, row in enumerate(program.rows) if "*0x1000000 :JMPN(fail" in row["lineStr"]]
    assert _survivors(_without(program, checks[0]), "any", (address, *value), 1000)
