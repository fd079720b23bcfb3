"""memory.init in legalisation: constant words where the operands are known, otherwise a routine that reads a table.

What compilers emit has a constant source and count, and then the words are known: one step stores what a cell holds,
once the last one is known to be inside. Where the alignment of the target is not known, `zk.by_rest` decides, and what
is long and not aligned is left to the routine, as is everything whose source or count is not constant. A segment that
some code drops has a cell which says so; an active segment is dropped by the instantiation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Target, Trap, Type, Value, constant_bits
from zkwasm_compiler.ir.memory_layout import BYTES
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.runtime.segments import table_position

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

OUT_OF_BOUNDS = Trap.OUT_OF_BOUNDS_MEMORY_ACCESS
SHORT_BYTES = 64
"""So many bytes are stored word by word at every alignment, which takes as many rows four times."""


def expand_init(build: Legalizer, value: Value) -> None:
    """A memory.init; everything that may trap comes before the first store."""
    assert isinstance(value.immediate, int)
    segment = value.immediate
    target, source, count = (build.resolve(arg) for arg in value.args)
    content = build.module.data[segment].passive
    first, length = constant_bits(source), constant_bits(count)
    if first is None or not length:  # of no byte, only the bounds are left
        _by_routine(build, segment, target, source, count)
        return
    if first + length > len(content):
        build.trap_unless(build.constant(0), OUT_OF_BOUNDS)
        return
    if segment in build.routines.droppable:
        build.trap_unless(build.i32("i32.eqz", _dropped(build, segment)), OUT_OF_BOUNDS)
    content = content[first : first + length]
    position = constant_bits(target)
    if build.module.memory_layout is BYTES:
        _store_bytes(build, target, content)
        return
    rest = build.alignment.modulo(value.args[0], 2) if position is None else position % 4
    if rest is None:
        _store_anywhere(build, target, content, lambda: _by_routine(build, segment, target, source, count))
        return
    last = (rest + length - 1) // 4
    if position is not None and position + length <= 4 * build.routines.minimum_words:
        index = build.constant(position - rest + 4 * last)
    else:
        index = build.addresses.make(target, 4 * last - rest)
    _store(build, index, -last, rest, content)


def _dropped(build: Legalizer, segment: int) -> Value:
    """1 when the segment was dropped."""
    value = build.i32("zk.dropped")
    value.immediate = segment
    return value


def _store(build: Legalizer, index: Value, beyond: int, rest: int, content: bytes) -> None:
    """Constant bytes from byte `rest` on of the word `beyond` words after the one at the index."""
    for start in range(-rest, len(content), 4):
        part = content[max(start, 0) : start + 4]
        shift = 8 * max(-start, 0)
        word, mask = int.from_bytes(part, "little") << shift, ((1 << 8 * len(part)) - 1) << shift
        stored = build.constant(word)
        if mask != F:
            kept = build.i32("i32.and", build.load_word(index, beyond), build.constant(F ^ mask))
            stored = build.i32("zk.add_nw", kept, stored)
        build.store_word(index, beyond, stored)
        beyond += 1


def _store_bytes(build: Legalizer, target: Value, content: bytes) -> None:
    """Constant bytes where a cell holds one; the last one is known to be inside first."""
    last, position = len(content) - 1, constant_bits(target)
    if position is not None and position + last < 4 * build.routines.minimum_words:
        index = build.constant(position + last)
    else:
        index = build.addresses.make(target, last)
    for number, byte in enumerate(content):
        build.emit("zk.store_byte", Type.NONE, index, build.constant(byte)).immediate = number - last


def _store_anywhere(build: Legalizer, target: Value, content: bytes, otherwise: Callable[[], None]) -> None:
    """The same at an address of which nothing is known: an arm for every rest, or for 0 and for all others."""
    located = build.emit("zk.locate", Type.INDEX)
    short = len(content) <= SHORT_BYTES
    arms = [build.function.new_block() for _ in range(4 if short else 2)]
    join = build.function.new_block()
    targets = [Target(arms[min(rest, len(arms) - 1)]) for rest in range(4)]
    build.current.terminator = build.function.new_value(
        "zk.by_rest", Type.NONE, [target, located], 0, targets=targets, offset=build.offset
    )
    for rest, arm in enumerate(arms):
        build.current = arm
        if short or rest == 0:
            last = (rest + len(content) - 1) // 4
            if last:
                build.emit("zk.check_index", Type.NONE, located).immediate = last
            _store(build, located, 0, rest, content)
        else:
            otherwise()
        build.jump(Target(join))
    build.current = join


def _by_routine(build: Legalizer, segment: int, target: Value, source: Value, count: Value) -> None:
    """The copy by the routine, which is told how much of the segment there is and where the table has it."""
    data = build.module.data[segment]
    length = build.constant(len(data.passive))
    if segment in build.routines.droppable and data.passive:
        full = length
        length = build.choose(_dropped(build, segment), lambda: build.constant(0), lambda: full)
    position = table_position(build.module, segment) if data.passive else 0
    build.call_routine("init", target, source, count, length, build.constant(position))
