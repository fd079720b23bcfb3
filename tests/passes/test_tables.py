"""Random modules with tables mean the same in wasmtime and in the interpreter, as translated and after every level."""

from __future__ import annotations

import pytest

from tests.differential.comparison import Case, expected_outcomes
from tests.differential.table_modules import table_module
from tests.wasmtime_oracle import SAME_IN_WASMTIME, Outcome
from zkwasm_compiler import CompileOptions, compile_module, wasm
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import run
from zkwasm_compiler.ir.tables import Tables
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

MODULES = 40


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_tables(level: int) -> None:
    for seed in range(level * MODULES, (level + 1) * MODULES):
        case = table_module(seed)
        assert interpreted_outcomes(case, level) == expected_outcomes(case), f"seed {seed}\n{case.text()}"


def interpreted_outcomes(case: Case, level: int) -> list[Outcome]:
    """What the interpreter makes of the calls of a case, after the passes of a level."""
    module = translate(wasm.load(case.wasm), exports=case.exports)
    optimize(module, level, verify=True)
    state, tables = [item.initial for item in module.globals], Tables.of(module)
    shown = [item.index for item in module.globals if item.export is not None]
    outcomes = [Outcome((), ())]
    for name, args in case.calls:
        results: tuple[int, ...] | Trap
        try:
            results = tuple(run(module, module.exports[name], args, globals=state, tables=tables))
        except TrapError as error:
            results = SAME_IN_WASMTIME.get(error.trap, error.trap)
        outcomes.append(Outcome(results, tuple(state[index] for index in shown)))
    return outcomes


@pytest.mark.parametrize("written", ["", "(func (table.set (i32.const 0) (ref.null func)))"], ids=["code", "cells"])
@pytest.mark.parametrize("level", [0, 2])
def test_nulls_of_a_segment_take_the_place_of_what_was_there(level: int, written: str) -> None:
    exported = written.replace("(func", '(func (export "write")')
    text = f"""
    (module
      (table 5 funcref)
      (elem (i32.const 0) func $f $f $f $f)
      (elem (table 0) (i32.const 1) funcref (ref.null func) (ref.func $g) (ref.null func))
      (elem $passive funcref (ref.null func) (ref.func $g))
      (func $f (result i32) (i32.const 1)) (func $g (result i32) (i32.const 2)) {exported}
      (func (export "init") (table.init $passive (i32.const 2) (i32.const 0) (i32.const 1)))
      (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))
    """
    exports = ("call", "write", "init") if written else ("call",)
    instance = Instance(compile_module(wat_to_wasm(text, "nulls.wat"), CompileOptions(exports, level)))
    results = [instance.call("call", index) for index in range(5)]
    assert [result.value for result in results] == [1, None, 2, None, None]
    assert {result.trap for result in results if result.trap} == {Trap.UNINITIALIZED_ELEMENT}
    if written:
        instance.call("init")
        assert instance.call("call", 2).trap is Trap.UNINITIALIZED_ELEMENT
