"""A compiled program never reads a register or a cell that it has not written.

But for the public values of row 0, and for cells of the linear memory and those of dropped segments, which are zero
until they are written; a row that accesses the memory never accesses anything outside it, and its cells hold no more
than their bytes.
"""

from __future__ import annotations

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
from zkwasm_compiler.asm.program import MEMORY_REGION, Program
from zkwasm_simulator import PublicInputs, execute
from zkwasm_simulator.decode import CONTEXT_STRIDE, DecodedRow, decode_row
from zkwasm_simulator.field import signed_limb
from zkwasm_simulator.machine import Machine

ALWAYS_DEFINED = {"SP", "CTX", "GAS", "STEP"}
"""Public values of row 0, and the step counter."""


def _reads(row: DecodedRow) -> set[str]:
    """The registers that a step reads, advice included."""
    names = {"C" if name == "ROTL_C" else name for name, coefficient in row.terms if coefficient}
    names |= set("AB") if row.binary else set()
    names |= set("ABCD") if row.arith else set()
    names |= {"A"} if row.assertion else set()
    names |= {"RR"} if row.jump.kind == "RETURN" else set()
    if row.address is not None:
        names |= {"E"} if row.address.index_e else set()
        names |= {"SP"} if row.address.stack_pointer else set()
    work: list[object] = [row.advice]
    while work:
        node = work.pop()
        if isinstance(node, dict):
            names |= {node["regName"]} if node.get("op") == "getReg" else set()
            work += node.values()
        elif isinstance(node, list):
            work += node
    return names


def _cells(program: Program, machine: Machine) -> int:
    """The cells that the linear memory has now."""
    assert program.interface is not None
    layout = program.interface.memory
    assert layout is not None
    words = layout.minimum << 14  # data may be placed before the size is
    if layout.words_cell is not None:
        words = machine.memory.get(layout.words_cell, (words, 0))[0]
    return words * 4 // layout.cell_bytes


def _check_contents(program: Program, memory: dict[int, tuple[int, int]]) -> None:
    """No cell of the linear memory holds more than its bytes."""
    assert program.interface is not None
    if program.interface.memory is not None:
        limit = 1 << 8 * program.interface.memory.cell_bytes
        assert all(low < limit for cell, (low, _) in memory.items() if cell >= MEMORY_REGION)


def _check(program: Program, name: str, args: tuple[int, ...]) -> None:
    assert program.interface is not None
    export = program.interface.export(name)
    assert export is not None
    rows = [decode_row(row, index) for index, row in enumerate(program.rows)]
    written = set(ALWAYS_DEFINED)
    cells = {
        cell
        for variable in program.variables
        if variable.name == "dropped"
        for cell in range(variable.offset, variable.offset + variable.count)
    }

    def observe(machine: Machine, step: int, zkpc: int) -> None:
        row = rows[zkpc]
        missing = _reads(row) - written
        assert not missing, f"step {step}, {row.text.strip()}: reads {missing}"
        if row.memory is not None:
            address = row.address
            assert address is not None
            cell = address.base + address.offset
            cell += machine.SP if address.stack_pointer else 0
            cell += machine.CTX * CONTEXT_STRIDE if address.context else 0
            index = signed_limb(machine.E0) if address.index_e else 0
            assert index is not None, f"step {step}, {row.text.strip()}: E is {machine.E0:#x}"
            cell += index
            if address.base == MEMORY_REGION:
                number = cell - MEMORY_REGION
                assert 0 <= number < _cells(program, machine), f"step {step}, {row.text.strip()}: cell {number}"
                cells.add(cell)
            assert row.memory == "write" or cell in cells, f"step {step}, {row.text.strip()}: cell {cell}"
            cells.add(cell)
        written.update(row.destinations)
        if row.jump.kind == "CALL":
            written.add("RR")

    run = execute(program, inputs=PublicInputs.of_words(args, function_index=export.index), observer=observe)
    _check_contents(program, run.memory)


@pytest.mark.parametrize("level", range(4))
def test_control(level: int) -> None:
    for name, args in CONTROL_CALLS:
        _check(control_program(level), name, args)


@pytest.mark.parametrize("op", OPS_OF_WASM)
def test_ops(op: str) -> None:
    for args in op_arguments(op)[::5]:
        _check(op_program(op), "f", args)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("op", ACCESSES)
def test_accesses(op: str, growing: bool, layout: str) -> None:
    for name, args in access_calls(op, growing):
        _check(access_program(op, growing, layout), name, args)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("level", range(4))
def test_sizes(level: int, layout: str) -> None:
    for name, args in SIZES_CALLS:
        _check(sizes_program(level, layout), name, args)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("level", [0, 2])
def test_segments(level: int, growing: bool, layout: str) -> None:
    for name, args in SEGMENTS_CALLS:
        _check(segments_program(level, growing, layout), name, args)
