"""Tables as WebAssembly means them: the interpreter's state.

References are numbers: 0 is null, n + 1 the function `references[n]` of the module. *Source:* WebAssembly 2.0,
section 4.4.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zkwasm_compiler.ir.function import Function, Module, Trap
from zkwasm_compiler.ir.integers import TrapError

MAXIMUM_ENTRIES = 10_000_000
"""What no table of the interpreter grows beyond."""
REFUSED = 0xFFFFFFFF
"""What table.grow gives when the table cannot grow: -1."""


@dataclass(slots=True)
class Tables:
    """The entries of each table, how many it may have, and the segments that are not dropped yet, by index."""

    entries: list[list[int]]
    maxima: list[int]
    segments: dict[int, list[int]] = field(default_factory=dict)

    @staticmethod
    def of(module: Module) -> Tables:
        """The tables of a new instance, active segments in place."""
        entries = [[table.entries.get(index, 0) for index in range(table.minimum)] for table in module.tables]
        maxima = [MAXIMUM_ENTRIES if table.maximum is None else table.maximum for table in module.tables]
        words = {
            data.index: [data.word(index) for index in range(len(data.content) // 4)]
            for data in module.data
            if data.position is None
        }
        return Tables(entries, maxima, words)

    def callee(self, module: Module, table: int, signature: int, index: int) -> Function:
        """The function that an indirect call calls. *Raises:* TrapError when it must not."""
        entries = self.entries[table]
        if index >= len(entries):
            raise TrapError(Trap.UNDEFINED_ELEMENT)
        if not entries[index]:
            raise TrapError(Trap.UNINITIALIZED_ELEMENT)
        function = module.functions.get(module.references[entries[index] - 1])
        wanted = module.signatures[signature]
        if function is None or (function.parameters, function.results) != (wanted.parameters, wanted.results):
            raise TrapError(Trap.INDIRECT_CALL_TYPE_MISMATCH)
        return function

    def get(self, table: int, index: int) -> int:
        self._check(table, index, 1)
        return self.entries[table][index]

    def fill(self, table: int, start: int, reference: int, count: int) -> None:
        """table.fill, and table.set of one entry."""
        self._check(table, start, count)
        self.entries[table][start : start + count] = [reference] * count

    def grow(self, table: int, reference: int, count: int) -> int:
        """The entries before, or -1 when it cannot grow."""
        before = len(self.entries[table])
        if before + count > min(self.maxima[table], MAXIMUM_ENTRIES):
            return REFUSED
        self.entries[table].extend([reference] * count)
        return before

    def copy(self, tables: tuple[int, int], target: int, source: int, count: int) -> None:
        """table.copy; `tables` are that of the target and that of the source."""
        self._check(tables[0], target, count)
        self._check(tables[1], source, count)
        self.entries[tables[0]][target : target + count] = self.entries[tables[1]][source : source + count]

    def init(self, table: int, segment: int, target: int, source: int, count: int) -> None:
        """table.init."""
        content = self.segments.get(segment, [])
        self._check(table, target, count)
        if source + count > len(content):
            raise TrapError(Trap.OUT_OF_BOUNDS_TABLE_ACCESS)
        self.entries[table][target : target + count] = content[source : source + count]

    def _check(self, table: int, start: int, count: int) -> None:
        if start + count > len(self.entries[table]):
            raise TrapError(Trap.OUT_OF_BOUNDS_TABLE_ACCESS)
