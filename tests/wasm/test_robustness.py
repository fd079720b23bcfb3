"""Random bytes and damaged modules: nothing but InputError comes out, and the verdict is that of wasm-tools."""

from __future__ import annotations

import subprocess

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spec_suite import WASM_FEATURES, wasm_tools
from zkwasm_compiler.errors import InputError, UnsupportedError
from zkwasm_compiler.wasm import Module, load
from zkwasm_compiler.wasm.text import wat_to_wasm

EVERYTHING = """
(module $all
  (type $binary (func (param i32 i32) (result i32)))
  (type $pair (func (param i64) (result i64 f64)))
  (import "env" "log" (func $log (param i32)))
  (import "env" "base" (global $base i32))
  (table $t 4 8 funcref)
  (table $x 2 externref)
  (memory 1 2)
  (global $g (mut i64) (i64.const -9223372036854775808))
  (global $f f32 (f32.const nan:0x200001))
  (global $b i32 (global.get $base))
  (export "add" (func $add))
  (start $main)
  (elem $e (i32.const 1) func $add $main)
  (elem $p funcref (ref.func $add) (ref.null func))
  (elem declare func $pairs)
  (data $d (i32.const 8) "hello")
  (data $passive "world")
  (func $add (type $binary)
    (local $i i32) (local $j i64)
    (block $out (result i32)
      (loop $again
        (local.set $i (i32.add (local.get 0) (local.get 1)))
        (br_if $again (i32.eqz (local.get $i)))
        (br_table $out 1 $out (i32.const 7) (local.get $i)))
      (unreachable)))
  (func $pairs (type $pair) (local.get 0) (f64.const 1.5))
  (func $main
    (if (result i32) (i32.const 1)
      (then (call_indirect $t (type $binary) (i32.const 1) (i32.const 2) (i32.const 0)))
      (else (select (i32.const 1) (i32.const 2) (i32.const 3))))
    (call $log)
    (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 5))
    (data.drop $passive)
    (memory.copy (i32.const 0) (i32.const 8) (i32.const 5))
    (memory.fill (i32.const 0) (i32.const 8) (i32.const 5))
    (table.init $t $p (i32.const 0) (i32.const 0) (i32.const 1))
    (elem.drop $p)
    (table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 1))
    (table.set $x (i32.const 0) (ref.null extern))
    (drop (ref.is_null (table.get $x (i32.const 0))))
    (drop (table.grow $x (ref.null extern) (i32.const 1)))
    (table.fill $x (i32.const 0) (ref.null extern) (i32.const 1))
    (drop (ref.is_null (ref.func $pairs)))
    (drop (select (result externref) (ref.null extern) (ref.null extern) (i32.const 0)))
    (i64.store32 offset=4 align=2 (i32.const 0) (i64.trunc_sat_f32_u (global.get $f)))
    (global.set $g (i64.extend8_s (i64.load offset=16 (i32.const 0))))
    (drop (memory.grow (memory.size)))
    (drop (table.size $t))
    (drop (f64.reinterpret_i64 (global.get $g)))
    (block (br 0) (drop) (return))))
"""
BASE = wat_to_wasm(EVERYTHING)

SETTINGS = settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])

edits = st.lists(st.tuples(st.integers(8, len(BASE) - 1), st.integers(0, 255)), min_size=1, max_size=4)


def outcome(data: bytes) -> Module | InputError:
    try:
        return load(data)
    except InputError as error:
        return error


def damaged(changes: list[tuple[int, int]]) -> bytes:
    data = bytearray(BASE)
    for position, value in changes:
        data[position] = value
    return bytes(data)


def test_the_undamaged_module_loads() -> None:
    assert [function.name for function in load(BASE).functions] == ["add", "pairs", "main"]


@SETTINGS
@given(st.binary(max_size=60))
def test_random_bytes_never_crash(data: bytes) -> None:
    assert isinstance(outcome(data), InputError | Module)
    assert isinstance(outcome(BASE[:8] + data), InputError | Module)


def test_a_truncated_module_is_refused_with_a_place() -> None:
    for length in range(len(BASE)):
        result = outcome(BASE[:length])
        if isinstance(result, Module):
            assert length in _section_ends(BASE), f"a module cut after {length} bytes loads"
        else:
            assert all(problem.byte_offset is not None for problem in result.problems)


def _section_ends(data: bytes) -> set[int]:
    ends = [8]
    while ends[-1] < len(data):
        position, size, shift = ends[-1] + 1, 0, 0
        while data[position] & 0x80:
            size |= (data[position] & 0x7F) << shift
            position, shift = position + 1, shift + 7
        ends.append(position + 1 + (size | data[position] << shift))
    return set(ends)


@SETTINGS
@given(edits)
def test_the_verdict_on_damaged_modules_is_that_of_wasm_tools(changes: list[tuple[int, int]]) -> None:
    data = damaged(changes)
    result = outcome(data)
    if isinstance(result, UnsupportedError):
        return
    command = [wasm_tools(), "validate", WASM_FEATURES, "-"]
    judged = subprocess.run(command, input=data, capture_output=True, check=False)
    assert isinstance(result, Module) == (judged.returncode == 0), (str(result)[:200], judged.stderr)
