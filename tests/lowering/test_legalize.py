"""Legalisation keeps the meaning of every op and leaves only what selection can cover."""

from __future__ import annotations

import random

import pytest

from zkwasm_compiler.ir.function import Function, Module, Target, Type, Value
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import run
from zkwasm_compiler.ir.ops import FLOAT_OPS, OPS
from zkwasm_compiler.ir.parser import parse_module
from zkwasm_compiler.ir.verifier import verify
from zkwasm_compiler.lowering.cover import Cover
from zkwasm_compiler.lowering.legalize import COMPARISONS, legalize
from zkwasm_compiler.lowering.signature import Signature, best
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import dce
from zkwasm_compiler.rules.representation import LONG

INTEGER_OPS = [
    name
    for name, op in OPS.items()
    if op.operands and op.evaluate and not name.startswith("zk.") and name not in FLOAT_OPS
]
EDGES = {
    32: (0, 1, 2, 3, 5, 7, 8, 31, 32, 33, 63, 64, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF),
    64: (
        *(0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 0x80, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32),
        *((1 << 63) - 1, 1 << 63, (1 << 64) - 1, 0x123456789ABCDEF0),
    ),
}


def _function(op: str, constant: int | None, *, branch: bool = False) -> Function:
    """op(x, y) as a function of x and y, or of x with y a constant; a comparison's value may be branched on."""
    row = OPS[op]
    assert row.operands is not None
    assert row.result is not None
    function = Function("f", 0, row.operands if constant is None else row.operands[:-1], (row.result,))
    entry = function.new_block()
    args = [function.add_parameter(entry, type_) for type_ in function.parameters]
    if constant is not None:
        type_ = row.operands[-1]
        bits = constant & ((1 << type_.bits) - 1)
        args.append(_append(function, f"{type_.value}.const", type_, [], bits))
    value = _append(function, op, row.result, args)
    if branch:
        arms = [function.new_block(), function.new_block()]
        entry.terminator = function.new_value("br_if", Type.NONE, [value], targets=[Target(arm) for arm in arms])
        for arm, bits in zip(arms, (1, 0), strict=True):
            result = function.new_value("i32.const", Type.I32, immediate=bits)
            arm.body.append(result)
            arm.terminator = function.new_value("return", Type.NONE, [result])
    else:
        entry.terminator = function.new_value("return", Type.NONE, [value])
    return function


def _append(function: Function, op: str, type_: Type, args: list[Value], immediate: int | None = None) -> Value:
    value = function.new_value(op, type_, args, immediate)
    function.entry.body.append(value)
    return value


def _outcome(function: Function, args: tuple[int, ...]) -> object:
    try:
        return run(Module({0: function}), 0, args)
    except TrapError as error:
        return error.trap


def _inputs(types: tuple[Type, ...]) -> list[tuple[int, ...]]:
    source = random.Random(7)
    edges = [EDGES[type_.bits] for type_ in types]
    everything = [(x,) for x in edges[0]] if len(edges) == 1 else [(x, y) for x in edges[0] for y in edges[1]]
    return everything + [tuple(source.getrandbits(type_.bits) for type_ in types) for _ in range(50)]


def _check(build: Function, legal: Function) -> None:
    legalize(legal, Module({0: legal}))
    verify(legal)
    for args in _inputs(build.parameters):
        assert _outcome(legal, args) == _outcome(build, args), args
    Cover(legal, {0: Signature([best(t) if t.bits == 32 else LONG for t in legal.parameters], [])})


@pytest.mark.parametrize("op", INTEGER_OPS)
def test_every_op_keeps_its_meaning(op: str) -> None:
    _check(_function(op, None), _function(op, None))


@pytest.mark.parametrize("op", [op for op in INTEGER_OPS if len(OPS[op].operands or ()) == 2])
def test_constant_operands_keep_the_meaning(op: str) -> None:
    for constant in (1, 3, 5, 8, 31, 32, 33, 63, -1, -2, 1 << 31, (1 << 31) - 1, 1 << 63):
        _check(_function(op, constant), _function(op, constant))


@pytest.mark.parametrize("op", sorted(COMPARISONS | {"i64.lt_s", "i64.eqz"}))
def test_branches_on_comparisons_keep_the_meaning(op: str) -> None:
    _check(_function(op, None, branch=True), _function(op, None, branch=True))
    if op not in ("i32.eqz", "i64.eqz"):
        for constant in (0, 1, 5, (1 << 31) - 1, 1 << 31, -1):
            _check(_function(op, constant, branch=True), _function(op, constant, branch=True))


@pytest.mark.parametrize("sum_first", [True, False], ids=["x + c < bound", "bound < x + c"])
@pytest.mark.parametrize("bound", [1, 3, 26, 0x80, (1 << 31) + 5, (1 << 32) - 2])
@pytest.mark.parametrize("low", [1, 2, 5, 0x7F, (1 << 31) - 1, 1 << 31, (1 << 32) - 26, (1 << 32) - 1])
def test_windows_need_no_sum(low: int, bound: int, sum_first: bool) -> None:
    """x - low compared with a constant is x compared with two; the edges of the window are tried."""
    sides = "v3, v2" if sum_first else "v2, v3"
    text = f"""
        function f#0(i32) -> (i32) {{
        b0(v0: i32):
          v1 = i32.const {-low % (1 << 32)}
          v2 = i32.const {bound}
          v3 = i32.add v0, v1
          v4 = i32.lt_u {sides}
          br_if v4 b1 b2
        b1:
          return v1
        b2:
          return v2
        }}
        """
    plain, legal = (parse_module(text).functions[0] for _ in range(2))
    legalize(legal, Module({0: legal}))
    verify(legal)
    dce(legal, Context(Module({0: legal})))
    assert not any(value.op == "i32.add" for block in legal.blocks for value in block.body)
    ends = (low, low + bound, 0, 1 << 31)
    for x in {(end + near) % (1 << 32) for end in ends for near in (-2, -1, 0, 1, 2)}:
        assert _outcome(legal, (x,)) == _outcome(plain, (x,)), x


@pytest.mark.parametrize("entries", [2, 9], ids=["chain", "table"])
@pytest.mark.parametrize("low", [1, 3, 32, 33, (1 << 32) - 1])
def test_tables_need_no_difference(low: int, entries: int) -> None:
    """A br_table on x - low tests x. As a table it begins with entries for the numbers below, unless there are many."""
    arms = range(1, entries + 2)
    text = f"""
        function f#0(i32) -> (i32) {{
        b0(v0: i32):
          v1 = i32.const {-low % (1 << 32)}
          v2 = i32.add v0, v1
          br_table v2 {" ".join(f"b{arm}" for arm in arms)}
        """
    text += "".join(f"b{arm}:\nv{arm + 2} = i32.const {arm}\nreturn v{arm + 2}\n" for arm in arms) + "}"
    plain, legal = (parse_module(text).functions[0] for _ in range(2))
    legalize(legal, Module({0: legal}))
    verify(legal)
    dce(legal, Context(Module({0: legal})))
    subtracts = any(value.op == "i32.add" for block in legal.blocks for value in block.body)
    assert subtracts == (entries > 3 and low > 32)
    for x in {(low + near) % (1 << 32) for near in range(-3, entries + 3)} | {0, 1 << 31, (1 << 32) - 1}:
        assert _outcome(legal, (x,)) == _outcome(plain, (x,)), x
