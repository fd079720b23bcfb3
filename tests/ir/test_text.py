"""Printing and parsing the SSA."""

from __future__ import annotations

import pytest

from zkwasm_compiler.errors import InputError
from zkwasm_compiler.ir.parser import parse_function, parse_module
from zkwasm_compiler.ir.printer import format_function, format_module
from zkwasm_compiler.ir.renumber import renumber

EVERYTHING = """\
global #0: mut i64 = -1 name "stack pointer" export g
global #1: f32 = 0x3f800000
signature (i32) -> (funcref, i32)
signature () -> ()
table #0: funcref 3 = 0: 1, 2: 2
table #1: externref 0 8
table #2: funcref 1
reference #3
reference #9
export "a \\"name\\"" #7
start #3

function start#3() -> () {
b0:
  return
}

function "<odd name>"#7(i32, f64) -> (i32, i64) {
b0(v0: i32, v1: i64):
  v2 = i32.const -2147483648
  v3 = i64.const 9221120237041090561
  v4 = select v1, v3, v0
  v5 = i64.extend_i32_u v0
  v6 = call #7 v2, v4
  v7: i32 = result #0 v6
  v8: i64 = result #1 v6
  v9 = call #3
  global.set #0 v8
  v10: i64 = global.get #0
  assert_eq v5, v10
  v12 = funcref.const 2
  v13 = externref.const 0
  v14 = ref.is_null v13
  v15 = call_indirect #0 #0 v14, v0
  v16: funcref = result #0 v15
  v17: externref = table.get #1 v0
  table.set #0 v0, v16
  v18 = table.size #1
  v19 = table.grow #1 v17, v18
  table.fill #0 v0, v12, v19
  table.copy #0 #2 v0, v0, v0
  table.init #0 #1 v0, v0, v0
  br_table v7 b1 b2(v7) b1
b1:
  trap integer_overflow
b2(v11: i32):
  br_if v11 b2(v0) b3
b3:
  return v11, v8
}
"""


def test_parsing_undoes_printing() -> None:
    assert format_module(parse_module(EVERYTHING)) == EVERYTHING


def test_ids_are_kept_until_renumbered() -> None:
    text = "function f#0(i32) -> (i32) {\nb7(v9: i32):\n  v3 = i32.add v9, v9\n  return v3\n}\n"
    function = parse_function(text)
    assert format_function(function) == text
    renumber(function)
    assert format_function(function) == text.replace("b7", "b0").replace("v9", "v0").replace("v3", "v1")


def test_comments_and_layout_do_not_matter() -> None:
    function = parse_function("; a comment\nfunction f#0 () -> (i32){ b0: ; here\n v0=i32.const 0xFF\n return v0 }")
    assert "v0 = i32.const 255" in format_function(function)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("function f#0() -> () {\nb0:\n  jump b0\n}", "line 3: unknown op jump"),
        ("function f#0() -> () {\nb0:\n  br b1\n}", "line 4: function f uses b1 without a definition"),
        ("function f#0() -> () {\nb0:\n  return v3\n}", "line 4: function f uses v3 without a definition"),
        ("function f#0(i31) -> () {", "line 1: unknown type i31"),
        ("function f#0() -> () {\nb0:\n  trap sometimes\n}", "line 3: unknown trap sometimes"),
        ("function f#0() -> () {\nb0:\n  v0 = i32.const 1\n  v0 = i32.const 2\n", "line 4: v0 is defined twice"),
        ("function f#0() -> () {\nb0:\n", "line 3: the text ends too early"),
        ("function f#0() -> () {\nb0: ?", "line 2: cannot read '?'"),
        ("export f 3", "line 1: expected #, found 3"),
        ("module", "line 1: expected global, signature, table, reference, export, start or function, found module"),
    ],
)
def test_messages(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_module(text)
    assert str(caught.value) == message
