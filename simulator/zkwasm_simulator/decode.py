"""ROM rows, decoded: what one step reads, checks and writes, without the encoding.

`decode_row` turns the assembler's JSON object into a `DecodedRow`. The interpreter, tracers and compilers of programs
work on these and never look at ROM fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from zkwasm_compiler.asm.program import AdviceNode, Program, RomRow
from zkwasm_compiler.errors import ConfigurationError, InputError, Problem, UnsupportedError
from zkwasm_compiler.isa import machine
from zkwasm_simulator.field import PRIME, Limbs, split

MACHINE = "zkvm64"
"""The machine whose rows these are."""

RELATIVE_LIMIT = 0x10000
MEMORY_LIMIT = 0x20000
CONTEXT_STRIDE = 1 << 18
STACK_BASE = 0x10000
MEMORY_BASE = 0x20000

SOURCES = {
    "inA": "A", "inB": "B", "inC": "C", "inD": "D", "inE": "E", "inROTL_C": "ROTL_C",
    "inCTX": "CTX", "inSP": "SP", "inPC": "PC", "inGAS": "GAS", "inRR": "RR", "inHASHPOS": "HASHPOS", "inRCX": "RCX",
    "inSTEP": "STEP", "inCntArith": "CNT_ARITH", "inCntBinary": "CNT_BINARY", "inCntKeccakF": "CNT_KECCAK_F",
    "inCntMemAlign": "CNT_MEM_ALIGN",
}  # fmt: skip
"""ROM field of a coefficient: the register or counter that it multiplies."""

DESTINATIONS = ("A", "B", "C", "D", "E", "CTX", "SP", "PC", "GAS", "RR", "HASHPOS", "RCX")
_ASSIGNMENTS = {f"set{name}": name for name in DESTINATIONS}
BINARY_OPERATIONS = ("ADD", "SUB", "LT", "SLT", "EQ", "AND", "OR", "XOR")
HASH_OPERATIONS = {"hashK": "HASHK", "hashK1": "HASHK1", "hashKLen": "HASHKLEN", "hashKDigest": "HASHKDIGEST"}
MEM_ALIGN_OPERATIONS = {"memAlignRD": "MEM_ALIGN_RD", "memAlignWR": "MEM_ALIGN_WR", "memAlignWR8": "MEM_ALIGN_WR8"}
JUMPS = {"JMPN": "JMPN", "JMPC": "JMPC", "JMPZ": "JMPZ", "JMP": "JMP", "call": "CALL", "return": "RETURN"}
"""ROM field of a jump, in the order in which they win when a row has several."""
_JUMPS_WITH_TARGETS = {field: kind for field, kind in JUMPS.items() if kind != "RETURN"}


@dataclass(frozen=True, slots=True)
class Address:
    """An address: `offset` plus registers, in a region of a context. Its relative part must be below `limit`.

    `base` is the first cell of the region; with `context` CTX * 2^18 is added. A computed jump and the number of a hash
    stream are addresses, too, with base 0.
    """

    offset: int
    index_e: bool
    index_rr: bool
    stack_pointer: bool
    context: bool
    base: int
    limit: int

    @property
    def fixed(self) -> bool:
        """Is the relative part a constant?"""
        return not (self.index_e or self.index_rr or self.stack_pointer)


@dataclass(frozen=True, slots=True)
class Jump:
    """Where the step goes. `kind` is JMP, JMPZ, JMPN, JMPC, CALL, RETURN, or `next` without any.

    `target` is where a taken jump goes, None when the row's address says it or RR does; `otherwise` is where the step
    goes else. Either is a row, or the name of a label that was never defined.
    """

    kind: str
    target: int | str | None
    otherwise: int | str


@dataclass(frozen=True, slots=True)
class DecodedRow:
    """One step. Terms, constant and free input make the sum `op`; everything else works on it."""

    index: int
    file: str
    line: int | None
    text: str
    terms: tuple[tuple[str, int], ...]
    constant: Limbs
    free: int
    advice: AdviceNode | None
    destinations: tuple[str, ...]
    address: Address | None
    stack_increment: int
    memory: str | None
    hash: str | None
    binary: str | None
    arith: bool
    mem_align: str | None
    assertion: bool
    repeat: bool
    jump: Jump
    commands_before: tuple[AdviceNode, ...]
    commands_after: tuple[AdviceNode, ...]

    @property
    def givers(self) -> tuple[str, ...]:
        """The operations that give a bare `$` its value."""
        names = (
            "MLOAD" if self.memory == "read" else None,
            self.hash if self.hash in ("HASHK", "HASHK1") else None,
            self.binary,
            self.mem_align if self.mem_align == "MEM_ALIGN_RD" else None,
        )
        return tuple(name for name in names if name)


def require_machine(program: Program) -> None:
    """Refuse a program of another machine. *Raises:* UnsupportedError."""
    if program.machine != MACHINE:
        dialect = machine(program.machine).dialect.name
        message = (
            f"the program is for the machine {program.machine} (zkASM dialect {dialect}): it can be assembled but not "
            f"run; the simulator and the audits are for {MACHINE}"
        )
        raise UnsupportedError(Problem(message, file=program.file_name, code="machine"))


def require_rows(program: Program, purpose: str) -> None:
    """Refuse a program without rows; `purpose` is the verb. *Raises:* ConfigurationError."""
    if not program.rows:
        raise ConfigurationError(f"the program has no rows; there is nothing to {purpose}")


def decode_row(row: RomRow, index: int) -> DecodedRow:
    """Row `index` of a program. *Raises:* InputError when a field is not what an assembler writes."""
    fields = cast(Mapping[str, Any], row)
    try:
        return _decode(fields, index)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        place = Problem(
            f"row {index} of the ROM is damaged: {error!r}; assemble the program again",
            file=str(fields.get("fileName", "")),
            line=fields.get("line"),
        )
        raise InputError(place) from None


def _decode(row: Mapping[str, Any], index: int) -> DecodedRow:
    advice = row.get("freeInTag")
    return DecodedRow(
        index=index,
        file=row.get("fileName", ""),
        line=row.get("line"),
        text=row.get("lineStr", ""),
        terms=_terms(row),
        constant=_constant(row),
        free=int(row.get("inFREE", 0)) % PRIME,
        advice=advice if advice and advice["op"] != "" else None,
        destinations=tuple([_ASSIGNMENTS[field] for field in _ASSIGNMENTS if row.get(field)]),
        address=_address(row),
        stack_increment=row.get("incStack", 0),
        memory=("write" if row.get("mWR") else "read") if row.get("mOp") else None,
        hash=_flag(row, HASH_OPERATIONS),
        binary=BINARY_OPERATIONS[row["binOpcode"]] if row.get("bin") else None,
        arith=bool(row.get("arith")),
        mem_align=_flag(row, MEM_ALIGN_OPERATIONS),
        assertion=bool(row.get("assert")),
        repeat=bool(row.get("repeat")),
        jump=_jump(row, index),
        commands_before=tuple(row.get("cmdBefore", ())),
        commands_after=tuple(row.get("cmdAfter", ())),
    )


def _flag(row: Mapping[str, Any], names: Mapping[str, str]) -> str | None:
    for field in names:
        if row.get(field):
            return names[field]
    return None


def _terms(row: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    terms = [(SOURCES[field], int(row[field]) % PRIME) for field in SOURCES if field in row]
    return tuple([term for term in terms if term[1]])


def _constant(row: Mapping[str, Any]) -> Limbs:
    """A plain constant is one field element, a long one a 64-bit number in two limbs."""
    if "CONSTL" in row:
        return split(int(row["CONSTL"]))
    return int(row.get("CONST", 0)) % PRIME, 0


def _address(row: Mapping[str, Any]) -> Address | None:
    computed_jump = _flag(row, _JUMPS_WITH_TARGETS) is not None and not row.get("useJmpAddr")
    if not (row.get("mOp") or computed_jump or _flag(row, HASH_OPERATIONS)):
        return None
    is_memory = bool(row.get("isMem"))
    is_stack = bool(row.get("isStack"))
    return Address(
        offset=int(row.get("offset", 0)),
        index_e=bool(row.get("ind")),
        index_rr=bool(row.get("indRR")),
        stack_pointer=is_stack,
        context=bool(row.get("useCTX")),
        base=is_stack * STACK_BASE + is_memory * MEMORY_BASE,
        limit=MEMORY_LIMIT if is_memory else RELATIVE_LIMIT,
    )


def _jump(row: Mapping[str, Any], index: int) -> Jump:
    kind = _flag(row, JUMPS)
    if kind is None:
        return Jump("next", None, index + 1)
    if kind == "JMPC" and not row.get("bin"):
        raise ValueError("JMPC without a binary operation")
    otherwise = _row_or_label(row, "elseAddr") if row.get("useElseAddr") else index + 1
    if row.get("useJmpAddr"):
        return Jump(kind, _row_or_label(row, "jmpAddr"), otherwise)
    return Jump(kind, row.get("offsetLabel", "?") if row.get("offset") is False else None, otherwise)


def _row_or_label(row: Mapping[str, Any], field: str) -> int | str:
    """The row that a jump names; of a label that is not defined (`false` in the ROM) the name."""
    if row[field] is False:
        return str(row.get(f"{field}Label", "?"))
    return int(row[field])
