"""Where the cells of each function's frame are.

Functions that cannot be active twice have frames in the variable `frame`; a callee's frame lies above those of all its
callers, so frames that are never active together share cells. Recursive functions have theirs on the stack: SP counts
from -STACK_CELLS up to 0, so that the step that claims a frame proves by its JMPN that the stack is not exhausted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zkwasm_compiler.analysis.callgraph import CallGraph

STACK_CELLS = 0xF000
"""Cells of the stack region that frames may use."""
CELLS_BEHIND = 0x1000
"""Cells of the stack region behind them, for what is used unclaimed: a frame without calls, arguments of a call that is
refused."""


@dataclass(frozen=True, slots=True)
class Frames:
    """`bases` has the first cell of each static frame within `frame`, by function index; `cells` is the size of all."""

    bases: Mapping[int, int]
    cells: int


def place_frames(graph: CallGraph, sizes: Mapping[int, int]) -> Frames:
    """Frames for functions of these sizes (in cells, by function index)."""
    bases = dict.fromkeys(sizes, 0)
    cells = 0
    for component in reversed(graph.components):  # callers first
        base = max(bases[index] for index in component)
        for index in component:
            bases[index] = base
            top = base + (0 if index in graph.recursive else sizes[index])
            cells = max(cells, top)
            for callee in graph.callees[index]:
                if callee not in component:
                    bases[callee] = max(bases[callee], top)
    return Frames(bases, cells)
