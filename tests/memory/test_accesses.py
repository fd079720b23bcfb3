"""Loads, stores, growth and bulk operations do what wasmtime does: results, traps, and every byte of the memory."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
import wasmtime

from tests.misaligned import calling
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.memory_layout import LAYOUTS
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.legalize import MAXIMUM_DISPATCHES
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

LAYOUT_NAMES = [layout.name for layout in LAYOUTS]
TRAPS: dict[object, Trap] = {
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: Trap.OUT_OF_BOUNDS_MEMORY_ACCESS,
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: Trap.INTEGER_DIVIDE_BY_ZERO,
}
OFFSETS = (0, 1, 6, 65530)
INTEGER_ACCESSES = [op for op in ACCESS_BYTES if op.startswith("i")]
EDGES = [*range(9), *range(65518, 65541), (1 << 31) - 1, 1 << 31, *range((1 << 32) - 9, 1 << 32)]
TRAPS = {
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: Trap.OUT_OF_BOUNDS_MEMORY_ACCESS,
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: Trap.INTEGER_DIVIDE_BY_ZERO,
}


class Pair:
    """One module in wasmtime and as a compiled program, called side by side."""

    def __init__(self, text: str, layout: str, level: int = 2, *, calls: bool = False) -> None:
        data = wat_to_wasm(text, "memory.wat")
        options = CompileOptions(optimization_level=level, memory_layout=layout)
        with calling(calls):
            self.compiled = Instance(compile_module(data, options))
        self.store = wasmtime.Store()
        module = wasmtime.Module(self.store.engine, data)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)

    def call(self, name: str, *args: int) -> None:
        """Call both and compare."""
        try:
            expected: object = self.exports[name](self.store, *args)
        except wasmtime.Trap as trap:
            expected = TRAPS.get(trap.trap_code, trap)
        result = self.compiled.call(name, *args)
        assert (result.trap or result.value) == expected, (name, args)

    def same_memory(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Compare the bytes of some ranges, and the size."""
        memory = self.exports["memory"]
        assert self.compiled.memory.pages == memory.size(self.store)
        for start, end in ranges:
            assert self.compiled.memory.read(start, end - start) == bytes(memory.read(self.store, start, end)), start


def _accesses() -> str:
    functions = []
    for op in INTEGER_ACCESSES:
        type_ = op[:3]
        for offset in OFFSETS:
            access = f"{op} offset={offset} (local.get 0)"
            if "load" in op:
                functions.append(f'(func (export "{op} {offset}") (param i32) (result {type_}) ({access}))')
            else:
                functions.append(f'(func (export "{op} {offset}") (param i32 {type_}) ({access} (local.get 1)))')
    content = "".join(f"\\{(7 * byte + 129) & 255:02x}" for byte in range(64))
    segments = f'(data (i32.const 0) "{content}") (data (i32.const 65472) "{content}")'
    return f'(module (memory (export "memory") 1) {segments} {" ".join(functions)})'


@pytest.mark.parametrize(("layout", "calls"), [*((layout, False) for layout in LAYOUT_NAMES), ("words", True)])
@pytest.mark.parametrize("level", [0, 2])
def test_every_access_at_every_alignment_and_at_the_edges(level: int, layout: str, calls: bool) -> None:
    pair = Pair(_accesses(), layout, level, calls=calls)
    source = random.Random(5)
    for op in INTEGER_ACCESSES:
        bits = 64 if op.startswith("i64") else 32
        for offset in OFFSETS:
            for address in [*source.sample(EDGES, 12), source.randrange(60)]:
                signed = address - (1 << 32) if address >> 31 else address
                values = [] if "load" in op else [source.getrandbits(bits) - (1 << (bits - 1))]
                pair.call(f"{op} {offset}", signed, *values)
        pair.same_memory([(0, 128), (65400, 65536)])


