"""How often blocks of a legalised function are expected to run: loops run ten times, and some ways are seldom taken.

Seldom are a trap, an access that begins in one word and ends in another where nothing is known of its address, a copy
that is not aligned, a sum that leaves the memory unless it is reduced, and accesses of which not all are where they are
expected. So are blocks that only such blocks reach, or that lead nowhere else.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.analysis.order import predecessors, reverse_postorder
from zkwasm_compiler.ir.function import Block, Function

SELDOM = 0.01
"""What is seldom taken runs this often for each time that it could."""


def block_frequencies(function: Function) -> dict[Block, float]:
    """For each reachable block, how often it is expected to run for each call of the function."""
    nest = loop_nest(function)
    seldom = _seldom_blocks(function)
    return {
        block: nest.frequency(block) * (SELDOM if block in seldom else 1.0) for block in reverse_postorder(function)
    }


def _seldom_blocks(function: Function) -> set[Block]:
    order = reverse_postorder(function)
    sources = predecessors(function)
    edges = {edge for block in order for edge in _seldom_edges(block)}
    found = {block for block in order if block.terminator is not None and block.terminator.op == "trap"}
    changed = True
    while changed:
        changed = False
        for block in order:
            if block in found:
                continue
            reached = [source for source in sources[block] if source not in found and (source, block) not in edges]
            leaves = block.successors
            if (block is not function.entry and not reached) or (leaves and all(target in found for target in leaves)):
                found.add(block)
                changed = True
    return found


def _seldom_edges(block: Block) -> list[tuple[Block, Block]]:
    """The edges out of a block that its terminator says are seldom taken."""
    terminator = block.terminator
    if terminator is not None and terminator.op in ("zk.by_bounds", "zk.by_alignment", "zk.by_whole"):
        return [(block, terminator.targets[1].block)]
    if terminator is not None and terminator.op == "zk.by_rest":
        return [(block, target.block) for target in terminator.targets[1:] if _is_exception(target.block)]
    return []


def _is_exception(arm: Block) -> bool:
    """Whether an arm goes on into the next word, or calls a routine."""
    return bool(arm.body) and arm.body[0].op in ("zk.check_index", "call")
