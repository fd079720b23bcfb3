"""Accesses that share indexes, and addresses that are sums: results, traps and memory behind traps are wasmtime's."""

from __future__ import annotations

import random

import pytest

from tests.memory.test_accesses import LAYOUT_NAMES, Pair
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

EDGES = (0, 4, 60, 64, 65504, 65508, 65520, 65524, 65528, 65532, 65536, 65540, 1 << 17, (1 << 30) + 4, 1 << 31, -4, -16)
INDEXES = (0, 1, 7, 16383, 16384, 1 << 28, (1 << 30) - 1, 1 << 30, (1 << 30) + 3, (1 << 31) - 1, -1, -2, -16384)


def _statement(source: random.Random, number: int) -> str:
    """An access to the pointer in local 0 or to one of the sums in locals 3 and 4, or something that may trap."""
    kind = source.randrange(12)
    pointer = f"(local.get {source.choice((0, 0, 0, 3, 4))})"
    if source.randrange(4) == 0:
        pointer = f"(i32.add {pointer} (i32.const {source.choice((4, 8, 16, -4))}))"
    offset = 4 * source.randrange(6)
    if kind < 6:
        op, narrow = source.choice((("i32.load", 0), ("i32.load8_u", 3), ("i32.load16_s", 2)))
        load = f"({op} offset={offset + source.choice((0, narrow))} {pointer})"
        return f"(local.set 2 (i32.add (i32.mul (local.get 2) (i32.const 31)) {load}))"
    if kind < 7:
        return f"(local.set 2 (i32.xor (local.get 2) (i32.wrap_i64 (i64.load offset={offset} {pointer}))))"
    if kind < 10:
        op = source.choice(("i32.store", "i32.store", "i32.store8", "i32.store16"))
        return f"({op} offset={offset} {pointer} (i32.const {1000 + 77 * number}))"
    if kind < 11:
        return f"(i64.store offset={offset} {pointer} (i64.const {(number + 3) * 0x0102030405060708}))"
    return "(local.set 2 (i32.div_u (local.get 2) (i32.and (local.get 2) (i32.const 3))))"


def pointer_function(source: random.Random, aligned: bool = True) -> str:
    """The exported function ``f`` of a pointer and an index: accesses around them, in a branch or a loop at times."""
    statements = [_statement(source, number) for number in range(source.randrange(2, 9))]
    if source.randrange(3) == 0:
        middle = source.randrange(len(statements))
        statements[middle] = f"(if (local.get 1) (then {' '.join(statements[middle:])}))"
    if source.randrange(3) == 0:
        step, count = source.choice((4, 8, 16, -4)), source.randrange(2, 6)
        advance = f"(local.set 0 (i32.add (local.get 0) (i32.const {step})))"
        again = f"(br_if 0 (i32.lt_u (local.tee 5 (i32.add (local.get 5) (i32.const 1))) (i32.const {count})))"
        statements = ["(loop", *statements, advance, again, ")"]
    return f"""
      (func (export "f") (param i32 i32) (result i32) (local i32 i32 i32 i32)
        {"(local.set 0 (i32.and (local.get 0) (i32.const -4)))" if aligned else ""}
        (local.set 3 (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2))))
        (local.set 4 (i32.add (i32.mul (i32.shr_u (local.get 1) (i32.const 1)) (i32.const 12)) (i32.const 32)))
        {" ".join(statements)} (local.get 2))"""


@pytest.mark.parametrize(("layout", "aligned"), [("words", False), ("words", True), ("bytes", False)])
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("seed", range(24))
def test_accesses_around_one_base(seed: int, growing: bool, aligned: bool, layout: str) -> None:
    source = random.Random(seed)
    content = "".join(f"\\{(11 * byte + 3) & 255:02x}" for byte in range(96))
    grow = '(func (export "grow") (drop (memory.grow (i32.const 0))))' if growing else ""
    text = f"""(module (memory (export "memory") 1)
      (data (i32.const 0) "{content}") (data (i32.const 65440) "{content}")
      {pointer_function(source, aligned)} {grow})"""
    pair = Pair(text, layout)
    for _ in range(14):
        pair.call(
            "f", source.choice(EDGES) + (0 if aligned else source.choice((0, 0, 1, 2, 3))), source.choice(INDEXES)
        )
    pair.same_memory([(0, 256), (65280, 65536)])


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
def test_elements_of_an_array_that_begins_anywhere(growing: bool, layout: str) -> None:
    """The largest sums that a step can be asked about, and those that wrap into the memory."""
    grow = '(func (export "grow") (drop (memory.grow (i32.const 0))))' if growing else ""
    text = f"""(module (memory (export "memory") 1) (data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\07\\08")
      (func (export "element") (param i32 i32) (result i32)
        (i32.load (i32.add (i32.and (local.get 0) (i32.const -4)) (i32.shl (local.get 1) (i32.const 2)))))
      (func (export "positive") (param i32 i32) (result i32)
        (i32.load (i32.add (i32.and (local.get 0) (i32.const -4))
                           (i32.shl (i32.and (local.get 1) (i32.const 0x7fffffff)) (i32.const 2)))))
      (func (export "fixed") (param i32) (result i32)
        (i32.load offset=4 (i32.add (i32.shl (local.get 0) (i32.const 2)) (i32.const 1024))))
      (func (export "backwards") (param i32) (result i32)
        (i32.load (i32.sub (i32.const 65532) (i32.shl (local.get 0) (i32.const 2))))) {grow})"""
    pair = Pair(text, layout)
    for index in INDEXES:
        for start in EDGES:
            pair.call("element", start, index)
            pair.call("positive", start, index)
        for name in ("fixed", "backwards"):
            pair.call(name, index)


