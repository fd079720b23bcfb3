"""The verifier: what only code, and not text, can break. The file tests of the stage `verify` have the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.ir.function import Block, Function, Target, Trap, Type
from zkwasm_compiler.ir.parser import parse_function
from zkwasm_compiler.ir.verifier import verify

TEXT = """
function f#0(i32) -> (i32) {
b0(v0: i32):
  v1 = i32.const 3
  v2 = call #1 v0
  v3: i32 = result #0 v2
  br_if v0 b1(v1) b2
b1(v4: i32):
  return v4
b2:
  trap unreachable
}
"""


def _second_definition(function: Function) -> None:
    function.blocks[1].body.append(function.entry.body[0])


def _used_up_ids(function: Function) -> None:
    function.next_id = 2


def _no_terminator(function: Function) -> None:
    function.blocks[2].terminator = None


def _terminator_in_body(function: Function) -> None:
    function.entry.body.append(function.new_value("return", Type.NONE, [function.entry.parameters[0]]))


def _foreign_block(function: Function) -> None:
    function.entry.targets[1].block = Block(99)


def _foreign_value(function: Function) -> None:
    function.blocks[1].terminator = function.new_value(
        "return", Type.NONE, [function.new_value("i32.const", Type.I32, immediate=1)]
    )


def _wide_constant(function: Function) -> None:
    function.entry.body[0].immediate = 1 << 32


def _wrong_immediate(function: Function) -> None:
    function.entry.body[0].immediate = Trap.UNREACHABLE


def _needless_immediate(function: Function) -> None:
    assert function.entry.terminator is not None
    function.entry.terminator.immediate = 4


def _missing_target(function: Function) -> None:
    function.entry.targets.pop()


def _result_elsewhere(function: Function) -> None:
    function.blocks[1].body.append(function.entry.body.pop())


def _unknown_op(function: Function) -> None:
    function.entry.body[0].op = "i32.plus"


def _same_block_twice(function: Function) -> None:
    function.blocks.append(function.blocks[1])


def _effect_as_argument(function: Function) -> None:
    check = function.new_value("assert_eq", Type.NONE, [function.entry.body[0], function.entry.body[0]])
    function.entry.body.append(check)
    function.entry.targets[0].args = [check]


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (_second_definition, "v1 is defined twice"),
        (_used_up_ids, "v2 is not below next_id 2"),
        (_no_terminator, "b2 has no terminator"),
        (_terminator_in_body, "must be the terminator of b0 and nothing else may be"),
        (_foreign_block, "b0 branches to b99, which is not in the function"),
        (_foreign_value, "is not in the function"),
        (_wide_constant, "4294967296 does not fit in 32 bits"),
        (_wrong_immediate, "the immediate is the unsigned bit pattern"),
        (_needless_immediate, "has no immediate, got 4"),
        (_missing_target, "has 2 targets, got 1"),
        (_result_elsewhere, "b1 v3 = result: its call v2 is in another block"),
        (_unknown_op, "v1 has the unknown op i32.plus"),
        (_same_block_twice, "b1 occurs twice"),
        (_effect_as_argument, "gives (none) to b1, which takes (i32)"),
    ],
)
def test_finds(break_it: Callable[[Function], None], message: str) -> None:
    function = parse_function(TEXT)
    verify(function)
    break_it(function)
    with pytest.raises(InternalError) as caught:
        verify(function)
    assert message in str(caught.value)


def test_finds_everything_at_once() -> None:
    function = parse_function(TEXT)
    _wide_constant(function)
    _missing_target(function)
    _result_elsewhere(function)
    with pytest.raises(InternalError) as caught:
        verify(function)
    assert len(str(caught.value).splitlines()) == 4


def test_unreachable_blocks_may_use_anything_of_the_function() -> None:
    function = parse_function(TEXT)
    orphan = function.new_block()
    orphan.terminator = function.new_value(
        "br", Type.NONE, targets=[Target(function.blocks[1], [function.blocks[1].parameters[0]])]
    )
    verify(function)
