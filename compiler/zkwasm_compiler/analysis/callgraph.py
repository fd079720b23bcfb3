"""Who calls whom: strongly connected components, recursion, what is reachable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zkwasm_compiler.analysis.components import strong_components
from zkwasm_compiler.analysis.references import CALLS, TAIL_CALLS, Callees
from zkwasm_compiler.ir.function import Function, Module


@dataclass(frozen=True, slots=True)
class CallGraph:
    """By function index. `components` has callees before callers; `recursive` are the functions that can reach
    themselves; `call_sites` counts the calls of each function in the text. An indirect call is a call of each function
    that it may call."""

    callees: dict[int, tuple[int, ...]]
    components: tuple[tuple[int, ...], ...]
    recursive: frozenset[int]
    call_sites: dict[int, int]

    def callees_first(self) -> list[int]:
        """Every function; a caller comes after its callees unless they are recursive with it."""
        return [index for component in self.components for index in component]

    def reachable(self, roots: Iterable[int]) -> frozenset[int]:
        """The roots and everything that they call."""
        seen: set[int] = set()
        work = list(roots)
        while work:
            index = work.pop()
            if index not in seen:
                seen.add(index)
                work.extend(self.callees[index])
        return frozenset(seen)

    def reaching_recursion(self) -> frozenset[int]:
        """The recursive functions and everything that may call one of them."""
        found = set(self.recursive)
        for index in self.callees_first():
            if not found.isdisjoint(self.callees[index]):
                found.add(index)
        return frozenset(found)


def called_functions(function: Function, callees: Callees) -> list[int]:
    """What every call in the text may call, with repetitions."""
    return [
        callee
        for block in function.blocks
        for value in block.values()
        if value.op in CALLS or value.op in TAIL_CALLS
        for callee in callees.of(value)
    ]


def call_graph(module: Module) -> CallGraph:
    """The graph of the functions in the module."""
    sites = dict.fromkeys(sorted(module.functions), 0)
    callees: dict[int, tuple[int, ...]] = {}
    found = Callees(module)
    for index in sites:
        called = called_functions(module.functions[index], found)
        for callee in called:
            sites[callee] = sites.get(callee, 0) + 1
        callees[index] = tuple(dict.fromkeys(called))
    components = tuple(tuple(sorted(component)) for component in strong_components(callees))
    recursive = {index for component in components if len(component) > 1 for index in component}
    recursive |= {index for index, called in callees.items() if index in called}
    return CallGraph(callees, components, frozenset(recursive), sites)
