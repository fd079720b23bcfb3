"""A function that calls itself in place of a return goes round a loop."""

from __future__ import annotations

from zkwasm_compiler.ir.function import Function, Target, Type
from zkwasm_compiler.ir.substitute import Replacements


def make_loop_of_self_calls(function: Function) -> None:
    """Turn the `return_call`s of the function itself into branches to a block behind the entry."""
    ends = [block.terminator for block in function.blocks if block.terminator is not None]
    calls = [end for end in ends if end.op == "return_call" and end.immediate == function.index]
    if not calls:
        return
    entry, header = function.entry, function.new_block()
    function.blocks.remove(header)
    replacements = Replacements()
    for parameter in entry.parameters:
        replacements.add(parameter, function.add_parameter(header, parameter.type))
    header.body, header.terminator, entry.body = entry.body, entry.terminator, []
    function.blocks.insert(1, header)
    for call in calls:
        call.op, call.args, call.immediate, call.targets = "br", [], None, [Target(header, call.args)]
    replacements.apply(function)
    entry.terminator = function.new_value("br", Type.NONE, targets=[Target(header, list(entry.parameters))])
