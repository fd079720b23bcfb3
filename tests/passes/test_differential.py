"""Random modules mean the same in wasmtime, after translation and after every optimisation level."""

from __future__ import annotations

import random

import pytest
import wasmtime
from hypothesis import HealthCheck, given, settings

from tests.generators import GeneratedModule, generate_module, modules
from tests.ir_oracle import expected_outcomes, interpreted_outcomes
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.parser import parse_module
from zkwasm_compiler.ir.printer import format_module
from zkwasm_compiler.ir.verifier import verify
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm import decode, validate

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@given(generated=modules())
@SETTINGS
def test_translated(generated: GeneratedModule) -> None:
    source = decode(wasmtime.wat2wasm(generated.wat))
    validate(source)
    module = translate(source)
    for function in module.functions.values():
        verify(function, module)
    assert interpreted_outcomes(generated, module) == expected_outcomes(generated)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@given(generated=modules())
@SETTINGS
def test_optimised(level: int, generated: GeneratedModule) -> None:
    module = translate(decode(wasmtime.wat2wasm(generated.wat)))
    optimize(module, level, verify=True)
    assert interpreted_outcomes(generated, module) == expected_outcomes(generated)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_optimised_larger(level: int) -> None:
    """Larger modules than hypothesis draws; the seed of one that fails is in the message."""
    for seed in range(60):
        generated = generate_module(random.Random(seed).randrange, size=16)
        module = translate(decode(wasmtime.wat2wasm(generated.wat)))
        optimize(module, level, verify=True)
        assert interpreted_outcomes(generated, module) == expected_outcomes(generated), f"seed {seed}"


@given(generated=modules())
@SETTINGS
def test_printed_and_parsed(generated: GeneratedModule) -> None:
    module = translate(decode(wasmtime.wat2wasm(generated.wat)))
    optimize(module, 1)
    text = format_module(module)
    parsed = parse_module(text)
    for function in parsed.functions.values():
        verify(function, parsed)
    assert format_module(parsed) == text
