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
