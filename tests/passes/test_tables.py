"""Random modules with tables mean the same in wasmtime and in the interpreter, as translated and after every level."""

from __future__ import annotations

import pytest

from tests.differential.comparison import Case, expected_outcomes
from tests.differential.table_modules import table_module
from tests.wasmtime_oracle import SAME_IN_WASMTIME, Outcome
from zkwasm_compiler import wasm
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import run
from zkwasm_compiler.ir.tables import Tables
from zkwasm_compiler.passes.pipeline import optimize

MODULES = 40


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_tables(level: int) -> None:
    for seed in range(level * MODULES, (level + 1) * MODULES):
        case = table_module(seed)
        assert interpreted_outcomes(case, level) == expected_outcomes(case), f"seed {seed}\n{case.text()}"


def interpreted_outcomes(case: Case, level: int) -> list[Outcome]:
    """What the interpreter makes of the calls of a case, after the passes of a level."""
    module = translate(wasm.load(case.wasm), exports=case.exports)
    optimize(module, level, verify=True)
    state, tables = [item.initial for item in module.globals], Tables.of(module)
    shown = [item.index for item in module.globals if item.export is not None]
    outcomes = [Outcome((), ())]
    for name, args in case.calls:
        results: tuple[int, ...] | Trap
        try:
            results = tuple(run(module, module.exports[name], args, globals=state, tables=tables))
        except TrapError as error:
            results = SAME_IN_WASMTIME.get(error.trap, error.trap)
        outcomes.append(Outcome(results, tuple(state[index] for index in shown)))
    return outcomes
