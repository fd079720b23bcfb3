"""What a program promises: where it ends, which free inputs are public, what its result is.

A program that waits with `${beforeLast(13)} :JMPN(…)` publishes: free inputs of the steps 2 to 9 go in, those of
the last twelve rows and PC come out. What an instance keeps from call to call, the linear memory and the globals,
counts as a result, too. Of a program without public values the result is what its memory holds at the end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from zkwasm_compiler.asm.program import MEMORY_REGION, Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.advice import DEFAULT_BEFORE_LAST
from zkwasm_simulator.audit.effects import advice_calls
from zkwasm_simulator.audit.report import Place
from zkwasm_simulator.decode import DecodedRow, decode_row, require_machine
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.interpreter import END_LABEL
from zkwasm_simulator.trace import INPUT_STEPS, OUTPUT_ROWS

PUBLIC_WAIT = OUTPUT_ROWS + 1
_DATA = re.compile(r"\b(private|public) input, ([1-8]) bytes?\b")


@dataclass(frozen=True, slots=True)
class Data:
    """What the comment of a row says of its free input: it is data, `private` or `public`, of so many bytes. Any number
    of that size may be said; it is the witness, or the verifier compares its digest."""

    kind: str
    bytes: int

    def other(self, honest: Limbs, value: Limbs) -> bool:
        """Whether a free input is another number of that size; of up to four bytes, which are all of it that is read,
        the high limb says nothing."""
        low, high = value
        if self.bytes <= 4:
            return low != honest[0] and low < 1 << 8 * self.bytes
        return value != honest and max(value) < 1 << 32 and low | high << 32 < 1 << 8 * self.bytes


@dataclass(frozen=True)
class Audited:
    """A program with what an audit wants to know about it.

    `end` is the row at which a run is over, `wait` the k of the `beforeLast(k)` there, 0 when the row does not wait.
    """

    program: Program
    rows: tuple[DecodedRow, ...]
    end: int
    wait: int

    @property
    def public(self) -> bool:
        """Does the program publish twelve words?"""
        return self.wait == PUBLIC_WAIT

    def is_public_input(self, step: int) -> bool:
        """Is the free input of this step an input of the statement?"""
        return self.public and step in INPUT_STEPS

    @cached_property
    def data(self) -> dict[int, Data]:
        """The rows whose free input is data, as their comments say. The text is believed only where the row has a range
        check of its own."""
        found = {}
        for row in self.rows:
            said = _DATA.search(row.text.partition(";")[2])
            if said and row.advice is not None and row.free and (row.jump.kind == "JMPN" or row.hash == "HASHK1"):
                found[row.index] = Data(said[1], int(said[2]))
        return found

    def is_wait(self, row: int) -> bool:
        """Does this row wait for the end of the trace? When it goes on is no choice: row 0 must follow the last."""
        return row >= self.end and bool(advice_calls(self.rows[row].advice, "beforeLast"))

    @cached_property
    def globals(self) -> dict[int, str]:
        """The type of each global by its cell."""
        interface = self.program.interface
        return {} if interface is None else {one.cell: one.type for one in interface.globals}

    def keeps(self, cell: int) -> bool:
        """Is what this cell holds at the end a result?"""
        if not self.public:
            return True
        interface = self.program.interface
        has_memory = interface is not None and interface.memory is not None
        return cell in self.globals or (has_memory and cell >= MEMORY_REGION)

    def kept_cells(self, memory: Mapping[int, Limbs]) -> dict[str, Limbs | int]:
        """What a program with public values keeps besides: words that are not 0, and globals; the high limb of a
        word of the linear memory or of an i32 means nothing."""
        found: dict[str, Limbs | int] = {}
        for cell in sorted(memory):
            low, high = memory[cell]
            if not self.keeps(cell):
                continue
            wide = self.globals.get(cell) in ("i64", "f64")
            if low or (wide and high):
                found[f"cell {cell}"] = (low, high) if wide else low
        return found

    @cached_property
    def _functions(self) -> list[tuple[int, str]]:
        """Each label's row, in order, with the WebAssembly function it belongs to, empty for none."""
        interface = self.program.interface
        names = dict(interface.functions) if interface is not None else {}
        # Labels within the function f are f$1, f$2, …
        return sorted((row, names.get(label.partition("$")[0], "")) for label, row in self.program.labels.items())

    def function_at(self, row: int) -> str:
        """The WebAssembly function that a row belongs to; empty outside of functions."""
        place = bisect_right(self._functions, row, key=lambda entry: entry[0])
        return self._functions[place - 1][1] if place else ""

    def place(self, row: int) -> Place:
        """Where a row is."""
        decoded = self.rows[row]
        return Place(row, decoded.file, decoded.line, decoded.text.strip(), self.function_at(row))


def audited(program: Program, end: str | None = None) -> Audited:
    """`program` and where it ends: at the label `end`, else where it waits for the end of the trace.

    *Raises:* ConfigurationError when the program has no end.
    """
    require_machine(program)
    rows = tuple(decode_row(row, index) for index, row in enumerate(program.rows))
    if end is None:
        waits = [row.index for row in rows if advice_calls(row.advice, "beforeLast")]
        found = waits[-1] if waits else program.labels.get(END_LABEL)
        wanted = f"a row with `${{beforeLast()}}` or the label {END_LABEL}"
    else:
        found = program.labels.get(end)
        wanted = f"the label {end}"
    if found is None or found >= len(rows):
        raise ConfigurationError(f"{program.file_name or 'the program'} has no end to audit it up to: {wanted}")
    return Audited(program, rows, found, _wait(rows[found]))


def _wait(row: DecodedRow) -> int:
    calls = advice_calls(row.advice, "beforeLast")
    if not calls:
        return 0
    parameters = calls[0]["params"]
    return int(parameters[0]["num"]) if parameters else DEFAULT_BEFORE_LAST
