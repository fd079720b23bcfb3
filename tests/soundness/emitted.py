"""Programs that together use every lowering rule and the whole skeleton, with calls that run them."""

from __future__ import annotations

from functools import cache

from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.wasm.text import wat_to_wasm

_INTEGERS = (Type.I32, Type.I64)
OPS_OF_WASM = [
    name
    for name, op in OPS.items()
    if op.operands and op.evaluate and not name.startswith("zk.") and {*op.operands, op.result} <= {*_INTEGERS}
]
VALUES = {
    Type.I32: (0, 1, 5, 33, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF3),
    Type.I64: (0, 1, 6, 65, 0xFFFFFFFF, 1 << 63, (1 << 64) - 9),
}

CONTROL = """
(module
  (import "env" "assert_eq" (func $assert_eq (param i64 i64)))
  (global $count (export "count") (mut i32) (i32.const 7))
  (func $leaf (param i32 i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (local.get 1)))
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1)))
                     (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "table") (param $i i32) (result i32)
    (block $e (block $d (block $c (block $b (block $a
      (br_table $a $b $c $d $a $e (local.get $i)))
      (return (i32.const 10))) (return (i32.const 11))) (return (i32.const 12))) (return (i32.const 13)))
    (i32.const 14))
  (func (export "counted") (param i32) (result i32)
    (global.set $count (i32.add (global.get $count) (local.get 0)))
    (call $assert_eq (i64.extend_i32_u (i32.const 3)) (i64.const 3))
    (call $leaf (global.get $count) (local.get 0)))
  (func (export "two") (param i64 i32) (result i64 i32)
    (i64.mul (local.get 0) (local.get 0)) (select (local.get 1) (i32.const 9) (i32.eqz (local.get 1))))
  (func (export "many") (param i32 i32 i32 i32 i32 i32 i32) (result i32 i32 i32 i32 i32 i32 i32)
    (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0)))
"""
CONTROL_CALLS = [
    ("fib", (6,)),
    *(("table", (i,)) for i in (0, 1, 3, 4, 5, 0xFFFFFFFF)),
    ("counted", (5,)),
    ("two", (0xFFFFFFFF12345678, 0)),
    ("many", (1, 2, 3, 4, 5, 6, 7)),
]


@cache
def control_program(level: int) -> Program:
    """Calls, recursion, tables, globals, several results."""
    return compile_module(wat_to_wasm(CONTROL, "control.wat"), CompileOptions(optimization_level=level))


@cache
def op_program(op: str) -> Program:
    """One op of two parameters (or one) as the exported function ``f``."""
    row = OPS[op]
    assert row.operands is not None
    assert row.result is not None
    types = " ".join(type_.value for type_ in row.operands)
    reads = " ".join(f"(local.get {number})" for number in range(len(row.operands)))
    text = f'(module (func (export "f") (param {types}) (result {row.result.value}) ({op} {reads})))'
    return compile_module(wat_to_wasm(text, "op.wat"))


def op_arguments(op: str) -> list[tuple[int, ...]]:
    """Arguments for `op_program`, edge values of each operand's type."""
    operands = OPS[op].operands or ()
    if len(operands) == 1:
        return [(x,) for x in VALUES[operands[0]]]
    return [(x, y) for x in VALUES[operands[0]] for y in VALUES[operands[1]]]
