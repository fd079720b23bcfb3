"""The call graph against its definition on random graphs."""

from __future__ import annotations

import random

import pytest

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.ir.function import Function, Module, Type


def _module(calls: dict[int, list[int]]) -> Module:
    module = Module()
    for index, callees in calls.items():
        function = module.functions[index] = Function(f"f{index}", index, (), ())
        block = function.new_block()
        block.body = [function.new_value("call", Type.TUPLE, immediate=callee) for callee in callees]
        block.terminator = function.new_value("return", Type.NONE)
    return module


def _reachable(calls: dict[int, list[int]], roots: list[int]) -> set[int]:
    seen: set[int] = set()
    work = list(roots)
    while work:
        index = work.pop()
        if index not in seen:
            seen.add(index)
            work += calls[index]
    return seen


@pytest.mark.parametrize("seed", range(100))
def test_random_graphs(seed: int) -> None:
    choose = random.Random(seed)
    count = choose.randrange(1, 9)
    calls = {index: choose.choices(range(count), k=choose.randrange(4)) for index in range(count)}
    graph = call_graph(_module(calls))
    reach = {index: _reachable(calls, calls[index]) for index in calls}  # by at least one call
    assert graph.recursive == {index for index in calls if index in reach[index]}
    assert graph.reaching_recursion() == {index for index in calls if (reach[index] | {index}) & graph.recursive}
    assert sorted(index for component in graph.components for index in component) == sorted(calls)
    for component in graph.components:
        for index in component:
            together = {other for other in calls if other == index or (other in reach[index] and index in reach[other])}
            assert together == set(component)
    position = {index: number for number, index in enumerate(graph.callees_first())}
    for index, callees in calls.items():
        assert all(position[callee] < position[index] for callee in callees if index not in reach[callee])
        assert graph.reachable([index]) == _reachable(calls, [index])
    assert graph.call_sites == {index: sum(c.count(index) for c in calls.values()) for index in calls}
