"""The columns of a full execution: what a prover commits to, machine by machine.

A `Trace` is complete: it has every row of the main machine, from row 0 to the last, whose successor is row 0 again.
Columns are named as in the public constraint system, `Main.A0` or `Mem.addr`; every cell is a field element.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.constraints.instruction import FIELDS, Instruction
from zkwasm_simulator.field import PRIME

Column: TypeAlias = "array[int]"

WIDE_COLUMNS = ("A0", "A1", "B0", "B1", "C0", "C1", "D0", "D1", "E0", "E1")
SINGLE_COLUMNS = ("CTX", "SP", "PC", "GAS", "RR", "HASHPOS", "RCX")
COUNTER_COLUMNS = ("cntArith", "cntBinary", "cntMemAlign", "cntKeccakF")
JMPN_BITS = tuple(f"hJmpnCondValueBit[{bit}]" for bit in range(9))

MAIN = {
    **{name: f"register {name[0]}, its {'low' if name[1] == '0' else 'high'} limb" for name in WIDE_COLUMNS},
    **{name: f"register {name}" for name in SINGLE_COLUMNS},
    "zkPC": "the row of the program that is executed",
    "cntArith": "ARITH operations so far; at row 0 those of the whole run, and so on:",
    "cntBinary": "binary operations so far",
    "cntMemAlign": "alignment operations so far",
    "cntKeccakF": "keccak permutations so far",
    "FREE0": "the free input, its low limb",
    "FREE1": "the free input, its high limb",
    "op0Inv": "the inverse of the low limb of the step's value; anything where that is 0",
    "RCXInv": "the inverse of RCX; anything where that is 0",
    "carry": "the carry of the binary operation",
    "isNeg": "1 where JMPN jumps",
    "lJmpnCondValue": "JMPN: the low 23 bits of the value, to which 2^32 is added where it is negative",
    **{name: f"JMPN: bit {bit} of the same number" for bit, name in enumerate(JMPN_BITS, 23)},
    "incCounter": "keccak permutations of the digest that HASHKDIGEST gives",
    "instruction": "which of the trace's instructions the row holds; their fields count as columns, `Main.setA`, too",
}
"""The columns of the main machine, a row a step."""

MEMORY = {
    "addr": "the cell",
    "step": "the row of the main machine that accesses it",
    "mOp": "1 for an access, 0 for a row that only bridges a gap between cells",
    "mWr": "1 for a write",
    "val[0]": "the low limb that is read or written",
    "val[1]": "the high limb",
    "lastAccess": "1 when the next row is of another cell",
}
"""The columns of the memory machine, a row an access, in the order of cells and of steps within a cell. Rows behind the
last one hold nothing and are not written down."""

BINARY = {
    "opcode": "ADD SUB LT SLT EQ AND OR XOR: 0 to 7",
    **{f"{name}[{limb}]": f"{what}, limb {limb}" for name, what in
       (("a", "the operand A"), ("b", "the operand B"), ("c", "the result")) for limb in (0, 1)},
    "carry": "the carry that the operation leaves",
}  # fmt: skip
"""The columns of the binary machine. A row here is one operation: its four rows there take it byte by byte."""

ARITH = {
    **{f"{name}[{chunk}]": f"bits {16 * chunk} to {16 * chunk + 15} of {what}" for name, what in
       (("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"), ("op", "the step's value")) for chunk in range(4)},
    "carry": "what the row takes over from the row before; row k is the equation of the bits from 16k on",
    "result": "1 where the main machine looks",
}  # fmt: skip
"""The columns of the arith machine, eight rows an operation."""

MEM_ALIGN = {
    **{f"{name}[{limb}]": f"{what}, limb {limb}" for name, what in
       (("m0", "the first word"), ("m1", "the second word"), ("v", "the value"),
        ("w0", "the first word after a write"), ("w1", "the second word after a write")) for limb in (0, 1)},
    "offset": "the offset of the value in the first word, in bytes",
    "wr64": "1 for MEM_ALIGN_WR",
    "wr8": "1 for MEM_ALIGN_WR8",
}  # fmt: skip
"""The columns of the alignment machine. A row here is one operation: its eight rows there take it byte by byte."""

HASH_PIECES = {
    "addr": "the number of the stream",
    "position": "where the piece begins",
    "size": "its bytes, 1 to 8",
    "value[0]": "the piece as a number, its low limb",
    "value[1]": "its high limb",
}
"""The pieces of the byte strings that are hashed, in their order. Not columns of the public system, which has a row a
byte (`PaddingKK`)."""

HASHES = {
    "addr": "the number of the stream",
    "len": "its bytes",
    **{f"hash[{limb}]": f"its keccak-256 digest, bits {32 * limb} to {32 * limb + 31}" for limb in range(8)},
    "incCounter": "the permutations that the digest takes",
    "lastHashLen": "1 when a HASHKLEN looks at the stream",
    "lastHashDigest": "1 when a HASHKDIGEST looks at it",
}
"""The streams that are hashed."""

MACHINES: Mapping[str, Mapping[str, str]] = {
    "Main": MAIN,
    "Mem": MEMORY,
    "Binary": BINARY,
    "Arith": ARITH,
    "MemAlign": MEM_ALIGN,
    "HashPiece": HASH_PIECES,
    "Hash": HASHES,
}
"""Every column, by machine, and what it holds."""


def column(values: Iterable[int]) -> Column:
    """A column of field elements."""
    return array("Q", values)


def zeros(rows: int) -> Column:
    """A column of zeros."""
    return array("Q", bytes(8 * rows))


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one machine, all of the same length."""

    machine: str
    columns: Mapping[str, Column]

    def __post_init__(self) -> None:
        wanted = MACHINES[self.machine]
        if list(self.columns) != list(wanted):
            changed = sorted({*self.columns} ^ {*wanted})
            raise ConfigurationError(f"the columns of {self.machine} are {', '.join(wanted)}; wrong: {changed}")
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len({*lengths.values()}) > 1:
            raise ConfigurationError(f"the columns of {self.machine} must have one length, found {lengths}")

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def copy(self) -> Table:
        """An equal table with columns of its own."""
        return Table(self.machine, {name: values[:] for name, values in self.columns.items()})


