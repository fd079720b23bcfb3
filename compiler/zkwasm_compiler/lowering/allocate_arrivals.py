"""Where values are stored that the step that makes them cannot store.

Arguments and the return address are stored not at the start of the function but where it gets certain that they will be
reloaded, as long as their registers are not wanted before: paths without calls then store nothing. What an edge stores
into a parameter's cell stays in a register up to there, if one is free.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.lowering.allocate_body import Body, BodyEdge
from zkwasm_compiler.lowering.allocate_cells import Cells
from zkwasm_compiler.lowering.allocate_cut import NEVER, SINK, SOURCE, Network
from zkwasm_compiler.lowering.allocate_grid import Claim, Grid, Plan
from zkwasm_compiler.lowering.allocate_transfers import Transfers
from zkwasm_compiler.machine.frequencies import ROW
from zkwasm_compiler.machine.step import VirtualRegister


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an arrival is stored: at the starts of blocks and on edges. `behind` are the blocks that lie behind that,
    where it is in its cell; from there it may come back to its register, and be stored again further on."""

    blocks: frozenset[int]
    edges: frozenset[BodyEdge]
    behind: frozenset[int]


Arrivals = dict[VirtualRegister, Stored]


def sink_arrivals(body: Body, grid: Grid, transfers: Transfers, cells: Cells) -> Arrivals:
    """Where arrivals are stored; their registers are claimed up to there."""
    stores: Arrivals = {}
    for value, register in body.places.items():
        if value not in cells.stored or not isinstance(register, str):
            continue
        reloading = _reloads(value, body, transfers, cells)
        network = Network()
        network.add(SOURCE, 0, (0.0 if _free_at_start(body, value) else body.blocks[0].expected) + ROW)
        before = _leading_to(body, reloading)
        for number in before:
            if number in reloading or not _keeps(body, grid, number, register, value):
                network.add(number, SINK, NEVER)
        edges = [edge for number in before for edge in body.blocks[number].incoming]
        for edge in edges:
            network.add(edge.source, edge.target, edge.expected + ROW)
            network.add(edge.target, edge.source, _price_of_return(body, grid, edge, register, value))
        stored = network.cut(NEVER)[1]
        passed = {edge for edge in edges if edge.target in stored and edge.source not in stored}
        for number in set(before) - stored:
            grid.apply(register, Plan(0.0, (Claim(number, 0, body.blocks[number].end, value),)))
        starts = {0} if 0 in stored or not reloading else set()
        for number in {edge.target for edge in passed}:
            incoming = set(body.blocks[number].incoming)
            if incoming <= passed and grid.rows[number][register][0] in (None, value):
                grid.apply(register, Plan(0.0, (Claim(number, 0, 0, value),)))
                starts.add(number)
                passed -= incoming
        stores[value] = Stored(frozenset(starts), frozenset(passed), frozenset(stored))
    return stores


def store_the_others(arrivals: Arrivals, body: Body, transfers: Transfers, cells: Cells) -> None:
    """Store at the start what is reloaded elsewhere since registers were claimed for arrivals: there may be other
    cycles of moves now."""
    every = frozenset(range(len(body.blocks)))
    for value, register in body.places.items():
        if value in cells.stored and isinstance(register, str):
            known = arrivals.get(value)
            if known is None or not _reloads(value, body, transfers, cells) <= known.behind:
                arrivals[value] = Stored(frozenset({0}), frozenset(), every)


def _free_at_start(body: Body, value: VirtualRegister) -> bool:
    """Whether a step of the first block can store the value."""
    return any(step.carried == value and step.stores for step in body.blocks[0].steps)


def _price_of_return(body: Body, grid: Grid, edge: BodyEdge, register: str, value: VirtualRegister) -> float:
    """What it takes to have the value in its register behind an edge before which it was stored. It counts, less the
    row, where it is there anyway, too: what is stored once more behind it was not stored often enough before."""
    return edge.expected + (0.0 if grid.rows[edge.target][register][0] == value else ROW)


def _leading_to(body: Body, goals: set[int]) -> list[int]:
    """The goals and the blocks on the ways to them."""
    found: dict[int, None] = {}
    work = list(goals)
    while work:
        number = work.pop()
        if number not in found:
            found[number] = None
            work += [edge.source for edge in body.blocks[number].incoming]
    return sorted(found)


def _keeps(body: Body, grid: Grid, number: int, register: str, value: VirtualRegister) -> bool:
    """Whether the register can have the value from the start of a block to its end."""
    free = all(held in (None, value) for held in grid.rows[number][register])
    return free and not any(step.changes(register) for step in body.blocks[number].steps)


def hold_arguments(body: Body, grid: Grid, transfers: Transfers, cells: Cells) -> None:
    """Keep what edges have to store into cells of parameters in registers."""
    for edge in body.edges():
        for parameter in body.blocks[edge.target].parameters:
            argument = edge.before(parameter)
            if parameter not in cells.stored or argument.constant is not None:
                continue
            if cells.web(argument) == cells.web(parameter) or argument in transfers.ends[edge.source].values():
                continue
            for register in grid.keepers(edge.source, argument)[:1]:
                end = body.blocks[edge.source].end
                _, low = grid.scan(edge.source, register, argument, end)
                grid.apply(register, Plan(0.0, (Claim(edge.source, low, end, argument),)))


def hold_arrivals(body: Body, grid: Grid, transfers: Transfers) -> None:
    """Keep arrivals where they arrive up to where they would be reloaded, if nothing else wants the register."""
    for number, gaps in enumerate(transfers.gaps):
        for position, gap in enumerate(gaps):
            for value in [fill.value for fill in gap.fills if fill.source is None]:
                register = body.places.get(value)
                if isinstance(register, str):
                    plan = grid.plan(number, register, value, 2 * position, 1e-6, 0.0)
                    if plan is not None:
                        grid.apply(register, plan)


def _reloads(value: VirtualRegister, body: Body, transfers: Transfers, cells: Cells) -> set[int]:
    """The blocks in which the cell of `value` is read, under its name or a parameter's."""
    found = {
        number
        for number, gaps in enumerate(transfers.gaps)
        if any(fill.value == value and fill.source is None for gap in gaps for fill in gap.fills)
    }
    for edge, fills in transfers.edge_fills.items():
        reads = any(fill.value == value and fill.source is None for fill in fills)
        passed = any(edge.before(p) == value and p in cells.stored for p in body.blocks[edge.target].parameters)
        if reads or passed:
            found.add(edge.source)
    return found
