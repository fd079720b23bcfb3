"""The static audit accuses nothing of random modules, at every level of optimisation and in both memory layouts.

`tests.differential.campaign` says how to try more seeds.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import wasmtime

from tests.differential.campaign import seeds
from tests.differential.memory_modules import memory_module
from tests.differential.smith import smith_module
from tests.generators import generate_module
from tests.soundness.emitted import LAYOUT_NAMES
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.passes.pipeline import LEVELS
from zkwasm_simulator import static_audit


def _clean(seed: int, wasm: bytes, exports: tuple[str, ...] | None, layout: str = "auto") -> None:
    level = list(LEVELS)[seed % len(LEVELS)]
    program = compile_module(wasm, CompileOptions(exports, level, f"seed {seed}", layout))
    report = static_audit(program)
    assert not report.findings, f"seed {seed}, -O{level}, {layout}: {report.findings[0]}"


def test_generated_modules() -> None:
    for seed in seeds(24):
        generated = generate_module(random.Random(seed).randrange, 4 + seed % 13)
        _clean(seed, bytes(wasmtime.wat2wasm(generated.wat)), None)


@pytest.mark.parametrize("memory", [False, True])
def test_modules_of_wasm_tools_smith(tmp_path: Path, memory: bool) -> None:
    for seed in seeds(16):
        case = smith_module(seed, tmp_path, max_instructions=20 + 20 * (seed % 5), memory=memory)
        for layout in LAYOUT_NAMES if memory else LAYOUT_NAMES[:1]:
            _clean(seed, case.wasm, case.exports, layout)


def test_modules_that_work_on_memory() -> None:
    for seed in seeds(8):
        case = memory_module(seed)
        for layout in LAYOUT_NAMES:
            _clean(seed, case.wasm, case.exports, layout)
