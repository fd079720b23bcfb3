"""The static audit accuses nothing of what floats become, and no lie changes a result."""

from __future__ import annotations

import random

import pytest

from tests.floats.operands import cross, random_operands
from tests.floats.operations import OPERATIONS, Operation
from tests.floats.test_compiled import GROUPS, module_of
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_simulator import lying_prover, static_audit


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("group", GROUPS)
def test_all_free_inputs_are_pinned(group: str, level: int) -> None:
    report = static_audit(compile_module(module_of(GROUPS[group]), CompileOptions(optimization_level=level)))
    assert report.free_inputs
    assert not report.findings, report.findings[0]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.op)
def test_no_lie_changes_an_operation(operation: Operation) -> None:
    program = compile_module(module_of([operation]))
    special = random.Random(operation.op).sample(list(cross(operation.operands)), 2)
    for operands in (*special, *random_operands(operation.operands, 3, operation.op)):
        report = lying_prover(program, operation.op, operands, limit=40)
        assert not report.survivors, report.survivors[0]
        assert not report.unfinished
