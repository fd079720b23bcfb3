"""The bits that may be one: no execution sets another bit."""

from __future__ import annotations

import random

import pytest

from zkwasm_compiler.analysis.bits import PossibleBits, bits_of_parameters
from zkwasm_compiler.analysis.range_rules import result_range
from zkwasm_compiler.ir.function import Function, Module, Type, Value
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import run
from zkwasm_compiler.ir.linear_memory import LinearMemory
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.ir.parser import parse_module

INTERESTING = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 127, 128, 255, 0x7FFF, 0x8000, 0xFFFF, 1 << 31, (1 << 31) - 1]


def _random_expression(choose: random.Random, function: Function) -> Value:
    """A tree of ops over the function's two parameters, whose value is returned last."""
    entry = function.entry
    values = list(entry.parameters)
    rows = [row for row in OPS.values() if row.evaluate is not None and row.name[0] == "i" and "reint" not in row.name]
    for _ in range(10):
        type_ = choose.choice([Type.I32, Type.I64])
        bits = choose.choice(INTERESTING) if choose.randrange(4) else choose.getrandbits(type_.bits)
        constant = function.new_value(f"{type_.value}.const", type_, immediate=bits % (1 << type_.bits))
        entry.body.append(constant)
        values.append(constant)
    for _ in range(12):
        row = choose.choice(rows)
        assert row.operands is not None
        assert row.result is not None
        args = [
            choose.choice([v for v in values[-8:] + values[:2] if v.type is t] or _of(values, t)) for t in row.operands
        ]
        value = function.new_value(row.name, row.result, args)
        entry.body.append(value)
        values.append(value)
    return values[-1]


def _of(values: list[Value], type_: Type) -> list[Value]:
    return [value for value in values if value.type is type_]


@pytest.mark.parametrize("seed", range(300))
def test_no_execution_sets_another_bit(seed: int) -> None:
    choose = random.Random(seed)
    function = Function("f", 0, (Type.I32, Type.I64), ())
    entry = function.new_block()
    for type_ in function.parameters:
        function.add_parameter(entry, type_)
    result = _random_expression(choose, function)
    function.results = (result.type,)
    entry.terminator = function.new_value("return", Type.NONE, [result])
    possible = PossibleBits().possible(result)
    for _ in range(20):
        args = [
            choose.choice([choose.getrandbits(type_.bits), choose.choice(INTERESTING)]) for type_ in function.parameters
        ]
        try:
            (bits,) = run(Module({0: function}), 0, args)
        except TrapError:
            continue
        assert bits & ~possible == 0, f"{result.op}: {bits:#x} with possible {possible:#x}"


EXACT = {
    "zk.add_nw": lambda x, y: x + y < 1 << 32,
    "zk.sub_nw": lambda x, y: x >= y,
    "zk.mul_nw_32": lambda x, y: x * y < 1 << 32,
    "zk.div_exact": lambda x, y: y > 0 and x % y == 0,
    "zk.low": lambda x: x < 1 << 32,
    "zk.high": lambda x: True,
    "zk.pack": lambda x, y: True,
}
"""The exact ops and what they want of their arguments."""


@pytest.mark.parametrize("op", EXACT)
def test_exact_ops_set_no_other_bit(op: str) -> None:
    """Of arguments that are masked, or constants on the right."""
    choose, row, tried = random.Random(op), OPS[op], 0
    assert row.operands is not None
    assert row.result is not None
    assert row.evaluate is not None
    while tried < 200:
        masks = [
            choose.getrandbits(t.bits) & choose.getrandbits(t.bits) >> choose.randrange(t.bits) for t in row.operands
        ]
        numbers = [mask & choose.getrandbits(64) for mask in masks]
        if op in ("zk.mul_nw_32", "zk.div_exact"):
            numbers[1] = choose.choice([1 << choose.randrange(8), choose.randrange(1, 20)])
            numbers[0] -= numbers[0] % numbers[1]
        if any(number & ~mask for number, mask in zip(numbers[:1], masks[:1], strict=True)) or not EXACT[op](*numbers):
            continue
        tried += 1
        args = [Value(number, "parameter", type_) for number, type_ in enumerate(row.operands)]
        known = dict(zip(args, masks, strict=True))
        if op in ("zk.mul_nw_32", "zk.div_exact"):
            args[1] = Value(1, "i32.const", Type.I32, [], numbers[1])
        possible = PossibleBits(known).possible(Value(2, op, row.result, args))
        assert row.evaluate(*numbers) & ~possible == 0


def test_parameters_have_the_bits_of_their_edges() -> None:
    """A loop whose parameters keep their bits, grow, and come from outside."""
    module = parse_module(
        """
        function f#0(i32) -> (i32) {
        b0(v0: i32):
          v1 = i32.const 12
          v2 = i32.and v0, v1
          v3 = i32.const 0
          br b1(v2, v3, v0)
        b1(v4: i32, v5: i32, v6: i32):
          v7 = i32.const 4
          v8 = i32.xor v4, v7
          v9 = i32.add v5, v7
          br_if v8 b1(v8, v9, v6) b2
        b2:
          return v9
        }
        """
    )
    function = module.functions[0]
    assert list(bits_of_parameters(function).values()) == [12, (1 << 32) - 1, (1 << 32) - 1]


@pytest.mark.parametrize("op", [op for op in ACCESS_BYTES if "load" in op])
def test_what_a_load_gives_is_within_its_bits_and_range(op: str) -> None:
    """The bytes that give the extremes; the bounds are reached."""
    result = OPS[op].result
    assert result is not None
    load = Value(0, op, result, [Value(1, "i32.const", Type.I32, [], 0)], 0)
    bits, count = result.bits, ACCESS_BYTES[op]
    possible, range_ = PossibleBits().possible(load), result_range(load, [])
    loaded = []
    for content in (b"\xff" * count, bytes(count), b"\xff" * (count - 1) + b"\x7f", bytes(count - 1) + b"\x80"):
        loaded.append(LinearMemory(bytearray(content)).load(op, 0, count, bits))
        assert loaded[-1] & ~possible == 0
        assert loaded[-1] in range_
    assert (min(loaded), max(loaded)) == (range_.u_low, range_.u_high)
