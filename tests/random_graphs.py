"""Random control flow, also irreducible and with unreachable blocks, for the tests of the analyses."""

from __future__ import annotations

import random

from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value


def random_function(seed: int) -> Function:
    """Blocks that branch anywhere but to the entry, on values that dominate them or not: only the shape matters."""
    choose = random.Random(seed)
    function = Function(f"random{seed}", 0, (Type.I32,), ())
    entry = function.new_block()
    condition = function.add_parameter(entry, Type.I32)
    others = [function.new_block() for _ in range(choose.randrange(12))]
    for block in function.blocks:
        _terminate(function, block, condition, choose.choices(others, k=choose.randrange(4)) if others else [])
    return function


def _terminate(function: Function, block: Block, condition: Value, successors: list[Block]) -> None:
    op, args = [("return", []), ("br", []), ("br_if", [condition]), ("br_table", [condition])][len(successors)]
    targets = [Target(successor) for successor in successors]
    block.terminator = function.new_value(op, Type.NONE, args, targets=targets)


def reached_without(function: Function, removed: Block | None) -> set[Block]:
    """What the entry reaches when a block is taken away: the definition of dominance."""
    seen: set[Block] = set()
    work = [function.entry]
    while work:
        block = work.pop()
        if block is not removed and block not in seen:
            seen.add(block)
            work.extend(block.successors)
    return seen
