"""How often the blocks of a legalised function are expected to run: by their loops and the tests that lead to them."""

from __future__ import annotations

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.ir.function import Block, Function

TESTS = ("zk.by_bounds", "zk.by_alignment")
SELDOM = 100
"""How many times as often the first target of a test is expected as the second."""


def frequencies(function: Function) -> dict[Block, float]:
    """For every reachable block, how often it runs for each call of the function."""
    tree = dominator_tree(function)
    nest = loop_nest(function, tree)
    failed = {block.targets[1].block for block in tree.preorder if block.terminator and block.terminator.op in TESTS}
    found: dict[Block, float] = {}
    seldom: set[Block] = set()
    for block in tree.preorder:
        if block in failed or tree.parent[block] in seldom:
            seldom.add(block)
        found[block] = nest.frequency(block) / (SELDOM if block in seldom else 1)
    return found
