"""Steps that a block has already are not emitted again, and only those."""

from __future__ import annotations

import pytest

from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

X = 0x8765_4321


def _rotated(count: int) -> int:
    return X << count | X >> (32 - count)


@pytest.mark.parametrize(
    ("op", "expected"),
    [("i32.rotl", _rotated(5) ^ _rotated(7)), ("i32.shr_u", X >> 5 ^ X >> 7), ("i32.div_u", X // 5 ^ X // 7)],
)
@pytest.mark.parametrize("level", range(4))
def test_one_rule_with_two_constants_is_emitted_twice(op: str, expected: int, level: int) -> None:
    body = f"(i32.xor ({op} (local.get 0) (i32.const 5)) ({op} (local.get 0) (i32.const 7)))"
    data = wat_to_wasm(f'(module (func (export "f") (param i32) (result i32) {body}))', "twice.wat")
    (value,) = Instance(compile_module(data, CompileOptions(optimization_level=level))).call("f", X).values
    assert isinstance(value, int)
    assert value % (1 << 32) == expected % (1 << 32)


NEAR = (0, 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def _compiled(body: str, level: int = 2) -> Instance:
    text = f'(module (func (export "f") (param $x i64) (param $y i64) (result i64) (local $z i64) {body}))'
    return Instance(compile_module(wat_to_wasm(text, "flags.wat"), CompileOptions(optimization_level=level)))


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize(
    ("op", "condition"),
    [
        ("i64.sub", "(i64.lt_u (local.get $x) (local.get $y))"),
        ("i64.sub", "(i64.gt_u (local.get $y) (local.get $x))"),
        ("i64.sub", "(i64.lt_u (local.get $x) (local.get $z))"),
        ("i64.add", "(i64.lt_u (local.get $z) (local.get $y))"),
        ("i64.add", "(i64.gt_u (local.get $x) (local.get $z))"),
    ],
)
def test_a_borrow_or_carry_is_tested_where_it_is_made(op: str, condition: str, level: int) -> None:
    instance = _compiled(
        f"""(local.set $z ({op} (local.get $x) (local.get $y)))
        (if {condition} (then (return (i64.xor (local.get $z) (i64.const -1)))))
        (i64.or (local.get $z) (i64.const 1))""",
        level,
    )
    for x in NEAR:
        for y in NEAR:
            exact = x - y if op == "i64.sub" else x + y
            wrapped = exact % (1 << 64)
            result = instance.call_raw("f", (x, y))
            assert result.raw[0] == (wrapped | 1 if wrapped == exact else wrapped ^ (1 << 64) - 1), (x, y)
            assert level == 0 or result.counters.binary == 2


def test_what_is_used_before_the_test_is_made_before_it() -> None:
    instance = _compiled(
        """(local.set $z (i64.sub (local.get $x) (local.get $y)))
        (local.set $z (i64.xor (local.get $z) (i64.rotl (local.get $z) (i64.const 1))))
        (if (i64.lt_u (local.get $x) (local.get $y)) (then (return (local.get $z))))
        (i64.or (local.get $z) (i64.sub (local.get $x) (local.get $y)))"""
    )
    for x in NEAR:
        for y in NEAR:
            difference = (x - y) % (1 << 64)
            z = difference ^ (difference * 2 % (1 << 64) + (difference >> 63))
            assert instance.call_raw("f", (x, y)).raw[0] == (z if x < y else z | difference)


@pytest.mark.parametrize(
    "constant", [1, 0xFFFF_FFFE, 0xFFFF_FFFF, 1 << 32, 5 << 32, (5 << 32) + 1, 1 << 63, (1 << 64) - 1]
)
def test_equality_with_a_constant_is_one_step_where_the_field_has_it(constant: int) -> None:
    instance = _compiled(
        f"(if (i64.eq (local.get $x) (i64.const {constant})) (then (return (local.get $y)))) (local.get $x)"
    )
    prime = (1 << 64) - (1 << 32) + 1
    near = (*NEAR, constant - 1, constant, constant + 1, constant ^ 1 << 32, constant + prime, constant - prime)
    for x in near:
        if 0 <= x < 1 << 64:
            result = instance.call_raw("f", (x, 7))
            assert result.raw[0] == (7 if x == constant else x)
            assert result.counters.binary == (constant >= 0xFFFF_FFFF and constant % (1 << 32) != 0)
