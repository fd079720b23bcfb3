"""Calls in place of a return: no stack grows, and what may come back counts."""

from __future__ import annotations

import pytest

from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.driver import compile_stages
from zkwasm_compiler.errors import ValidationError
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

TEXT = """
(module
  (type $f (func (param i32 i64) (result i64)))
  (table 3 funcref)
  (table $written 3 funcref)
  (elem (table 0) (i32.const 0) func $even $odd $count)
  (elem (table $written) (i32.const 0) func $even $odd $count)
  (func $even (param i32 i64) (result i64)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))
  (func $odd (param i32 i64) (result i64)
    (if (i32.eqz (local.get 0)) (then (return (i64.const -1))))
    (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 0)))
  (func $count (param i32 i64) (result i64) (local i64)
    (if (i32.eqz (local.get 0)) (then (return (i64.add (local.get 1) (local.get 2)))))
    (local.set 2 (i64.const 1000))
    (return_call $count (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1))))
  (func $wide (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.add (local.get 5) (local.get 6)))))
    (return_call $wide (i32.sub (local.get 0) (i32.const 1)) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
      (local.get 6) (local.get 1)))
  (func $forever (param i32) (result i32) (call $forever (local.get 0)))
  (func (export "even") (param i32) (result i64) (return_call $even (local.get 0) (i64.const 0)))
  (func (export "count") (param i32) (result i64) (call $count (local.get 0) (i64.const 0)))
  (func (export "wide") (param i32) (result i32)
    (return_call $wide (local.get 0)
      (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)))
  (func (export "through") (param i32 i32) (result i64)
    (table.set $written (i32.const 2) (ref.null func))
    (return_call_indirect $written (type $f) (local.get 0) (i64.const 5) (local.get 1)))
  (func (export "forever") (param i32) (result i32) (call $forever (local.get 0))))
"""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_no_stack_grows(level: int) -> None:
    program = compile_module(wat_to_wasm(TEXT, "tail.wat"), CompileOptions(optimization_level=level))
    instance = Instance(program)
    assert instance.call("even", 70000).value == 105000
    assert instance.call("even", 70001).value == -1
    assert instance.call("count", 70000).value == 70000
    assert instance.call("wide", 4).value == 7
    assert instance.call("through", 6, 0).value == 14
    assert instance.call("through", 6, 1).value == -1
    assert instance.call("through", 6, 2).trap is Trap.UNINITIALIZED_ELEMENT
    assert instance.call("through", 6, 3).trap is Trap.UNDEFINED_ELEMENT
    assert instance.call("forever", 1).trap is Trap.CALL_STACK_EXHAUSTED


