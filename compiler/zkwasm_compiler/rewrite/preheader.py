"""Preheaders: the place for what is done once before a loop."""

from __future__ import annotations

from zkwasm_compiler.analysis.loops import Loop
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.ir.function import Block, Function, Target, Type


def preheader(function: Function, loop: Loop) -> Block:
    """The block that alone leads into the loop and nowhere else; made if there is none."""
    entering = [
        (source, target) for source, target in incoming_edges(function)[loop.header] if source not in loop.blocks
    ]
    if len(entering) == 1 and len(entering[0][0].targets) == 1:
        return entering[0][0]
    block = function.new_block()
    function.blocks.remove(block)
    function.blocks.insert(function.blocks.index(loop.header), block)
    parameters = [function.add_parameter(block, parameter.type) for parameter in loop.header.parameters]
    block.terminator = function.new_value("br", Type.NONE, targets=[Target(loop.header, list(parameters))])
    for _, target in entering:
        target.block = block
    return block
