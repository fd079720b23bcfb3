"""memory.fill and memory.copy: in place where they are short, as loops over words, or by a routine.

In place, one check a side comes first: nothing may be written if anything is outside. Where the alignment of a side is
not known, it is tried, and the routine stands by. As many words as registers hold are moved at a time, upwards or
downwards, so that sides that overlap are read before they are written over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Block, Target, Trap, Type, Value, constant_bits
from zkwasm_compiler.lowering.expansions import F

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

MAXIMUM_BYTES, MAXIMUM_BYTES_ANYWHERE = 64, 32
"""What is longer takes fewer rows of code, and hardly more steps, as a routine. The second is for any alignment."""
WORDS_AT_A_TIME = 4
EACH_BYTE = 0x01010101


def expand_bulk(build: Legalizer, value: Value) -> None:
    """memory.fill and memory.copy."""
    name = value.op.partition(".")[2]
    rests = {build.alignment.modulo(side, 2) for side in _addresses(value)}
    count = constant_bits(build.resolve(value.args[2])) or 0
    maximum = MAXIMUM_BYTES_ANYWHERE if None in rests else MAXIMUM_BYTES
    if 0 < count <= maximum and rests <= {0, None}:
        _in_place(build, value, count)
    elif rests == {0} and count and count % 4 == 0 and not 0 < 4 * build.memory_words < count:
        _loop(build, value, count)
    else:
        build.call_routine(name, *map(build.resolve, value.args))


def _addresses(value: Value) -> list[Value]:
    return value.args[:1] if value.op == "memory.fill" else value.args[:2]


def _in_place(build: Legalizer, value: Value, count: int) -> None:
    """The few words of a fill or copy, and the routine for what turns out not to be aligned."""
    aligned = [side for side in _addresses(value) if build.alignment.modulo(side, 2) == 0]
    found = {side: _side(build, side, count) for side in aligned}
    tried = [side for side in _addresses(value) if side not in found]
    elsewhere = build.function.new_block() if tried else None
    for side in tried:
        assert elsewhere is not None
        found[side] = _tried(build, side, count, elsewhere)
    if value.op == "memory.fill":
        _fill(build, found[value.args[0]], build.resolve(value.args[1]), count)
    else:
        to, from_ = _addresses(value)
        _copy(build, (to, found[to]), (from_, found[from_]), count)
    if elsewhere is not None:
        join = build.function.new_block()
        build.jump(Target(join))
        build.current = elsewhere
        build.call_routine(value.op.partition(".")[2], *map(build.resolve, value.args))
        build.jump(Target(join))
        build.current = join


@dataclass(frozen=True, slots=True)
class _Side:
    """Whole words, known to be inside: the first is the one `first` beyond the index."""

    index: Value
    first: int


def _side(build: Legalizer, address: Value, count: int) -> _Side:
    """The words that `count` bytes from an aligned address on are in; traps where one is outside."""
    last = (count - 1) // 4
    constant = constant_bits(build.resolve(address))
    if constant is not None and constant + count <= 4 * build.memory_words:
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


def _loop(build: Legalizer, value: Value, count: int) -> None:
    """Many whole words: check the sides, and leave the rest to `runtime.word_loops`."""
    operands = [build.resolve(arg) for arg in value.args]
    if not build.memory_words:
        require_inside(build, operands[2])
    for start in map(build.resolve, _addresses(value)):
        constant = constant_bits(start)
        if constant is None or constant + count > 4 * build.memory_words:
            require_inside(build, operands[2], start)
    if value.op == "memory.fill":
        build.emit("zk.fill_words", Type.NONE, operands[0], _filled(build, operands[1], F), operands[2])
    else:
        build.emit("zk.move_words", Type.NONE, *operands).immediate = 0


def require_inside(build: Legalizer, count: Value, start: Value | None = None) -> None:
    """Trap unless the memory has `count` bytes; or, when it has, so many from `start` on, if not both are 0.

    The size of the memory may be 2^32, which is no i32. It and the room that is left are sums that only tests see, and
    that a test can be asked about: they are below 2^32 where something is subtracted from them.
    """
    words = build.constant(build.memory_words) if build.memory_words else build.i32("zk.memory_words")
    room = build.i32("zk.mul_nw_32", words, build.constant(4))
    if start is not None:
        room = build.i32("zk.sub_nw", room, count)
    enough = build.i32("i32.ge_u", room, count if start is None else start)
    build.trap_unless(enough, Trap.OUT_OF_BOUNDS_MEMORY_ACCESS)


def check_inside(build: Legalizer, value: Value) -> None:
    """`zk.check_count` and `zk.check_bytes`."""
    *start, count = (build.resolve(arg) for arg in value.args)
    require_inside(build, count, *start)


def _fill(build: Legalizer, side: _Side, byte: Value, count: int) -> None:
    if count >= 4:
        word = _filled(build, byte, F)
        for number in range(count // 4):
            build.store_word(side.index, side.first + number, word)
    if count % 4:
        _store_last(build, side, count, _filled(build, byte, _mask(count)))


def _filled(build: Legalizer, byte: Value, mask: int) -> Value:
    """The low byte of a number in each byte of the mask."""
    constant = constant_bits(byte)
    if constant is not None:
        return build.constant((constant & 0xFF) * EACH_BYTE & mask)
    low = build.i32("i32.and", byte, build.constant(0xFF))
    return build.i32("zk.mul_nw_32", low, build.constant(EACH_BYTE & mask))


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
