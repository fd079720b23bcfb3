"""Machine code does what the reference interpreter does: results, counters, cells, logs, and faults with their places.

`ZKWASM_JIT_PROGRAMS` is the number of random zkASM programs, `ZKWASM_SEED` the first of them. `both_engines` compares
the programs of all other tests.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.benchmarks.programs import CALLS, module_bytes
from tests.generators import generate_module
from tests.hosts.streams import streams
from tests.hosts.test_wasi import Case
from tests.jit.both_engines import both_engines
from tests.jit.comparison import assert_same, call_both
from tests.jit.generation import random_program
from tests.memory_programs import memory_program
from tests.simulator import test_exec64
from tests.soundness.emitted import TABLES_CALLS, tables_program
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.errors import AssemblyError
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

RANDOM_PROGRAMS = int(os.environ.get("ZKWASM_JIT_PROGRAMS", "200"))
FIRST_SEED = int(os.environ.get("ZKWASM_SEED", "0"))
MOST_STEPS = 20_000
"""Recorded runs that go on for longer are compared this far."""


def run_both(case: dict[str, Any]) -> None:
    files = case.get("files", {})
    try:
        program = assemble(case["source"], resolve_include=lambda includer, path: (path, files[path]))
    except AssemblyError:
        return
    assert_same(
        program,
        inputs=test_exec64.public_inputs(case.get("input", {})),
        step_limit=min(case["config"].get("stepsN", test_exec64.STEPS), MOST_STEPS),
        skip_address_check=case["config"].get("skipAddrRelControl", False),
    )


@pytest.mark.parametrize("category", sorted(test_exec64.CASES))
def test_recorded_runs(shared: Path, category: str) -> None:
    for case in test_exec64.cases(shared / "vectors")[category]:
        run_both(case)


@pytest.mark.parametrize("file", sorted(set(CALLS) - {"memory/copy.wasm"}))  # its compilation takes ten seconds
def test_programs(file: str) -> None:
    program = compile_module(module_bytes(file), CompileOptions())
    for name, words in CALLS[file]:
        call_both(program, name, words)


def test_host_functions() -> None:
    with both_engines() as compared:
        instance = Instance(streams())
        instance.call("echo", 1, 30, public_input=bytes(range(30)))
        instance.call("keccak256", 2, 300, 400)
        instance.call("greet")
        upper = Instance(Case("upper", level=2, layout="bytes").program())
        assert upper.call("_start", private_input=b"Hello, wide World! ").public_output == b"HELLO, WIDE WORLD! "
    assert len(compared) > 4


@pytest.mark.parametrize("level", [0, 2])
def test_indirect_and_tail_calls(level: int) -> None:
    for name, words in TABLES_CALLS:
        call_both(tables_program(level), name, words)


def test_complete_runs() -> None:
    program = compile_module(module_bytes("memory/crc32_table.wasm"), CompileOptions())
    call_both(program, "crc32_table", (100,), full_run=True)
    call_both(program, "crc32_table", (100,), full_run=True, trace_length=1 << 16)


def test_random_programs() -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + RANDOM_PROGRAMS):
        choose = Random(seed)
        program = assemble(random_program(choose))
        assert_same(program, step_limit=choose.choice((50, 200, 1000)), skip_address_check=choose.random() < 0.3)


@pytest.mark.parametrize("seed", range(6))
def test_random_modules(seed: int) -> None:
    generated = generate_module(Random(seed).randrange, 8)
    exports = tuple(function.name for function in generated.functions)
    program = compile_module(wat_to_wasm(generated.wat), CompileOptions(exports, seed % 3))
    for position, words in generated.calls:
        call_both(program, generated.functions[position].name, words)


def test_random_memory_modules() -> None:
    written = memory_program(Random(1).randrange, 12)
    program = compile_module(wat_to_wasm(written.wat), CompileOptions())
    for words in written.calls:
        call_both(program, "f", words)
