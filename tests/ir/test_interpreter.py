"""The interpreter of the SSA: what it raises, its limits, and the state that it keeps."""

from __future__ import annotations

import pytest

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import AssertionFailure, OutOfFuel, instantiate, run
from zkwasm_compiler.ir.parser import parse_module

MODULE = """
global #0: mut i32 = 40
start #1
function divide#0(i32, i32) -> (i32) {
b0(v0: i32, v1: i32):
  v2 = i32.div_s v0, v1
  return v2
}
function begin#1() -> () {
b0:
  v0: i32 = global.get #0
  v1 = i32.const 2
  v2 = i32.add v0, v1
  global.set #0 v2
  return
}
function forever#2() -> () {
b0:
  br b1
b1:
  br b1
}
function deep#3(i64) -> (i64) {
b0(v0: i64):
  v1 = i64.eqz v0
  br_if v1 b1 b2
b1:
  return v0
b2:
  v2 = i64.const -1
  v3 = i64.add v0, v2
  v4 = call #3 v3
  v5: i64 = result #0 v4
  return v5
}
function assert#4(i64, i64) -> () {
b0(v0: i64, v1: i64):
  assert_eq v0, v1
  return
}
function swap#5(i32, i32, i32) -> (i32, i32) {
b0(v0: i32, v1: i32, v2: i32):
  br b1(v0, v1, v2)
b1(v3: i32, v4: i32, v5: i32):
  v6 = i32.const -1
  v7 = i32.add v5, v6
  br_if v5 b1(v4, v3, v7) b2
b2:
  return v3, v4
}
"""


@pytest.mark.parametrize(
    ("args", "trap"),
    [([1, 0], Trap.INTEGER_DIVIDE_BY_ZERO), ([1 << 31, 0xFFFFFFFF], Trap.INTEGER_OVERFLOW)],
)
def test_traps(args: list[int], trap: Trap) -> None:
    with pytest.raises(TrapError) as caught:
        run(parse_module(MODULE), 0, args)
    assert caught.value.trap is trap
    assert str(caught.value) == trap.message


def test_start_changes_the_state() -> None:
    module = parse_module(MODULE)
    state = instantiate(module)
    assert state == [42]
    assert instantiate(module) == [42]
    assert run(module, 1, [], globals=state) == []
    assert state == [44]


def test_fuel() -> None:
    with pytest.raises(OutOfFuel):
        run(parse_module(MODULE), 2, [], fuel=1000)


def test_call_depth() -> None:
    module = parse_module(MODULE)
    assert run(module, 3, [4999], call_depth=5000) == [0]
    with pytest.raises(TrapError) as caught:
        run(module, 3, [5000], call_depth=5000)
    assert caught.value.trap is Trap.CALL_STACK_EXHAUSTED


def test_assertions() -> None:
    module = parse_module(MODULE)
    assert run(module, 4, [7, 7]) == []
    with pytest.raises(AssertionFailure, match="assert_eq of 7 and 8"):
        run(module, 4, [7, 8])


def test_parameters_are_assigned_at_once() -> None:
    module = parse_module(MODULE)
    assert run(module, 5, [1, 2, 3]) == [2, 1]
    assert run(module, 5, [1, 2, 4]) == [1, 2]


def test_wrong_calls() -> None:
    module = parse_module(MODULE)
    with pytest.raises(InternalError, match="takes 2 arguments, got 1"):
        run(module, 0, [1])
    with pytest.raises(InternalError, match="no unsigned pattern of 32 bits"):
        run(module, 0, [-1, 1])
