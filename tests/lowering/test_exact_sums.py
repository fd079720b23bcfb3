"""Loops whose counters are known not to wrap: the steps of one iteration, before steps are fused."""

from __future__ import annotations

import pytest

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.lowering.conventions import signatures
from zkwasm_compiler.lowering.legalize import legalize_module
from zkwasm_compiler.lowering.select import select
from zkwasm_compiler.lowering.symbols import Symbols
from zkwasm_compiler.machine.step import Advice
from zkwasm_compiler.passes.branches import branches
from zkwasm_compiler.passes.dce import dce
from zkwasm_compiler.passes.narrow import narrow
from zkwasm_compiler.passes.parameters import parameters
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm import decode
from zkwasm_compiler.wasm.text import wat_to_wasm

COUNT_UP = """
(loop $again
  {body}
  (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
"""
COUNT_DOWN = """
(if (local.get $n) (then
  (loop $again
    {body}
    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
"""


def loop_steps(loop: str) -> tuple[int, int]:
    """The steps of the blocks that loop, and how many of them take advice."""
    text = f"""
    (module (func (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32)
      {loop}
      (local.get $sum)))
    """
    module = translate(decode(wat_to_wasm(text, "loop.wat")))
    context = optimize(module, 2)
    function = module.functions[0]
    legalize_module(module, {0: narrow(function, context)})
    for clean_up in (branches, parameters, dce):
        clean_up(function, context)
    selected = select(function, signatures(module), Symbols({0: "f"}, call_graph(module).recursive))
    steps = [step for block in selected.blocks if block.frequency > 1 for step in block.steps]
    return len(steps), sum(isinstance(step.free, Advice) for step in steps)


@pytest.mark.parametrize(
    ("loop", "steps"),
    [
        pytest.param(COUNT_UP.format(body=""), 2, id="counter and test"),
        pytest.param(COUNT_DOWN.format(body=""), 2, id="counter and test, down"),
        pytest.param(
            COUNT_UP.format(
                body="(local.set $sum (i32.xor (local.get $sum)"
                " (i32.add (i32.mul (i32.and (local.get $i) (i32.const 63)) (i32.const 100)) (i32.const 5))))"
            ),
            5,
            id="a scaled sum is one step",
        ),
        pytest.param(
            COUNT_DOWN.format(
                body="(local.set $sum (i32.xor (local.get $sum) (i32.add"
                " (i32.and (local.get $n) (i32.const 7)) (i32.shr_u (local.get $n) (i32.const 3)))))"
            ),
            5,
            id="a shift that loses nothing is a product",
        ),
        pytest.param(
            COUNT_UP.format(
                body="(if (i32.lt_u (i32.add (i32.and (local.get $i) (i32.const 7)) (i32.const 9))"
                " (i32.mul (i32.and (local.get $i) (i32.const 24)) (i32.const 5))) (then (return (i32.const 1))))"
            ),
            5,
            id="sums are compared in one step",
        ),
    ],
)
def test_steps_of_an_iteration(loop: str, steps: int) -> None:
    assert loop_steps(loop) == (steps, 0)
