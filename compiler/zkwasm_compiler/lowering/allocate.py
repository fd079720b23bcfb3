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

from zkwasm_compiler.lowering.allocate_arrivals import hold_arguments, sink_arrivals
from zkwasm_compiler.lowering.allocate_body import body_of
from zkwasm_compiler.lowering.allocate_cells import Cells
from zkwasm_compiler.lowering.allocate_demand import fill_grid
from zkwasm_compiler.lowering.allocate_emit import emit
from zkwasm_compiler.lowering.allocate_ranges import LiveRanges
from zkwasm_compiler.lowering.allocate_transfers import Transfers
from zkwasm_compiler.machine.allocation import AllocatedFunction
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import VirtualRegister


def allocate(function: MachineFunction[VirtualRegister]) -> AllocatedFunction:
    """The function in registers. Labels of blocks stay; blocks on edges get names derived from the edge's source."""
    body = body_of(function)
    live = LiveRanges(body).use_all()
    grid = fill_grid(body, live)
    transfers = Transfers(body, grid, live)
    hold_arguments(body, grid, transfers, Cells(body, live, transfers))
    transfers = Transfers(body, grid, live)
    arrivals = sink_arrivals(body, grid, transfers, Cells(body, live, transfers))
    transfers = Transfers(body, grid, live)
    return emit(function, body, transfers, Cells(body, live, transfers), arrivals)


def executed_steps(function: MachineFunction[str]) -> float:
    """The steps of the function weighted with the frequencies of their blocks."""
    return sum(block.frequency * len(block.steps) for block in function.blocks)