def table(machine: str, rows: Iterable[tuple[int, ...]]) -> Table:
    """A table of rows, each of which has the cells in the order of `MACHINES`."""
    names = MACHINES[machine]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return Table(machine, {name: column(values) for name, values in zip(names, columns, strict=True)})


@dataclass(frozen=True, slots=True)
class Trace:
    """A full execution. `instructions` are what `Main.instruction` chooses from."""

    instructions: list[Instruction]
    main: Table
    memory: Table
    binary: Table
    arith: Table
    mem_align: Table
    hash_pieces: Table
    hashes: Table

    @property
    def rows(self) -> int:
        """N, the length of the main machine."""
        return len(self.main)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The machines in the order of `MACHINES`."""
        return (
            self.main,
            self.memory,
            self.binary,
            self.arith,
            self.mem_align,
            self.hash_pieces,
            self.hashes,
        )

    def copy(self) -> Trace:
        """An equal trace with columns of its own."""
        return Trace(list(self.instructions), *(table.copy() for table in self.tables))

    def cell(self, name: str, row: int) -> int:
        """One cell, by the name of its column: `Main.A0`. *Raises:* ConfigurationError when there is no such cell."""
        values, field = self._column(name, row)
        return values[row] if field is None else self.instructions[values[row]][field]

    def put(self, name: str, row: int, value: int) -> None:
        """Overwrite one cell. *Raises:* ConfigurationError when there is no such cell or the value is none."""
        values, field = self._column(name, row)
        if not 0 <= value < PRIME:
            raise ConfigurationError(f"the value for {name} is {value}; a cell holds 0 to {PRIME - 1}")
        if field is None:
            values[row] = value
            return
        self.instructions.append(self.instructions[values[row]].replaced(field, value))
        values[row] = len(self.instructions) - 1

    def _column(self, name: str, row: int) -> tuple[Column, str | None]:
        """The column of a name; a field of the instruction is found through `Main.instruction`."""
        machine, _, short = name.partition(".")
        found = {table.machine: table for table in self.tables}.get(machine)
        field = short if machine == "Main" and short in FIELDS else None
        if found is None or (field is None and short not in found.columns):
            raise ConfigurationError(f"there is no column {name}; the machines are {', '.join(MACHINES)}")
        if not 0 <= row < len(found):
            raise ConfigurationError(f"{machine} has rows 0 to {len(found) - 1}, not {row}")
        return found["instruction" if field is not None else short], field
