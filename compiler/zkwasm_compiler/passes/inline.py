"""Inlining: the bodies of small functions, and of those that are called once, replace their calls.

Callees come first, so that what is inlined has been inlined into already. Recursive functions stay calls: each level
must count towards the depth at which the call stack is exhausted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkwasm_compiler.analysis.callgraph import CallGraph, call_graph
from zkwasm_compiler.analysis.references import TAIL_CALLS
from zkwasm_compiler.ir.function import Block, Function, Module, Target, Type, Value
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in values, constants not counted: of a callee that has one call, of one that has more, of a caller."""

    single_call: int
    small: int
    caller: int


LIMITS = {2: Limits(single_call=120, small=12, caller=1500), 3: Limits(single_call=600, small=40, caller=6000)}


def inline(module: Module, context: Context) -> bool:
    """Inline by size, then drop the functions that nothing calls any more."""
    limits = LIMITS.get(context.level)
    if limits is None:
        return False
    graph = call_graph(module)
    changed = False
    for index in graph.callees_first():
        changed |= _inline_into(module.functions[index], module, graph, limits)
    return drop_unreachable_functions(module) or changed


def drop_unreachable_functions(module: Module) -> bool:
    """Keep what the exports and the start function reach."""
    roots = [*module.exports.values(), *([] if module.start is None else [module.start])]
    reached = call_graph(module).reachable(roots)
    if len(reached) == len(module.functions):
        return False
    module.functions = {index: function for index, function in module.functions.items() if index in reached}
    return True


def inline_calls(caller: Function, module: Module, wanted: Callable[[Function], bool]) -> None:
    """Put the callees that are wanted, which must have been inlined into themselves, in the place of their calls."""
    position = 0
    while position < len(caller.blocks):
        block = caller.blocks[position]
        position += 1
        for call in block.body:
            if call.op == "call" and isinstance(call.immediate, int) and wanted(module.functions[call.immediate]):
                _inline_call(caller, block, call, module.functions[call.immediate])
                break  # the copy and the rest of the block come next


def size(function: Function) -> int:
    """How many values the function has, without constants."""
    return sum(not value.op.endswith(".const") for block in function.blocks for value in block.values())


def _inline_into(caller: Function, module: Module, graph: CallGraph, limits: Limits) -> bool:
    changed = _return_calls(caller, module, graph, limits)
    position = 0
    caller_size = size(caller)
    while position < len(caller.blocks):
        block = caller.blocks[position]
        position += 1
        for call in block.body:
            if call.op != "call" or not isinstance(call.immediate, int):
                continue
            callee = module.functions[call.immediate]
            if not _worth_it(callee, caller_size, module, graph, limits):
                continue
            _inline_call(caller, block, call, callee)
            caller_size += size(callee)
            changed = True
            break  # the copy and the rest of the block come next
    return changed


def _worth_it(callee: Function, caller_size: int, module: Module, graph: CallGraph, limits: Limits) -> bool:
    once = graph.call_sites[callee.index] == 1 and callee.index not in module.exports.values()
    callee_size = size(callee)
    allowed = limits.single_call if once else limits.small
    fits = callee_size <= allowed and caller_size + callee_size <= limits.caller
    return fits and callee.index not in graph.recursive


def _return_calls(caller: Function, module: Module, graph: CallGraph, limits: Limits) -> bool:
    """Calls in place of a return of what is worth inlining become calls and returns."""
    changed = False
    for block in caller.blocks:
        terminator = block.terminator
        if terminator is None or terminator.op != "return_call" or not isinstance(terminator.immediate, int):
            continue
        if _worth_it(module.functions[terminator.immediate], size(caller), module, graph, limits):
            split_return_call(caller, block, caller.results)
            changed = True
    return changed


def split_return_call(function: Function, block: Block, results: tuple[Type, ...]) -> None:
    """A call and a return of its results in place of a terminator that is both."""
    tail = block.terminator
    assert tail is not None
    op = "call" if tail.op == "return_call" else "call_indirect"
    call = function.new_value(op, Type.TUPLE, tail.args, tail.immediate, offset=tail.offset)
    given = [
        function.new_value("result", type_.carrier, [call], number, offset=tail.offset)
        for number, type_ in enumerate(results)
    ]
    block.body += [call, *given]
    tail.op, tail.args, tail.immediate = "return", list(given), None


def _inline_call(caller: Function, block: Block, call: Value, callee: Function) -> None:
    """Split the block at the call and put a copy of the callee between the halves."""
    at = block.body.index(call)
    place = caller.blocks.index(block) + 1
    end = len(caller.blocks)
    after = caller.new_block()
    replacements = Replacements()
    results = [caller.add_parameter(after, type_.carrier) for type_ in callee.results]
    for value in block.body[at + 1 :]:
        if value.op == "result" and value.args[0] is call:
            assert isinstance(value.immediate, int)
            replacements.add(value, results[value.immediate])
        else:
            after.body.append(value)
    after.terminator = block.terminator
    del block.body[at:]
    entry = _copy_blocks(caller, callee, call.args, after)
    block.terminator = caller.new_value("br", Type.NONE, targets=[entry], offset=call.offset)
    replacements.apply(caller)
    caller.blocks[place:] = [*caller.blocks[end + 1 :], after, *caller.blocks[place:end]]


def _copy_blocks(caller: Function, callee: Function, args: list[Value], after: Block) -> Target:
    """Copy the callee's blocks into the caller, returns becoming branches to `after`; gives the edge into the copy."""
    blocks = {block: caller.new_block() for block in callee.blocks}
    values: dict[Value, Value] = {}
    for block, copy in blocks.items():
        for parameter in block.parameters:
            values[parameter] = caller.add_parameter(copy, parameter.type)
        for value in block.values():
            values[value] = caller.new_value(value.op, value.type, immediate=value.immediate, offset=value.offset)
    for block, copy in blocks.items():
        for value in block.values():
            _copy_uses(value, values, blocks)
        copy.body = [values[value] for value in block.body]
        assert block.terminator is not None
        copy.terminator = values[block.terminator]
        if copy.terminator.op in TAIL_CALLS:
            split_return_call(caller, copy, callee.results)
        if copy.terminator.op == "return":
            copy.terminator.op, copy.terminator.args, returned = "br", [], copy.terminator.args
            copy.terminator.targets = [Target(after, returned)]
    return Target(blocks[callee.entry], list(args))


def _copy_uses(value: Value, values: dict[Value, Value], blocks: dict[Block, Block]) -> None:
    copy = values[value]
    copy.args = [values[arg] for arg in value.args]
    copy.targets = [Target(blocks[target.block], [values[arg] for arg in target.args]) for target in value.targets]
