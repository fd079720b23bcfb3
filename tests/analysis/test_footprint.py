"""What functions may touch: bytes by the ranges of addresses, globals, and what their callees touch."""

from __future__ import annotations

import pytest

from zkwasm_compiler import wasm
from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.footprint import ADDRESSES, Footprint, Footprints
from zkwasm_compiler.analysis.ranges import value_ranges
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.lowering.legalize import legalize_module
from zkwasm_compiler.wasm.text import wat_to_wasm

MASKED = "(i32.and (local.get 0) (i32.const 12))"


def footprint(body: str, more: str = "", *, ranges: bool = True) -> Footprint:
    """Of a function of one i32 with two globals and a passive segment."""
    text = f"""(module (memory 1) (global (mut i32) (i32.const 0)) (global (mut i32) (i32.const 0)) (data "abc") {more}
      (func (export "f") (param i32) {body}))"""
    module = translate(wasm.load(wat_to_wasm(text, "footprint.wat")))
    known = {index: value_ranges(function) for index, function in module.functions.items()} if ranges else None
    return Footprints(module, call_graph(module), known).of(module.exports["f"])


@pytest.mark.parametrize(
    ("body", "intervals"),
    [
        ("", ()),
        ("(drop (i32.load offset=4 (i32.const 10)))", ((14, 18),)),
        ("(i64.store16 (i32.const 3) (i64.const 0))", ((3, 5),)),
        (f"(drop (i32.load8_u offset=100 {MASKED}))", ((100, 113),)),
        ("(drop (i64.load offset=8 (local.get 0)))", ((8, ADDRESSES + 15),)),
        (f"(drop (i32.load {MASKED})) (drop (i32.load8_u (i32.const 16)))", ((0, 17),)),
        (f"(drop (i32.load8_u {MASKED})) (drop (i32.load8_u (i32.const 14)))", ((0, 13), (14, 15))),
        ("(memory.fill (i32.const 4) (local.get 0) (i32.const 3))", ((4, 7),)),
        (f"(memory.fill (i32.const 4) (local.get 0) {MASKED})", ((4, 16),)),
        ("(memory.copy (i32.const 4) (i32.const 90) (i32.const 3))", ((4, 7), (90, 93))),
        ("(memory.init 0 (i32.const 4) (i32.const 1) (i32.const 2))", ((4, 6),)),
        (f"(if (i32.gt_u {MASKED} (i32.const 20)) (then (drop (i32.load (local.get 0)))))", ()),
        ("(if (i32.lt_u (local.get 0) (i32.const 5)) (then (drop (i32.load8_u (local.get 0)))))", ((0, 5),)),
    ],
)
def test_bytes(body: str, intervals: tuple[tuple[int, int], ...]) -> None:
    assert footprint(body).bytes == intervals


@pytest.mark.parametrize("body", ["(drop (memory.size))", "(drop (memory.grow (local.get 0)))"])
def test_the_size_alone(body: str) -> None:
    assert footprint(body) == Footprint((), True)


def test_globals_and_callees() -> None:
    more = """(func $g (global.set 1 (i32.const 4)) (drop (i32.load8_u (i32.const 7))) (call $h))
      (func $h (drop (i32.load8_u (i32.const 9))) (call $g))
      (func $other (global.set 0 (i32.const 4)) (drop (i32.load (i32.const 50))))"""
    assert footprint("(call $g)", more) == Footprint(((7, 8), (9, 10)), True, frozenset({1}))


def test_accesses_in_words_may_be_anywhere() -> None:
    text = '(module (memory 1) (func (export "f") (param i32) (drop (i32.load8_u (i32.const 7)))))'
    module = translate(wasm.load(wat_to_wasm(text, "footprint.wat")))
    legalize_module(module)
    assert Footprints(module, call_graph(module)).of(module.exports["f"]) == Footprint(((0, 2 * ADDRESSES),), True)


def test_without_ranges_only_constants_are_known() -> None:
    body = f"(drop (i32.load8_u offset=100 {MASKED}))"
    assert footprint(body, ranges=False).bytes == ((100, ADDRESSES + 100),)
    assert footprint("(drop (i32.load8_u (i32.const 7)))", ranges=False).bytes == ((7, 8),)
