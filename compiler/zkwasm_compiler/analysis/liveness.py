"""Which values are live where blocks begin and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zkwasm_compiler.analysis.order import predecessors
from zkwasm_compiler.ir.function import Block, Function, Value


@dataclass(frozen=True, slots=True)
class Liveness:
    """Values live at the beginning and the end of each block.

    A block's own parameters are not in its `live_in`: the edges define them. The arguments of an edge are uses of the
    terminator: they are in the `live_out` of its block only if something later reads them too. The sets have no order;
    sort by id before writing anything from them.
    """

    live_in: dict[Block, frozenset[Value]]
    live_out: dict[Block, frozenset[Value]]


def liveness(function: Function) -> Liveness:
    """Solve the backward data flow on sets of bits, one bit a value."""
    values = [value for block in function.blocks for value in [*block.parameters, *block.values()]]
    bit = {value: 1 << position for position, value in enumerate(values)}
    used, defined = {}, {}
    for block in function.blocks:
        used[block], defined[block] = _summarize(block, bit)
    live_in = dict(used)
    live_out = dict.fromkeys(function.blocks, 0)
    sources = predecessors(function)
    work = dict.fromkeys(function.blocks)  # popping the last one first suits a backward flow
    while work:
        block, _ = work.popitem()
        out = 0
        for successor in block.successors:
            out |= live_in[successor]
        live_out[block] = out
        before = used[block] | out & ~defined[block]
        if before != live_in[block]:
            live_in[block] = before
            work.update(dict.fromkeys(sources[block]))
    return Liveness(
        {block: frozenset(_members(mask, values)) for block, mask in live_in.items()},
        {block: frozenset(_members(mask, values)) for block, mask in live_out.items()},
    )


def _summarize(block: Block, bit: dict[Value, int]) -> tuple[int, int]:
    """What the block reads from outside, and what it defines, as sets of bits."""
    used = 0
    defined = 0
    for parameter in block.parameters:
        defined |= bit[parameter]
    for value in block.values():
        for arg in [*value.args, *(arg for target in value.targets for arg in target.args)]:
            used |= bit[arg] & ~defined
        defined |= bit[value]
    return used, defined


def _members(mask: int, values: list[Value]) -> Iterable[Value]:
    while mask:
        lowest = mask & -mask
        yield values[lowest.bit_length() - 1]
        mask ^= lowest
