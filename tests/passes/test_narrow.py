"""Narrowing, legalisation with its ranges, and what is done with known bits then keep the meaning of random modules."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings

from tests.generators import GeneratedModule, generate_module, modules
from tests.ir_oracle import interpreted_outcomes
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.verifier import verify
from zkwasm_compiler.lowering.legalize import legalize_module
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.known_bits import known_bits
from zkwasm_compiler.passes.narrow import narrow
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm import decode
from zkwasm_compiler.wasm.text import wat_to_wasm

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def check(generated: GeneratedModule, level: int) -> int:
    """Compare the module before, after narrowing and after legalisation; gives the number of ops made exact."""
    module = translate(decode(wat_to_wasm(generated.wat, "generated.wat")))
    optimize(module, level)
    expected = interpreted_outcomes(generated, module)
    ranges = {index: narrow(function, Context(module)) for index, function in module.functions.items()}
    exact = 0
    for function in module.functions.values():
        verify(function, module)
        exact += sum(value.op.startswith("zk.") for block in function.blocks for value in block.body)
    assert interpreted_outcomes(generated, module) == expected
    legalize_module(module, ranges)
    for function in module.functions.values():
        verify(function, module)
    assert interpreted_outcomes(generated, module) == expected
    for function in module.functions.values():
        known_bits(function, Context(module))
        verify(function, module)
    assert interpreted_outcomes(generated, module) == expected
    return exact


@pytest.mark.parametrize("level", [0, 2])
@given(generated=modules())
@SETTINGS
def test_random_modules(level: int, generated: GeneratedModule) -> None:
    check(generated, level)


@pytest.mark.parametrize("level", [0, 2])
def test_larger_random_modules(level: int) -> None:
    assert sum(check(generate_module(random.Random(seed).randrange, size=16), level) for seed in range(60)) > 50
