"""The text of the routines, whose primitives are functions in plain WebAssembly there, against wasmtime's instructions.

ZKWASM_FLOAT_CASES=1000000 tries a million operands an operation.
"""

from __future__ import annotations

import itertools

import pytest

from tests.floats.engine import engine
from tests.floats.operands import count, cross, random_operands
from tests.floats.operations import OPERATIONS, Operation
from zkwasm_compiler.ir.function import Trap


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.op)
def test_routine_gives_what_the_instruction_gives(operation: Operation) -> None:
    operands = itertools.chain(
        cross(operation.operands), random_operands(operation.operands, count(1500), operation.op)
    )
    if not operation.traps:
        found = engine().first_difference(operation, operands)
        assert found is None, [*map(hex, found or ())]
        return
    for one in itertools.islice(operands, 100_000):
        wanted, got = engine().native(operation, one), engine().routine(operation, one)
        # the text has one trap for both kinds
        assert got == (None if isinstance(wanted, Trap) else wanted), [*map(hex, one)]


def test_a_wrong_routine_is_noticed() -> None:
    """Of min and max one is not the other."""
    (smaller,) = (operation for operation in OPERATIONS if operation.op == "float.min_f64")
    operands = [(0x3FF0000000000000, 0x3FF0000000000000), (0x3FF0000000000000, 0x4000000000000000)]
    assert engine().first_difference(smaller, operands) is None
    larger = Operation("float.max_f64", "f64.max", ("f64", "f64"), "f64")
    assert engine().native(larger, operands[1]) != engine().routine(smaller, operands[1])
