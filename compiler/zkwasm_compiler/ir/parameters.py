"""Removing block parameters that every edge gives the same value."""

from __future__ import annotations

from collections.abc import Collection

from zkwasm_compiler.ir.function import Block, Function, Target, Value
from zkwasm_compiler.ir.substitute import Replacements


def remove_redundant_parameters(function: Function) -> bool:
    """Replace each parameter whose incoming arguments are one value (or the parameter itself) by that value.

    For reducible control flow, which WebAssembly's is, this gives minimal SSA. *Source:* Braun et al., "Simple and
    Efficient Construction of Static Single Assignment Form", 2013.
    """
    edges: dict[Block, list[Target]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for target in block.targets:
            edges[target.block].append(target)
    replacements = Replacements()
    removed: dict[Block, set[int]] = {}
    while _find_redundant(function, edges, replacements, removed):
        pass
    for block, positions in removed.items():
        drop_parameters(block, edges[block], positions)
    replacements.apply(function)
    return bool(removed)


def drop_parameters(block: Block, edges: Collection[Target], positions: Collection[int]) -> None:
    """Take the parameters at `positions` away from the block and from the edges to it."""
    block.parameters = [value for position, value in enumerate(block.parameters) if position not in positions]
    for edge in edges:
        edge.args = [arg for position, arg in enumerate(edge.args) if position not in positions]


def _find_redundant(
    function: Function, edges: dict[Block, list[Target]], replacements: Replacements, removed: dict[Block, set[int]]
) -> bool:
    """One sweep; whether it found any."""
    found = False
    for block in function.blocks[1:]:
        for position, parameter in enumerate(block.parameters):
            if position in removed.get(block, ()):
                continue
            source = _only_argument(parameter, position, edges[block], replacements)
            if source is not None:
                replacements.add(parameter, source)
                removed.setdefault(block, set()).add(position)
                found = True
    return found


def _only_argument(parameter: Value, position: int, edges: list[Target], replacements: Replacements) -> Value | None:
    source: Value | None = None
    for edge in edges:
        arg = replacements.resolve(edge.args[position])
        if arg is parameter or arg is source:
            continue
        if source is not None:
            return None
        source = arg
    return source