def test_a_sum_that_wraps_is_reduced_before_it_is_subtracted() -> None:
    """`-1 - (a + b)` never wraps, but with a + b not reduced it would be 2^32 less."""
    address = "(i32.sub (i32.const -1) (i32.add (local.get 0) (local.get 1)))"
    load = f'(func (export "f") (param i32 i32) (result i32) (i32.load8_u {address}))'
    pair = Pair(f'(module (memory (export "memory") 1) (data (i32.const 0) "abcdefgh") {load})', "bytes")
    for a, b in ((-1, -1), (-2, 0), (-16, -1), (-(1 << 31), (1 << 31) - 16), (0, 0), (-1, 4)):
        pair.call("f", a, b)


def _checks(body: str) -> int:
    """How many rows of a function of a pointer to words may trap because something is outside."""
    masked = "(local.set 0 (i32.and (local.get 0) (i32.const -4)))"
    data = wat_to_wasm(f'(module (memory 1) (func (export "f") (param i32 i32) (result i32) {masked} {body}))', "")
    program = compile_module(data, CompileOptions(memory_layout="words"))
    return sum("trap_out_of_bounds_memory_access" in str(row["lineStr"]) for row in program.rows)


def test_what_is_inside_is_not_checked_again() -> None:
    first, second = "(i32.load offset=4 (local.get 0))", "(i32.load offset=8 (local.get 0))"
    stores = [f"(i32.store offset={offset} (local.get 0) (local.get 1))" for offset in (0, 4, 8)]
    assert _checks(first) == 1
    assert _checks(f"(i32.sub {first} {second})") == 1
    assert _checks(f"(i32.sub {second} (i32.load8_u offset=2 (local.get 0)))") == 1
    # A trap must not overtake a store, nor a call or a trap of another kind.
    assert _checks(f"{stores[2]} {stores[0]} {stores[1]} {first}") == 1
    assert _checks(f"{first} {stores[0]} {stores[1]}") == 1
    assert _checks(f"{first} {stores[2]}") == 1
    # On both ways behind a branch, and behind where they meet.
    assert _checks(f"{stores[2]} (if (local.get 1) (then {stores[0]}) (else {stores[1]})) {first}") == 1


def _steps(text: str, *args: int) -> int:
    """The steps of one call of ``f``."""
    data = wat_to_wasm(f'(module (memory 1) (func (export "f") {text}))', "steps.wat")
    instance = Instance(compile_module(data, CompileOptions(memory_layout="words")))
    return instance.call("f", *args).steps


@pytest.mark.parametrize("mask", ["(local.set 0 (i32.and (local.get 0) (i32.const -4)))", ""])
def test_one_test_serves_all_stores_to_a_base(mask: str) -> None:
    """Each further store of a constant takes one step, whether the alignment is known or not."""

    def steps(count: int) -> int:
        stores = " ".join(f"(i32.store offset={4 * number} (local.get 0) (i32.const 0))" for number in range(count))
        return _steps(f"(param i32) {mask} {stores}", 64)

    assert [steps(count + 1) - steps(count) for count in (2, 3, 4)] == [1, 1, 1]


def test_a_call_between_accesses_is_in_the_program_once() -> None:
    """A test for all accesses to a base ends at a call, which would stand in both versions."""
    text = """
      (module (memory 1 1)
        (func $set (param i32)
          (if (i32.gt_u (local.get 0) (i32.const 5)) (then (call $set (i32.shr_u (local.get 0) (i32.const 1)))))
          (i32.store (i32.const 64) (local.get 0)))
        (func (export "f") (param i32) (local i32)
          (local.set 1 (i32.load (local.get 0)))
          (i32.store offset=8 (local.get 0) (local.get 1))
          (call $set (local.get 1))
          (i32.store offset=4 (local.get 0) (i32.load offset=12 (local.get 0)))))"""
    program = compile_module(wat_to_wasm(text, "call.wat"), CompileOptions(memory_layout="words"))
    rows = [str(row["lineStr"]) for row in program.rows]
    assert sum("CALL(f_set)" in row for row in rows) == 2, "one in set, one in f"
