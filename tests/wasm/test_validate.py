"""What the messages of invalid modules say: function, place, what was found and what was expected."""

from __future__ import annotations

import pytest

from zkwasm_compiler.errors import InputError, ValidationError
from zkwasm_compiler.wasm import load
from zkwasm_compiler.wasm.text import wat_to_wasm


def complaints(text: str) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        load(wat_to_wasm(text))
    assert all(problem.byte_offset for problem in caught.value.problems)
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("i64.const 1 i32.const 2 i32.add", "i32.add takes i32, but i64 is on the stack"),
        ("i32.const 2 i32.add", "i32.add takes i32, but the stack of the function is empty"),
        ("block i32.eqz end", "i32.eqz takes i32, but the stack of the block is empty"),
        ("i32.const 1", "[i32] is left on the stack at the end of the function, which gives []"),
        ("block (result i32) end drop", "end takes i32, but the stack of the block is empty"),
        ("i32.const 1 if (result i32) i32.const 1 end", "an if of type [] -> [i32] has no else"),
        ("br 1", "br: unknown label 1; the blocks around holds 1"),
        ("local.get 3", "local.get: unknown local 3; the function's list of parameters and locals holds 1"),
        ("i32.const 1 global.set 0", "global.set of global 0, which is immutable"),
        ("i32.const 0 i32.load align=8 drop", "alignment 2**3 of i32.load is larger than the access; at most 2**2"),
        ("ref.func 1 drop", "undeclared function reference: ref.func names function 1 (g)"),
        ("ref.null func ref.null func i32.const 1 select drop", "select without a type cannot choose"),
        ("call 7", "call: unknown function 7; the function index space holds 2"),
        (
            "block (result i32) i32.const 0 i32.const 0 br_table 0 1 end drop",
            "br_table: label 0 takes [i32], the default",
        ),
    ],
)
def test_messages_of_invalid_code(code: str, message: str) -> None:
    text = f"(module (memory 1) (global i32 (i32.const 0)) (func $f (param i32) {code}) (func $g))"
    (found,) = complaints(text)
    assert found.startswith(f"function 0 (f): {message}")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("(memory 1) (memory 1)", "multiple memories: the module has 2; at most one is allowed"),
        ("(elem funcref (ref.null extern))", "element segment 0: end takes funcref, but externref is on the stack"),
        (
            "(elem externref (ref.null extern) (ref.null func))",
            "element segment 0: end takes externref, but funcref is on the stack",
        ),
        ("(memory 70000)", "the minimum of a memory is 70000 pages; at most 65536 are allowed"),
        ("(memory 2 1)", "the minimum 2 of a memory is greater than its maximum 1"),
        ("(table 2 1 funcref)", "the minimum 2 of a table is greater than its maximum 1"),
        ('(func) (export "a" (func 0)) (export "a" (func 0))', "duplicate export name 'a'"),
        ('(export "a" (global 0))', "export 'a': unknown global 0; the global index space holds 0"),
        ("(func $s (param i32)) (start $s)", "the start function, function 0 (s), has type [i32] -> []; it has to be"),
        (
            "(global i32 (i32.and (i32.const 1) (i32.const 1)))",
            "global 0: i32.and is not allowed in a constant expression",
        ),
        ("(global i32 (i64.const 1))", "global 0: end takes i32, but i64 is on the stack"),
        (
            "(global i32 (i32.const 1)) (global i32 (global.get 0))",
            "global 1: global.get: unknown global 0; the imported",
        ),
        ('(data (i32.const 0) "a")', "data segment 0: unknown memory 0; the memory index space holds 0"),
        (
            "(table 1 externref) (func) (elem (i32.const 0) func 0)",
            "element segment 0 of funcref is for table 0, which",
        ),
    ],
)
def test_messages_of_invalid_modules(fields: str, message: str) -> None:
    (found,) = complaints(f"(module {fields})")
    assert found.startswith(message)


def test_every_function_is_reported_once() -> None:
    found = complaints("(module (func $a i32.add) (func $b) (func $c i64.add i64.add))")
    assert [message.split(":")[0] for message in found] == ["function 0 (a)", "function 2 (c)"]


def test_offset_is_that_of_the_instruction() -> None:
    data = wat_to_wasm("(module (func nop nop i32.eqz drop))")
    with pytest.raises(ValidationError) as caught:
        load(data)
    (problem,) = caught.value.problems
    assert problem.byte_offset is not None
    assert data[problem.byte_offset] == 0x45


def test_text_errors_are_one_line_with_the_place() -> None:
    with pytest.raises(InputError) as caught:
        wat_to_wasm("(module\n  (func (call $missing)))", "program.wat")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("program.wat", 2, 15)
    assert str(problem) == ("program.wat:2:15: malformed text module: unknown func: failed to find name `$missing`")