BEHIND_CALLS = """
(module
  (type $five (func (param i32 i32 i32 i32 i32) (result i32)))
  (type $seven (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (type $none (func (result i32)))
  (table 5 funcref)
  (elem (table 0) (i32.const 0) funcref (ref.func $five) (ref.func $seven) (ref.func $none) (ref.null func))
  (func $five (type $five)
    (i32.add (local.get 4) (i32.mul (i32.const 10)
      (i32.add (local.get 3) (i32.mul (i32.const 10)
        (i32.add (local.get 2) (i32.mul (i32.const 10)
          (i32.add (local.get 1) (i32.mul (i32.const 10) (local.get 0))))))))))
  (func $seven (type $seven)
    (i32.add (local.get 6) (i32.mul (i32.const 10)
      (i32.add (local.get 5) (i32.mul (i32.const 10)
        (call $five (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))))))
  (func $none (type $none) (i32.const 77))
  (func $inner (param i32) (result i32) (local $one i32)
    (local.set $one (call $five (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (local.get 0)))
    (return_call $five (local.get $one) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)))
  (func $inner_wide (param i32) (result i32) (local $one i32)
    (local.set $one (call $five (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (local.get 0)))
    (return_call $seven (local.get $one) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
      (i32.const 7)))
  (func $inner_five (param i32 i32) (result i32)
    (return_call_indirect (type $five) (call $none) (i32.const 2) (i32.const 3) (i32.const 4) (local.get 0)
      (local.get 1)))
  (func $inner_seven (param i32 i32) (result i32)
    (return_call_indirect (type $seven) (local.get 0) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6) (i32.const 7) (local.get 1)))
  (func (export "direct") (param i32) (result i32) (i32.add (call $inner (local.get 0)) (local.get 0)))
  (func (export "wide") (param i32) (result i32) (i32.add (call $inner_wide (local.get 0)) (local.get 0)))
  (func (export "five") (param i32 i32) (result i32)
    (i32.add (call $inner_five (local.get 0) (local.get 1)) (local.get 0)))
  (func (export "seven") (param i32 i32) (result i32)
    (i32.add (call $inner_seven (local.get 0) (local.get 1)) (local.get 0)))
  (func (export "called_seven") (param i32 i32) (result i32) (local $kept i32)
    (local.set $kept (i32.mul (local.get 0) (local.get 0)))
    (call_indirect (type $seven) (local.get 0) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6) (i32.const 7) (local.get 1))
    (i32.add (local.get $kept))))
"""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_the_caller_comes_back_with_every_argument_where_it_belongs(level: int) -> None:
    """Calls before the last one, arguments that no register holds, and functions that are not of the signature."""
    program = compile_module(wat_to_wasm(BEHIND_CALLS, "behind.wat"), CompileOptions(optimization_level=level))
    instance = Instance(program)
    assert instance.call("direct", 1).value == 12345 + 1
    assert instance.call("wide", 1).value == 1234567 + 1
    assert instance.call("five", 1, 0).value == 77 * 10000 + 2341 + 1
    assert instance.call("seven", 1, 1).value == 1234567 + 1
    assert instance.call("called_seven", 1, 1).value == 1234567 + 1
    for name, wrong in (("five", (1, 2)), ("seven", (0, 2)), ("called_seven", (0, 2))):
        for index in wrong:
            assert instance.call(name, 1, index).trap is Trap.INDIRECT_CALL_TYPE_MISMATCH
        assert instance.call(name, 1, 3).trap is Trap.UNINITIALIZED_ELEMENT
        assert instance.call(name, 1, 4).trap is Trap.UNINITIALIZED_ELEMENT
        assert instance.call(name, 1, 5).trap is Trap.UNDEFINED_ELEMENT


def test_a_wide_indirect_call_changes_e() -> None:
    """On the way to the function the row puts the fifth argument there."""
    compilation = compile_stages(wat_to_wasm(BEHIND_CALLS, "behind.wat"), CompileOptions(optimization_level=0))
    selected = compilation.stages.selected
    calls = {
        len(operation.operands): operation.clobbers
        for function in selected.values()
        for step in function.steps()
        for operation in step.operations
        if operation.name == "CALL" and operation.fixed[:1] == ("E",)
    }
    assert "E" in calls[5]  # the index and four arguments


def test_a_call_before_the_end_needs_no_return_address() -> None:
    text = """
    (module
      (global $g (mut i32) (i32.const 0))
      (func $large (param i32) (result i32) (local i32)
        (loop $again
          (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 5)) (local.get 0)))
          (local.set 1 (i32.xor (local.get 1) (i32.shl (local.get 1) (i32.const 13))))
          (local.set 1 (i32.xor (local.get 1) (i32.shr_u (local.get 1) (i32.const 17))))
          (local.set 1 (i32.xor (local.get 1) (i32.rotl (local.get 1) (i32.const 5))))
          (local.set 1 (i32.add (local.get 1) (i32.div_u (local.get 1) (i32.const 7))))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "f") (param i32) (result i32) (global.set $g (local.get 0)) (call $large (local.get 0)))
      (func (export "g") (param i32) (result i32) (call $large (i32.add (local.get 0) (i32.const 1)))))
    """
    compilation = compile_stages(wat_to_wasm(text, "before.wat"), CompileOptions())
    for index in (1, 2):
        assert "return_call #0" in compilation.optimized[index]
    assert "RR" not in compilation.program.source.partition("f_f:")[2].partition("no_such_function")[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("(return_call $i64)", "what is called gives [i64], the function has to give [i32]"),
        (
            "(return_call_indirect (result i64) (i32.const 0))",
            "what is called gives [i64], the function has to give [i32]",
        ),
        ("(return_call_indirect $x (result i32) (i32.const 0))", "needs a table of funcref, table 1 holds externref"),
    ],
)
def test_what_does_not_validate(body: str, message: str) -> None:
    text = f"""
    (module (table 1 funcref) (table $x 1 externref)
      (func $i64 (result i64) (i64.const 0)) (func (export "f") (result i32) {body}))
    """
    with pytest.raises(ValidationError) as caught:
        compile_module(wat_to_wasm(text, "invalid.wat"))
    assert message in str(caught.value)
