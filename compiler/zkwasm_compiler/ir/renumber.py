"""`renumber` gives blocks and values consecutive ids in the order of the text: equal functions print equally."""

from __future__ import annotations

from zkwasm_compiler.ir.function import Function, Type, Value


def renumber(function: Function) -> None:
    """Blocks and values count separately from 0; those that the text gives no name come last. Changes only ids."""
    named: list[Value] = []
    nameless: list[Value] = []
    for number, block in enumerate(function.blocks):
        block.id = number
        for value in [*block.parameters, *block.values()]:
            (nameless if value.type is Type.NONE else named).append(value)
    for number, value in enumerate([*named, *nameless]):
        value.id = number
    function.next_id = max(len(named) + len(nameless), len(function.blocks))
