"""Calls whose results are what the function gives become calls in place of the return.

The return address need not be kept then, nor the results be moved. A call that may come back to its caller stays, as
each level counts towards the depth at which the call stack is exhausted.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.references import Callees
from zkwasm_compiler.ir.function import Block, Module, Type, Value

OPS = {"call": "return_call", "call_indirect": "return_call_indirect"}


def call_instead_of_returning(module: Module) -> None:
    """Once, when calls have been inlined: other passes know more of calls than of terminators."""
    graph, callees = call_graph(module), Callees(module)
    together = {index: number for number, component in enumerate(graph.components) for index in component}
    for function in module.functions.values():
        for block in function.blocks:
            call = _last_call(block)
            if call is None or not _gives_its_results(block, call) or _results(module, call) != function.results:
                continue
            if any(together[index] == together[function.index] for index in callees.of(call)):
                continue
            del block.body[block.body.index(call) :]
            block.terminator = function.new_value(
                OPS[call.op], Type.NONE, call.args, call.immediate, offset=call.offset
            )


def _last_call(block: Block) -> Value | None:
    """The call behind which nothing but its results stands."""
    for value in reversed(block.body):
        if value.op in OPS:
            return value
        if value.op != "result":
            return None
    return None


def _gives_its_results(block: Block, call: Value) -> bool:
    """Whether the block returns the results of a call, all in their order."""
    end = block.terminator
    if end is None or end.op != "return":
        return False
    places = [arg.immediate if arg.op == "result" and arg.args[0] is call else None for arg in end.args]
    return places == list(range(len(places)))


def _results(module: Module, call: Value) -> tuple[Type, ...]:
    """The types of what a call gives."""
    if isinstance(call.immediate, tuple):
        return module.signatures[call.immediate[1]].results
    assert isinstance(call.immediate, int)
    return module.functions[call.immediate].results
