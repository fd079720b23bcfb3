"""References as arguments, results and globals of instances, and tables that keep their state."""

from __future__ import annotations

import pytest

from zkwasm_compiler import compile_module
from zkwasm_compiler.errors import ConfigurationError, ExecutionError, InputError
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, InstantiationError

TEXT = """
(module
  (type $f (func (result i32)))
  (global $host (export "host") (mut externref) (ref.null extern))
  (global $function (export "function") (mut funcref) (ref.func $two))
  (table $t (export "t") 3 4 funcref)
  (elem (i32.const 0) $one $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "keep") (param externref) (result externref)
    (global.get $host) (global.set $host (local.get 0)))
  (func (export "get") (param i32) (result funcref) (table.get (local.get 0)))
  (func (export "set") (param i32 funcref) (table.set (local.get 0) (local.get 1)))
  (func (export "grow") (param funcref i32) (result i32) (table.grow (local.get 0) (local.get 1)))
  (func (export "held") (result funcref) (global.get $function))
  (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0))))
"""


@pytest.fixture
def instance() -> Instance:
    return Instance(compile_module(wat_to_wasm(TEXT, "references.wat")))


def test_a_reference_of_the_host_comes_back(instance: Instance) -> None:
    assert instance.call("keep", 0).value is None
    assert instance.call("keep", 4294967294).value == 0
    assert instance.globals["host"] == 4294967294
    instance.globals["host"] = None
    assert instance.call("keep", None).value is None


@pytest.mark.parametrize("value", [-1, (1 << 32) - 1, 1.5])
def test_what_is_no_reference(instance: Instance, value: float) -> None:
    with pytest.raises(ConfigurationError, match="externref takes None for null, or an int from 0 to"):
        instance.call("keep", value)


def test_functions_are_numbers_that_can_be_given_back(instance: Instance) -> None:
    one, two = (instance.call("get", index).value for index in (0, 1))
    assert isinstance(one, int)
    assert isinstance(two, int)
    assert one != two == instance.call("held").value == instance.globals["function"]
    assert instance.call("get", 2).value is None
    instance.call("set", 2, one)
    assert list(instance.tables["t"]) == [one, two, one]
    assert instance.call("call", 2).value == 1


def test_a_number_of_no_function_has_no_proof(instance: Instance) -> None:
    with pytest.raises(ExecutionError):
        instance.call("set", 2, 2)


def test_a_table_grows_up_to_its_maximum(instance: Instance) -> None:
    assert instance.call("call", 3).trap is Trap.UNDEFINED_ELEMENT
    assert instance.call("grow", instance.call("get", 1).value, 1).value == 3
    assert len(instance.tables[0]) == 4
    assert instance.tables[0][1:] == [1, None, 1]
    assert instance.call("call", 3).value == 2
    assert instance.call("grow", None, 1).value == -1
    assert instance.call("call", 2).trap is Trap.UNINITIALIZED_ELEMENT
    assert instance.call("get", 4).trap is Trap.OUT_OF_BOUNDS_TABLE_ACCESS


def test_a_segment_that_does_not_fit() -> None:
    text = '(module (table 1 funcref) (elem (i32.const 1) $f) (func $f (export "f")))'
    with pytest.raises(InstantiationError) as caught:
        Instance(compile_module(wat_to_wasm(text, "outside.wat")))
    assert caught.value.trap is Trap.OUT_OF_BOUNDS_TABLE_ACCESS


def test_tables_for_which_there_are_no_cells() -> None:
    text = '(module (table 40000 funcref) (func (export "f") (table.set (i32.const 1) (ref.null func))))'
    with pytest.raises(InputError, match="begin with 40000 entries; the machine has cells for 32768"):
        compile_module(wat_to_wasm(text, "large.wat"))


def test_a_table_of_more_rows_than_a_jump_reaches() -> None:
    functions = " ".join(f"(func $f{n} (result i32) (i32.const {n}))" for n in range(3))
    text = f"""
    (module (table 66000 funcref) (elem (i32.const 0) $f0 $f1 $f2) {functions}
      (func (export "f") (param i32) (result i32)
        (i32.add (call_indirect (result i32) (local.get 0)) (call_indirect (result i32) (i32.const 1)))))
    """
    with pytest.raises(InputError, match=r"the tables of its br_table instructions, indirect calls, .* end at row 66"):
        compile_module(wat_to_wasm(text, "rows.wat"))
