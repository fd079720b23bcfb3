"""Tables that are in cells, one reference a cell: which ones, how many entries each has room for, where their size is.

A table that nothing writes to and whose entries nothing reads is code only (`runtime.jump_tables`). The others share
the cells that the variables of a program may take with frames and globals, so that what grows gets a share of them;
beyond it table.grow gives -1, as it may.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.references import table_use
from zkwasm_compiler.errors import InputError, Problem
from zkwasm_compiler.ir.function import Module

CELLS = 0x8000
"""How many cells all tables together may take."""


class TableCells:
    """`capacity` has the number of cells of each table that is in cells, by index; `written` are those that the code
    writes to, and `growing` those whose size is in a cell: what grows, or begins empty.

    *Raises:* InputError when there is no room for the entries that the tables begin with.
    """

    def __init__(self, module: Module) -> None:
        use = table_use(module)
        self.module = module
        self.written = use.written
        indexes = sorted(use.in_cells | use.grown)
        minima = {index: module.tables[index].minimum for index in indexes}
        self.growing = use.grown | {index for index, minimum in minima.items() if minimum == 0}
        room = CELLS - sum(minima.values())
        if room < 0:
            raise InputError(
                Problem(
                    f"the tables that the program writes to or reads from begin with {sum(minima.values())} entries; "
                    f"the machine has cells for {CELLS}. Name the exports to prove, so that fewer tables are needed"
                )
            )
        share = room // max(len(use.grown), 1)
        self.capacity = {index: minima[index] for index in indexes}
        for index in use.grown:
            maximum = module.tables[index].maximum
            room = minima[index] + share
            self.capacity[index] = room if maximum is None else min(room, maximum)

    def cells(self) -> list[tuple[int, int]]:
        """The indexes and the numbers of cells of the tables in cells."""
        return [(index, max(capacity, 1)) for index, capacity in self.capacity.items()]

    def entries(self, table: int) -> int:
        """How many entries a table has; 0 when that may change."""
        return 0 if table in self.growing else self.module.tables[table].minimum


def cells_name(table: int) -> str:
    """The variable of the program that has the entries of a table."""
    return f"table_{table}"
