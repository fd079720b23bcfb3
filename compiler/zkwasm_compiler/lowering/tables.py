"""Tables and indirect calls in legalisation: entries of tables that are in cells, and loops over them.

A call through a table that nothing writes to stays as it is. Through another one, the entry is loaded, as table.get
would, and called by its number. Bulk operations check everything first and then go entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Target, Trap, Type, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.runtime.jump_tables import IN_REGISTERS
from zkwasm_compiler.runtime.segments import table_position
from zkwasm_compiler.runtime.skeleton import REGISTERS

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

OUT_OF_BOUNDS = Trap.OUT_OF_BOUNDS_TABLE_ACCESS
LONGEST_IN_PLACE = 16
"""So many entries are stored without a loop where their number, and for table.init the source, is constant."""
LONGEST_COPY = 4
"""So many are in registers before any is written over."""


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


def end_in_call(build: Legalizer, value: Value) -> Value:
    """The terminator of a call in place of a return. Arguments that do not fit into registers would be where the frame
    is that ends: such calls are calls and returns."""
    results = build.function.results
    direct = value.op == "return_call"
    if len(value.args) - (not direct) > (len(REGISTERS) if direct else IN_REGISTERS):
        call = build.emit("call" if direct else "call_indirect", Type.TUPLE, *value.args)
        call.immediate = value.immediate
        made = call if direct else _replaced(build, call)
        given = [build.emit("result", type_.carrier, made) for type_ in results]
        for number, result in enumerate(given):
            result.immediate = number
        return build.function.new_value("return", Type.NONE, given, offset=build.offset)
    if isinstance(value.immediate, tuple) and value.immediate[0] in build.table_cells.written:
        table, signature = value.immediate
        *args, index = map(build.resolve, value.args)
        reference = _load(build, table, _index(build, table, index, Trap.UNDEFINED_ELEMENT))
        return build.function.new_value(
            "zk.return_call_ref", Type.NONE, [*args, reference], signature, offset=build.offset
        )
    return value


def _replaced(build: Legalizer, call: Value) -> Value:
    """An indirect call that was just made, as it is legal."""
    build.current.body.remove(call)
    return expand_call_indirect(build, call)


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


def _index(build: Legalizer, table: int, number: Value, trap: Trap) -> Value:
    """The checked index of an entry; a constant serves where the entry is always there."""
    constant = constant_bits(number)
    if constant is not None and constant < build.module.tables[table].minimum:
        return build.constant(constant)
    index = build.emit("zk.entry_index", Type.INDEX, number)
    index.immediate = table, trap.value
    return index


def _load(build: Legalizer, table: int, index: Value, beyond: int = 0) -> Value:
    value = build.emit("zk.load_entry", build.module.tables[table].type, index)
    value.immediate = table, beyond
    return value


def _store(build: Legalizer, table: int, index: Value, reference: Value, beyond: int = 0) -> None:
    build.emit("zk.store_entry", Type.NONE, index, reference).immediate = table, beyond


def _test(build: Legalizer, op: str, x: Value, y: Value) -> Value:
    """A comparison, as a constant where both are."""
    compare, left, right = OPS[op].evaluate, constant_bits(x), constant_bits(y)
    if compare is not None and left is not None and right is not None:
        return build.constant(compare(left, right))
    return build.i32(op, x, y)


def _require_inside(build: Legalizer, table: int, start: Value, count: Value) -> None:
    """Trap unless a table has `count` entries from `start` on."""
    size = _size(build, table)
    _require(build, size, count)
    _require(build, _difference(build, size, count), start)


def _require(build: Legalizer, most: Value, number: Value) -> None:
    """Trap unless a number is not more than another one."""
    build.trap_unless(_test(build, "i32.le_u", number, most), OUT_OF_BOUNDS)


def _difference(build: Legalizer, x: Value, y: Value) -> Value:
    """x - y, which does not wrap where it is looked at."""
    left, right = constant_bits(x), constant_bits(y)
    return build.i32("zk.sub_nw", x, y) if left is None or right is None else build.constant(left - right)


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
    entries = constant_bits(count)
    if entries is not None and entries <= LONGEST_IN_PLACE:
        index = _index(build, table, start, OUT_OF_BOUNDS) if entries else start
        for number in range(entries):
            _store(build, table, index, reference, number)
        return
    _each(build, count, lambda n: _store(build, table, _moved(build, table, start, n), reference))


def _moved(build: Legalizer, table: int, start: Value, number: Value) -> Value:
    """The index of the entry `number` after `start`, which is there. (The step that makes it checks it for nothing.)"""
    return _index(build, table, build.i32("zk.add_nw", start, number), OUT_OF_BOUNDS)


def _copy(build: Legalizer, to: int, from_: int, target: Value, source: Value, count: Value) -> None:
    """Upwards, or downwards where an entry would be written before it is read."""
    _require_inside(build, to, target, count)
    _require_inside(build, from_, source, count)

    entries = constant_bits(count)
    if entries is not None and entries <= LONGEST_COPY:
        if entries:
            first, last = (_index(build, *side, OUT_OF_BOUNDS) for side in ((from_, source), (to, target)))
            loaded = [_load(build, from_, first, number) for number in range(entries)]
            for number, reference in enumerate(loaded):
                _store(build, to, last, reference, number)
        return

    def move(number: Value) -> None:
        reference = _load(build, from_, _moved(build, from_, source, number))
        _store(build, to, _moved(build, to, target, number), reference)

    if to != from_:
        _each(build, count, move)
        return
    up, down, join = (build.function.new_block() for _ in range(3))
    build.branch(_test(build, "i32.le_u", target, source), Target(up), Target(down))
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
    _require(build, length, count)
    _require(build, _difference(build, length, count), source)
    if not data.passive:
        return
    type_ = build.module.tables[table].type
    first, entries = constant_bits(source), constant_bits(count)
    if first is not None and entries is not None and entries <= LONGEST_IN_PLACE:
        index = _index(build, table, target, OUT_OF_BOUNDS) if entries else target
        for number in range(entries):
            _store(build, table, index, build.constant(data.word(first + number), type_), number)
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
