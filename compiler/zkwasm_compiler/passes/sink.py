"""Sinking: a value is made where all its uses are reached from, not on ways that do not need it.

*Source:* the dual of loop-invariant code motion; compare Click, "Global Code Motion, Global Value Numbering", 1995.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.dominators import DominatorTree, dominator_tree
from zkwasm_compiler.analysis.loops import LoopNest, loop_nest
from zkwasm_compiler.analysis.twins import origin
from zkwasm_compiler.ir.function import Block, Function, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import cannot_trap


def sink(function: Function, context: Context) -> bool:
    """Move values down the dominator tree to the lowest block above all uses that is in no further loop."""
    tree = dominator_tree(function)
    nest = loop_nest(function, tree)
    users = _user_blocks(function)
    changed = False
    for block in reversed(tree.preorder):  # what is below sinks first, so that chains follow in one walk
        for value in reversed(list(block.body)):
            if not may_sink(value) or not users.get(value):
                continue
            goal = _goal(block, users[value], tree, nest)
            if goal is not block and not _parted(value, block, users, tree, nest):
                block.body.remove(value)
                goal.body.insert(0, value)
                for arg in value.args:
                    _move_use(users[arg], block, goal)
                changed = True
    return changed


def _parted(value: Value, block: Block, users: dict[Value, list[Block]], tree: DominatorTree, nest: LoopNest) -> bool:
    """Whether a twin, which costs nothing beside the value, would not go where it goes."""
    key = origin(value)
    if key is None:
        return False
    twins = [other for other in block.body if origin(other) == key and users.get(other)]
    return len({_goal(block, users[twin], tree, nest) for twin in twins}) > 1


def may_sink(value: Value) -> bool:
    """Whether the value depends on nothing but its arguments. Constants cost nothing where they stand."""
    row = OPS[value.op]
    if constant_bits(value) is not None or value.op == "result":
        return False
    return row.pure or (row.traps and cannot_trap(value))


def _user_blocks(function: Function) -> dict[Value, list[Block]]:
    """The block of every use, once a use."""
    users: dict[Value, list[Block]] = {}
    for block in function.blocks:
        for value in block.values():
            for arg in [*value.args, *(arg for target in value.targets for arg in target.args)]:
                users.setdefault(arg, []).append(block)
    return users


def _move_use(blocks: list[Block], old: Block, new: Block) -> None:
    blocks[blocks.index(old)] = new


def _goal(home: Block, uses: list[Block], tree: DominatorTree, nest: LoopNest) -> Block:
    """The lowest block that dominates the uses, or the first above it that is in no loop which `home` is not in."""
    goal: Block | None = uses[0]
    for use in uses[1:]:
        while goal is not None and not tree.dominates(goal, use):
            goal = tree.parent[goal]
    around = _loops(home, nest)
    while goal is not None and goal is not home and not _loops(goal, nest) <= around:
        goal = tree.parent[goal]
    return goal or home


def _loops(block: Block, nest: LoopNest) -> set[Block]:
    """The headers of the loops around a block."""
    headers = set()
    loop = nest.innermost.get(block)
    while loop is not None:
        headers.add(loop.header)
        loop = loop.parent
    return headers
