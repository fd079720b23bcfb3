"""What expressions cost and give: the steps that selection makes of a function's body, and its results."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from zkwasm_compiler.driver import CompileOptions, compile_stages
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

WORD = 1 << 32
EDGES = {
    "i32": (0, 1, 2, 9, 10, 31, 0x55555555, 0x7FFFFFFF, 0x80000000, 0xFFFFFF00, 0xFFFFFFFF),
    "i64": (0, 1, 10, 63, 0xFFFFFFFF, 1 << 32, 0xAAAAAAAA55555555, (1 << 63) - 1, 1 << 63, (1 << 64) - 1),
}


def _check(parameters: str, result: str, body: str, steps: int, meaning: Callable[..., int]) -> None:
    types = parameters.split()
    text = f'(module (func (export "f") (param {parameters}) (result {result}) {body}))'
    compilation = compile_stages(wat_to_wasm(text), CompileOptions(), dumps=False)
    selected = compilation.stages.selected[0]
    made = [step for block in selected.blocks for step in block.steps if step.operation("RETURN") is None]
    assert len(made) == steps
    instance = Instance(compilation.program)
    mask = (1 << int(result[1:])) - 1
    for arguments in itertools.product(*(EDGES[type_] for type_ in types)):
        assert instance.call_raw("f", arguments).raw == (meaning(*arguments) & mask,), arguments


X, Y = "(local.get 0)", "(local.get 1)"


@pytest.mark.parametrize(
    ("body", "steps", "meaning"),
    [
        (f"(i32.shr_u {X} (i32.const 5))", 2, lambda x, y: x >> 5),
        (f"(i32.add (i32.shr_u {X} (i32.const 1)) {Y})", 3, lambda x, y: (x >> 1) + y),
        (f"(i32.sub {Y} (i32.div_u {X} (i32.const 10)))", 3, lambda x, y: y - x // 10),
        (f"(i32.add {Y} (i32.rem_u {X} (i32.const 1000)))", 4, lambda x, y: y + x % 1000),
        (f"(i32.add (i32.div_u {X} (i32.const 7)) (i32.rem_u {X} (i32.const 7)))", 3, lambda x, y: x // 7 + x % 7),
        (
            f"(i32.add (i32.shr_u {X} (i32.const 31)) (i32.shr_u {Y} (i32.const 2)))",
            5,
            lambda x, y: (x >> 31) + (y >> 2),
        ),
    ],
)
def test_quotients_in_sums(body: str, steps: int, meaning: Callable[..., int]) -> None:
    _check("i32 i32", "i32", body, steps, meaning)


def test_remainders_in_branches() -> None:
    body = f"(if (result i32) (i32.rem_u {X} (i32.const 10)) (then (i32.const 11)) (else (i32.const 22)))"
    _check("i32", "i32", body, 3, lambda x: 11 if x % 10 else 22)


@pytest.mark.parametrize(
    ("body", "steps", "meaning"),
    [
        (f"(i32.and (i32.shr_u {X} (i32.const 8)) (i32.const 255))", 2, lambda x: x >> 8 & 255),
        (f"(i32.and (i32.shr_u {X} (i32.const 20)) (i32.const 0x8FF))", 2, lambda x: x >> 20 & 0x8FF),
        (f"(i32.shr_u (i32.and {X} (i32.const 0xFF00)) (i32.const 8))", 2, lambda x: x >> 8 & 255),
        (
            f"(i32.add (i32.const 3) (i32.and (i32.shr_u {X} (i32.const 5)) (i32.const 1)))",
            2,
            lambda x: 3 + (x >> 5 & 1),
        ),
    ],
)
def test_fields_of_bits(body: str, steps: int, meaning: Callable[..., int]) -> None:
    _check("i32", "i32", body, steps, meaning)


def test_a_bit_in_a_branch() -> None:
    bit = f"(i32.and (i32.shr_u {X} (i32.const 30)) (i32.const 1))"
    _check(
        "i32",
        "i32",
        f"(if (result i32) {bit} (then (i32.const 7)) (else (i32.const 8)))",
        2,
        lambda x: 8 - (x >> 30 & 1),
    )


def test_ones() -> None:
    _check("i32", "i32", f"(i32.popcnt {X})", 7, int.bit_count)
    _check("i64", "i32", f"(i32.wrap_i64 (i64.popcnt {X}))", 8, int.bit_count)
