"""The rows of zkevm256: complete, documented, and those of the public machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkwasm_compiler.isa import machine, machine_of_dialect
from zkwasm_compiler.isa.legality import Use, rows, step_problems
from zkwasm_compiler.isa.machine import Kind
from zkwasm_compiler.isa.reference import reference_page
from zkwasm_compiler.isa.zkevm256 import MACHINE
from zkwasm_compiler.isa.zkvm64 import MACHINE as ZKVM64

PAGE = Path(__file__).resolve().parents[2] / "docs" / "machine-zkevm256.md"


def test_the_committed_page_is_current() -> None:
    current = reference_page(MACHINE)
    assert PAGE.read_text(encoding="utf-8") == current, (
        "write it anew: python -m zkwasm_compiler.isa.reference zkevm256 > docs/machine-zkevm256.md"
    )


def test_it_is_found_by_name_and_by_dialect() -> None:
    assert machine("zkevm256") is machine_of_dialect("durian") is MACHINE


def test_the_rom_has_52_flags() -> None:
    """The flags pack into the ROM's `operations` column in this order."""
    assert " ".join(MACHINE.flags) == (
        "arith arithSame12 arithUseE assert bin hashK hashKDigest hashKLen hashP hashPDigest hashPLen ind "
        "indRR isMem isStack JMP JMPC JMPN memAlignRD memAlignWR memAlignWR8 mOp mWR repeat setA setB setC "
        "setCTX setD setE setGAS setHASHPOS setPC setRCX setRR setSP setSR sRD sWR useCTX useJmpAddr JMPZ "
        "call return hashK1 hashP1 useElseAddr hashS hashSDigest hashSLen hashS1 assumeFree"
    )
    assert len(MACHINE.flags) == len(set(MACHINE.flags)) == 52


def test_opcodes_and_equations_count_up() -> None:
    opcodes = [dict(row.forms[0].fields)["binOpcode"] for row in MACHINE.operations if row.kind is Kind.BINARY]
    equations = [dict(row.forms[0].fields)["arithEq"] for row in MACHINE.operations if row.kind is Kind.ARITH]
    assert (opcodes, equations) == (list(range(9)), list(range(1, 9)))


def test_every_word_of_the_64_bit_machine_is_one_here() -> None:
    """So a source of the one dialect is wrong in the other only where it uses a new word as a name."""
    for table in ("register_table", "counter_table", "operation_table"):
        assert getattr(ZKVM64, table).keys() < getattr(MACHINE, table).keys()


def test_rows_of_a_step() -> None:
    assert rows(MACHINE, ["HASHPDIGEST", "LT4", "ARITH_ECADD_SAME", "F_MLOAD"]) == {
        "main": 1,
        "binary": 32,
        "arith": 32,
        "memory": 1,
    }


@pytest.mark.parametrize("operation", ["SLOAD", "SSTORE", "F_MLOAD", "HASHKDIGEST", "LT4", "HASHS1"])
def test_these_define_a_bare_free_input(operation: str) -> None:
    use = Use(operation, MACHINE.operation(operation).forms[0].shape)
    assert step_problems(MACHINE, [use], free_is_defined=True) == []
