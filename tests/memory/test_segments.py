"""Passive data segments do what wasmtime makes of them, and cost what they should."""

from __future__ import annotations

import pytest

from tests.memory.test_accesses import Pair
from tests.soundness.emitted import GROWS, LAYOUT_NAMES, SEGMENTS, SEGMENTS_CALLS
from zkwasm_compiler import compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("level", [0, 2])
def test_every_kind_of_operand(level: int, growing: bool, layout: str) -> None:
    """The last call drops a segment; then everything is called again."""
    text = SEGMENTS.replace("(memory 1", '(memory (export "memory") 1') % (GROWS if growing else "")
    pair = Pair(text, layout, level)
    for _ in range(2):
        for name, args in SEGMENTS_CALLS:
            pair.call(name, *(arg - (1 << 32) if arg >> 31 else arg for arg in args))
            pair.same_memory([(0, 200), (65400, 65536)])


def steps(body: str, data: str = '(data $d "0123456789abcdefghij")') -> int:
    text = f'(module (memory 1) {data} (func (export "f") (param i32) {body}))'
    return Instance(compile_module(wat_to_wasm(text, "steps.wat"))).call("f", 4).steps


def test_a_word_of_a_known_segment_takes_a_step() -> None:
    nothing, argument = steps(""), 1
    assert steps("(memory.init $d (i32.const 8) (i32.const 0) (i32.const 20))") == nothing + 5
    aligned = "(i32.shl (local.get 0) (i32.const 2))"
    assert steps(f"(memory.init $d {aligned} (i32.const 0) (i32.const 20))") == nothing + argument + 1 + 5


def test_a_segment_that_is_dropped_but_never_copied_costs_nothing() -> None:
    assert steps("(data.drop $d)") == steps("")
