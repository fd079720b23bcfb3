"""What a check finds: violations, each with its constraint, its cell, and the instruction it belongs to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.constraints.columns import Trace


class Constraint(Enum):
    """The classes of constraints, those first whose violation is a cause and not what follows from one."""

    ROM = "rom"
    MEMORY_READ = "memory read"
    MEMORY_ORDERING = "memory ordering"
    BINARY = "binary lookup"
    ARITH = "arith"
    MEM_ALIGN = "mem_align"
    KECCAK = "keccak"
    ASSERT = "assert"
    COUNTER = "counter"
    JUMP = "jump condition"
    CYCLIC_WRAP = "cyclic wrap"
    ZERO_TEST = "zero test"
    REGISTER = "register transition"
    PUBLIC = "public"
    ROWS = "rows"

    @property
    def demand(self) -> str:
        """What the constraint demands."""
        return _DEMANDS[self]


_DEMANDS = {
    Constraint.ROM: "each row of Main holds the instruction that the program has at its zkPC",
    Constraint.MEMORY_READ: "the accesses of Main are the rows of Mem, and a read finds what the cell holds",
    Constraint.MEMORY_ORDERING: "Mem is sorted by cells and by steps within a cell, with gaps of at most N",
    Constraint.BINARY: "the binary operations of Main are the rows of Binary, and right; their limbs are below 2^32",
    Constraint.ARITH: "the ARITHs of Main are those of Arith, and A·B + C = D·2^64 + op on limbs below 2^32",
    Constraint.MEM_ALIGN: "the alignments of Main are the rows of MemAlign, and right; their limbs are below 2^32",
    Constraint.KECCAK: "what Main hashes is in the streams, and lengths and digests are theirs",
    Constraint.ASSERT: "the value of an ASSERT is A",
    Constraint.COUNTER: "counters begin at 0 behind row 0 and grow by their operations",
    Constraint.JUMP: "the next row has the zkPC that the step leads to; JMPN decides by a number of 32 bits and a sign",
    Constraint.CYCLIC_WRAP: "registers at the transitions into and out of row 0, which follows the last; its zkPC is 0",
    Constraint.ZERO_TEST: "op0Inv and RCXInv are inverses wherever the value and RCX are not 0",
    Constraint.REGISTER: "every register has in the next row what the step leaves in it",
    Constraint.PUBLIC: "the 44 public numbers are those of the statement",
    Constraint.ROWS: "no machine takes more than N rows",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A constraint that does not hold.

    `column` and `row` are the cell that shows it. `step` is the row of the main machine that it comes from, None when
    there is none, and `zkpc`, `file`, `line` and `text` are the instruction that this row names.
    """

    constraint: Constraint
    column: str
    row: int
    message: str
    step: int | None = None
    zkpc: int | None = None
    file: str = ""
    line: int | None = None
    text: str = ""

    def __str__(self) -> str:
        place = f"{self.file or 'program'}:{self.line}: " if self.line is not None else ""
        source = f" in `{self.text}`" if self.text else ""
        step = f", step {self.step}, zkPC {self.zkpc}" if self.step is not None else ""
        return f"{place}{self.constraint.value}: {self.message}{source} ({self.column} row {self.row}{step})"


class Findings:
    """Collects violations, of each constraint the first `limit`."""

    def __init__(self, trace: Trace, program: Program, limit: int) -> None:
        self.rows = trace.rows
        self._zkpc = trace.main["zkPC"]
        self._program = program
        self._limit = limit
        self._counts: Counter[tuple[Constraint, bool]] = Counter()
        self._found: list[tuple[bool, Violation]] = []

    def add(
        self,
        constraint: Constraint,
        column: str,
        row: int,
        message: str,
        *,
        step: int | None = None,
        follows: bool = False,
    ) -> None:
        """Note a violation; `follows`: it is only what follows from a wrong jump."""
        self._counts[constraint, follows] += 1
        if self._counts[constraint, follows] > self._limit:
            return
        zkpc, file, line, text = self._place(step)
        violation = Violation(constraint, column, row, message, step, zkpc, file, line, text)
        self._found.append((follows, violation))

    def _place(self, step: int | None) -> tuple[int | None, str, int | None, str]:
        if step is None:
            return None, "", None, ""
        zkpc = self._zkpc[step]
        if zkpc >= len(self._program.rows):
            return zkpc, "", None, ""
        row = self._program.rows[zkpc]
        return zkpc, row.get("fileName", ""), row.get("line"), row.get("lineStr", "").strip()

    def sorted(self) -> list[Violation]:
        """The violations, the main one first."""
        order = {constraint: number for number, constraint in enumerate(Constraint)}
        late = order[Constraint.JUMP]

        def rank(entry: tuple[bool, Violation]) -> tuple[int, bool, bool, int]:
            follows, violation = entry
            place = late if follows else order[violation.constraint]
            return place, follows, violation.step is None, violation.row

        return [violation for _, violation in sorted(self._found, key=rank)]
