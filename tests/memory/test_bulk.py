"""memory.fill and memory.copy at every alignment, however the sides overlap and at the edges: what wasmtime does."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.memory.test_accesses import Pair
from tests.soundness.emitted import LAYOUT_NAMES

COUNTS = (*range(9), 11, 12, 15, 16, 17, 28, 31, 32, 33, 44, 60, 63, 64, 68, 96, 127)
LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 23, 24, 36, 64, 65, 68, 124)
"""Constant ones; the longest are left to loops or a routine."""


def _content(seed: int, count: int) -> str:
    return "".join(f"\\{byte:02x}" for byte in random.Random(seed).randbytes(count))


def _module(functions: str, growing: bool) -> str:
    grow = '(func (export "grow") (drop (memory.grow (i32.const 0))))' if growing else ""
    data = f'(data (i32.const 0) "{_content(1, 400)}") (data (i32.const 65336) "{_content(2, 200)}")'
    return f'(module (memory (export "memory") 1) {data} {functions} {grow})'


BULK = """
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))"""


def _copies(source: random.Random) -> Iterator[tuple[int, int, int]]:
    """Destination, source and count: every pair of alignments with sides that overlap more or less, then edges."""
    for to in range(4):
        for from_ in range(4):
            for count in source.sample(COUNTS, 6):
                start = 64 + 4 * source.randrange(30)
                yield start + to, start + from_ + 4 * source.choice((-30, -3, -2, -1, 0, 0, 1, 2, 3, 30)), count
    for count in (0, 1, 3, 4, 7, 16, 33):
        for over in (0, 1):
            yield 65536 - count + over, 8, count
            yield 9, 65536 - count + over, count
        yield 0, 1, count
        yield 1, 0, count
    yield from ((0, 0, 1 << 31), (5, 6, -1), (-1, 0, 0), (-1, 0, 1), (0, -4, 8))


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
def test_copy(growing: bool, layout: str) -> None:
    pair = Pair(_module(BULK, growing), layout)
    for to, from_, count in _copies(random.Random(growing)):
        pair.call("copy", to, from_, count)
        pair.same_memory([(0, 400), (65336, 65536)])


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
def test_fill(growing: bool, layout: str) -> None:
    pair = Pair(_module(BULK, growing), layout)
    source = random.Random(growing)
    for rest in range(4):
        for count in source.sample(COUNTS, 12):
            pair.call("fill", 40 + 4 * source.randrange(20) + rest, source.randrange(1 << 31), count)
            pair.same_memory([(0, 400)])
    for count in (0, 1, 3, 4, 7, 16, 33):
        for over in (0, 1):
            pair.call("fill", 65536 - count + over, count, count)
            pair.same_memory([(65336, 65536)])
    for to, count in ((0, 1 << 31), (-1, 0), (-1, 1), (4, -1), (65536, 4)):
        pair.call("fill", to, 7, count)
    pair.same_memory([(0, 400), (65336, 65536)])


def _constant_lengths() -> str:
    functions = []
    for length in LENGTHS:
        count = f"(i32.const {length})"
        word = "(i32.and (local.get {}) (i32.const -4))"
        to, from_ = word.format(0), word.format(1)
        functions += [
            f'(func (export "copy {length}") (param i32 i32) (memory.copy {to} {from_} {count}))',
            f'(func (export "fixed {length}") (memory.copy (i32.const 100) (i32.const 96) {count}))',
            f'(func (export "fill {length}") (param i32 i32) (memory.fill {to} (local.get 1) {count}))',
            f'(func (export "any {length}") (param i32 i32) (memory.copy (local.get 0) (local.get 1) {count}))',
            f'(func (export "to {length}") (param i32 i32) (memory.copy (local.get 0) {from_} {count}))',
            f'(func (export "from {length}") (param i32 i32) (memory.copy {to} (local.get 1) {count}))',
            f'(func (export "ones {length}") (param i32 i32) (memory.fill (local.get 0) (i32.const -1) {count}))',
            f'(func (export "zero {length}") (param i32 i32) (memory.fill {to} (i32.const 0x1ff) {count}))',
        ]
        for distance in (8, -8):
            moved = f"(i32.add (local.tee 0 {to}) (i32.const {distance}))"
            functions.append(f'(func (export "near {distance} {length}") (param i32 i32) {NEAR.format(moved, count)})')
    return " ".join(functions)


NEAR = "(local.set 1 {}) (memory.copy (local.get 0) (local.get 1) {})"


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
def test_constant_lengths(growing: bool, layout: str) -> None:
    pair = Pair(_module(_constant_lengths(), growing), layout)
    for length in LENGTHS:
        pair.call(f"fixed {length}")
        edge = 65536 - length
        for distance in (-64, -8, -4, 0, 4, 12, 64):
            pair.call(f"copy {length}", 160, 160 + distance)
            rest = distance // 4 % 4
            pair.call(f"any {length}", 160 + rest, 160 + distance)
            pair.call(f"to {length}", 160 + rest, 160 + distance)
            pair.call(f"from {length}", 160, 160 + distance + rest)
            pair.call(f"any {length}", 160, 160 + distance)
            pair.same_memory([(0, 400)])
        for to, from_ in ((edge, 8), (8, edge), (edge + 4, 8), (8, edge + 4), (-4, 0)):
            pair.call(f"copy {length}", to, from_)
        for to in (edge + 1, edge + 3, edge + 4, -2):
            pair.call(f"any {length}", to, 8)
            pair.call(f"to {length}", to, 8)
            pair.call(f"any {length}", 9, to)
            pair.call(f"ones {length}", to, 0)
        for to in (40, edge, edge + 4, -4):
            for name in ("fill", "zero", "near 8", "near -8", "ones"):
                pair.call(f"{name} {length}", to, 0x1A5)
        pair.same_memory([(0, 400), (65336, 65536)])


@pytest.mark.parametrize("growing", [False, True])
def test_a_memory_of_all_addresses(growing: bool) -> None:
    """Its size is no i32."""
    grow = '(func (export "grow") (drop (memory.grow (i32.const 0))))' if growing else ""
    pair = Pair(f'(module (memory (export "memory") 65536) {BULK} {grow})', "words")
    end = (1 << 32) - 40
    for name, *args in (
        ("fill", -8, 0x155, 8), ("fill", -8, 1, 9), ("fill", -6, 2, 5), ("fill", 0, 3, 0), ("fill", -1, 3, 0),
        ("copy", -32, -8, 8), ("copy", -23, -8, 7), ("copy", -8, -8, 9), ("copy", 0, 0, 0), ("copy", -1, 0, 0),
        ("copy", 3, -20, 20), ("copy", -1, 0, 1), ("copy", 0, -1, 2),
    ):  # fmt: skip
        pair.call(name, *args)
        pair.same_memory([(0, 40), (end, end + 40)])
