"""The simulator against the machine's own rows: nothing of zkvm64 is missing here."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import pytest

from zkwasm_compiler.asm import AssembleOptions, assemble, load_rom
from zkwasm_compiler.asm.program import RomRow
from zkwasm_compiler.errors import UnsupportedError
from zkwasm_compiler.isa import machine
from zkwasm_compiler.isa.machine import Operation
from zkwasm_simulator import Machine, PublicInputs, check, execute, lying_prover, record, static_audit
from zkwasm_simulator.advice import BATCH_FUNCTIONS, EVENT_LOG, FUNCTIONS
from zkwasm_simulator.counters import ARITH_ROWS, BINARY_ROWS, MEM_ALIGN_ROWS
from zkwasm_simulator.decode import DESTINATIONS, SOURCES, DecodedRow, decode_row
from zkwasm_simulator.field import PRIME
from zkwasm_simulator.inputs import WORDS_PER_ROOT
from zkwasm_simulator.specialise import row_function

ZKVM64 = machine("zkvm64")


def rows_of(operation: Operation) -> list[dict[str, Any]]:
    """A ROM row for each way to write the operand, with numbers in all places."""
    rows = []
    for form in operation.forms:
        row = {name: value if isinstance(value, int) else 1 for name, value in form.fields}
        if row.get("JMPC"):
            row |= {"bin": 1, "binOpcode": 0}
        rows.append(row)
    return rows


def parts(row: DecodedRow) -> set[str]:
    """The names of the operations that a decoded row has."""
    names = {row.hash, row.binary, row.mem_align, row.jump.kind}
    names |= {"MLOAD" if row.memory == "read" else "MSTORE" if row.memory == "write" else None}
    names |= {"ARITH" if row.arith else None, "ASSERT" if row.assertion else None, "REPEAT" if row.repeat else None}
    return {name for name in names if name} - {"next"}


def test_every_operation_is_decoded_and_has_code() -> None:
    for operation in ZKVM64.operations:
        wanted = {operation.name.replace("JMPNC", "JMPC").replace("JMPNZ", "JMPZ")}
        for row in rows_of(operation):
            decoded = decode_row(cast(RomRow, row), 0)
            assert parts(decoded) == wanted | ({"ADD"} if "JMPC" in wanted else set()), (operation.name, row)
            row_function(decoded, 2)


def test_registers_and_counters() -> None:
    fields = {row.input_field: row.name for row in (*ZKVM64.registers, *ZKVM64.counters) if row.input_field}
    assert fields == SOURCES
    written = {row.set_field for row in ZKVM64.registers if row.set_field and not row.read_only and row.name != "zkPC"}
    assert written == {f"set{name}" for name in DESTINATIONS}


def test_advice_functions() -> None:
    rows = {row.name: (row.least, row.most) for row in ZKVM64.advice_functions}
    assert set(rows) == {*FUNCTIONS, *BATCH_FUNCTIONS, EVENT_LOG}
    for name, (least, most, _) in FUNCTIONS.items():
        if rows[name][1] is not None:
            assert rows[name] == (least, most), name


def test_costs_and_limits() -> None:
    costs = {machine_name: count for row in ZKVM64.operations for machine_name, count in row.rows}
    assert {costs["binary"], costs["arith"]} == {BINARY_ROWS, ARITH_ROWS}
    assert MEM_ALIGN_ROWS in costs.values()
    limits = ZKVM64.limits
    assert (limits.field_prime, limits.input_words) == (PRIME, 2 * WORDS_PER_ROOT)
    registers = Machine(PublicInputs(), limits.trace_rows, {}).registers()
    for row in ZKVM64.registers:
        if row.name in registers:
            assert isinstance(registers[row.name], tuple) == (row.limbs == 2), row.name


def test_a_program_of_another_machine_is_refused_everywhere() -> None:
    """One of the 256-bit machine: run, recorded, checked, audited, from text and from ROM JSON."""
    source = "start: $0{5} => SR\nfinalizeExecution: :JMP(start)\n"
    program = assemble(source, file_name="wide.zkasm", options=AssembleOptions(dialect="durian"))
    trace = record(assemble("start: 5 => A\nfinalizeExecution: :JMP(start)\n"))
    message = r"^wide.zkasm: the program is for the machine zkevm256 \(zkASM dialect durian\): .*not run.*zkvm64$"
    for refuse in (execute, record, static_audit, lying_prover, partial(check, trace)):
        with pytest.raises(UnsupportedError, match=message):
            refuse(program)
    rom = load_rom(program.rom_json(), "wide.rom.json")
    assert (rom.machine, rom.rows) == ("zkevm256", program.rows)
    with pytest.raises(UnsupportedError, match=r"wide\.rom\.json: the program is for the machine zkevm256"):
        execute(rom)
