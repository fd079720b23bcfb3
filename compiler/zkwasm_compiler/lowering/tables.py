"""Tables and indirect calls in legalisation: entries of tables that are in cells, and loops over them.

A call through a table that nothing writes to stays as it is. Through another one, the entry is loaded, as table.get
would, and called by its number. Bulk operations check everything first and then go entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Target, Trap, Type, Value
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.runtime.segments import table_position

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

OUT_OF_BOUNDS = Trap.OUT_OF_BOUNDS_TABLE_ACCESS
LONGEST_IN_PLACE = 16
"""So many entries of table.init are stored without a loop where source and count are constants."""


def expand_call_indirect(build: Legalizer, value: Value) -> Value:
    """A call through a table that is written to becomes a call of what the entry refers to."""
    assert isinstance(value.immediate, tuple)
    table, signature = value.immediate
    if table not in build.table_cells.written:
        build.current.body.append(value)
        return value
    *args, index = map(build.resolve, value.args)
    reference = _load(build, table, _index(build, table, index, Trap.UNDEFINED_ELEMENT))
    call = build.emit("zk.call_ref", Type.TUPLE, *args, reference)
    call.immediate = signature
    return call


def expand_table(build: Legalizer, value: Value) -> Value | None:
    """An op on tables; gives what stands for its value, if it has one."""
    args = [build.resolve(arg) for arg in value.args]
    if isinstance(value.immediate, tuple):
        (_copy if value.op == "table.copy" else _init)(build, *value.immediate, *args)
        return None
    assert isinstance(value.immediate, int)
    table = value.immediate
    match value.op:
        case "table.get":
            return _load(build, table, _index(build, table, args[0], OUT_OF_BOUNDS))
        case "table.set":
            _store(build, table, _index(build, table, args[0], OUT_OF_BOUNDS), args[1])
        case "table.size":
            return _size(build, table)
        case "table.grow":
            return _grow(build, table, args[0], args[1])
        case _:
            _require_inside(build, table, args[0], args[2])
            _fill(build, table, args[0], args[1], args[2])
    return None


def _size(build: Legalizer, table: int) -> Value:
    if table not in build.table_cells.growing:
        return build.constant(build.module.tables[table].minimum)
    value = build.i32("zk.table_size")
    value.immediate = table
    return value


def _constant(value: Value) -> int | None:
    return value.immediate if value.op == "i32.const" and isinstance(value.immediate, int) else None


def _index(build: Legalizer, table: int, number: Value, trap: Trap) -> Value:
    """The checked index of an entry; a constant serves where the entry is always there."""
    constant = _constant(number)
    if constant is not None and constant < build.module.tables[table].minimum:
        return build.constant(constant)
    index = build.emit("zk.entry_index", Type.INDEX, number)
    index.immediate = table, trap.value
    return index


def _load(build: Legalizer, table: int, index: Value) -> Value:
    value = build.emit("zk.load_entry", build.module.tables[table].type, index)
    value.immediate = table, 0
    return value


def _store(build: Legalizer, table: int, index: Value, reference: Value) -> None:
    build.emit("zk.store_entry", Type.NONE, index, reference).immediate = table, 0


def _require_inside(build: Legalizer, table: int, start: Value, count: Value) -> None:
    """Trap unless a table has `count` entries from `start` on."""
    size = _size(build, table)
    build.trap_unless(build.i32("i32.ge_u", size, count), OUT_OF_BOUNDS)
    room = build.i32("zk.sub_nw", size, count)
    build.trap_unless(build.i32("i32.ge_u", room, start), OUT_OF_BOUNDS)


def _grow(build: Legalizer, table: int, reference: Value, count: Value) -> Value:
    """The entries before, or -1. Entries that were never there are null already."""
    before = _size(build, table)
    room = build.i32("i32.sub", build.constant(build.table_cells.capacity[table]), before)

    def grown() -> Value:
        after = build.i32("zk.add_nw", before, count)
        build.emit("zk.set_table_size", Type.NONE, after).immediate = table
        if not (reference.op.endswith(".const") and reference.immediate == 0):
            _fill(build, table, before, reference, count)
        return before

    return build.choose(build.i32("i32.le_u", count, room), grown, lambda: build.constant(F))


def _fill(build: Legalizer, table: int, start: Value, reference: Value, count: Value) -> None:
    """Store a reference in entries that are there."""
    _each(build, count, lambda n: _store(build, table, _moved(build, table, start, n), reference))


def _moved(build: Legalizer, table: int, start: Value, number: Value) -> Value:
    """The index of the entry `number` after `start`, which is there. (The step that makes it checks it for nothing.)"""
    return _index(build, table, build.i32("zk.add_nw", start, number), OUT_OF_BOUNDS)


def _copy(build: Legalizer, to: int, from_: int, target: Value, source: Value, count: Value) -> None:
    """Upwards, or downwards where an entry would be written before it is read."""
    _require_inside(build, to, target, count)
    _require_inside(build, from_, source, count)

    def move(number: Value) -> None:
        reference = _load(build, from_, _moved(build, from_, source, number))
        _store(build, to, _moved(build, to, target, number), reference)

    if to != from_:
        _each(build, count, move)
        return
    up, down, join = (build.function.new_block() for _ in range(3))
    build.branch(build.i32("i32.le_u", target, source), Target(up), Target(down))
    for block, downwards in ((up, False), (down, True)):
        build.current = block
        _each(build, count, move, downwards=downwards)
        build.jump(Target(join))
    build.current = join


def _init(build: Legalizer, table: int, segment: int, target: Value, source: Value, count: Value) -> None:
    """Copy entries of a segment, which are constants."""
    data = build.module.data[segment]
    length = build.constant(len(data.passive) // 4)
    if segment in build.routines.droppable and data.passive:
        full, dropped = length, build.i32("zk.dropped")
        dropped.immediate = segment
        length = build.choose(dropped, lambda: build.constant(0), lambda: full)
    _require_inside(build, table, target, count)
    build.trap_unless(build.i32("i32.ge_u", length, count), OUT_OF_BOUNDS)
    build.trap_unless(build.i32("i32.ge_u", build.i32("zk.sub_nw", length, count), source), OUT_OF_BOUNDS)
    if not data.passive:
        return
    type_ = build.module.tables[table].type
    first, entries = _constant(source), _constant(count)
    if first is not None and entries is not None and entries <= LONGEST_IN_PLACE:
        for number in range(entries):
            index = _moved(build, table, target, build.constant(number))
            _store(build, table, index, build.constant(data.word(first + number), type_))
        return
    position = build.constant(table_position(build.module, segment))

    def copy(number: Value) -> None:
        word = build.i32("zk.segment_word", build.i32("zk.add_nw", position, build.i32("zk.add_nw", source, number)))
        _store(build, table, _moved(build, table, target, number), word)

    _each(build, count, copy)


def _each(build: Legalizer, count: Value, body: Callable[[Value], None], *, downwards: bool = False) -> None:
    """The body for each number below `count`."""
    header, end = build.function.new_block(), build.function.new_block()
    number = build.function.add_parameter(header, Type.I32)
    one = build.constant(1)
    first = build.i32("i32.sub", count, one) if downwards else build.constant(0)
    build.branch(build.i32("i32.eqz", count), Target(end), Target(header, [first]))
    build.current = header
    body(number)
    if downwards:
        last, following = build.i32("i32.eqz", number), build.i32("i32.sub", number, one)
    else:
        following = build.i32("zk.add_nw", number, one)
        last = build.i32("i32.eq", following, count)
    build.branch(last, Target(end), Target(header, [following]))
    build.current = end
