"""Programs that together use the lowering rules, the memory and the whole skeleton, with calls that run them."""

from __future__ import annotations

from functools import cache

from tests.misaligned import calling
from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.ir.memory_layout import LAYOUTS
from zkwasm_compiler.ir.ops import ACCESS_BYTES, FLOAT_OPS, OPS
from zkwasm_compiler.wasm.text import wat_to_wasm

OPS_OF_WASM = [
    name
    for name, op in OPS.items()
    if op.operands and op.evaluate and not name.startswith("zk.") and name not in FLOAT_OPS
]
"""Those of integers; floats are tests/floats'."""
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


ACCESSES = list(ACCESS_BYTES)
LAYOUT_NAMES = [layout.name for layout in LAYOUTS]
CALLING = "words, calling"
"""The layout `words` where an address of unknown alignment is served by a routine if it is not aligned."""
WAYS = [
    *((op, layout) for op in ACCESSES for layout in LAYOUT_NAMES),
    *((op, CALLING) for op in ACCESSES if ACCESS_BYTES[op] >= 4),
]
"""Every access in every memory."""
ADDRESSES = (*range(4), *range(65527, 65537), (1 << 31) - 1, (1 << 32) - 4, (1 << 32) - 1)
_CONTENT = "".join(f"\\{(7 * byte + 129) & 255:02x}" for byte in range(16))
_SEGMENTS = f'(data (i32.const 0) "{_CONTENT}") (data (i32.const 65520) "{_CONTENT}")'


@cache
def access_program(op: str, growing: bool, layout: str) -> Program:
    """One access in a memory layout, or `CALLING`: ``any`` to an address of which nothing is known, ``rest0`` to
    ``rest3`` to one rounded down to whole words and up to 3 bytes further, ``element`` to a sum that may wrap,
    ``fixed`` to a constant address."""
    type_ = op[:3]
    loads = "load" in op
    addresses = {"any": ("(local.get 0)", 0), "far": ("(local.get 0)", 65519), "fixed": ("(i32.const 5)", 1)}
    for rest in range(4):
        addresses[f"rest{rest}"] = ("(i32.and (local.get 0) (i32.const -4))", rest)
    element = "(i32.shl (i32.shr_u (local.get 0) (i32.const 3)) (i32.const 2))"
    addresses["element"] = (f"(i32.add (i32.and (local.get 0) (i32.const -4)) {element})", 0)
    functions = [
        f'(func (export "{name}") (param i32) (result {type_}) ({op} offset={offset} {address}))'
        if loads
        else f'(func (export "{name}") (param i32 {type_}) ({op} offset={offset} {address} (local.get 1)))'
        for name, (address, offset) in addresses.items()
    ]
    grows = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))' if growing else ""
    text = f"(module (memory 1 2) {_SEGMENTS} {' '.join(functions)} {grows})"
    with calling(layout == CALLING):
        return compile_module(wat_to_wasm(text, "access.wat"), CompileOptions(memory_layout=layout.partition(",")[0]))


def access_calls(op: str, growing: bool) -> list[tuple[str, tuple[int, ...]]]:
    """Calls of `access_program` inside the memory, across its end and outside, at every alignment."""
    value = () if "load" in op else (0x8877665544332211 if op[:3] == "i64" else 0xD4C3B2A1,)
    calls = [("any", (address, *value)) for address in ADDRESSES[growing :: 1 + growing]]
    calls += [("far", (address, *value)) for address in (0, 9, 14, 17, (1 << 32) - 65519)[growing :: 1 + growing]]
    calls += [(f"rest{rest}", (address, *value)) for rest in range(4) for address in (6, 65529, 65535)[growing:]]
    calls += [("element", (address, *value)) for address in (8, 43688, 65535, (1 << 32) - 4)[growing:]]
    calls.append(("fixed", (0, *value)))
    return [*calls, *(("grow", (pages,)) for pages in (1, 2) if growing)]


