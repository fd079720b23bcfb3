"""Which functions an indirect call may call, and what code does with tables.

A table that nothing writes to has what it has from the start. In others, and in references that come from anywhere,
may be every function that the module refers to; the signature leaves some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zkwasm_compiler.ir.function import Function, Module, Signature, Value

CALLS = frozenset({"call", "call_indirect", "zk.call_ref"})
"""Ops whose results `result` projects."""
INDIRECT_CALLS = CALLS - {"call"}
TAIL_CALLS = frozenset({"return_call", "return_call_indirect", "zk.return_call_ref"})
"""Terminators that call in place of a return."""
DIRECT = frozenset({"call", "return_call"})
WRITES = frozenset({"table.set", "table.grow", "table.fill", "table.copy", "table.init", "zk.store_entry"})
"""What changes the table that its immediate names, or names first."""
READS = frozenset({"table.get", "zk.load_entry"})


@dataclass(frozen=True, slots=True)
class TableUse:
    """The tables that code writes to, those whose entries it reads (not to call them), and those that it grows."""

    written: frozenset[int]
    read: frozenset[int]
    grown: frozenset[int]

    @property
    def in_cells(self) -> frozenset[int]:
        """The tables that must be in cells; the others are code."""
        return self.written | self.read


def table_use(module: Module) -> TableUse:
    """What the functions of a module do with its tables, before legalisation and after."""
    written: set[int] = set()
    read: set[int] = set()
    grown: set[int] = set()
    for value in _values(module):
        table = table_of(value)
        if value.op in WRITES:
            written.add(table)
        if value.op in READS:
            read.add(table)
        if value.op == "table.copy" and isinstance(value.immediate, tuple):
            read.add(value.immediate[1])
        if value.op in ("table.grow", "zk.set_table_size", "zk.table_size"):
            grown.add(table)
    return TableUse(frozenset(written), frozenset(read), frozenset(grown))


def table_of(value: Value) -> int:
    """The table that the immediate names, or names first; -1 where there is none."""
    immediate = value.immediate[0] if isinstance(value.immediate, tuple) else value.immediate
    return immediate if isinstance(immediate, int) else -1


def _values(module: Module) -> Iterator[Value]:
    for function in module.functions.values():
        for block in function.blocks:
            yield from block.body


class Callees:
    """The functions that calls may call, by their indexes."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.written = table_use(module).written
        self._found: dict[tuple[int, int], tuple[int, ...]] = {}

    def of(self, call: Value) -> tuple[int, ...]:
        """What may be called, each function once."""
        if call.op in DIRECT:
            assert isinstance(call.immediate, int)
            return (call.immediate,)
        if isinstance(call.immediate, tuple):
            return self.indirect(*call.immediate)
        assert isinstance(call.immediate, int)
        return self.indirect(-1, call.immediate)

    def indirect(self, table: int, signature: int) -> tuple[int, ...]:
        """What an indirect call of a signature may call through a table, or (-1) by any reference."""
        if table in self.written:
            table = -1
        key = table, signature
        if key not in self._found:
            found = candidates(self.module, table, signature).values()
            self._found[key] = tuple(sorted(set(found)))
        return self._found[key]


def candidates(module: Module, table: int, signature: int) -> Mapping[int, int]:
    """The functions of a signature by their index in a table that nothing writes to, or (-1) by the number of the
    reference."""
    entries: Mapping[int, int]
    if table >= 0:
        entries = module.tables[table].entries
    else:
        entries = {number: number for number in range(1, len(module.references) + 1)}
    wanted = module.signatures[signature]
    found = {}
    for index, number in sorted(entries.items()):
        function = module.functions.get(module.references[number - 1])
        if function is not None and has_signature(function, wanted):
            found[index] = function.index
    return found


def has_signature(function: Function, wanted: Signature) -> bool:
    """Whether an indirect call of this signature may call the function."""
    return (function.parameters, function.results) == (wanted.parameters, wanted.results)
