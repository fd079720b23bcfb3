"""Modules whose loads and stores meet mean the same in wasmtime and after every level: results, traps, all memory.

`ZKWASM_LOOP_PROGRAMS` is the number of random loops, `ZKWASM_SEED` the first of them.
"""

from __future__ import annotations

import os
import random

import pytest
import wasmtime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loop_programs import loop_program
from tests.memory_programs import Effects, MemoryProgram, memory_program, run_in_wasmtime, run_interpreted
from tests.misaligned import calling
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Module
from zkwasm_compiler.ir.memory_layout import LAYOUTS
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.pipeline import optimize, optimize_function
from zkwasm_compiler.wasm import decode
from zkwasm_simulator import Instance

LOOP_PROGRAMS = int(os.environ.get("ZKWASM_LOOP_PROGRAMS", "80"))
FIRST_SEED = int(os.environ.get("ZKWASM_SEED", "0"))
COMPILED_SHARE = 16
"""Of so many random loops one is also compiled, in both layouts of the memory: that takes longer."""

SETTINGS = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@st.composite
def memory_programs(draw: st.DrawFn) -> MemoryProgram:
    """Programs whose failures hypothesis can make smaller."""
    return memory_program(lambda count: draw(st.integers(0, count - 1)) if count > 1 else 0)


@given(program=memory_programs())
@SETTINGS
def test_drawn_programs(program: MemoryProgram) -> None:
    module = _translated(program)
    optimize(module, 2, verify=True)
    assert run_interpreted(program, module) == run_in_wasmtime(program)


@pytest.mark.parametrize(("size", "count"), [(14, 60), (40, 20)])
def test_seeded_programs(size: int, count: int) -> None:
    """The seed of one that fails is in the message; accesses must go, or nothing is tested."""
    before = after = 0
    for seed in range(count):
        program = memory_program(random.Random(seed).randrange, size)
        expected = run_in_wasmtime(program)
        module = _translated(program)
        before += _accesses(module)
        assert run_interpreted(program, module) == expected, f"seed {seed}, as translated"
        if seed % 2:
            optimize(module, 2, verify=True)
        else:
            _optimize_apart(module)
        after += _accesses(module)
        assert run_interpreted(program, module) == expected, f"seed {seed}"
    assert after < 0.95 * before, (after, before)


@pytest.mark.parametrize("calls", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_compiled_programs(seed: int, calls: bool) -> None:
    program = memory_program(random.Random(seed).randrange, 16)
    with calling(calls):
        assert _compiled_effects(program, CompileOptions()) == run_in_wasmtime(program)


LOADS_IN_LOOPS = """(module
  (memory (export "memory") 1)
  (global $g (export "g") (mut i32) (i32.const 7))
  (func (export "f") (param $p i32) (param $q i32) (param $n i32) (result i32 i64) (local $sum i32)
    (block $done
      (loop $again
        {leave}
        {store}
        (local.set $sum (i32.add (local.get $sum) (i32.load (i32.const 16))))
        {load}
        (br_if $again (i32.ne (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (local.get $sum) (i64.const 0)))"""
LEAVE = "(br_if $done (i32.eqz (local.get $n)))"
LOAD = "(local.set $sum (i32.add (local.get $sum) (i32.load (local.get $q))))"
STORE = "(i32.store (local.get $p) (local.get $n))"


@pytest.mark.parametrize("store", ["", STORE, "(global.set $g (local.get $n))"], ids=["nothing", "store", "global"])
@pytest.mark.parametrize("leave", ["", LEAVE], ids=["always", "guarded"])
@pytest.mark.parametrize("load", ["", LOAD], ids=["one", "two"])
def test_loads_in_loops(leave: str, store: str, load: str) -> None:
    """Stores of the loop may change what is loaded, and a load that traps does so when the loop gets there."""
    calls: tuple[tuple[int, int, int], ...] = ((16, 16, 3), (14, 16, 3), (64, 0, 3), (16, 65536, 2))
    if leave:
        calls += ((16, 65536, 0),)
    program = MemoryProgram(LOADS_IN_LOOPS.format(leave=leave, store=store, load=load), calls)
    module = _translated(program)
    optimize(module, 2, verify=True)
    assert run_interpreted(program, module) == run_in_wasmtime(program)


def test_random_loops() -> None:
    """A load that is the same in every round leaves the loop only where nothing in it changes what is loaded."""
    before = after = 0
    for seed in range(FIRST_SEED, FIRST_SEED + LOOP_PROGRAMS):
        program = loop_program(random.Random(seed).randrange)
        module = _translated(program)
        if seed % 2:
            optimize(module, 2, verify=True)
        else:
            before += _loads_in_loops(module)
            _optimize_apart(module)
            after += _loads_in_loops(module)
        assert run_interpreted(program, module) == run_in_wasmtime(program), f"seed {seed}"
    assert after < 0.95 * before, (after, before)


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS])
def test_compiled_random_loops(layout: str) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + LOOP_PROGRAMS, COMPILED_SHARE):
        program = loop_program(random.Random(seed).randrange)
        options = CompileOptions(memory_layout=layout)
        assert _compiled_effects(program, options) == run_in_wasmtime(program), f"seed {seed}"


def _optimize_apart(module: Module) -> None:
    """Optimise each function by itself: calls stay calls."""
    context = Context(module, verify=True)
    for function in module.functions.values():
        optimize_function(function, context)


def _loads_in_loops(module: Module) -> int:
    """Loads in blocks that are in a loop."""
    blocks = (block for function in module.functions.values() for block in loop_nest(function).innermost)
    return sum(value.op in ACCESS_BYTES and "load" in value.op for block in blocks for value in block.body)


def _compiled_effects(program: MemoryProgram, options: CompileOptions) -> list[Effects]:
    """What the calls do in the simulator, one after the other in one instance."""
    instance = Instance(compile_module(wasmtime.wat2wasm(program.wat), options))
    effects = []
    for args in program.calls:
        result = instance.call_raw("f", args)
        memory = instance.memory.read(0, len(instance.memory))
        effects.append(Effects(result.trap or tuple(result.raw), instance.globals["g"] % (1 << 32), memory))
    return effects


def _translated(program: MemoryProgram) -> Module:
    return translate(decode(wasmtime.wat2wasm(program.wat)))


def _accesses(module: Module) -> int:
    values = (value for f in module.functions.values() for block in f.blocks for value in block.body)
    return sum(value.op in ACCESS_BYTES for value in values)
