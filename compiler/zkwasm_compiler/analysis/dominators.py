"""The dominator tree. *Source:* Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm", 2001."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.analysis.order import predecessors, reverse_postorder
from zkwasm_compiler.ir.function import Block, Function


@dataclass(frozen=True, slots=True)
class DominatorTree:
    """Of the reachable blocks: `parent` (None for the entry), `children`, and `preorder` of the tree.

    `first` and `last` number the tree so that a block's subtree is the range between them.
    """

    parent: dict[Block, Block | None]
    children: dict[Block, list[Block]]
    preorder: list[Block]
    first: dict[Block, int]
    last: dict[Block, int]

    def dominates(self, above: Block, below: Block) -> bool:
        """Whether every way from the entry to `below` goes through `above` (a block dominates itself)."""
        return self.first[above] <= self.first[below] <= self.last[above]


def dominator_tree(function: Function) -> DominatorTree:
    """The tree of the blocks that the entry reaches; children stand in reverse postorder."""
    order = reverse_postorder(function)
    parent = _immediate_dominators(function, order)
    children: dict[Block, list[Block]] = {block: [] for block in order}
    for block in order:
        above = parent[block]
        if above is not None:
            children[above].append(block)
    return _number(order[0], parent, children)


def _immediate_dominators(function: Function, order: list[Block]) -> dict[Block, Block | None]:
    number = {block: position for position, block in enumerate(order)}
    sources = predecessors(function)
    closest: dict[int, int] = {0: 0}
    changed = True
    while changed:
        changed = False
        for position, block in enumerate(order[1:], 1):
            known = [number[source] for source in sources[block] if source in number and number[source] in closest]
            best = known[0]
            for other in known[1:]:
                best = _meet(best, other, closest)
            if closest.get(position) != best:
                closest[position] = best
                changed = True
    return {block: order[closest[position]] if position else None for position, block in enumerate(order)}


def _meet(left: int, right: int, closest: dict[int, int]) -> int:
    """The lowest common ancestor; ancestors have smaller numbers."""
    while left != right:
        if left > right:
            left = closest[left]
        else:
            right = closest[right]
    return left


def _number(root: Block, parent: dict[Block, Block | None], children: dict[Block, list[Block]]) -> DominatorTree:
    preorder: list[Block] = []
    stack = [root]
    while stack:
        block = stack.pop()
        preorder.append(block)
        stack.extend(reversed(children[block]))
    first = {block: position for position, block in enumerate(preorder)}
    last = dict(first)
    for block in reversed(preorder):
        above = parent[block]
        if above is not None:
            last[above] = max(last[above], last[block])
    return DominatorTree(parent, children, preorder, first, last)
