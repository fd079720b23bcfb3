"""The programs of the benchmark: the right results, and the same in both engines where that is quick."""

from __future__ import annotations

import pytest
import wasmtime

from tests.benchmarks.long_runs import NO_LIMIT, RUNS
from tests.jit.comparison import assert_same
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_simulator import Instance, PublicInputs


@pytest.mark.parametrize("name", RUNS)
def test_short_calls_agree(name: str) -> None:
    run = RUNS[name]
    program = compile_module(run.module(), CompileOptions((run.export,)))
    arguments = (*run.few[:-1], min(run.few[-1], 12))
    assert_same(
        program,
        inputs=PublicInputs.of_words(arguments, function_index=1),
        skip_address_check=program.interface is not None and program.interface.skip_address_check,
    )


@pytest.mark.parametrize("name", ["additions", "SHA-256"])
def test_long_calls_do_what_wasmtime_does(name: str) -> None:
    run = RUNS[name]
    module = run.module()
    result = Instance(compile_module(module), step_limit=NO_LIMIT).call(run.export, *run.arguments)
    store = wasmtime.Store()
    function = wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)[run.export]
    assert isinstance(function, wasmtime.Func)
    assert result.value == function(store, *run.arguments)
    assert result.steps > 25_000_000
