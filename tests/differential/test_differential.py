"""Random modules do the same in wasmtime and as compiled programs in the simulator.

Results, kinds of trap and exported globals agree, call after call in one instance, and the memory in the end.
`campaign` says how to try more seeds; `ZKWASM_SMITH_MODULES=300` is the number of modules in which all features meet.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
import wasmtime
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.differential.campaign import seeds
from tests.differential.comparison import Case, first_difference
from tests.differential.memory_modules import memory_module
from tests.differential.smith import full_module, smith_module
from tests.differential.table_modules import table_module
from tests.generators import GeneratedModule, generate_module, modules

LEVELS = (0, 2)
FULL_MODULES = int(os.environ.get("ZKWASM_SMITH_MODULES", "6"))


def case_of(generated: GeneratedModule) -> Case:
    """A generated module as a case."""
    exports = tuple(function.name for function in generated.functions)
    calls = tuple((generated.functions[position].name, args) for position, args in generated.calls)
    names = tuple(f"g{index}" for index in range(len(generated.globals)))
    return Case(bytes(wasmtime.wat2wasm(generated.wat)), exports, calls, names)


@given(generated=modules(size=6), level=st.sampled_from(LEVELS))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_functions_that_hypothesis_can_shrink(generated: GeneratedModule, level: int) -> None:
    note(generated.wat)
    difference = first_difference(case_of(generated), level)
    assert not difference, f"{difference}\n{generated.wat}"


def test_generated_modules() -> None:
    for seed in seeds(25):
        generated = generate_module(random.Random(seed).randrange, 4 + seed % 13)
        difference = first_difference(case_of(generated), LEVELS[seed % 2])
        assert not difference, f"seed {seed}: {difference}\n{generated.wat}"


@pytest.mark.parametrize("more", ["", "memory", "tables"])
def test_modules_of_wasm_tools_smith(tmp_path: Path, more: str) -> None:
    for seed in seeds(25):
        size = 20 + 20 * (seed % 5)
        case = smith_module(seed, tmp_path, size, memory=more == "memory", tables=more == "tables")
        difference = first_difference(case, LEVELS[seed % 2])
        assert not difference, f"seed {seed}: {difference}\n{case.text()}"


def test_modules_of_wasm_tools_smith_with_floats(tmp_path: Path) -> None:
    for seed in seeds(25):
        case = smith_module(seed, tmp_path, max_instructions=40 + 30 * (seed % 5), memory=seed % 3 == 0, floats=True)
        difference = first_difference(case, LEVELS[seed % 2])
        assert not difference, f"seed {seed}: {difference}\n{case.text()}"


@pytest.mark.parametrize("level", LEVELS, ids=[f"O{level}" for level in LEVELS])
def test_modules_of_wasm_tools_smith_with_everything(tmp_path: Path, level: int) -> None:
    for seed in seeds(FULL_MODULES):
        case = full_module(seed, tmp_path)
        difference = first_difference(case, level)
        assert not difference, f"seed {seed}: {difference}\n{case.text()}"


def test_modules_that_work_on_memory() -> None:
    for seed in seeds(20):
        case = memory_module(seed)
        difference = first_difference(case, LEVELS[seed % 2])
        assert not difference, f"seed {seed}: {difference}\n{case.text()}"


def test_modules_that_work_on_tables() -> None:
    for seed in seeds(25):
        case = table_module(seed)
        difference = first_difference(case, LEVELS[seed % 2])
        assert not difference, f"seed {seed}: {difference}\n{case.text()}"