@pytest.mark.parametrize(("accesses", "calls"), [(MAXIMUM_DISPATCHES, False), (MAXIMUM_DISPATCHES + 1, True)])
def test_modules_with_many_accesses_call_what_is_not_aligned(accesses: int, calls: bool) -> None:
    """Bytes, halves and what is known to be aligned do not count."""
    words = "(i32.store (local.get 0) (local.get 1))" * accesses
    others = "(i32.store8 (local.get 0) (i32.load16_u (local.get 0))) (i32.store (i32.const 8) (local.get 1))" * 40
    text = f'(module (memory 1) (func (export "f") (param i32 i32) {words} {others}))'
    options = CompileOptions(optimization_level=0, memory_layout="words")
    source = compile_module(wat_to_wasm(text, "many.wat"), options).source
    assert (":CALL(f_memory_i32_store)" in source) is calls


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("address", range(12))
def test_constant_addresses(address: int, layout: str) -> None:
    loads = " ".join(
        f'(func (export "{op}") (result {op[:3]}) ({op} (i32.const {address})))'
        for op in INTEGER_ACCESSES
        if "load" in op
    )
    stores = " ".join(
        f'(func (export "{op}") (param {op[:3]}) ({op} (i32.const {address}) (local.get 0)))'
        for op in INTEGER_ACCESSES
        if "store" in op
    )
    data = '(data (i32.const 0) "\\81\\02\\f3\\04\\85\\06\\07\\88\\19\\aa\\0b\\cc\\dd\\0e\\9f\\10\\11\\f2\\13\\14")'
    pair = Pair(f'(module (memory (export "memory") 1) {data} {loads} {stores})', layout)
    for op in INTEGER_ACCESSES:
        pair.call(op, *([] if "load" in op else [-0x76543210]))
    pair.same_memory([(0, 64)])


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_addresses_of_known_alignment(layout: str) -> None:
    """Array elements, and a stack pointer that moves by multiples of 16."""
    pair = Pair(
        """
        (module (memory (export "memory") 1) (global $sp (mut i32) (i32.const 65536))
          (func $push (param $value i32)
            (local $frame i32)
            (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 16))))
            (i32.store offset=4 (local.get $frame) (local.get $value))
            (i64.store offset=8 (local.get $frame) (i64.extend_i32_s (local.get $value)))
            (i32.store8 offset=3 (local.get $frame) (local.get $value)))
          (func (export "push3") (param i32)
            (call $push (local.get 0)) (call $push (i32.add (local.get 0) (i32.const 1))) (call $push (i32.const -5)))
          (func (export "element") (param $i i32) (result i32)
            (i32.load offset=65000 (i32.shl (local.get $i) (i32.const 2))))
          (func (export "low") (param $i i32) (result i32)
            (i32.load16_s offset=2 (i32.mul (local.get $i) (i32.const 12)))))
        """,
        layout,
    )
    for argument in (7, -9, 0):
        pair.call("push3", argument)
    pair.same_memory([(65300, 65536)])
    for index in (0, 1, 100, 133, 134, 1 << 29, (1 << 30) - 1, -1):
        pair.call("element", index)
        pair.call("low", index)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_growth_and_bulk_operations(layout: str) -> None:
    pair = Pair(
        """
        (module (memory (export "memory") 1 3)
          (func (export "size") (result i32) (memory.size))
          (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
          (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
          (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
          (func (export "load") (param i32) (result i64) (i64.load (local.get 0)))
          (func (export "store") (param i32 i64) (i64.store (local.get 0) (local.get 1))))
        """,
        layout,
    )
    for name, *args in [
        ("store", 0, 0x0102030405060708), ("store", 8, 0x1112131415161718), ("fill", 3, 0x1AB, 9), ("load", 0),
        ("copy", 1, 0, 20), ("copy", 0, 5, 20), ("copy", 9, 9, 4), ("size",), ("load", 65529), ("grow", 1),
        ("load", 65529), ("size",), ("fill", 131060, 1, 12), ("fill", 131060, 1, 13), ("fill", 131072, 1, 0),
        ("fill", 131073, 1, 0), ("grow", 2), ("grow", 1), ("grow", 0), ("grow", -1), ("size",), ("copy", 131060, 0, 13),
        ("copy", 131060, 0, 12), ("load", 131064), ("copy", 0, 131070, 8), ("copy", 0, 196600, 9), ("copy", 100, 0, 64),
        ("copy", 64, 100, 64), ("copy", -1, 0, 1), ("fill", 0, 0, -1), ("store", 196601, 1), ("store", 196600, -2),
    ]:  # fmt: skip
        pair.call(name, *args)
        pair.same_memory([(0, 200), (65500, 65536)])
    pair.same_memory([(131000, 131100), (196500, 196608)])


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_the_instance_reads_and_writes_bytes(layout: str) -> None:
    text = (
        '(module (memory (export "memory") 1) (func (export "get") (param i32) (result i32) (i32.load (local.get 0))))'
    )
    pair = Pair(text, layout)
    pair.compiled.memory.write(5, b"\x01\x02\x03\x04\x05")
    pair.exports["memory"].write(pair.store, b"\x01\x02\x03\x04\x05", 5)
    for address in (4, 5, 6, 8):
        pair.call("get", address)
    pair.same_memory([(0, 16)])
    assert len(pair.compiled.memory) == 65536
