"""Orders, dominators and loops against their definitions on random graphs."""

from __future__ import annotations

import pytest

from tests.random_graphs import random_function, reached_without
from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.analysis.order import incoming_edges, predecessors, reverse_postorder
from zkwasm_compiler.ir.parser import parse_function

SEEDS = range(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_orders(seed: int) -> None:
    function = random_function(seed)
    order = reverse_postorder(function)
    assert order[0] is function.entry
    assert len(order) == len(set(order))
    assert set(order) == reached_without(function, None)
    tree = dominator_tree(function)
    position = {block: number for number, block in enumerate(order)}
    for block in order:
        for above in order:
            if above is not block and tree.dominates(above, block):
                assert position[above] < position[block]


@pytest.mark.parametrize("seed", SEEDS)
def test_dominators(seed: int) -> None:
    function = random_function(seed)
    tree = dominator_tree(function)
    reachable = reached_without(function, None)
    assert set(tree.parent) == set(tree.preorder) == reachable
    for above in reachable:
        remaining = reached_without(function, above)
        for below in reachable:
            assert tree.dominates(above, below) == (below not in remaining), (above, below)
    for block, parent in tree.parent.items():
        dominators = [other for other in reachable if other is not block and tree.dominates(other, block)]
        closest = [d for d in dominators if all(tree.dominates(other, d) for other in dominators)]
        assert closest == ([parent] if parent else [])
        assert all(tree.parent[child] is block for child in tree.children[block])


@pytest.mark.parametrize("seed", SEEDS)
def test_edges(seed: int) -> None:
    function = random_function(seed)
    edges = incoming_edges(function)
    sources = predecessors(function)
    for block in function.blocks:
        expected = [other for other in function.blocks if block in other.successors]
        assert sources[block] == expected
        assert [target for _, target in edges[block]] == [t for o in expected for t in o.targets if t.block is block]


@pytest.mark.parametrize("seed", SEEDS)
def test_loops(seed: int) -> None:
    function = random_function(seed)
    tree = dominator_tree(function)
    nest = loop_nest(function, tree)
    sources = predecessors(function)
    for loop in nest.loops:
        assert loop.latches
        for latch in loop.latches:
            assert loop.header in latch.successors
            assert tree.dominates(loop.header, latch)
        for block in loop.blocks:  # the only way in is the header
            if block is not loop.header:
                assert all(source in loop.blocks for source in sources[block] if source in tree.first)
        if loop.parent is not None:
            assert set(loop.blocks) < set(loop.parent.blocks)
            assert loop.depth == loop.parent.depth + 1
    for block in tree.preorder:
        around = [loop for loop in nest.loops if block in loop.blocks]
        assert nest.depth(block) == len(around)
        assert nest.innermost.get(block) is (max(around, key=lambda loop: loop.depth) if around else None)
    headers = {successor for b in tree.preorder for successor in b.successors if tree.dominates(successor, b)}
    assert {loop.header for loop in nest.loops} == headers


def test_frequency_grows_with_the_depth() -> None:
    function = parse_function("""
        function nest#0(i32) -> () {
        b0(v0: i32):
          br b1
        b1:
          br b2
        b2:
          br_if v0 b2 b3
        b3:
          br_if v0 b1 b4
        b4:
          return
        }
    """)
    nest = loop_nest(function)
    assert [nest.frequency(block) for block in function.blocks] == [1, 10, 100, 10, 1]
    assert [[block.id for block in loop.blocks] for loop in nest.loops] == [[1, 2, 3], [2]]
