"""The programs of this folder do what wasmtime says, at every level."""

from __future__ import annotations

import pytest

from tests.benchmarks.programs import CALLS, WITHOUT_INPUTS, module_bytes
from tests.differential.comparison import Case, first_difference
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_simulator import ExecutionFault, Instance

GLOBALS = {"control.wat": ("calls", "accumulator")}
"""The exported globals to compare; those in the folder `memory` export their memory."""

EDGE_CALLS = {
    "kernels.wasm": [
        ("gcd", (0, 0)),
        ("gcd", (0xFFFFFFFF, 1)),
        ("modpow", (5, 7, 0)),
        ("binary_gcd", (0, 12)),
        ("collatz", (0,)),
        ("ackermann", (0, 0xFFFFFFFF)),
        ("square_root", (0xFFFFFFFFFFFFFFFF,)),
        ("days", (0xFFFFFFFF, 3, 1)),
        ("tak", (1, 2, 3)),
    ],
    "control.wat": [
        ("divide", (1 << 63, 0xFFFFFFFFFFFFFFFF)),
        ("divide", (1, 0)),
        ("machine", (0x55, 1 << 63, 0)),
        ("machine", (0x7777, 1, 2)),
        ("absorb", (0,)),
        ("male", (9,)),
        ("absorb", (0xFFFFFFFFFFFFFFFF,)),
        ("median", (0x80000000, 0x7FFFFFFF, 0)),
    ],
    "memory/fill.wasm": [
        ("fill_bytes", (0, 1)),
        ("fill_bytes", (7, 0x1FF)),
        ("fill_words", (3, 0xFFFFFFFF)),
        ("fill_builtin", (3, 1)),
    ],
    "memory/fill_bulk.wasm": [("fill_builtin", (3, 0x1FF)), ("fill_builtin", (0x10000, 1))],
    "memory/copy.wasm": [
        ("copy_bytes", (3,)),
        ("copy_unaligned", (9, 1)),
        ("copy_unaligned", (6, 2)),
        ("copy_unaligned", (6, 4)),
        ("copy_builtin", (1, 2, 30)),
        ("copy_builtin", (0, 5, 0)),
        ("copy_unaligned", (9, 64500)),
    ],
    "memory/copy_bulk.wasm": [("copy_builtin", (1, 2, 30)), ("copy_builtin", (0, 0xFFFFFFFF, 2))],
    "memory/array.wasm": [("sum", (5,)), ("reverse", (7,)), ("sum64", (0,))],
    "memory/quicksort.wasm": [("quicksort", (256, 0xFFFFFFFF)), ("quicksort", (1, 5))],
    "memory/crc32_table.wasm": [("crc32_table", (0,)), ("crc32_table", (9,))],
    "memory/crc32_bits.wasm": [("crc32_bits", (9,))],
    "memory/strings.wasm": [("string_length", (69,)), ("string_length", (70,)), ("string_compare", (30,))],
    "memory/encodings.wasm": [("hex", (1,)), ("base64", (3,))],
    "memory/structures.wasm": [("list", (0,)), ("records", (3,)), ("long_multiply", (1, 7)), ("sieve", (256,))],
    "memory/interpreter.wasm": [("interpreter", (0,))],
}
"""Calls at the edges, traps among them; they follow those of the benchmarks in one instance."""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("file", WITHOUT_INPUTS)
def test_programs_do_what_wasmtime_does(file: str, level: int) -> None:
    calls = (*CALLS[file], *EDGE_CALLS.get(file, ()))
    exports = tuple(dict.fromkeys(name for name, _ in calls))
    memory = "memory" if file.startswith("memory/") else ""
    difference = first_difference(Case(module_bytes(file), exports, calls, GLOBALS.get(file, ()), memory), level)
    assert not difference, difference


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_two_and_three_are_five(level: int) -> None:
    instance = Instance(compile_module(module_bytes("five.wat"), CompileOptions(optimization_level=level)))
    assert instance.interface.exports == ()


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_wrong_sum_stops_at_its_assertion(level: int) -> None:
    data = module_bytes("five.wat").replace(b"\x41\x05", b"\x41\x06")  # i32.const 5 becomes i32.const 6
    program = compile_module(data, CompileOptions(optimization_level=level, name="six"))
    with pytest.raises(ExecutionFault) as caught:
        Instance(program)
    fault = caught.value
    assert fault.error_kind == "assert"
    assert fault.line is not None
    assert "ASSERT" in program.source.splitlines()[fault.line - 1]
    assert f"six.zkasm:{fault.line}" in str(fault)
    assert "main" in str(fault), "the message names the WebAssembly function"
