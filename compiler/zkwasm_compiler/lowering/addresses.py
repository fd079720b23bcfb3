"""Indexes of words in legalisation: shared by the accesses to one base, made of sums that are not reduced.

The address of an access is a *base*, the value that is left when additions that do not wrap are taken off, and a
distance from it. Accesses to one base share an index: the first makes the one of the farthest word that is reached
before anything happens that a trap must not overtake, and words before a word that is inside are inside.

An index is linear in the address, so it is made from the terms of the base. Where the base's sum may wrap, what lies
inside without reduction does not wrap; everything else goes another way, where the address is reduced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

WORD = 1 << 32
MAXIMUM_TERMS = 4
"""A step reads its terms from registers."""
_SIGNS = {"i32.add": 1, "zk.add_nw": 1, "zk.sub_nw": -1}
_WRAPPING = ("i32.add", "i32.mul", "i32.shl")
_OVERTAKEN = ("global.get", "memory.size", "result", "parameter")
"""Ops that are not pure and that a trap may overtake; loads are as well, whose own trap is the same."""


@dataclass(frozen=True, slots=True)
class _Index:
    """The word at `distance` bytes from a base, known to be inside the memory from `block` on."""

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


def last_word(bytes_: int, rest: int) -> int:
    """Where the last word of an access begins, in bytes after its address, which is `rest` modulo 4."""
    return (rest + bytes_ - 1) // 4 * 4 - rest


class Addresses:
    """The indexes that one function has made so far."""

    def __init__(self, build: Legalizer) -> None:
        self.build = build
        self.tree = dominator_tree(build.function)
        self.known: dict[Value, list[_Index]] = {}
        self.folding = _only_in_addresses(build.function, lambda value: self.word_of(value) is not None)

    def word_of(self, access: Value) -> int | None:
        """Where the last word of an access begins, in bytes after the value that is its address; None where the address
        modulo 4 is not known."""
        assert isinstance(access.immediate, int)
        residue = self.build.alignment.modulo(access.args[0], 2)
        if residue is None:
            return None
        return access.immediate + last_word(ACCESS_BYTES[access.op], (residue + access.immediate) % 4)

    def index(self, access: Value, word: int, following: Sequence[Value]) -> tuple[Value, int]:
        """The index for the word `word` bytes after the address of an access, checked, and how many words it is beyond.

        `following` is what comes behind the access in its block.
        """
        return self.word(access.args[0], word, () if access.type is Type.NONE else following)

    def word(self, address: Value, word: int, following: Sequence[Value] = ()) -> tuple[Value, int]:
        """The same for the word `word` bytes after any address; `following` are accesses that may trap instead."""
        base, distance = self.place(address)
        distance += word
        for known in self.known.get(base, ()):
            if known.distance >= distance and self._dominates(known.block):
                return known.value, (distance - known.distance) // 4
        farthest = self.farthest(base, distance, following)
        index = self.make(base, farthest)
        self.known.setdefault(base, []).append(_Index(self.build.home, index, farthest))
        return index, (distance - farthest) // 4

    def _dominates(self, block: Block) -> bool:
        here = self.build.home
        return block is here or (
            here in self.tree.first and block in self.tree.first and self.tree.dominates(block, here)
        )

    def place(self, address: Value) -> tuple[Value, int]:
        """The base of an address and the distance from it."""
        value, distance = self.build.resolve(address), 0
        while value.op in ("zk.add_nw", "zk.sub_nw"):
            left, right = (self.build.resolve(arg) for arg in value.args)
            if value.op == "zk.add_nw" and left.op == "i32.const":
                left, right = right, left
            if right.op != "i32.const":
                break
            distance += _number(right) if value.op == "zk.add_nw" else -_number(right)
            value = left
        return value, distance

    def farthest(self, base: Value, distance: int, following: Sequence[Value]) -> int:
        """The largest distance that accesses reach before anything that a trap must not overtake."""
        for value in following:
            if value.op in ACCESS_BYTES:
                word = self.word_of(value)
                its_base, its_distance = self.place(value.args[0])
                if word is not None and its_base is base and self._may_be_inside(its_distance + word):
                    distance = max(distance, its_distance + word)
                if value.type is Type.NONE:
                    break
            elif not OPS[value.op].pure and value.op not in _OVERTAKEN:
                break
        return distance

    def _may_be_inside(self, distance: int) -> bool:
        words = self.build.memory_words
        return not words or distance + 4 <= 4 * words

    # Making indexes

    def make(self, base: Value, distance: int) -> Value:
        """The checked index of the word at `distance` from `base`."""
        build = self.build
        sum_ = self.sum(base)
        if len(sum_.terms) > MAXIMUM_TERMS or sum_.largest + distance >= 4 * WORD:
            sum_ = _Sum({base: 1}, 0, WORD - 1, wraps=False)
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
        reduced = _Sum({self._again(base): 1}, 0, WORD - 1, wraps=False)
        index = build.emit("zk.word_index", Type.INDEX, *self._operands(reduced, distance))
        build.jump(Target(join, [index]))
        build.current = join
        return result

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
                y = _Sum({self.build.resolve(value.args[1]): 1}, 0, WORD - 1, wraps=False)
            made = _combined(x, y, sign)
        else:
            made = _scaled(x, 1 << y.constant % 32 if value.op == "i32.shl" else y.constant)
        wraps = made.wraps or value.op in _WRAPPING
        return _Sum(made.terms, made.constant, made.largest if wraps else min(made.largest, known), wraps)


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


def _only_in_addresses(function: Function, direct: Callable[[Value], bool]) -> set[Value]:
    """The sums that nothing uses but the addresses of direct accesses, and such sums."""
    users: dict[Value, list[Value]] = {}
    others: set[Value] = set()
    for block in function.blocks:
        for value in block.values():
            for position, arg in enumerate(value.args):
                if _is_sum(value) or (value.op in ACCESS_BYTES and position == 0 and direct(value)):
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
