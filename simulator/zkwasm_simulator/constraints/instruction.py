"""What a row of the main machine commits of its instruction: the fields that the table of the ROM fixes.

`encode` makes them from the assembler's JSON, without the simulator's decoder: what the executor understood of a row is
judged by these. Every value is a field element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from zkwasm_compiler.asm.program import Program, RomRow
from zkwasm_simulator.decode import require_machine
from zkwasm_simulator.field import LIMB_MASK, PRIME

CONSTANTS = ("CONST0", "CONST1")

COEFFICIENTS = (
    "inA", "inB", "inC", "inROTL_C", "inD", "inE", "inFREE",
    "inCTX", "inSP", "inPC", "inGAS", "inHASHPOS", "inSTEP", "inRR", "inRCX",
    "inCntArith", "inCntBinary", "inCntKeccakF", "inCntMemAlign",
)  # fmt: skip

FLAGS = (
    "arith", "assert", "bin", "hashK", "hashKDigest", "hashKLen", "ind", "indRR", "isMem", "isStack",
    "JMP", "JMPC", "JMPN", "memAlignRD", "memAlignWR", "memAlignWR8", "mOp", "mWR", "repeat",
    "setA", "setB", "setC", "setCTX", "setD", "setE", "setGAS", "setHASHPOS", "setPC", "setRCX", "setRR", "setSP",
    "useCTX", "useJmpAddr", "JMPZ", "call", "return", "hashK1", "useElseAddr",
)  # fmt: skip

NUMBERS = ("offset", "incStack", "binOpcode", "jmpAddr", "elseAddr")

FIELDS = (*CONSTANTS, *COEFFICIENTS, *FLAGS, *NUMBERS)
"""The columns of an instruction, by their names in the main machine. The last column of the table is zkPC."""

_PLACES = {field: place for place, field in enumerate(FIELDS)}

_JUMPS = ("JMPN", "JMPC", "JMPZ", "JMP", "call", "return")
"""Flags of jumps, in the order in which the executor looks at them: it acts on the first."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """The fields of one row, in the order of `FIELDS`."""

    values: tuple[int, ...]

    def __getitem__(self, field: str) -> int:
        return self.values[_PLACES[field]]

    def replaced(self, field: str, value: int) -> Instruction:
        """The instruction with another value in one field."""
        place = _PLACES[field]
        return Instruction((*self.values[:place], value, *self.values[place + 1 :]))

    def differences(self, other: Instruction) -> list[str]:
        """The fields in which two instructions differ."""
        return [name for name, mine, theirs in zip(FIELDS, self.values, other.values, strict=True) if mine != theirs]


def encode(row: RomRow) -> Instruction:
    """The instruction of a ROM row. A label that is not defined counts as row 0."""
    values = [0] * len(FIELDS)
    for name, value in row.items():
        place = _PLACES.get(name)
        if place is not None and value:
            values[place] = int(cast(Any, value)) % PRIME
    fields = cast(Mapping[str, Any], row)
    if "CONSTL" in fields:
        constant = int(fields["CONSTL"])
        values[:2] = constant & LIMB_MASK, constant >> 32 & LIMB_MASK
    else:
        values[0] = int(fields.get("CONST", 0)) % PRIME
    return Instruction(tuple(values))


class Rom:
    """The table of the ROM: the instruction of each zkPC, made when it is looked up."""

    def __init__(self, program: Program) -> None:
        require_machine(program)
        self._program = program
        self._made: dict[int, Instruction] = {}

    def __len__(self) -> int:
        return len(self._program.rows)

    def __getitem__(self, zkpc: int) -> Instruction:
        found = self._made.get(zkpc)
        if found is None:
            found = self._made[zkpc] = encode(self._program.rows[zkpc])
        return found

    def row_of(self, instruction: Instruction) -> int | None:
        """A row that holds this instruction, if there is one."""
        return next((zkpc for zkpc in range(len(self)) if self[zkpc] == instruction), None)


def acted_on(instruction: Instruction) -> Instruction:
    """What the executor commits of an instruction: of several jumps the one that it acts on."""
    jumps = [name for name in _JUMPS if instruction[name]]
    for name in jumps[1:]:
        instruction = instruction.replaced(name, 0)
    return instruction
