"""memory.fill and memory.copy: in place where they are short and whole words, otherwise a routine.

In place, one check a side comes first: nothing may be written if anything is outside. Where the alignment of a side is
not known, it is tried, and the routine stands by. Words are moved as many at a time
as registers hold, upwards or downwards, so that sides that overlap are read before they are written over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Block, Target, Type, Value
from zkwasm_compiler.lowering.expansions import F

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

MAXIMUM_BYTES, MAXIMUM_BYTES_ANYWHERE = 64, 32
"""What is longer takes fewer rows of code, and hardly more steps, as a routine. The second is for any alignment."""
WORDS_AT_A_TIME = 4
EACH_BYTE = 0x01010101


def expand_bulk(build: Legalizer, value: Value) -> Value:
    """memory.fill and memory.copy."""
    operands = [build.resolve(arg) for arg in value.args]
    name = value.op.partition(".")[2]
    sides = value.args[:1] if name == "fill" else value.args[:2]
    rests = [build.alignment.modulo(side, 2) for side in sides]
    count = operands[2].immediate if operands[2].op == "i32.const" else 0
    assert isinstance(count, int)
    maximum = MAXIMUM_BYTES_ANYWHERE if None in rests else MAXIMUM_BYTES
    if not 0 < count <= maximum or not {*rests} <= {0, None}:
        build.call_routine(name, *operands)
        return value
    elsewhere = build.function.new_block()
    found = {side: _side(build, side, count) for side, rest in zip(sides, rests, strict=True) if rest == 0}
    found |= {side: _tried(build, side, count, elsewhere) for side in sides if side not in found}
    if name == "fill":
        _fill(build, found[sides[0]], operands[1], count)
    else:
        _copy(build, (sides[0], found[sides[0]]), (sides[1], found[sides[1]]), count)
    if None in rests:
        join = build.function.new_block()
        build.jump(Target(join))
        build.current = elsewhere
        build.call_routine(name, *operands)
        build.jump(Target(join))
        build.current = join
    else:
        build.function.blocks.remove(elsewhere)
    return value


@dataclass(frozen=True, slots=True)
class _Side:
    """Whole words, known to be inside: the first is the one `first` beyond the index."""

    index: Value
    first: int


def _side(build: Legalizer, address: Value, count: int) -> _Side:
    """The words that `count` bytes from an aligned address on are in; traps where one is outside."""
    last = (count - 1) // 4
    constant = build.resolve(address).immediate if build.resolve(address).op == "i32.const" else None
    if isinstance(constant, int) and constant + count <= 4 * build.memory_words:
        return _Side(build.constant(constant), 0)
    index, beyond = build.addresses.word(address, 4 * last)
    return _Side(index, beyond - last)


def _tried(build: Legalizer, address: Value, count: int, elsewhere: Block) -> _Side:
    """The same for any address; goes elsewhere, without a check of all bytes, where it is not aligned."""
    last = (count - 1) // 4
    located, aligned = build.emit("zk.locate", Type.INDEX), build.function.new_block()
    build.current.terminator = build.function.new_value(
        "zk.by_rest",
        Type.NONE,
        [build.resolve(address), located],
        4 * last,
        targets=[Target(aligned), *(Target(elsewhere) for _ in range(3))],
        offset=build.offset,
    )
    build.current = aligned
    return _Side(located, -last)


def _fill(build: Legalizer, side: _Side, byte: Value, count: int) -> None:
    if isinstance(byte.immediate, int):
        word = rest = build.constant((byte.immediate & 0xFF) * EACH_BYTE)
    else:
        low = build.i32("i32.and", byte, build.constant(0xFF))
        word = build.i32("zk.mul_nw_32", low, build.constant(EACH_BYTE)) if count >= 4 else low
        rest = build.i32("zk.mul_nw_32", low, build.constant(EACH_BYTE & _mask(count))) if count % 4 else word
    for number in range(count // 4):
        build.store_word(side.index, side.first + number, word)
    if count % 4:
        if isinstance(rest.immediate, int):
            rest = build.constant(rest.immediate & _mask(count))
        _store_last(build, side, count, rest)


def _mask(count: int) -> int:
    """The bytes of the last word that belong to `count` bytes."""
    return (1 << 8 * (count % 4)) - 1


def _store_last(build: Legalizer, side: _Side, count: int, part: Value) -> None:
    """Store the last bytes of `count`, which are not a whole word."""
    last = side.first + count // 4
    kept = build.i32("i32.and", build.load_word(side.index, last), build.constant(F ^ _mask(count)))
    build.store_word(side.index, last, build.i32("zk.add_nw", kept, part))


def _copy(build: Legalizer, to: tuple[Value, _Side], from_: tuple[Value, _Side], count: int) -> None:
    (to_address, target), (from_address, source) = to, from_
    words = (count + 3) // 4
    (base, distance), (other, other_distance) = map(build.addresses.place, (to_address, from_address))
    if words <= WORDS_AT_A_TIME or (base is other and distance <= other_distance):
        _move(build, target, source, count, range(words))
    elif base is other:
        _move(build, target, source, count, range(words)[::-1])
    else:
        up, down, join = (build.function.new_block() for _ in range(3))
        before = build.i32("i32.lt_u", build.resolve(to_address), build.resolve(from_address))
        build.branch(before, Target(up), Target(down))
        for block, order in ((up, range(words)), (down, range(words)[::-1])):
            build.current = block
            _move(build, target, source, count, order)
            build.jump(Target(join))
        build.current = join


def _move(build: Legalizer, target: _Side, source: _Side, count: int, order: range) -> None:
    """Move words in an order, some at a time."""
    for start in range(0, len(order), WORDS_AT_A_TIME):
        numbers = order[start : start + WORDS_AT_A_TIME]
        loaded = [build.load_word(source.index, source.first + number) for number in numbers]
        for number, word in zip(numbers, loaded, strict=True):
            if 4 * number + 4 > count:
                _store_last(build, target, count, build.i32("i32.and", word, build.constant(_mask(count))))
            else:
                build.store_word(target.index, target.first + number, word)
