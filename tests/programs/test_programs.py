"""The programs of this folder do what wasmtime says, at every level."""

from __future__ import annotations

import pytest

from tests.benchmarks.programs import CALLS, module_bytes
from tests.differential.comparison import Case, first_difference
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_simulator import ExecutionFault, Instance

GLOBALS = {"kernels.wasm": (), "control.wat": ("calls", "accumulator")}

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
}
"""Calls at the edges, traps among them; they follow those of the benchmarks in one instance."""


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("file", CALLS)
def test_programs_do_what_wasmtime_does(file: str, level: int) -> None:
    calls = (*CALLS[file], *EDGE_CALLS[file])
    exports = tuple(dict.fromkeys(name for name, _ in calls))
    difference = first_difference(Case(module_bytes(file), exports, calls, GLOBALS[file]), level)
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
