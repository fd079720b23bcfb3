"""The frontend's choices: exports, names, offsets. The file tests of the stage `translate` show the SSA."""

from __future__ import annotations

import pytest
import wasmtime

from zkwasm_compiler.errors import ConfigurationError, UnsupportedError
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Memory, Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import instantiate, run
from zkwasm_compiler.ir.verifier import verify
from zkwasm_compiler.wasm import decode
from zkwasm_compiler.wasm.module import Module


def _decode(wat: str) -> Module:
    return decode(wasmtime.wat2wasm(wat))


TWO = """(module
  (func $named (export "first") (param i32 i64) (result i64) (local.get 1))
  (func (export "second") (export "again") (call 2))
  (func)
  (func (unreachable)))"""


def test_all_exports_by_default() -> None:
    module = translate(_decode(TWO))
    assert module.exports == {"first": 0, "second": 1, "again": 1}
    assert {index: function.name for index, function in module.functions.items()} == {
        0: "named",
        1: "second",
        2: "func2",
    }


def test_chosen_exports() -> None:
    module = translate(_decode(TWO), exports=["again"])
    assert module.exports == {"again": 1}
    assert list(module.functions) == [1, 2]


def test_exports_that_are_not_there() -> None:
    with pytest.raises(ConfigurationError) as caught:
        translate(_decode(TWO), exports=["third", "first", "fourth"])
    assert str(caught.value).splitlines() == [
        "the module exports no function 'third'; its exported functions are: first, second, again",
        "the module exports no function 'fourth'; its exported functions are: first, second, again",
    ]


def test_offsets_are_those_of_the_module() -> None:
    data = wasmtime.wat2wasm('(module (func (export "f") (result i32) (i32.clz (i32.const 5))))')
    (function,) = translate(decode(data)).functions.values()
    offsets = [value.offset for value in function.entry.values()]
    assert [data[offset] for offset in offsets if offset is not None] == [0x41, 0x67, 0x0B]


def test_a_start_function_is_translated_without_exports() -> None:
    module = translate(
        _decode("(module (global (mut i32) (i32.const 1)) (func $s (global.set 0 (i32.const 9))) (start $s))")
    )
    assert module.exports == {}
    assert instantiate(module) == [9]


def test_an_imported_memory_has_the_limits_of_the_import() -> None:
    text = '(module (import "env" "mem" (memory 2 5)) (export "a" (memory 0)) (export "b" (memory 0)))'
    assert translate(_decode(text)).memory == Memory(2, 5, ("a", "b"), ("env", "mem"))


@pytest.mark.parametrize(
    ("position", "content", "trap"),
    [(65532, "abcd", False), (65536, "", False), (65533, "abcd", True), (65537, "", True)],
)
def test_a_segment_outside_traps_at_instantiation(position: int, content: str, trap: bool) -> None:
    module = translate(_decode(f'(module (memory 1) (data (i32.const {position}) "{content}"))'))
    assert module.trap is (Trap.OUT_OF_BOUNDS_MEMORY_ACCESS if trap else None)
    if trap:
        with pytest.raises(TrapError):
            instantiate(module)


def test_extended_constant_expressions() -> None:
    text = """
    (module
      (global i64 (i64.sub (i64.const 3) (i64.mul (i64.const 5) (i64.const 7))))
      (memory 1) (table 9 funcref)
      (data (i32.add (i32.const 40) (i32.mul (i32.const 3) (i32.const -4))) "a")
      (elem (i32.sub (i32.const 9) (i32.const 2)) $f)
      (func $f (export "f") (call_indirect (i32.const 7))))
    """
    module = translate(_decode(text))
    assert [item.initial for item in module.globals] == [(1 << 64) - 32]
    assert module.data[0].position == 28
    assert module.tables[0].entries == {7: 1}


def test_a_table_index_may_be_overlong() -> None:
    data = wasmtime.wat2wasm('(module (table 1 funcref) (func (export "f") (call_indirect (i32.const 0))))')
    overlong = data.replace(b"\x07\x00\x41\x00\x11\x00\x00\x0b", b"\x0b\x00\x41\x00\x11\x00\x80\x80\x80\x80\x00\x0b")
    at = overlong.index(b"\x0a\x09\x01\x0b")
    overlong = overlong[:at] + b"\x0a\x0d" + overlong[at + 2 :]
    (function,) = translate(decode(overlong)).functions.values()
    assert [value.immediate for value in function.entry.body if value.op == "call_indirect"] == [(0, 0)]


def test_a_memory_that_no_code_touches_does_not_matter() -> None:
    module = translate(_decode('(module (memory (export "m") 1) (table 1 funcref) (func (export "f")))'))
    assert list(module.functions) == [0]


@pytest.mark.parametrize(
    ("wat", "message"),
    [
        ('(module (import "a" "g" (global i32)))', "imported global a.g: not supported"),
        (
            '(module (import "env" "assert_eq" (func (param i32 i32))) (table 1 funcref) (elem (i32.const 0) 0)'
            '  (func (export "f") (call_indirect (param i32 i32) (i32.const 1) (i32.const 1) (i32.const 0))))',
            "import env.assert_eq: exporting it, starting it or calling it by a reference is not supported",
        ),
        (
            '(module (import "env" "assert_eq_i32" (func (param i64 i64)))'
            '  (func (export "f") (call 0 (i64.const 0) (i64.const 0))))',
            "import env.assert_eq_i32 has type [i64 i64] -> []; supported: [i32 i32] -> []",
        ),
    ],
)
def test_unsupported(wat: str, message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        translate(_decode(wat))
    assert message in str(caught.value)
    assert all(problem.byte_offset for problem in caught.value.problems)


def test_many_locals_and_deep_nesting() -> None:
    """Nothing recurses by the depth of the code or multiplies locals by blocks."""
    depth = 3000
    body = "(local.set 0 (i32.const 1))" + "(block (br_if 0 (local.get 1))" * depth
    body += "(local.set 1 (i32.add (local.get 1) (local.get 0)))" + ")" * depth
    wat = f'(module (func (export "f") (result i32) (local i32 i32 {"i64 " * 500}) {body} (local.get 1)))'
    module = translate(_decode(wat))
    (function,) = module.functions.values()
    verify(function, module)
    assert run(module, 0, []) == [1]
