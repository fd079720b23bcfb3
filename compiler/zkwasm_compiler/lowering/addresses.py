"""Indexes of cells in legalisation: shared by the accesses to one base, made of sums that are not reduced.

The address of an access is a *base*, the value that is left when additions that do not wrap are taken off, and a
distance from it. Accesses to one base share an index: the first makes the one of the farthest cell that is reached
before anything happens that a trap must not overtake, and cells before a cell that is inside are inside.

An index is linear in the address, so it is made from the terms of the base. Where the base's sum may wrap, what lies
inside without reduction does not wrap; everything else goes another way, where the address is reduced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.memory_results import OUT_OF_BOUNDS
from zkwasm_compiler.lowering.versions import Versions, bars_traps, last_word, place

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

WORD = 1 << 32
MAXIMUM_TERMS = 4
"""A step reads its terms from registers."""
_SIGNS = {"i32.add": 1, "zk.add_nw": 1, "zk.sub_nw": -1}
_WRAPPING = ("i32.add", "i32.mul", "i32.shl")


@dataclass(frozen=True, slots=True)
class _Index:
    """The cell at `distance` bytes from a base, known to be inside the memory from `block` on."""

    block: Block
    value: Value
    distance: int


@dataclass(frozen=True, slots=True)
class _Sum:
    """Σ factor · term + constant; `largest` is a bound. Congruent to the value, and equal unless it `wraps`."""

    terms: dict[Value, int]
    constant: int
    largest: int
    wraps: bool


class Addresses:
    """The indexes that one function has made so far."""

    def __init__(self, build: Legalizer, versions: Versions) -> None:
        self.build = build
        self.versions = versions
        self.tests = {version.terminator: version for version in versions.made}
        self.tree = dominator_tree(build.function)
        self.layout = build.module.memory_layout
        self.known: dict[Value, list[_Index]] = {}
        for version in versions.made:
            self.known.setdefault(version.base, []).append(_Index(version.block, version.located, version.farthest))
        self.folding = _only_in_addresses(build.function, self.word_of)

    def rest(self, access: Value, block: Block) -> int | None:
        """The effective address of an access modulo 4, where that is known in its block."""
        assert isinstance(access.immediate, int)
        base, distance = self.place(access.args[0])
        remainder = self.versions.remainders.get(block, {}).get(base)
        if remainder is None:
            remainder, distance = self.build.alignment.modulo(access.args[0], 2), 0
        return None if remainder is None else (remainder + distance + access.immediate) % 4

    def word_of(self, access: Value, block: Block) -> int | None:
        """Where the last cell of an access begins, in bytes after the value that is its address; None where words need
        to know the address modulo 4 and do not."""
        assert isinstance(access.immediate, int)
        bytes_ = ACCESS_BYTES[access.op]
        if self.layout.cell_bytes == 1:
            return access.immediate + bytes_ - 1
        rest = self.rest(access, block)
        return None if rest is None else access.immediate + last_word(bytes_, rest)

    def index(self, access: Value, word: int, following: Sequence[Value]) -> tuple[Value, int]:
        """The index for the cell `word` bytes after the address of an access, checked, and how many cells it is beyond.

        `following` is what comes behind the access in its block.
        """
        return self.word(access.args[0], word, () if access.type is Type.NONE else following)

    def word(self, address: Value, word: int, following: Sequence[Value] = ()) -> tuple[Value, int]:
        """The same for the word `word` bytes after any address; `following` are accesses that may trap instead."""
        base, distance = self.place(address)
        distance += word
        for known in self.known.get(base, ()):
            if known.distance >= distance and self._dominates(known.block):
                return known.value, (distance - known.distance) // self.layout.cell_bytes
        farthest = self.farthest(base, distance, following)
        index = self.make(base, farthest)
        self.known.setdefault(base, []).append(_Index(self.build.home, index, farthest))
        return index, (distance - farthest) // self.layout.cell_bytes

    def _dominates(self, block: Block) -> bool:
        here = self.build.home
        return block is here or (
            here in self.tree.first and block in self.tree.first and self.tree.dominates(block, here)
        )

    def place(self, address: Value) -> tuple[Value, int]:
        return place(address, self.build.resolve)

    def farthest(self, base: Value, distance: int, following: Sequence[Value]) -> int:
        """The largest distance that accesses reach before anything that a trap must not overtake."""
        for value in following:
            if value.op in ACCESS_BYTES:
                word = self.word_of(value, self.build.home)
                its_base, its_distance = self.place(value.args[0])
                if word is not None and its_base is base and self._may_be_inside(its_distance + word):
                    distance = max(distance, its_distance + word)
            if bars_traps(value):
                break
        return distance

    def _may_be_inside(self, distance: int) -> bool:
        words = self.build.memory_words
        return not words or distance + self.layout.cell_bytes <= 4 * words

    # Making indexes

    def make(self, base: Value, distance: int) -> Value:
        """The checked index of the cell at `distance` from `base`."""
        build = self.build
        sum_ = self.sum_for(base, distance)
        if not self._testable(sum_.largest + distance):
            bound = build.constant(WORD - distance if distance < WORD else 0)
            build.trap_unless(build.i32("i32.lt_u", base, bound), OUT_OF_BOUNDS)  # what has more than 32 bits
        if not sum_.wraps:
            return build.emit("zk.word_index", Type.INDEX, *self._operands(sum_, distance))
        located = build.emit("zk.locate", Type.INDEX)
        outside, join = build.function.new_block(), build.function.new_block()
        result = build.function.add_parameter(join, Type.INDEX)
        build.current.terminator = build.function.new_value(
            "zk.by_bounds",
            Type.NONE,
            [located, *self._operands(sum_, distance)],
            targets=[Target(join, [located]), Target(outside)],
            offset=build.offset,
        )
        build.current = outside
        index = build.emit("zk.word_index", Type.INDEX, *self._operands(_alone(self._again(base)), distance))
        build.jump(Target(join, [index]))
        build.current = join
        return result

    def test(self, terminator: Value) -> None:
        """Give the test of a version its operands."""
        version = self.tests[terminator]
        base = self.build.resolve(version.base)
        sum_ = self.sum_for(base, version.farthest) if terminator.op == "zk.by_bounds" else _alone(base)
        terminator.args = [version.located, *self._operands(sum_, version.farthest)]

    def sum_for(self, base: Value, distance: int) -> _Sum:
        """What to make the index of the cell at `distance` from `base` of."""
        sum_ = self.sum(base)
        fits = len(sum_.terms) <= MAXIMUM_TERMS and self._testable(sum_.largest + distance)
        return sum_ if fits else _alone(base)

    def _testable(self, largest: int) -> bool:
        """Whether a JMPN can be asked if a byte address of at most `largest` is inside: the cells up to it, less those
        of the memory, are fewer than 2^32."""
        return largest - 4 * self.build.routines.minimum_words < self.layout.cell_bytes * WORD

    def _operands(self, sum_: _Sum, distance: int) -> list[Value]:
        build = self.build
        words = build.constant(build.memory_words) if build.memory_words else build.i32("zk.memory_words")
        operands = [words, build.constant(sum_.constant + distance, Type.I64)]
        for term, factor in sum_.terms.items():
            operands += [term, build.constant(factor, Type.I64)]
        return operands

    def _again(self, value: Value) -> Value:
        """A copy of a sum that is made where it is needed."""
        value = self.build.resolve(value)
        if value.op == "i32.const":
            return self.build.constant(_number(value))
        if value not in self.folding:
            return value
        return self.build.emit(value.op, value.type, *map(self._again, value.args))

    # Sums

    def sum(self, value: Value) -> _Sum:
        """What `value` is the sum of, as far as nothing but addresses uses it."""
        value = self.build.resolve(value)
        if value.op == "i32.const":
            return _Sum({}, _number(value), _number(value), wraps=False)
        known = self.build.largest(value)
        if value not in self.folding:
            return _Sum({value: 1}, 0, known, wraps=False)
        x, y = (self.sum(arg) for arg in value.args)
        if value.op in _SIGNS:
            sign = _SIGNS[value.op]
            if sign < 0 and y.wraps:  # what is subtracted must not be more than it stands for
                y = _alone(self.build.resolve(value.args[1]))
            made = _combined(x, y, sign)
        else:
            made = _scaled(x, 1 << y.constant % 32 if value.op == "i32.shl" else y.constant)
        wraps = made.wraps or value.op in _WRAPPING
        return _Sum(made.terms, made.constant, made.largest if wraps else min(made.largest, known), wraps)


def _alone(value: Value) -> _Sum:
    return _Sum({value: 1}, 0, WORD - 1, wraps=False)


def _combined(x: _Sum, y: _Sum, sign: int) -> _Sum:
    terms = dict(x.terms)
    for term, factor in y.terms.items():
        terms[term] = terms.get(term, 0) + sign * factor
    terms = {term: factor for term, factor in terms.items() if factor}
    largest = x.largest + (y.largest if sign > 0 else 0)
    return _Sum(terms, x.constant + sign * y.constant, largest, x.wraps or y.wraps)


def _scaled(x: _Sum, factor: int) -> _Sum:
    terms = {term: k * factor for term, k in x.terms.items()}
    return _Sum(terms, x.constant * factor, x.largest * factor, x.wraps)


def _number(constant: Value) -> int:
    assert isinstance(constant.immediate, int)
    return constant.immediate


def _only_in_addresses(function: Function, word_of: Callable[[Value, Block], int | None]) -> set[Value]:
    """The sums that nothing uses but the addresses of direct accesses, and such sums."""
    users: dict[Value, list[Value]] = {}
    others: set[Value] = set()
    for block in function.blocks:
        for value in block.values():
            for position, arg in enumerate(value.args):
                if _is_sum(value) or (value.op in ACCESS_BYTES and position == 0 and word_of(value, block) is not None):
                    users.setdefault(arg, []).append(value)
                else:
                    others.add(arg)
            for target in value.targets:
                others.update(target.args)
    found: set[Value] = set()
    for block in reversed(function.blocks):
        for value in reversed(block.body):
            used = users.get(value, [])
            if _is_sum(value) and value not in others and all(u.op in ACCESS_BYTES or u in found for u in used):
                found.add(value)
    return found


def _is_sum(value: Value) -> bool:
    """An op whose sum, not reduced, is a number that an index can be made from."""
    if value.op == "zk.add_nw" or value.op == "zk.sub_nw":
        return True
    last = value.args[-1] if value.args else value
    constant = _number(last) if last.op == "i32.const" else None
    if value.op == "i32.add":  # a constant that stands for a negative number always wraps
        return constant is None or constant < 1 << 31
    return value.op in ("i32.mul", "i32.shl", "zk.mul_nw_32") and constant is not None