SIZES = f"""
(module
  (import "env" "memory" (memory 1 3)) {_SEGMENTS}
  (func (export "size") (result i32) (memory.size))
  (func (export "grown") (param $pages i32) (param $address i32) (result i32 i32 i64)
    (memory.grow (local.get $pages))
    (i64.store (local.get $address) (i64.const 0x1122334455667788))
    (memory.size)
    (i64.load offset=3 (local.get $address)))
  (func (export "fields") (param $p i32) (result i32)
    (i32.store offset=4 (local.get $p) (i32.const 0x11223344))
    (i32.store offset=8 (local.get $p) (i32.load (local.get $p)))
    (i32.load offset=4 (local.get $p)))
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy14") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 14)))
  (func (export "fill10") (param i32 i32) (memory.fill (local.get 0) (local.get 1) (i32.const 10))))
"""
SIZES_CALLS = [
    ("size", ()),
    *(("grown", arguments) for arguments in ((0, 65525), (0, 65526), (1, 131061), (1, 131062), (2, 65533), (3, 8))),
    *(("grown", arguments) for arguments in ((0xFFFFFFFF, 0), (1, 0xFFFFFFFD))),
    *(("fields", (address,)) for address in (8, 9, 65524, 65525, 65528, 65535, (1 << 32) - 4)),
    *(("fill", arguments) for arguments in ((3, 0x1AB, 10), (65530, 7, 6), (65530, 7, 7), (0, 1, 0xFFFFFFFF))),
    *(("fill", arguments) for arguments in ((65536, 1, 0), (65537, 1, 0), (4, 9, 0))),
    *(
        ("copy", arguments)
        for arguments in ((1, 0, 9), (0, 1, 9), (4, 12, 8), (12, 4, 8), (65530, 1, 6), (6, 65530, 6))
    ),
    *(("copy14", arguments) for arguments in ((4, 0), (0, 4), (2, 65520), (65521, 0), (65524, 4), (4, 65524))),
    *(("fill10", arguments) for arguments in ((8, 5), (65526, 7), (65528, 7))),
    *(("copy", arguments) for arguments in ((65530, 1, 7), (1, 65530, 7), (2, 0xFFFFFFFF, 1), (65536, 65536, 0))),
]


SEGMENTS = """
(module
  (memory 1 2)
  (data $long "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefghi")
  (data $short "wasm!!!")
  (data $placed (i32.const 65528) "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff")
  (func (export "fixed") (memory.init $short (i32.const 65529) (i32.const 1) (i32.const 6)))
  (func (export "aligned") (param i32)
    (memory.init $short (i32.shl (local.get 0) (i32.const 2)) (i32.const 0) (i32.const 7)))
  (func (export "anywhere") (param i32) (memory.init $short (local.get 0) (i32.const 0) (i32.const 7)))
  (func (export "long") (param i32) (memory.init $long (local.get 0) (i32.const 0) (i32.const 67)))
  (func (export "all") (param i32 i32 i32) (memory.init $long (local.get 0) (local.get 1) (local.get 2)))
  (func (export "none") (param i32 i32 i32) (memory.init $placed (local.get 0) (local.get 1) (local.get 2)))
  (func (export "dropped") (param i32)
    (memory.init $short (i32.const 4) (i32.const 0) (i32.const 4))
    (if (local.get 0) (then (data.drop $short)))
    (memory.init $short (i32.const 8) (local.get 0) (i32.const 3))
    (memory.init $short (i32.const 12) (i32.const 0) (i32.const 3)))%s)
"""
GROWS = ' (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))'
SEGMENTS_CALLS = [
    ("fixed", ()),
    *(("aligned", (index,)) for index in (3, 16382, 16383, 0xFFFFFFFF)),
    *(("anywhere", (address,)) for address in (0, 1, 2, 3, 65529, 65530, 65536, 0xFFFFFFFF)),
    *(("long", (address,)) for address in (4, 65468, 65472, 0xFFFFFFFC)),
    *(("all", arguments) for arguments in ((8, 4, 9), (65530, 3, 6), (65530, 3, 7), (0, 60, 8), (1, 0xFFFFFFFF, 2))),
    *(("all", arguments) for arguments in ((65536, 67, 0), (65537, 67, 0), (0, 68, 0))),
    *(("none", arguments) for arguments in ((4, 0, 0), (4, 0, 1), (4, 1, 0))),
    *(("dropped", (how,)) for how in (0, 1)),
]


@cache
def segments_program(level: int, growing: bool, layout: str) -> Program:
    """memory.init with operands of which everything, something or nothing is known, and data.drop."""
    text = SEGMENTS % (GROWS if growing else "")
    options = CompileOptions(optimization_level=level, memory_layout=layout)
    return compile_module(wat_to_wasm(text, "segments.wat"), options)


@cache
def sizes_program(level: int, layout: str) -> Program:
    """An imported memory that grows, and bulk operations."""
    options = CompileOptions(optimization_level=level, memory_layout=layout)
    return compile_module(wat_to_wasm(SIZES, "sizes.wat"), options)


