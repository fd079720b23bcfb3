"""Operations compiled and simulated, at every level: what they give is what `ir.floats` says."""

from __future__ import annotations

import itertools
import random
from functools import cache

import pytest
import wasmtime

from tests.floats.operands import CASES, cross, random_operands
from tests.floats.operations import OPERATIONS, Operation
from tests.floats.test_reference import reference
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_simulator import Instance

GROUPS = {
    "f32": [o for o in OPERATIONS if o.op.startswith("float.") and o.operands[0] == "f32"],
    "f64": [o for o in OPERATIONS if o.op.startswith("float.") and o.operands[0] == "f64"],
    "conversions": [o for o in OPERATIONS if not o.op.startswith("float.")],
}


def module_of(operations: list[Operation]) -> bytes:
    """A module that exports each operation under its op's name."""
    lines = ["(module"]
    for operation in operations:
        parameters = " ".join(f"(param {type_})" for type_ in operation.operands)
        operands = " ".join(f"(local.get {number})" for number in range(len(operation.operands)))
        body = f"({operation.instruction} {operands})"
        lines.append(f'(func (export "{operation.op}") {parameters} (result {operation.result}) {body})')
    return bytes(wasmtime.wat2wasm("\n".join([*lines, ")"])))


@cache
def instance(group: str, level: int) -> Instance:
    """The operations of a group in one program, each export compiled for itself would need more time."""
    return Instance(compile_module(module_of(GROUPS[group]), CompileOptions(optimization_level=level)))


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("group", GROUPS)
def test_programs_give_what_the_operations_are(group: str, level: int) -> None:
    program = instance(group, level)
    for operation in GROUPS[group]:
        specials = list(cross(operation.operands))
        chance = random.Random(f"{operation.op} {level}")
        some = chance.sample(specials, min(len(specials), 30))
        number = min(CASES // 100, 5000) or 10
        for operands in itertools.chain(some, random_operands(operation.operands, number, f"{operation.op} {level}")):
            result = program.call_raw(operation.op, operands)
            found = result.raw[0] if result.trap is None else result.trap
            assert found == reference(operation, operands), (operation.op, [*map(hex, operands)])
