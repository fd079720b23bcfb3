"""`ir.floats`: against wasmtime, and in small formats against the definition of rounding, exhaustively."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction

import pytest

from tests.floats.engine import engine
from tests.floats.operands import count, cross, random_operands
from tests.floats.operations import OPERATIONS, Operation
from zkwasm_compiler.ir import floats
from zkwasm_compiler.ir.floats import Format
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.ops import OPS

SMALL = Format("tiny", 7, 3)


def reference(operation: Operation, operands: tuple[int, ...]) -> int | Trap:
    """What the op table says."""
    evaluate = OPS[operation.op].evaluate
    assert evaluate is not None
    try:
        return evaluate(*operands)
    except TrapError as error:
        return error.trap


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.op)
def test_evaluation_is_that_of_wasmtime(operation: Operation) -> None:
    specials = cross(operation.operands) if len(operation.operands) == 1 else ()
    for operands in itertools.chain(specials, random_operands(operation.operands, min(count(150), 5000), operation.op)):
        assert reference(operation, operands) == engine().native(operation, operands), [*map(hex, operands)]


NUMBERS = list(range(SMALL.infinity))
VALUES = [SMALL.magnitude(pattern) for pattern in NUMBERS]
LIMIT = VALUES[-1] + (VALUES[-1] - VALUES[-2]) / 2
"""From here on the nearest is infinity: of the two that are as near, the largest number has the odd pattern."""


def nearest(negative: bool, magnitude: Fraction) -> int:
    """The nearest number, by looking at all of them."""
    sign = SMALL.sign if negative else 0
    if magnitude >= LIMIT:
        return sign | SMALL.infinity
    place = bisect_left(VALUES, magnitude)
    near = [number for number in (place - 1, place) if 0 <= number < len(VALUES)]
    return sign | min(near, key=lambda number: (abs(VALUES[number] - magnitude), number % 2))


@pytest.mark.parametrize(
    ("operation", "exact"),
    [
        (floats.add, lambda x, y: x + y),
        (floats.sub, lambda x, y: x - y),
        (floats.mul, lambda x, y: x * y),
        (floats.div, lambda x, y: x / y if y else None),
    ],
)
def test_all_operands_of_a_small_format(
    operation: Callable[[Format, int, int], int], exact: Callable[[Fraction, Fraction], Fraction | None]
) -> None:
    finite = [sign | number for number in NUMBERS for sign in (0, SMALL.sign)]
    for x, y in itertools.product(finite, repeat=2):
        value = exact(SMALL.value(x), SMALL.value(y))
        if value:
            assert operation(SMALL, x, y) == nearest(value < 0, abs(value)), (x, y)


def test_all_roots_of_a_small_format() -> None:
    """A root is nearest where its neighbours' midpoints square to less and to more."""
    for number in NUMBERS[1:]:
        root = floats.sqrt(SMALL, number)
        value = SMALL.magnitude(number)
        below, above = VALUES[root - 1], VALUES[root + 1]
        assert ((below + VALUES[root]) / 2) ** 2 <= value <= ((VALUES[root] + above) / 2) ** 2, number
