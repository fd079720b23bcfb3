"""The natural loops of a function, their nesting, and how often blocks are expected to run."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.analysis.dominators import DominatorTree, dominator_tree
from zkwasm_compiler.analysis.order import predecessors
from zkwasm_compiler.ir.function import Block, Function

EXPECTED_ITERATIONS = 10.0
MAXIMUM_COUNTED_DEPTH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """The blocks that reach a back edge to `header` without leaving it; `depth` is 1 for an outermost loop."""

    header: Block
    latches: tuple[Block, ...]
    blocks: tuple[Block, ...]
    parent: Loop | None
    depth: int


@dataclass(frozen=True, slots=True)
class LoopNest:
    """`loops` has outer loops before inner ones; `innermost` has the reachable blocks that are in a loop."""

    loops: tuple[Loop, ...]
    innermost: dict[Block, Loop]

    def depth(self, block: Block) -> int:
        """In how many loops the block is."""
        loop = self.innermost.get(block)
        return loop.depth if loop else 0

    def frequency(self, block: Block) -> float:
        """How often the block is expected to run for each call of the function."""
        return EXPECTED_ITERATIONS ** min(self.depth(block), MAXIMUM_COUNTED_DEPTH)


def loop_nest(function: Function, tree: DominatorTree | None = None) -> LoopNest:
    """Find the loops; an irreducible cycle has no dominating header and is none."""
    tree = tree or dominator_tree(function)
    sources = predecessors(function)
    loops: list[Loop] = []
    innermost: dict[Block, Loop] = {}
    # A header dominates its loop: in preorder outer headers come before inner ones, whose loops lie inside them.
    for header in tree.preorder:
        latches = tuple(s for s in sources[header] if s in tree.first and tree.dominates(header, s))
        if not latches:
            continue
        members = _members(header, latches, sources, tree)
        parent = innermost.get(header)
        loop = Loop(header, latches, members, parent, parent.depth + 1 if parent else 1)
        loops.append(loop)
        innermost.update(dict.fromkeys(members, loop))
    return LoopNest(tuple(loops), innermost)


def _members(
    header: Block, latches: tuple[Block, ...], sources: dict[Block, list[Block]], tree: DominatorTree
) -> tuple[Block, ...]:
    """The loop's blocks in preorder of the dominator tree."""
    members = {header}
    work = list(latches)
    while work:
        block = work.pop()
        if block in members or block not in tree.first:
            continue
        members.add(block)
        work.extend(sources[block])
    return tuple(sorted(members, key=tree.first.__getitem__))
