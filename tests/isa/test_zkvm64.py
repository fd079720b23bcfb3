"""The rows of zkvm64: complete, consistent, and documented."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from zkwasm_compiler.errors import ConfigurationError, InternalError
from zkwasm_compiler.isa import machine, machine_of_dialect
from zkwasm_compiler.isa.machine import Kind, OperandForm
from zkwasm_compiler.isa.reference import reference_page
from zkwasm_compiler.isa.zkvm64 import MACHINE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "machine-zkvm64.md"


def test_the_committed_page_is_current() -> None:
    current = reference_page(MACHINE)
    assert PAGE.read_text(encoding="utf-8") == current, (
        "write it anew: python -m zkwasm_compiler.isa.reference > docs/machine-zkvm64.md"
    )


def test_rows_are_found_by_name() -> None:
    assert MACHINE.register("ROTL_C").read_only
    assert MACHINE.register("A").limbs == 2
    assert MACHINE.operation("ADD").reads == ("A", "B")
    assert MACHINE.operation("MLOAD").form("SP ++").writes == ("SP",)
    assert machine("zkvm64") is machine_of_dialect("64") is MACHINE
    with pytest.raises(KeyError):
        MACHINE.operation("SLOAD")
    with pytest.raises(KeyError, match="it has 'SP', 'SP \\+ number'"):
        MACHINE.operation("MLOAD").form("SP * 2")
    with pytest.raises(ConfigurationError, match="zkvm65"):
        machine("zkvm65")


def test_every_binary_operation_has_its_opcode() -> None:
    opcodes = [dict(row.forms[0].fields)["binOpcode"] for row in MACHINE.operations if row.kind is Kind.BINARY]
    assert opcodes == list(range(8))


def test_the_rom_has_38_flags() -> None:
    """The flags pack into the ROM's `operations` column in this order."""
    assert len(MACHINE.flags) == 38
    assert MACHINE.flags.index("setA") == 19
    assert MACHINE.flags[-1] == "useElseAddr"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rows": (("magic", 4),)}, "rows of the unknown magic"),
        ({"reads": ("Q",)}, "unknown register Q"),
        ({"forms": ()}, "no operand form"),
        ({"forms": (OperandForm("", (("bim", 1),)),)}, "unknown field bim"),
        ({"constraint": ""}, "lacks its effect or its constraint"),
    ],
)
def test_a_wrong_row_is_an_error_when_the_machine_is_built(change: dict[str, object], complaint: str) -> None:
    add = dataclasses.replace(MACHINE.operation("ADD"), **change)
    operations = tuple(add if row.name == "ADD" else row for row in MACHINE.operations)
    with pytest.raises(InternalError, match=complaint):
        dataclasses.replace(MACHINE, operations=operations)


def test_two_rows_of_one_name_are_an_error() -> None:
    with pytest.raises(InternalError, match="ADD has two rows"):
        dataclasses.replace(MACHINE, operations=(*MACHINE.operations, MACHINE.operation("ADD")))
