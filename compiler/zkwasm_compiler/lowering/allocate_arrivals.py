"""Where values are stored that the step that makes them cannot store.

Arguments and the return address are stored not at the start of the function but where it gets certain that they will be
reloaded, as long as their registers are not wanted before: paths without calls then store nothing. What an edge stores
into a parameter's cell stays in a register up to there, if one is free.
"""

from __future__ import annotations

from zkwasm_compiler.lowering.allocate_body import Body
from zkwasm_compiler.lowering.allocate_cells import Cells
from zkwasm_compiler.lowering.allocate_grid import Claim, Grid, Plan
from zkwasm_compiler.lowering.allocate_transfers import Transfers
from zkwasm_compiler.machine.step import VirtualRegister


def sink_arrivals(body: Body, grid: Grid, transfers: Transfers, cells: Cells) -> dict[VirtualRegister, int]:
    """The block at whose start each stored arrival is stored; its register is claimed up to there."""
    parents = _immediate_dominators(body)
    stores: dict[VirtualRegister, int] = {}
    for value, register in body.places.items():
        if value not in cells.stored or not isinstance(register, str):
            continue
        number = _common([*_reloads(value, body, transfers, cells)], parents)
        while number:
            if body.blocks[number].frequency <= body.blocks[0].frequency:
                plan = grid.plan(number, register, value, 0, 1e-6, 0.0)
                if plan is not None:
                    grid.apply(register, plan)
                    break
            number = parents[number]
        stores[value] = number
    return stores


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


def _reloads(value: VirtualRegister, body: Body, transfers: Transfers, cells: Cells) -> list[int]:
    """The blocks in which the cell of `value` is read, under its name or a parameter's."""
    found = [
        number
        for number, gaps in enumerate(transfers.gaps)
        if any(fill.value == value and fill.source is None for gap in gaps for fill in gap.fills)
    ]
    for edge, fills in transfers.edge_fills.items():
        reads = any(fill.value == value and fill.source is None for fill in fills)
        passed = any(edge.before(p) == value and p in cells.stored for p in body.blocks[edge.target].parameters)
        if reads or passed:
            found.append(edge.source)
    return found


def _common(blocks: list[int], parents: list[int]) -> int:
    """The last block that all of `blocks` lie behind."""
    chains = [_chain(block, parents) for block in blocks]
    if not chains:
        return 0
    shared = set(chains[0]).intersection(*chains[1:])
    return next(block for block in chains[0] if block in shared)


def _chain(block: int, parents: list[int]) -> list[int]:
    chain = [block]
    while chain[-1]:
        chain.append(parents[chain[-1]])
    return chain


def _immediate_dominators(body: Body) -> list[int]:
    """Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm"."""
    order = _reverse_postorder(body)
    rank = {number: position for position, number in enumerate(order)}
    parents: list[int | None] = [None] * len(body.blocks)
    parents[0] = 0
    changed = True
    while changed:
        changed = False
        for number in order[1:]:
            known = [edge.source for edge in body.blocks[number].incoming if parents[edge.source] is not None]
            best = known[0]
            for other in known[1:]:
                best = _meet(best, other, parents, rank)
            if parents[number] != best:
                parents[number] = best
                changed = True
    return [parent or 0 for parent in parents]


def _meet(x: int, y: int, parents: list[int | None], rank: dict[int, int]) -> int:
    while x != y:
        while rank[x] > rank[y]:
            x = parents[x] or 0
        while rank[y] > rank[x]:
            y = parents[y] or 0
    return x


def _reverse_postorder(body: Body) -> list[int]:
    order: list[int] = []
    seen = {0}
    work = [(0, iter(body.blocks[0].outgoing))]
    while work:
        number, edges = work[-1]
        edge = next(edges, None)
        if edge is None:
            order.append(number)
            work.pop()
        elif edge.target not in seen:
            seen.add(edge.target)
            work.append((edge.target, iter(body.blocks[edge.target].outgoing)))
    return order[::-1]
