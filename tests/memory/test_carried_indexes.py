"""Loops that carry the index of a moving pointer: results, traps and memory are wasmtime's, and a round is cheap."""

from __future__ import annotations

import random

import pytest

from tests.memory.test_accesses import LAYOUT_NAMES, Pair
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

STARTS = (0, 4, 8, 32, 64, 65500, 65504, 65520, 65528, 65532, 65536, 65548, 1 << 30, 1 << 31, -4, -8, -16, -64)
STEPS = (4, 4, 4, 8, 12, 16, -4, -4, -8)
GROW = '(func (export "grow") (drop (memory.grow (i32.const 0))))'


class _Loops:
    """Random functions of a pointer p, a count n and a number x, with loops that move p, an element i and a counter."""

    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)

    def pointer(self) -> str:
        base = self.source.choice(
            ("(local.get $p)",) * 4 + ("(i32.shl (local.get $i) (i32.const 2))", "(local.get $q)")
        )
        if self.source.randrange(3) == 0:
            base = f"(i32.add {base} (i32.const {self.source.choice((4, 8, 1024, -4))}))"
        return base

    def statement(self) -> str:
        kind, offset = self.source.randrange(14), 4 * self.source.randrange(5)
        if kind < 5:
            op = self.source.choice(("i32.load", "i32.load", "i32.load", "i32.load8_u", "i32.load16_s"))
            return f"(local.set $x (i32.add (local.get $x) ({op} offset={offset} {self.pointer()})))"
        if kind < 6:
            wide = f"(i64.load offset={offset} {self.pointer()})"
            return f"(local.set $x (i32.xor (local.get $x) (i32.wrap_i64 {wide})))"
        if kind < 9:
            op = self.source.choice(("i32.store", "i32.store", "i32.store8"))
            stored = self.source.choice(("(local.get $x)", "(i32.const 7)", "(local.get $p)", "(local.get $i)"))
            return f"({op} offset={offset} {self.pointer()} {stored})"
        if kind < 10:
            return "(br_if $done (i32.eq (i32.and (local.get $x) (i32.const 255)) (i32.const 77)))"
        if kind < 11:
            return "(local.set $x (i32.rem_u (local.get $x) (i32.and (local.get $p) (i32.const 12))))"
        if kind < 12:
            return f"(if (i32.and (local.get $x) (i32.const 1)) (then {self.statement()}))"
        return "(local.set $x (i32.add (local.get $x) (local.get $p)))"

    def loop(self, depth: int = 0) -> str:
        body = [self.statement() for _ in range(self.source.randrange(1, 5))]
        if depth == 0 and self.source.randrange(4) == 0:
            inner = self.source.choice(("(local.set $q (local.get $p))", "(local.set $q (i32.const 64))"))
            again = "(br_if $again (local.tee $m (i32.sub (local.get $m) (i32.const 1))))"
            move = f"(local.set $q (i32.add (local.get $q) (i32.const {self.source.choice(STEPS)})))"
            inside = [self.statement() for _ in range(self.source.randrange(1, 3))]
            body.append(f"{inner} (local.set $m (i32.const 3)) (loop $again {' '.join(inside)} {move} {again})")
        step, count = self.source.choice(STEPS), self.source.choice((1, 1, 1, 2, 4))
        moves = [
            f"(local.set $p (i32.add (local.get $p) (i32.const {step})))",
            f"(local.set $i (i32.add (local.get $i) (i32.const {count})))",
            "(local.set $n (i32.sub (local.get $n) (i32.const 1)))",
        ]
        body += moves
        if self.source.randrange(3) == 0:
            self.source.shuffle(body)
        tests = (
            "(local.get $n)",
            "(i32.ne (local.get $p) (local.get $end))",
            "(i32.lt_u (local.get $i) (local.get $k))",
        )
        tests += ("(i32.gt_s (local.get $n) (i32.const 0))",)
        fuel = "(br_if $done (i32.eqz (local.tee $fuel (i32.sub (local.get $fuel) (i32.const 1)))))"
        return f"(loop $next {' '.join(body)} {fuel} (br_if $next {self.source.choice(tests)}))"

    def function(self) -> str:
        start = self.source.choice(
            ("(i32.and (local.get $p) (i32.const -4))",) * 2 + ("(i32.const 1024)", "(i32.const 65520)")
        )
        loops = " ".join(self.loop() for _ in range(self.source.choice((1, 1, 2))))
        return f"""
          (func (export "f") (param $p i32) (param $n i32) (param $x i32) (result i32)
            (local $i i32) (local $q i32) (local $m i32) (local $end i32) (local $k i32) (local $fuel i32)
            (local.set $p {start})
            (local.set $end (i32.add (local.get $p) (i32.mul (local.get $n) (i32.const {self.source.choice(STEPS)}))))
            (local.set $k (local.get $n))
            (local.set $i (i32.const {self.source.choice((0, 0, 1, 100, 16380))}))
            (local.set $fuel (i32.const 12))
            (block $done {loops})
            (i32.add (i32.mul (local.get $x) (i32.const 31)) (i32.add (local.get $p) (local.get $i))))"""


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_loops_over_memory(seed: int, growing: bool, layout: str) -> None:
    loops = _Loops(seed)
    content = "".join(f"\\{(11 * byte + 3) & 255:02x}" for byte in range(128))
    text = f"""(module (memory (export "memory") 1)
      (data (i32.const 0) "{content}") (data (i32.const 65408) "{content}") (data (i32.const 1000) "{content}")
      {loops.function()} {GROW if growing else ""})"""
    pair = Pair(text, layout)
    for _ in range(10):
        pair.call("f", loops.source.choice(STARTS), loops.source.randrange(1, 9), loops.source.randrange(1 << 31))
        pair.same_memory([(0, 256), (900, 1300), (65280, 65536)])


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_a_pointer_that_falls_below_zero_traps(layout: str) -> None:
    """Above the wrapped address nothing is inside, though its index, with the offset, would be."""
    text = """(module (memory (export "memory") 1) (data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\07\\08")
      (func (export "down") (param $p i32) (param $n i32) (result i32) (local $x i32)
        (local.set $p (i32.and (local.get $p) (i32.const -4)))
        (loop $next
          (local.set $x (i32.add (local.get $x) (i32.load offset=8 (local.get $p))))
          (local.set $p (i32.sub (local.get $p) (i32.const 4)))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x)))"""
    pair = Pair(text, layout)
    for start in (0, 4, 8, 65524, 65528):
        for rounds in (1, 2, 3, 4):
            pair.call("down", start, rounds)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_what_wraps_is_no_multiple(layout: str) -> None:
    """A pointer that is moved and compared before its access; a counter that wraps beside a pointer."""
    text = """(module (memory (export "memory") 1) (data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\07\\08")
      (func (export "early") (param $p i32) (param $n i32) (result i32) (local $x i32) (local $q i32)
        (local.set $p (i32.and (local.get $p) (i32.const -4)))
        (block $done
          (loop $next
            (local.set $q (i32.add (local.get $p) (i32.const 4)))
            (br_if $done (i32.lt_u (local.get $q) (i32.const 4)))
            (local.set $x (i32.add (local.get $x) (i32.load (local.get $p))))
            (local.set $p (local.get $q))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (local.get $x))
      (func (export "counter") (result i32) (local $p i32) (local $i i32) (local $x i32)
        (local.set $i (i32.const -2))
        (loop $next
          (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 3)) (i32.load (local.get $p))))
          (local.set $p (i32.add (local.get $p) (i32.const 4)))
          (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
        (local.get $x)))"""
    pair = Pair(text, layout)
    for start in (-4, -8, 0, 65524, 65532):
        pair.call("early", start, 3)
    pair.call("counter")


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_a_pointer_may_wrap_behind_an_access_far_below_it(layout: str) -> None:
    """What is moved from the last cell is 0, where the loop ends, and no multiple of an index."""
    text = """(module (memory (export "memory") 1 1)
      (func (export "top") (param $p i32) (result i32) (local $x i32)
        (local.set $p (i32.and (i32.or (local.get $p) (i32.const 0xffff0000)) (i32.const -4)))
        (block $done
          (loop $next
            (br_if $done (i32.lt_u (local.get $p) (i32.const 0xffff0000)))
            (local.set $x (i32.add (local.get $x) (i32.load (i32.sub (local.get $p) (i32.const 0xffff0000)))))
            (local.set $x (i32.add (local.get $x) (i32.const 1)))
            (local.set $p (i32.add (local.get $p) (i32.const 4)))
            (br $next)))
        (local.get $x)))"""
    pair = Pair(text, layout)
    for start in (0xFFF0, 0xFFFC):
        pair.call("top", start)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_where_the_index_of_a_round_is_made(layout: str) -> None:
    """Before it, in its block, the pointer is a multiple of the index of the round before. An inner loop makes it
    again and again, of the same. Where some rounds make none it is not carried."""
    text = """(module (memory (export "memory") 1)
      (func (export "before") (local $p i32)
        (local.set $p (i32.const 1024))
        (loop $next
          (i32.store (i32.const 64) (i32.add (local.get $p) (i32.const 8)))
          (i32.store (local.get $p) (i32.const 7))
          (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 4))) (i32.const 1048)))))
      (func (export "inner") (param $n i32) (local $p i32) (local $i i32) (local $m i32)
        (local.set $p (i32.const 2048))
        (loop $next
          (local.set $m (i32.const 3))
          (loop $again
            (i32.store (local.get $p) (local.get $m))
            (br_if $again (local.tee $m (i32.sub (local.get $m) (i32.const 1)))))
          (local.set $p (i32.add (local.get $p) (i32.const 4)))
          (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5)))))
      (func (export "some") (param $n i32) (local $p i32)
        (local.set $p (i32.const 2048))
        (loop $next
          (if (i32.and (local.get $n) (i32.const 2)) (then (i32.store (local.get $p) (local.get $n))))
          (local.set $p (i32.add (local.get $p) (i32.const 4)))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"""
    pair = Pair(text, layout)
    for name, args in (("before", ()), ("inner", (1,)), ("some", (11,))):
        pair.call(name, *args)
        pair.same_memory([(0, 128), (1024, 1100), (2000, 2200)])


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize(("shift", "step"), [(3, 1), (4, 1), (3, 3), (2, 1)])
def test_a_number_of_an_element_larger_than_a_cell(shift: int, step: int, layout: str) -> None:
    """It is a fraction of the index, where only tests and the access need it."""
    data = "".join(f"\\{number:02x}" for number in range(250))
    load = f"(i64.load offset=8 (i32.shl (local.get $i) (i32.const {shift})))"
    text = f"""(module (memory (export "memory") 1) (data (i32.const 0) "{data}")
      (func (export "below") (param $i i32) (param $n i32) (result i64) (local $x i64)
        (local.set $i (i32.and (local.get $i) (i32.const 0x3fff)))
        (loop $next
          (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 5)) {load}))
          (local.set $i (i32.add (local.get $i) (i32.const {step})))
          (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
        (local.get $x))
      (func (export "above") (param $i i32) (param $n i32) (result i64) (local $x i64)
        (local.set $i (i32.and (local.get $i) (i32.const 0x3fff)))
        (block $done
          (loop $next
            (br_if $done (i32.lt_s (local.get $n) (local.get $i)))
            (local.set $x (i64.xor (i64.mul (local.get $x) (i64.const 5)) {load}))
            (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const {step}))) (i32.const 16)))))
        (local.get $x)))"""
    pair = Pair(text, layout)
    last = (65536 - 8 >> shift) - 1
    for start, end in ((0, 0), (0, 9), (3, 12), (5, 5), (last - 2, last + 3), (last, last + 1), (last + 1, 0), (0, -1)):
        for name in ("below", "above"):
            if name == "above" or end >= 0:
                pair.call(name, start, end)


