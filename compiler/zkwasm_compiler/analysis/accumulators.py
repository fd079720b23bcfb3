"""Values that loops only change by small amounts, and how far they can get in the longest execution.

A step of the machine is a row of a trace of bounded length, and a loop takes at least one step each time round: nothing
is executed more often than a trace has rows. A counter that starts at 0 and grows by 1 therefore never wraps, whatever
ends its loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkwasm_compiler.analysis.bits import PossibleBits, bits_of_parameters
from zkwasm_compiler.analysis.components import strong_components
from zkwasm_compiler.analysis.interval import Range, join, signed, unsigned
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.ir.function import Function, Value

MAXIMUM_EXECUTIONS = 1 << 27
"""How often anything is executed: sixteen times the rows of the longest trace, so that simulations of programs that are
far too long to be proved are right as well."""
LARGEST_AMOUNT = 31


@dataclass(frozen=True, slots=True)
class _Node:
    """A value that takes over one of `sources`, changed by `least` to `most`."""

    sources: tuple[Value, ...]
    least: int = 0
    most: int = 0


def accumulators(function: Function) -> dict[Value, Range]:
    """The ranges of the values that only small amounts are added to, by what they start with."""
    bits = PossibleBits(bits_of_parameters(function))
    nodes = dict(_nodes(function, bits))
    found: dict[Value, Range] = {}
    for component in strong_components({value: node.sources for value, node in nodes.items()}):
        members = set(component)
        sources = {source for value in component for source in nodes[value].sources}
        if not sources & members:
            continue
        range_ = _reach([nodes[value] for value in component], [s for s in sources if s not in members], bits)
        if range_ is not None:
            found.update(dict.fromkeys(component, range_))
    return found


def _nodes(function: Function, bits: PossibleBits) -> Iterator[tuple[Value, _Node]]:
    for block, edges in list(incoming_edges(function).items())[1:]:
        for position, parameter in enumerate(block.parameters):
            yield parameter, _Node(tuple(target.args[position] for _, target in edges))
        for value in block.body:
            node = _change(value, bits)
            if node is not None:
                yield value, node


def _change(value: Value, bits: PossibleBits) -> _Node | None:
    """A value as a small change of another."""
    match value.op.partition(".")[2] or value.op:
        case "select":
            return _Node((value.args[0], value.args[1]))
        case "add" | "sub" as op:
            x, amount = value.args
            least, most = _amounts(amount, bits)
            if op == "add" and most - least > LARGEST_AMOUNT:
                x, amount = amount, x
                least, most = _amounts(amount, bits)
            if op == "sub":
                least, most = -most, -least
            return _Node((x,), least, most) if max(most, -least) <= LARGEST_AMOUNT else None
    return None


def _amounts(value: Value, bits: PossibleBits) -> tuple[int, int]:
    """The smallest and the largest number that the value may be; a constant is a signed number."""
    if value.op.endswith(".const") and isinstance(value.immediate, int):
        width = value.type.bits
        number = value.immediate - (1 << width) if value.immediate >> (width - 1) else value.immediate
        return number, number
    return 0, bits.possible(value)


def _reach(nodes: list[_Node], starts: list[Value], bits: PossibleBits) -> Range | None:
    """Where the values of a component can be; None when they could wrap."""
    up = sum(max(node.most, 0) for node in nodes) * MAXIMUM_EXECUTIONS
    down = sum(max(-node.least, 0) for node in nodes) * MAXIMUM_EXECUTIONS
    range_: Range | None = None
    for start in starts:
        low, high = _amounts(start, bits)
        width = start.type.bits
        if -(1 << (width - 1)) <= low - down and high + up < 1 << (width - 1):
            reached = signed(width, low - down, high + up)
        elif low - down >= 0 and high + up < 1 << width:
            reached = unsigned(width, low - down, high + up)
        else:
            return None
        range_ = reached if range_ is None else join(range_, reached)
    return range_
