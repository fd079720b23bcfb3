"""The bytes of an access in words of four: cut out of the words where they lie, joined, and put in beside what stays.

An access of `ACCESS_BYTES` bytes begins `rest` bytes into a word and reaches into the next one or two. A load masks
each word's part and joins the parts in one sum, whose coefficients are powers of two and their inverses; a store adds
parts to what it keeps of a word. Every word is known to be inside the memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.lowering.memory_results import extended

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer


def words_of(bytes_: int, rest: int) -> int:
    """How many words an access reaches that begins `rest` bytes into one."""
    return (rest + bytes_ + 3) // 4


def _mask(bytes_: int) -> int:
    return (1 << 8 * bytes_) - 1


def load_parts(build: Legalizer, value: Value, index: Value, first: int, rest: int) -> Value:
    """The load `value` from `rest` bytes into the word `first` beyond the index on."""
    count = ACCESS_BYTES[value.op]
    words = [build.load_word(index, first + number) for number in range(words_of(count, rest))]
    low = _joined(build, words, rest, min(count, 4))
    if count < 8:
        return extended(build, value, low)
    return build.i64("zk.pack", low, _joined(build, words[1:], rest, 4))


def _joined(build: Legalizer, words: list[Value], rest: int, count: int) -> Value:
    """`count` bytes from `rest` bytes into the first word on, as a number."""
    here = min(count, 4 - rest)
    if here == 4:
        return words[0]
    part = build.i32("i32.and", words[0], build.constant(_mask(here) << 8 * rest))
    if rest:
        part = build.i32("zk.div_exact", part, build.constant(1 << 8 * rest))
    if here == count:
        return part
    following = build.i32("i32.and", words[1], build.constant(_mask(count - here)))
    return build.i32("zk.add_nw", part, build.i32("zk.mul_nw_32", following, build.constant(1 << 8 * here)))


def store_parts(build: Legalizer, value: Value, index: Value, first: int, rest: int) -> Value:
    """The store `value` to `rest` bytes into the word `first` beyond the index and what follows."""
    count = ACCESS_BYTES[value.op]
    source = _Source(build, value)
    for number in range(words_of(count, rest)):
        start = 4 * number - rest  # the byte of the value that the word begins with
        covered, constant = 0, 0
        parts: list[Value] = []
        for half in range((count + 3) // 4):
            low, high = max(start, 4 * half), min(start + 4, 4 * half + 4, count)
            if low >= high:
                continue
            place = low - start
            covered |= _mask(high - low) << 8 * place
            part = source.part(half, low - 4 * half, high - low)
            if isinstance(part, int):
                constant += part << 8 * place
            else:
                parts.append(build.i32("zk.mul_nw_32", part, build.constant(1 << 8 * place)) if place else part)
        if covered != F:
            word = build.load_word(index, first + number)
            if parts and _masks(parts[0], covered):  # the mask is at hand: the word without what it covers
                gone = build.i32("i32.and", word, build.constant(covered))
                parts.insert(0, build.i32("zk.sub_nw", word, gone))
            else:
                parts.append(build.i32("i32.and", word, build.constant(F ^ covered)))
        build.store_word(index, first + number, _sum(build, parts, constant))
    return value


def _masks(value: Value, mask: int) -> bool:
    """Whether the value is another one with a mask."""
    return value.op == "i32.and" and value.args[1].op == "i32.const" and value.args[1].immediate == mask


def _sum(build: Legalizer, parts: list[Value], constant: int) -> Value:
    """The sum of numbers that have no bit in common."""
    if constant or not parts:
        parts = [*parts, build.constant(constant)]
    total = parts[0]
    for part in parts[1:]:
        total = build.i32("zk.add_nw", total, part)
    return total


class _Source:
    """The value that is stored, as one or two words and their parts."""

    def __init__(self, build: Legalizer, value: Value) -> None:
        self.build = build
        stored = build.resolve(value.args[1])
        self.constant = stored.immediate if stored.op.endswith(".const") else None
        self.largest = build.largest(value.args[1])
        mask = stored.args[1].immediate if stored.op.endswith(".and") else None
        if isinstance(mask, int):
            self.largest = min(self.largest, mask)
        self.value = stored
        self.words: dict[int, Value] = {}
        self.low: dict[tuple[int, int], Value] = {}

    def part(self, half: int, start: int, count: int) -> Value | int:
        """`count` bytes of a half from byte `start` on, as a number: one that is known, or a value."""
        if isinstance(self.constant, int):
            return self.constant >> 8 * (4 * half + start) & _mask(count)
        word = self.word(half)
        if count == 4:
            return word
        if start == 0:
            return self.low_bytes(half, count)
        if half == 0 and self.largest <= _mask(start):
            return 0
        if start + count == 4 or (half == 0 and self.largest <= _mask(start + count)):  # what the low bytes leave
            rest = self.build.i32("zk.sub_nw", word, self.low_bytes(half, start))
        else:
            rest = self.build.i32("i32.and", word, self.build.constant(_mask(count) << 8 * start))
        return self.build.i32("zk.div_exact", rest, self.build.constant(1 << 8 * start))

    def word(self, half: int) -> Value:
        if half not in self.words:
            self.words[half] = self._word(half)
        return self.words[half]

    def _word(self, half: int) -> Value:
        if self.value.type is Type.I32:
            return self.value
        if self.value.op == "i64.extend_i32_u":
            return self.build.constant(0) if half else self.build.resolve(self.value.args[0])
        return self.build.i32("zk.high" if half else "i32.wrap_i64", self.value)

    def low_bytes(self, half: int, count: int) -> Value:
        """The low bytes of a word; several places may use them."""
        if (half, count) not in self.low:
            self.low[half, count] = self._low_bytes(half, count)
        return self.low[half, count]

    def _low_bytes(self, half: int, count: int) -> Value:
        build, word, mask = self.build, self.word(half), _mask(count)
        if half == 0 and self.largest <= mask:
            return word
        amount = word.args[1].immediate if word.op == "i32.shr_u" else None
        if isinstance(amount, int) and amount % 32 + 8 * count <= 32:  # a field of bits: masked where it is
            power = 1 << amount % 32
            kept = build.i32("i32.and", build.resolve(word.args[0]), build.constant(mask * power))
            return build.i32("zk.div_exact", kept, build.constant(power))
        return build.i32("i32.and", word, build.constant(mask))
