"""What a row reads and writes, limb by limb: `A0` is the low limb of A, `A1` the high one, `SP` all of SP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkwasm_compiler.asm.program import AdviceNode
from zkwasm_simulator.decode import DecodedRow
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

LIMBS: tuple[str, ...] = (*(f"{name}{limb}" for name in WIDE_REGISTERS for limb in (0, 1)), *SINGLE_REGISTERS)
"""Every limb of every register."""

_MEM_ALIGN_OPERANDS = {"MEM_ALIGN_RD": "ABC", "MEM_ALIGN_WR": "ABCDE", "MEM_ALIGN_WR8": "ACD"}


def register_limbs(name: str) -> tuple[str, ...]:
    """The limbs of a register, or of `ROTL_C`: low, then high if it has one; none for counters."""
    if name == "ROTL_C":
        return "C1", "C0"
    if name in WIDE_REGISTERS:
        return f"{name}0", f"{name}1"
    return (name,) if name in SINGLE_REGISTERS else ()


@dataclass(frozen=True, slots=True)
class Effects:
    """The limbs of registers that a row reads and writes, advice included."""

    reads: frozenset[str]
    writes: frozenset[str]


def effects(row: DecodedRow) -> Effects:
    """What `row` reads and writes."""
    read = {name for name, coefficient in row.terms if coefficient} | set(advice_registers(row.advice))
    for command in (*row.commands_before, *row.commands_after):
        read.update(advice_registers(command))
    read.update(_operand_registers(row))
    written = set(row.destinations)
    if row.stack_increment:
        read.add("SP")
        written.add("SP")
    if row.jump.kind == "CALL":
        written.add("RR")
    if row.repeat:
        written.add("RCX")
    if row.hash in ("HASHK", "HASHK1"):
        written.add("HASHPOS")
    return Effects(_limbs(read), _limbs(written))


def _operand_registers(row: DecodedRow) -> set[str]:
    read: set[str] = set()
    read.update("AB" if row.binary else "")
    read.update("ABCD" if row.arith else "")
    read.update("A" if row.assertion else "")
    read.update(_MEM_ALIGN_OPERANDS.get(row.mem_align or "", ""))
    if row.hash is not None:
        read |= {"A", "B", "C", "D", "HASHPOS"}
    if row.jump.kind == "RETURN":
        read.add("RR")
    if row.repeat:
        read.add("RCX")
    if row.address is not None:
        form = row.address
        flags = {"E": form.index_e, "RR": form.index_rr, "SP": form.stack_pointer, "CTX": form.context}
        read |= {name for name, used in flags.items() if used}
    return read


def _limbs(names: set[str]) -> frozenset[str]:
    return frozenset(limb for name in names for limb in register_limbs(name))


def advice_registers(advice: AdviceNode | None) -> list[str]:
    """The registers that advice reads."""
    return [node["regName"] for node in advice_nodes(advice) if node.get("op") == "getReg"]


def advice_cells(advice: AdviceNode | None) -> list[int]:
    """The cells that advice reads."""
    return [int(node["offset"]) for node in advice_nodes(advice) if node.get("op") == "getMemValue"]


def advice_calls(advice: AdviceNode | None, function: str) -> list[AdviceNode]:
    """The calls of an advice function."""
    return [node for node in advice_nodes(advice) if node.get("funcName") == function]


def advice_nodes(advice: AdviceNode | None) -> list[AdviceNode]:
    """All nodes of an advice expression."""
    found: list[AdviceNode] = []
    work: list[Any] = [advice]
    while work:
        node = work.pop()
        if isinstance(node, dict):
            found.append(node)
            work.extend(node.values())
        elif isinstance(node, list):
            work.extend(node)
    return found
