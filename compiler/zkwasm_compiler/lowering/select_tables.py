"""Selection of what works on tables: entries in cells, sizes, and indirect calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Trap, Value
from zkwasm_compiler.lowering.symbols import trap_label
from zkwasm_compiler.machine.step import (
    DEFINED,
    NEXT,
    Operation,
    Slot,
    Step,
    Term,
    VirtualRegister,
    jump,
    loaded,
    store,
    using,
)
from zkwasm_compiler.rules.representation import CLEAN, INDEX, WORD
from zkwasm_compiler.runtime.jump_tables import IN_REGISTERS, PASSED
from zkwasm_compiler.runtime.table_cells import cells_name

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.select import Selector

INDEXED = "indexed:"
"""What the area of a slot begins with whose address is in E; the name of the variable follows."""
SIZES = "table_sizes"
"""The variable that has the sizes of tables that grow, by index."""


def _pair(value: Value) -> tuple[int, int]:
    assert isinstance(value.immediate, tuple)
    return value.immediate


def _entry_index(build: Selector, value: Value) -> None:
    """The number of an entry less those of the table, which is negative for one that is there; or a trap."""
    table, status = _pair(value)
    trap: Operation[VirtualRegister] = jump("JMPN", NEXT, trap_label(Trap(status)))
    entries = build.symbols.table_entries[table]
    number = build.operand(value.args[0], build.cover.representation[value.args[0]])
    index = build.define(value)
    if entries:
        build.step(Step((Term(number),), -entries, destinations=(index,), operations=(trap,)))
        return
    size = build.fresh("size")
    build.step(loaded(size, Slot(SIZES, table)))
    build.step(Step((Term(number),), destinations=(index,)))
    build.step(Step((Term(index), Term(size, -1)), operations=(trap,)))


def _entry(build: Selector, name: str, value: Value) -> Operation[VirtualRegister]:
    """An access to an entry whose index is in E, or of a constant number."""
    table, beyond = _pair(value)
    index = value.args[0]
    if index.op == "i32.const" and isinstance(index.immediate, int):
        return Operation(name, slot=Slot(cells_name(table), index.immediate + beyond))
    slot = Slot(f"{INDEXED}{cells_name(table)}", build.symbols.table_entries[table] + beyond)
    return Operation(name, (build.operand(index, INDEX),), ("E",), slot=slot)


def _load_entry(build: Selector, value: Value) -> None:
    operation = _entry(build, "MLOAD", value)
    build.step(Step(free=DEFINED, destinations=(build.define(value),), operations=(operation,)))


def _store_entry(build: Selector, value: Value) -> None:
    stored = build.operand(value.args[1], WORD)
    build.step(using(stored, _entry(build, "MSTORE", value)))


def _table_size(build: Selector, value: Value) -> None:
    assert isinstance(value.immediate, int)
    build.step(loaded(build.define(value), Slot(SIZES, value.immediate)))


def _set_table_size(build: Selector, value: Value) -> None:
    assert isinstance(value.immediate, int)
    build.step(using(build.operand(value.args[0], CLEAN), store(Slot(SIZES, value.immediate))))


TABLE_OPS: dict[str, Callable[[Selector, Value], None]] = {
    "zk.entry_index": _entry_index,
    "zk.load_entry": _load_entry,
    "zk.store_entry": _store_entry,
    "zk.table_size": _table_size,
    "zk.set_table_size": _set_table_size,
}


def call_through(build: Selector, value: Value, args: list[VirtualRegister]) -> Operation[VirtualRegister]:
    """An indirect call without its results: a computed call of a table of jumps."""
    for position, register in enumerate(args[IN_REGISTERS:]):
        build.step(using(register, store(Slot(PASSED, position))))
    last = value.args[-1]
    if isinstance(value.immediate, tuple):
        table = build.symbols.jump_tables.through(*_pair(value))
        number = build.operand(last, build.cover.representation[last])
        index = build.fresh("e")
        trap: Operation[VirtualRegister] = jump("JMPN", NEXT, trap_label(Trap.UNDEFINED_ELEMENT))
        build.step(Step((Term(number),), -len(table.rows), destinations=(index,), operations=(trap,)))
    else:
        assert isinstance(value.immediate, int)
        table = build.symbols.jump_tables.by_reference(value.immediate)
        index = build.operand(last, WORD)
    callees = {row for row in table.rows if not isinstance(row, Trap)}
    given = args[:IN_REGISTERS]
    places = ("E", *"ABCD"[: len(given)])
    clobbers = build.clobbers(sorted(callees))
    if len(args) > IN_REGISTERS:  # on the way E gets the argument that it has in every call
        clobbers = (*clobbers, "E")
    return Operation("CALL", (index, *given), places, clobbers=clobbers, targets=(table.label,))