ROUNDS = {
    "sum": "(local.set $x (i32.add (local.get $x) (i32.load (local.get $p))))",
    "fill": "(i32.store (local.get $p) (local.get $x))",
    "fill two": "(i32.store (local.get $p) (local.get $x)) (i32.store offset=4096 (local.get $p) (local.get $x))",
}


def _round(body: str, step: int, layout: str, test: str = "") -> int:
    """The steps of one more round of a loop of n rounds."""
    test = test or "(local.tee $n (i32.sub (local.get $n) (i32.const 1)))"
    text = f"""(module (memory 1) (func (export "f") (param $n i32) (param $x i32) (result i32) (local $p i32)
      (local.set $p (i32.const 1024))
      (block $done (br_if $done (i32.eqz (local.get $n)))
        (loop $next {body} (local.set $p (i32.add (local.get $p) (i32.const {step}))) (br_if $next {test})))
      (local.get $x)))"""
    program = compile_module(wat_to_wasm(text, "loop.wat"), CompileOptions(memory_layout=layout))
    few, more = (Instance(program).call("f", n, 3).steps for n in (10, 11))
    return more - few


def test_one_step_moves_and_checks_a_pointer() -> None:
    """Besides that, a round has its access, what it computes, and one step for counter and test."""
    assert _round(ROUNDS["fill"], 4, "words") == 3
    assert _round(ROUNDS["fill two"], 8, "words") == 4
    assert _round(ROUNDS["sum"], 4, "words") == 4
    bytes_ = "(i32.store8 (local.get $p) (i32.const 7))"
    assert _round(bytes_, 1, "bytes") == 3


def test_a_pointer_that_ends_its_loop_needs_no_counter() -> None:
    count = "(i32.shl (i32.and (local.get $n) (i32.const 255)) (i32.const 2))"
    end = f"(i32.ne (local.get $p) (i32.add (i32.const 1024) {count}))"
    assert _round(ROUNDS["fill"], 4, "words", test=end) <= 4
