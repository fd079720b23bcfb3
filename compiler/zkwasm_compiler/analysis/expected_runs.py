"""How often the functions of a module are expected to run, relative to one call of each export."""

from __future__ import annotations

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.loops import EXPECTED_ITERATIONS, LoopNest, loop_nest
from zkwasm_compiler.analysis.references import CALLS, TAIL_CALLS, Callees
from zkwasm_compiler.ir.function import Module

MAXIMUM_RUNS = 1e30
"""Deep chains of calls in loops stay numbers that can be added."""


def expected_runs(module: Module, nests: dict[int, LoopNest] | None = None) -> dict[int, float]:
    """By function index: exports and the start function run once, a callee as often as its calls do, a recursive
    function calls itself as often as a loop goes round. An indirect call calls each function equally often."""
    nests = nests or {index: loop_nest(function) for index, function in module.functions.items()}
    runs = dict.fromkeys(module.functions, 0.0)
    for index in {*module.exports.values(), *([] if module.start is None else [module.start])}:
        runs[index] = 1.0
    graph, callees = call_graph(module), Callees(module)
    for component in reversed(graph.components):
        if component[0] in graph.recursive:
            together = min(EXPECTED_ITERATIONS * sum(runs[index] for index in component), MAXIMUM_RUNS)
            runs.update(dict.fromkeys(component, together))
        for index in component:
            for block in module.functions[index].blocks:
                for value in block.values():
                    called = callees.of(value) if value.op in CALLS or value.op in TAIL_CALLS else ()
                    for callee in called:
                        if callee not in component:
                            more = runs[index] * nests[index].frequency(block) / len(called)
                            runs[callee] = min(runs[callee] + more, MAXIMUM_RUNS)
    return runs
