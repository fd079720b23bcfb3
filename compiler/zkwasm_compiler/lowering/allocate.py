"""Register allocation: `Step[VirtualRegister]` to `Step[str]`.

Memory cells are the homes of values and registers are caches of them, because on this machine a store is free where the
value is made, a reload costs one step and so does a move. What is minimised is the number of executed steps that only
bring values into registers:

    allocate_body       the function without copies          allocate_ranges   where values are live
    allocate_grid       which register holds what, where     allocate_demand   the order in which demands are served
    allocate_transfers  the moves that the grid implies      allocate_cells    the cells of values that are reloaded
    allocate_stores     what storing a value would cost      allocate_arrivals stores of arguments
    allocate_cut        minimum cuts                         allocate_emit     the steps of the result

`machine.allocation_checker` judges the result without knowing any of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zkwasm_compiler.lowering.allocate_arrivals import hold_arguments, hold_arrivals, sink_arrivals, store_the_others
from zkwasm_compiler.lowering.allocate_body import NarrowUse, body_of
from zkwasm_compiler.lowering.allocate_cells import Cells
from zkwasm_compiler.lowering.allocate_demand import fill_grid
from zkwasm_compiler.lowering.allocate_emit import emit
from zkwasm_compiler.lowering.allocate_ranges import LiveRanges
from zkwasm_compiler.lowering.allocate_transfers import Transfers
from zkwasm_compiler.lowering.copy_exits import copy_exits
from zkwasm_compiler.lowering.fuse import fuse
from zkwasm_compiler.lowering.layout import LaidOut, layout
from zkwasm_compiler.lowering.stack_frames import claim_frames
from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.frequencies import ROW
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import VirtualRegister

LARGE_STEPS = 3000
"""Functions with more steps are allocated in one way only."""
SMALL_STEPS = 300
"""Functions with more steps keep shared exits: a call of them takes so many steps that one does not matter."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """`selected` in registers is `allocated`, that with its frame on the stack `framed`, in order it is `laid_out`."""

    selected: MachineFunction[VirtualRegister]
    allocated: MachineFunction[str]
    framed: MachineFunction[str]
    laid_out: LaidOut


def allocate_best(function: MachineFunction[VirtualRegister], on_stack: frozenset[str]) -> Allocation:
    """The function in registers, steps fused: of several ways the one that executes the fewest steps. `on_stack` are
    the labels of functions that use the stack or call one which does."""
    copied = copy_exits(function) if sum(1 for _ in function.steps()) <= SMALL_STEPS else None
    found = []
    for selected in (function,) if copied is None else (function, copied):
        for way in _ways(selected):
            allocated = fuse(allocate(selected, way))
            framed = claim_frames(allocated, on_stack)
            found.append(Allocation(selected, allocated, framed, layout(framed)))
    return min(found, key=lambda allocation: allocation.laid_out.executed + ROW * len(allocation.laid_out.items))


def _ways(function: MachineFunction[VirtualRegister]) -> Iterable[NarrowUse]:
    """What to try with registers of one limb."""
    if not any(register.narrow for step in function.steps() for register in step.destinations):
        return (NarrowUse.NOTHING,)
    return NarrowUse if sum(1 for _ in function.steps()) <= LARGE_STEPS else (NarrowUse.FIRST,)


def allocate(function: MachineFunction[VirtualRegister], narrow: NarrowUse = NarrowUse.FIRST) -> AllocatedFunction:
    """The function in registers. Labels of blocks stay; blocks on edges get names derived from the edge's source."""
    body = body_of(function, narrow)
    live = LiveRanges(body).use_all()
    grid = fill_grid(body, live)
    transfers = Transfers(body, grid, live)
    hold_arguments(body, grid, transfers, Cells(body, live, transfers))
    hold_arrivals(body, grid, transfers)
    transfers = Transfers(body, grid, live)
    arrivals = sink_arrivals(body, grid, transfers, Cells(body, live, transfers))
    transfers = Transfers(body, grid, live)
    cells = Cells(body, live, transfers)
    store_the_others(arrivals, body, transfers, cells)
    return emit(function, body, transfers, cells, arrivals)
