"""What calls of a function may touch: bytes of the linear memory, its size, mutable globals, and tables.

An over-approximation, of the function with everything that it calls. Nothing outside it is read or written, so it need
not be initialised for such a call. Bytes are counted without regard to the size of the memory: an access beyond the end
traps and touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from zkwasm_compiler.analysis.callgraph import CallGraph
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.analysis.references import table_of
from zkwasm_compiler.ir.function import Block, Function, Module, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS

Interval = tuple[int, int]
"""The bytes from the first number up to, but without, the second one."""
ADDRESSES = 1 << 32


@dataclass(frozen=True, slots=True)
class Footprint:
    """`bytes` are disjoint intervals in order; `memory` tells whether any op looks at the memory or its size. Tables
    count as a whole."""

    bytes: tuple[Interval, ...] = ()
    memory: bool = False
    globals: frozenset[int] = frozenset()
    tables: frozenset[int] = frozenset()


class Footprints:
    """The footprints of a module's functions. `ranges` by function index narrow the addresses that are computed."""

    def __init__(self, module: Module, graph: CallGraph, ranges: Mapping[int, Ranges] | None = None) -> None:
        self.graph = graph
        self.own = {
            index: _footprint(function, ranges.get(index) if ranges else None)
            for index, function in module.functions.items()
        }

    def of(self, index: int) -> Footprint:
        """The footprint of a call of a function."""
        return union(self.own[callee] for callee in sorted(self.graph.reachable([index])))


def union(parts: Iterable[Footprint]) -> Footprint:
    """What one of the parts touches."""
    found = list(parts)
    return Footprint(
        _merged(interval for part in found for interval in part.bytes),
        any(part.memory for part in found),
        frozenset(index for part in found for index in part.globals),
        frozenset(index for part in found for index in part.tables),
    )


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def _footprint(function: Function, ranges: Ranges | None) -> Footprint:
    """Of one function without its callees."""
    intervals: list[Interval] = []
    memory = False
    globals_: set[int] = set()
    tables: set[int] = set()
    for block in function.blocks:
        if ranges is not None and block in ranges.unreachable:
            continue
        for value in block.values():
            if value.op in ("global.get", "global.set") and isinstance(value.immediate, int):
                globals_.add(value.immediate)
            elif value.op in ("call_indirect", "return_call_indirect") or value.op.startswith("table."):
                tables.add(table_of(value))
                if value.op == "table.copy" and isinstance(value.immediate, tuple):
                    tables.add(value.immediate[1])
            elif value.op in ACCESS_BYTES or value.op.startswith("memory."):
                memory = True
                intervals += _intervals(value, block, ranges)
            elif value.op.startswith("zk.") and not OPS[value.op].pure:  # steps of an access that was expanded before
                memory = True
                intervals.append((0, 2 * ADDRESSES))
    return Footprint(_merged(intervals), memory, frozenset(globals_), frozenset(tables))


def _intervals(value: Value, block: Block, ranges: Ranges | None) -> Iterator[Interval]:
    """The bytes that one op on the memory may touch."""

    def bounds(arg: Value) -> Interval:
        if arg.op == "i32.const" and isinstance(arg.immediate, int):
            return arg.immediate, arg.immediate
        if ranges is None:
            return 0, ADDRESSES - 1
        range_ = ranges.at(arg, block)
        return range_.u_low, range_.u_high

    if value.op in ACCESS_BYTES:
        assert isinstance(value.immediate, int)
        low, high = bounds(value.args[0])
        yield low + value.immediate, high + value.immediate + ACCESS_BYTES[value.op]
    elif value.op in ("memory.fill", "memory.copy", "memory.init"):
        target, source, count = map(bounds, value.args)
        for low, high in (target, source) if value.op == "memory.copy" else (target,):
            yield low, high + count[1]