TABLES = """
(module
  (type $two (func (param i32 i32) (result i32)))
  (type $wide (func (param i64 i32 i64 i32 i64 i32 i32) (result i64 i32)))
  (table $fixed 6 funcref)
  (table $cells 5 funcref)
  (table $grows 1 20 funcref)
  (table $hosts 2 externref)
  (elem (table $fixed) (i32.const 0) func $add $mul $down $wide $none)
  (elem (table $cells) (i32.const 1) func $add $mul $wide)
  (elem $later func $mul $add $down $none)
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $mul (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func $down (param i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call_indirect $fixed (type $two) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 2)))
      (else (local.get 1))))
  (func $wide (type $wide)
    (i64.add (local.get 0) (i64.mul (local.get 2) (local.get 4)))
    (i32.sub (i32.add (local.get 1) (local.get 3)) (i32.mul (local.get 5) (local.get 6))))
  (func $none)
  (func (export "fixed") (param i32 i32 i32) (result i32)
    (call_indirect $fixed (type $two) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wide") (param i32) (result i64 i32)
    (call_indirect $fixed (type $wide) (i64.const 5) (i32.const 6) (i64.const 0x100000007) (i32.const 8)
      (i64.const -9) (i32.const 10) (i32.const 11) (local.get 0)))
  (func (export "cells") (param i32 i32 i32) (result i32)
    (table.set $cells (local.get 2) (table.get $cells (i32.const 2)))
    (call_indirect $cells (type $two) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wide_cells") (param i32) (result i64 i32)
    (call_indirect $cells (type $wide) (i64.const 5) (i32.const 6) (i64.const 0x100000007) (i32.const 8)
      (i64.const -9) (i32.const 10) (i32.const 11) (local.get 0)))
  (func (export "bulk") (param i32 i32 i32) (result i32)
    (table.init $cells $later (local.get 0) (local.get 1) (local.get 2))
    (table.copy $cells $cells (i32.const 1) (local.get 0) (local.get 2))
    (table.copy $grows $cells (i32.const 0) (i32.const 1) (i32.const 1))
    (elem.drop $later)
    (call_indirect $cells (type $two) (i32.const 3) (i32.const 4) (local.get 1)))
  (func (export "grows") (param i32 i32) (result i32 i32)
    (table.grow $grows (ref.func $mul) (local.get 0))
    (table.fill $grows (i32.const 2) (ref.func $add) (local.get 1))
    (call_indirect $grows (type $two) (table.size $grows) (i32.const 7) (local.get 1)))
  (func $tail (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $back (i32.sub (local.get 0) (i32.const 1)) (i32.mul (local.get 1) (i32.const 3))))
  (func $back (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (call $down (local.get 1) (i32.const 2)))))
    (return_call_indirect $cells (type $two) (local.get 0) (local.get 1) (local.get 0)))
  (func (export "tail") (param i32 i32) (result i32) (return_call $tail (local.get 0) (local.get 1)))
  (func (export "leaves") (param i32 i32 i32) (result i32)
    (return_call_indirect $fixed (type $two) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "hosts") (param i32 externref) (result i32 externref)
    (table.set $hosts (local.get 0) (local.get 1))
    (ref.is_null (table.get $hosts (i32.const 1)))
    (table.get $hosts (local.get 0)))
  (func (export "given") (param funcref i32) (result i32)
    (table.set $cells (i32.const 0) (local.get 0))
    (call_indirect $cells (type $two) (local.get 1) (i32.const 4) (i32.const 0))))
"""
TABLES_CALLS = [
    *(("fixed", (6, 7, index)) for index in (0, 1, 2, 3, 4, 5, 6, 0xFFFFFFFF)),
    *(("wide", (index,)) for index in (3, 0, 5, 6)),
    *(("cells", (6, 7, index)) for index in (0, 3, 4, 5)),
    *(("wide_cells", (index,)) for index in (3, 0, 1, 5)),
    *(("bulk", arguments) for arguments in ((1, 0, 4), (2, 1, 3), (0, 2, 3), (4, 0, 1), (5, 4, 0))),
    *(("grows", arguments) for arguments in ((4, 2), (0, 0), (19, 18), (20, 0), (0xFFFFFFFF, 1))),
    *(("hosts", arguments) for arguments in ((0, 0), (1, 78), (2, 5))),
    *(("tail", arguments) for arguments in ((0, 9), (1, 1), (2, 5), (4, 5))),
    *(("leaves", (6, 7, index)) for index in (0, 1, 2, 3, 5, 6)),
    *(("given", arguments) for arguments in ((0, 3), (1, 3))),
]


@cache
def tables_program(level: int) -> Program:
    """Indirect calls, tables of every kind, references of both types."""
    return compile_module(wat_to_wasm(TABLES, "tables.wat"), CompileOptions(optimization_level=level))
