"""How values cross calls: the best representation of each parameter and result that every caller and return serves."""

from __future__ import annotations

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.references import CALLS, DIRECT, INDIRECT_CALLS, TAIL_CALLS, has_signature
from zkwasm_compiler.ir.function import Module
from zkwasm_compiler.lowering.cover import Cover
from zkwasm_compiler.lowering.signature import Signature, best, called_signature, meet
from zkwasm_compiler.rules.representation import LONG

PLACES = ("A", "B", "C", "D", "E")
"""Where the first arguments and the first results of a call are; the others are in cells."""
CALL_CLOBBERS = ("A", "B", "C", "D", "E", "RCX", "HASHPOS", "RR")
"""What a call may change of which nothing is known."""


def signatures(module: Module) -> dict[int, Signature]:
    """By function index, and by ~ the number of a signature for indirect calls, which share one object with every
    function that they may call. Public arguments come as the verifier gives them: an i32 with a zero high limb, an i64
    as two limbs. Parameters and results start in the best representation and fall until nothing contradicts them."""
    found = {
        index: Signature([best(t) for t in function.parameters], [best(t) for t in function.results])
        for index, function in sorted(module.functions.items())
    }
    _share(module, found)
    for index in sorted(set(module.exports.values())):
        types = module.functions[index].parameters
        found[index].parameters = [best(type_) if type_.bits == 32 else LONG for type_ in types]
    order = call_graph(module).callees_first()
    users = _users(module, found)
    stale = set(order)
    while stale:
        for index in [index for index in order if index in stale]:
            stale.discard(index)
            cover = Cover(module.functions[index], found)
            if _lower_results(cover, found[index], found):
                stale.update(users[found[index]])
            for lowered in _lower_parameters(cover, found):
                stale.update(key for key, signature in found.items() if signature is lowered and key >= 0)
                stale.add(index)
    return found


def _users(module: Module, found: dict[int, Signature]) -> dict[Signature, set[int]]:
    """The functions with calls of each signature: what depends on its results."""
    users: dict[Signature, set[int]] = {signature: set() for signature in found.values()}
    for index, function in module.functions.items():
        for block in function.blocks:
            for value in block.values():
                if value.op in CALLS or value.op in TAIL_CALLS:
                    users[found[called_signature(value)]].add(index)
    return users


def _share(module: Module, found: dict[int, Signature]) -> None:
    """Put in one signature for each that is called indirectly."""
    indirect = INDIRECT_CALLS | (TAIL_CALLS - DIRECT)
    values = (value for function in module.functions.values() for block in function.blocks for value in block.values())
    for key in sorted({called_signature(value) for value in values if value.op in indirect}):
        wanted = module.signatures[~key]
        found[key] = Signature([best(t) for t in wanted.parameters], [best(t) for t in wanted.results])
        for index in module.references:
            if index in module.functions and has_signature(module.functions[index], wanted):
                found[index] = found[key]


def _lower_results(cover: Cover, signature: Signature, found: dict[int, Signature]) -> bool:
    changed = False
    for block in cover.order:
        end = block.terminator
        if end is not None and (end.op == "return" or end.op in TAIL_CALLS):
            given = found[called_signature(end)].results if end.op in TAIL_CALLS else None
            for number in range(len(signature.results)):
                representation = given[number] if given else cover.representation[end.args[number]]
                met = meet(signature.results[number], representation)
                changed |= met is not signature.results[number]
                signature.results[number] = met
    return changed


def _lower_parameters(cover: Cover, found: dict[int, Signature]) -> list[Signature]:
    lowered = []
    for block in cover.order:
        for call in block.values():
            if call.op in CALLS or call.op in TAIL_CALLS:
                signature = found[called_signature(call)]
                for number, arg in enumerate(call.args[: len(signature.parameters)]):
                    met = meet(signature.parameters[number], cover.representation[arg])
                    if met is not signature.parameters[number]:
                        signature.parameters[number] = met
                        lowered.append(signature)
    return lowered
