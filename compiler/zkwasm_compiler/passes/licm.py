"""Loop-invariant code motion, for what costs more than keeping its result in memory.

A value that is moved out of a loop occupies a register or a cell all through it; reading a cell is one step. So only
ops of several steps move, and sums and comparisons stay where the selection can make them part of other steps.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.loops import Loop, loop_nest
from zkwasm_compiler.ir.function import Function, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import cannot_trap
from zkwasm_compiler.rewrite.preheader import preheader

ALWAYS_DEAR = frozenset(
    {"div_s", "div_u", "rem_s", "rem_u", "shr_u", "shr_s", "clz", "ctz", "popcnt", "extend8_s", "extend16_s"}
)
DEAR_WITHOUT_CONSTANT = frozenset({"mul", "shl", "rotl", "rotr"})
"""By a constant these are part of a sum, or two steps."""


def licm(function: Function, context: Context) -> bool:
    """Move dear values whose arguments do not change in a loop to the front of it, inner loops first."""
    changed = False
    for loop in reversed(loop_nest(function).loops):
        moved = _invariant_values(loop)
        if moved:
            preheader(function, loop).body += moved
            gone = set(moved)
            for block in loop.blocks:
                block.body = [value for value in block.body if value not in gone]
            changed = True
    return changed


def _invariant_values(loop: Loop) -> list[Value]:
    """What can move, each value after those that it reads."""
    inside = {value for block in loop.blocks for value in [*block.parameters, *block.body]}
    constants = {value for value in inside if constant_bits(value) is not None}
    moved: list[Value] = []
    for block in loop.blocks:  # in preorder of the dominator tree: definitions before uses
        for value in block.body:
            if not _may_move(value) or any(arg in inside and arg not in constants for arg in value.args):
                continue
            needed = [arg for arg in value.args if arg in inside]
            moved += [*needed, value]
            inside.difference_update([*needed, value])
    return moved


def _may_move(value: Value) -> bool:
    row = OPS[value.op]
    if not row.pure and not (row.traps and cannot_trap(value)):
        return False
    name = value.op.partition(".")[2]
    if name in ALWAYS_DEAR:
        return True
    return name in DEAR_WITHOUT_CONSTANT and all(constant_bits(arg) is None for arg in value.args)
