"""Selects become branches where something is computed for one side only, so that the other way does not pay for it.

A branch costs no more here than a select, so one value is enough. `sink` then moves it into its side.
"""

from __future__ import annotations

from collections import Counter

from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.sink import may_sink


def expand_selects(function: Function, context: Context) -> bool:
    """Branch instead of selecting where a side is computed for the select alone."""
    uses = count_uses(function)
    replacements = Replacements()
    position = 0
    while position < len(function.blocks):
        block = function.blocks[position]
        position += 1
        for value in block.body:
            if value.op == "select" and _serves_one_side(value, block, uses):
                _expand(function, block, value, replacements)
                break  # the rest of the block is a block of its own now, and comes soon
    replacements.apply(function)
    return bool(replacements)


def _serves_one_side(select: Value, block: Block, uses: Counter[Value]) -> bool:
    """Whether the block computes a side of the select for nothing else."""
    return any(uses[arg] == 1 and arg in block.body and may_sink(arg) for arg in select.args[:2])


def _expand(function: Function, block: Block, select: Value, replacements: Replacements) -> None:
    """Split the block at the select; selects that follow at once on the same condition go along."""
    at = block.body.index(select)
    end = at + 1
    while end < len(block.body) and _goes_along(block.body[end], select, block.body[at:end]):
        end += 1
    selects = block.body[at:end]
    first, second, after = (function.new_block() for _ in range(3))
    del function.blocks[-3:]
    place = function.blocks.index(block) + 1
    function.blocks[place:place] = [first, second, after]
    after.body, after.terminator = block.body[end:], block.terminator
    del block.body[at:]
    for value in selects:
        replacements.add(value, function.add_parameter(after, value.type))
    for side, arm in enumerate((first, second)):
        target = Target(after, [value.args[side] for value in selects])
        arm.terminator = function.new_value("br", Type.NONE, targets=[target], offset=select.offset)
    targets = [Target(first), Target(second)]
    block.terminator = function.new_value("br_if", Type.NONE, [select.args[2]], targets=targets, offset=select.offset)


def _goes_along(value: Value, select: Value, before: list[Value]) -> bool:
    return value.op == "select" and value.args[2] is select.args[2] and not any(arg in before for arg in value.args)
