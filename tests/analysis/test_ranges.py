"""Every value that the interpreter computes lies in the range that the analysis claims for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings

from tests.generators import GeneratedModule, generate_module, modules
from tests.ir_oracle import interpreted_outcomes
from zkwasm_compiler.analysis.ranges import Ranges, value_ranges
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir import interpreter
from zkwasm_compiler.ir.function import Module, Target, Value
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm import decode
from zkwasm_compiler.wasm.text import wat_to_wasm

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


class RangeChecker:
    """Stands in the interpreter's way and looks at what it computes."""

    def __init__(self, module: Module) -> None:
        self.ranges = {function: value_ranges(function) for function in module.functions.values()}
        self.checked = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        execute, follow = interpreter._execute, interpreter._follow

        def checked_execute(value: Value, frame: interpreter._Frame, state: list[int]) -> None:
            execute(value, frame, state)
            ranges = self.ranges[frame.function]
            if value in frame.values:
                self.check(ranges, value, frame)
                for arg, range_ in zip(value.args, ranges.arguments[value], strict=False):
                    assert arg not in frame.values or frame.values[arg] in range_, f"{value} {value.op}: {arg}"
            if value in ranges.ordered:
                assert frame.values[value.args[0]] >= frame.values[value.args[1]]

        def checked_follow(frame: interpreter._Frame, target: Target) -> None:
            follow(frame, target)
            ranges = self.ranges[frame.function]
            assert target.block not in ranges.unreachable
            for parameter in target.block.parameters:
                self.check(ranges, parameter, frame)
            for value, bits in frame.values.items():
                if dominates(ranges, value, frame):
                    assert bits in ranges.at(value, target.block), f"{value} {value.op} in {target.block}"

        interpreter._execute, interpreter._follow = checked_execute, checked_follow
        try:
            yield
        finally:
            interpreter._execute, interpreter._follow = execute, follow

    def check(self, ranges: Ranges, value: Value, frame: interpreter._Frame) -> None:
        self.checked += 1
        assert frame.values[value] in ranges.results[value], f"{frame.function.name}: {value} {value.op}"


def dominates(ranges: Ranges, value: Value, frame: interpreter._Frame) -> bool:
    """Whether the frame's value is the one that the block sees: its definition dominates the block."""
    home = next(block for block in frame.function.blocks if value in block.parameters or value in block.body)
    return ranges._tree.dominates(home, frame.block)


def check(generated: GeneratedModule, level: int) -> int:
    module = translate(decode(wat_to_wasm(generated.wat, "generated.wat")))
    optimize(module, level)
    checker = RangeChecker(module)
    with checker.watching():
        interpreted_outcomes(generated, module)
    return checker.checked


@pytest.mark.parametrize("level", [0, 2])
@given(generated=modules())
@SETTINGS
def test_random_modules(level: int, generated: GeneratedModule) -> None:
    check(generated, level)


@pytest.mark.parametrize("level", [0, 2])
def test_larger_random_modules(level: int) -> None:
    checked = 0
    for seed in range(60):
        checked += check(generate_module(random.Random(seed).randrange, size=16), level)
    assert checked > 1000
