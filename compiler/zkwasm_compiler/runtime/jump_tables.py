"""Where indirect calls go: tables of jumps, which a computed CALL enters.

Through a table of the module that nothing writes to, the label stands behind one row an entry, and E counts back from
it; by the number of a reference, it stands before one row a number. A row goes to a function of the signature, doing
the first step of that on the way, or to the trap that is due. So the rows are the check of the signature, and what E
may be is bounded by the step before the call, or by all that was ever stored as a reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from zkwasm_compiler.analysis.references import candidates
from zkwasm_compiler.ir.function import Module, Trap

IN_REGISTERS = 4
"""So many arguments of an indirect call are in registers: E has the index."""
BORDER = "  0 => A                           ; no row of a table"
"""Before and behind a table whose number of rows is in no step before the call: a reader of the program finds its ends
by rows that lead to the next one."""
REFERENCES, END = "references_", "_end"
"""What the labels of tables by the number of a reference begin with, and what those behind the last row end with."""
PASSED = "passed"
"""The variable that the other arguments are in."""


@dataclass(frozen=True, slots=True)
class JumpTable:
    """`rows` are functions by index, or traps. `behind`: the label stands behind the rows."""

    label: str
    rows: tuple[int | Trap, ...]
    behind: bool
    parameters: int


@dataclass(slots=True)
class JumpTables:
    """The tables of a module that were asked for, by label."""

    module: Module
    used: dict[str, JumpTable] = field(default_factory=dict)

    def through(self, table: int, signature: int) -> JumpTable:
        """The table for calls of a signature through a table that nothing writes to."""
        entries = self.module.tables[table].entries
        return self._made(
            f"table_{table}_{signature}_end", table, signature, self.module.tables[table].minimum, entries
        )

    def by_reference(self, signature: int) -> JumpTable:
        """The table for calls of a signature by the number of a reference."""
        count = len(self.module.references) + 1
        return self._made(f"{REFERENCES}{signature}", -1, signature, count, {n: n for n in range(1, count)})

    def _made(self, label: str, table: int, signature: int, count: int, entries: Mapping[int, int]) -> JumpTable:
        if label not in self.used:
            called = candidates(self.module, table, signature)
            rows: list[int | Trap] = []
            for index in range(count):
                trap = Trap.INDIRECT_CALL_TYPE_MISMATCH if entries.get(index) else Trap.UNINITIALIZED_ELEMENT
                rows.append(called.get(index, trap))
            parameters = len(self.module.signatures[signature].parameters)
            self.used[label] = JumpTable(label, tuple(rows), table >= 0, parameters)
        return self.used[label]

    @property
    def traps(self) -> set[Trap]:
        """The traps that rows go to."""
        return {row for table in self.used.values() for row in table.rows if isinstance(row, Trap)}

    @property
    def passed_cells(self) -> int:
        """How many arguments are passed in cells, at most."""
        return max(
            (table.parameters - IN_REGISTERS for table in self.used.values() if table.parameters > IN_REGISTERS),
            default=0,
        )

    def lines(
        self, enter: Callable[[int], str], label: Callable[[int | Trap], str], argument: Callable[[int, int], str]
    ) -> list[str]:
        """The text. `enter` is the step that enters a function, `label` that of a function or trap, and `argument` the
        address where a function, by index, expects an argument that no register holds."""
        lines: list[str] = []
        wrapped: dict[int, int] = {}
        for table in self.used.values():
            rows = [f"  {_row(row, table.parameters, enter, label)}" for row in table.rows]
            wrapped |= {row: table.parameters for row in table.rows if not isinstance(row, Trap)}
            lines += (
                [*rows, f"{table.label}:"]
                if table.behind
                else [
                    BORDER,
                    f"{table.label}:",
                    *rows,
                    f"{table.label}{END}:",
                    BORDER,
                ]
            )
        for function, parameters in sorted(wrapped.items()):
            if parameters > IN_REGISTERS + 1:
                lines += _wrapper(function, parameters, label(function), argument)
        return lines


def _row(row: int | Trap, parameters: int, enter: Callable[[int], str], label: Callable[[int | Trap], str]) -> str:
    if isinstance(row, Trap):
        return f":JMP({label(row)})"
    if parameters <= IN_REGISTERS:
        return enter(row)
    if parameters == IN_REGISTERS + 1:
        return f"$ => E :MLOAD({PASSED}[0]), JMP({label(row)})"
    return f":JMP({_wrapper_label(label(row))})"


def _wrapper(function: int, parameters: int, label: str, argument: Callable[[int, int], str]) -> Iterator[str]:
    """Arguments that were passed in cells, to where the function expects them."""
    yield f"{_wrapper_label(label)}:"
    for number in range(1, parameters - IN_REGISTERS):
        yield f"  $ => E :MLOAD({PASSED}[{number}])"
        yield f"  E :MSTORE({argument(function, number - 1)})"
    yield f"  $ => E :MLOAD({PASSED}[0]), JMP({label})"


def _wrapper_label(label: str) -> str:
    return f"{label}$passed"
