"""How values cross calls: the best representation of each parameter and result that every caller and return serves."""

from __future__ import annotations

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.ir.function import Module
from zkwasm_compiler.lowering.cover import Cover, Signature, best, meet
from zkwasm_compiler.lowering.legalize import index_of
from zkwasm_compiler.rules.representation import LONG


def signatures(module: Module) -> dict[int, Signature]:
    """By function index. Public arguments come as the verifier gives them: an i32 with a zero high limb, an i64 as two
    limbs. Parameters and results start in the best representation and fall until nothing contradicts them."""
    found = {
        index: Signature([best(t) for t in function.parameters], [best(t) for t in function.results])
        for index, function in sorted(module.functions.items())
    }
    for index in sorted(set(module.exports.values())):
        types = module.functions[index].parameters
        found[index].parameters = [best(type_) if type_.bits == 32 else LONG for type_ in types]
    order = call_graph(module).callees_first()
    stale = set(order)
    while stale:
        for index in [index for index in order if index in stale]:
            stale.discard(index)
            cover = Cover(module.functions[index], found)
            if _lower_results(cover, found[index]):
                stale.update(order)
            for callee in _lower_parameters(cover, found):
                stale.update({callee, index})
    return found


def _lower_results(cover: Cover, signature: Signature) -> bool:
    changed = False
    for block in cover.order:
        if block.terminator is not None and block.terminator.op == "return":
            for number, arg in enumerate(block.terminator.args):
                met = meet(signature.results[number], cover.representation[arg])
                changed |= met is not signature.results[number]
                signature.results[number] = met
    return changed


def _lower_parameters(cover: Cover, found: dict[int, Signature]) -> list[int]:
    lowered = []
    for block in cover.order:
        for call in block.body:
            if call.op == "call":
                callee = found[index_of(call)]
                for number, arg in enumerate(call.args):
                    met = meet(callee.parameters[number], cover.representation[arg])
                    if met is not callee.parameters[number]:
                        callee.parameters[number] = met
                        lowered.append(index_of(call))
    return lowered
