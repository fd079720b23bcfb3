"""Deep recursion, and the widest signatures that the public interface has room for."""

from __future__ import annotations

import pytest

from tests.benchmarks.programs import module_bytes
from tests.differential.comparison import Case, first_difference
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.errors import InputError
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

LEAST_FRAMES = 10_000
"""Activations of a small function that fit on the stack; engines have room for about as many."""

CALLS = (
    ("nested", (0, 3, 5)),
    ("nested", (1000, 0x123456789ABCDEF, 0xFEDCBA9876543210)),
    ("widest", (1 << 63, 0xFFFFFFFF, 2, 3, 0xFFFFFFFFFFFFFFFF, 5, 0x100000000, 0x80000000)),
    ("through_wider", (0x8000000000000001,)),
    ("through_wider", (0,)),
)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_deep_and_wide_calls(level: int) -> None:
    exports = tuple(dict.fromkeys(name for name, _ in CALLS))
    difference = first_difference(Case(module_bytes("limits.wat"), exports, CALLS), level)
    assert not difference, difference


@pytest.mark.parametrize("level", [0, 2])
def test_recursion_below_recursion_behind_a_function_that_is_not_recursive(level: int) -> None:
    """The function between has no frame on the stack; the one below it must not take the cells of the one above."""
    wat = """(module
      (func $below (param $n i32) (result i32)
        (if (result i32) (local.get $n)
          (then (i32.add (call $below (i32.sub (local.get $n) (i32.const 1))) (local.get $n)))
          (else (i32.const 1))))
      (func $between (param $n i32) (result i32)
        (i32.xor (call $below (local.get $n)) (call $below (i32.mul (local.get $n) (i32.const 2)))))
      (func $above (export "above") (param $n i32) (param $k i32) (result i32) (local $x i32)
        (if (result i32) (local.get $n)
          (then
            (local.set $x (i32.mul (local.get $n) (local.get $k)))
            (i32.add
              (i32.add (call $between (local.get $n)) (i32.mul (local.get $x) (i32.const 3)))
              (i32.add
                (call $above (i32.sub (local.get $n) (i32.const 1)) (local.get $x))
                (i32.add (call $between (local.get $k)) (local.get $x)))))
          (else (local.get $k)))))"""

    def between(n: int) -> int:
        return (1 + n * (n + 1) // 2) ^ (1 + n * (2 * n + 1))

    def above(n: int, k: int) -> int:
        x = n * k
        return between(n) + 3 * x + above(n - 1, x) + between(k) + x if n else k

    instance = Instance(compile_module(wat_to_wasm(wat), CompileOptions(optimization_level=level)))
    for words in ((0, 7), (1, 2), (4, 3)):
        assert instance.call("above", *words).value == above(*words)


@pytest.mark.parametrize("level", [0, 2])
def test_an_exhausted_stack_is_a_trap_that_keeps_the_globals(level: int) -> None:
    instance = Instance(compile_module(module_bytes("limits.wat"), CompileOptions(optimization_level=level)))
    assert instance.call_raw("endless", (1,)).trap is Trap.CALL_STACK_EXHAUSTED
    depth = instance.globals["depth"]
    assert depth > LEAST_FRAMES
    assert instance.call_raw("nested", (0, 3, 5)).raw == (6,), "the instance can be called again"
    assert instance.call_raw("endless", (1,)).trap is Trap.CALL_STACK_EXHAUSTED
    assert instance.globals["depth"] == 2 * depth, "the second call has as much of the stack as the first"


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("(param i32 i32 i32 i32 i32 i32 i32 i32 i32)", "'f' has 9 parameters; a provable call has at most 8"),
        (
            "(result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)",
            "'f' has 12 results; a provable call has at most 11",
        ),
    ],
)
def test_wider_exports_are_refused(signature: str, message: str) -> None:
    data = wat_to_wasm(f'(module (func (export "f") {signature} unreachable))')
    with pytest.raises(InputError, match=message):
        compile_module(data)
