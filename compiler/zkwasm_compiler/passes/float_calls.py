"""Floating-point ops become calls of the routines of `runtime.float_routines`, which come into the module.

Until then they are pure ops: equal ones are found, constants folded, those of a loop moved out of it. The calls are
inlined, where that is cheaper, like any others.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.ir.function import Block, Function, Module, Type, Value
from zkwasm_compiler.ir.ops import FLOAT_OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.inline import inline_calls
from zkwasm_compiler.runtime.float_routines import routine_index, translate_routine


def float_calls(module: Module) -> list[Function]:
    """Call a routine for each op; gives the routines that the module has got."""
    needed = {op for function in list(module.functions.values()) for op in _call_routines(function)}
    added: list[Function] = []
    for op in sorted(needed):
        library = translate_routine(op)
        _merge_helpers(library)
        for index in call_graph(library).reachable([library.exports[op]]):
            if index not in module.functions:
                module.functions[index] = library.functions[index]
                added.append(library.functions[index])
    module.functions = dict(sorted(module.functions.items()))
    return added


def _call_routines(function: Function) -> set[str]:
    """Put calls into a function; gives the ops that they are for."""
    replacements = Replacements()
    needed: set[str] = set()
    for block in function.blocks:
        if any(value.op in FLOAT_OPS for value in block.body):
            needed |= _call_routines_in(function, block, replacements)
    replacements.apply(function)
    return needed


def _call_routines_in(function: Function, block: Block, replacements: Replacements) -> set[str]:
    body: list[Value] = []
    needed = set()
    for value in block.body:
        if value.op not in FLOAT_OPS:
            body.append(value)
            continue
        needed.add(value.op)
        index = routine_index(value.op)
        call = function.new_value("call", Type.TUPLE, value.args, index, offset=value.offset)
        result = function.new_value("result", value.type, [call], 0, offset=value.offset)
        body += [call, result]
        replacements.add(value, result)
    block.body = body
    return needed


def _merge_helpers(library: Module) -> None:
    """What a file does not export becomes part of its callers."""
    exported = set(library.exports.values())
    for index in call_graph(library).callees_first():
        inline_calls(library.functions[index], library, lambda callee: callee.index not in exported)
