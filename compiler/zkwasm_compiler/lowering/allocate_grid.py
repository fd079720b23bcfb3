"""The grid: which value each register holds at each point, filled by demand.

Every value lives in memory if need be; a register that holds it is a cache, and what counts is the number of *fills*:
points where a value gets into a register without being defined there. A fixed operand must be in its register when its
step reads it. Whether that costs a fill depends on how far back the register can hold the value already: to the step
that defines it (free), to another fill of it (free: one step fills any number of registers), or to a point where the
register is taken. Over several blocks the cheapest places for the fills are a minimum cut between the points where the
register is taken and the demand, with the frequencies of the edges as capacities. So the hottest demands are served
first, loops carry their values in registers, constants leave loops, and reloads sink to where they are rare.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.lowering.allocate_body import Body, BodyEdge, BodyStep
from zkwasm_compiler.lowering.allocate_cut import SINK, SOURCE, Network
from zkwasm_compiler.lowering.allocate_stores import StoreCosts
from zkwasm_compiler.machine.allocation import NARROW_REGISTERS, VALUE_REGISTERS
from zkwasm_compiler.machine.step import VirtualRegister

REGISTERS = (*VALUE_REGISTERS, *NARROW_REGISTERS, "RR")
REGION_LIMIT = 200
"""Blocks that one demand may look back over."""

Value = VirtualRegister
Row = list[Value | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """Points low..high of a block at which a register is to hold a value."""

    block: int
    low: int
    high: int
    value: Value


@dataclass(frozen=True, slots=True)
class Plan:
    """The claims that serve a demand, what the fills that remain cost, and the edges on which they are."""

    cost: float
    claims: tuple[Claim, ...]
    edges: tuple[tuple[BodyEdge, Value], ...] = ()


class Grid:
    """`rows[b][register][point]` is the value that block b keeps in the register at the point, or None."""

    def __init__(self, body: Body, stores: StoreCosts) -> None:
        self.body = body
        self.stores = stores
        self.rows: list[dict[str, Row]] = [
            {register: [None] * (block.end + 1) for register in REGISTERS} for block in body.blocks
        ]
        self.needed: list[set[tuple[str, int]]] = [set() for _ in body.blocks]
        """The registers and points of each block that a step reads."""
        self.loose: set[tuple[int, int]] = set()
        """Steps by block and number that may still exchange A and B."""

    # The scan back over one block

    def scan(self, number: int, register: str, value: Value, point: int) -> tuple[str, int]:
        """How far back from an even point the register can hold `value`: ``held`` from the returned point on without
        any fill, ``open`` to the start of the block, or ``taken``."""
        block, row = self.body.blocks[number], self.rows[number][register]
        if register in NARROW_REGISTERS and not self.body.is_narrow(value):
            return "taken", point
        while True:
            if row[point] is not None:
                return ("held", point + 1) if row[point] == value else ("taken", point)
            if point == 0:
                return "open", 0
            step = block.steps[point // 2 - 1]
            if step.changes(register) or value in step.results.values():  # made here, in another register
                return "taken", point
            if step.carried == value:
                return "held", point
            occupant = row[point - 1]
            if occupant is not None:
                if occupant == value or self.turn(number, point // 2 - 1, register, value):
                    return "held", point
                return "taken", point
            if self.fills(number, point - 2, value, register):
                return "held", point - 1
            point -= 2

    def fills(self, number: int, point: int, value: Value, but: str) -> bool:
        """Whether another register than `but` is filled with `value` in the gap behind `point`."""
        return any(
            row[point + 1] == value and row[point] != value
            for register, row in self.rows[number].items()
            if register != but
        )

    def edge_fills(self, edge: BodyEdge, value: Value, but: str) -> bool:
        """Whether another register than `but` is filled with `value` (its name at the target) on an edge."""
        before, end = edge.before(value), self.body.blocks[edge.source].end
        return any(
            row[0] == value and self.rows[edge.source][register][end] != before
            for register, row in self.rows[edge.target].items()
            if register != but
        )

    def keepers(self, number: int, value: Value) -> list[str]:
        """The registers that hold `value` at the end of a block or could do so for nothing; holders come first."""
        end = self.body.blocks[number].end
        rows = self.rows[number]
        holding = [name for name in self.body.registers_for(value) if rows[name][end] == value]
        able: list[tuple[bool, bool, str]] = []
        for name in self.body.registers_for(value):
            status, low = self.scan(number, name, value, end) if rows[name][end] is None else ("taken", end)
            if status == "held":
                moves = not low or rows[name][low - 1] != value
                able.append((moves, self.ousts(number, name, value, end), name))
        return holding + [name for _, _, name in sorted(able)]

    def ousts(self, number: int, register: str, value: Value, point: int) -> bool:
        """Whether the register held something else before a free point of the block that is read later on."""
        row = self.rows[number][register]
        last = next((row[p] for p in range(point - 1, -1, -1) if row[p] is not None), None)
        return (
            last is not None and last != value and last.constant is None and self.stores.live.alive(last, number, point)
        )

    def turn(self, number: int, position: int, register: str, value: Value) -> bool:
        """Exchange A and B of a loose step if that puts `value` into `register`."""
        step = self.body.blocks[number].steps[position]
        if (number, position) not in self.loose or register not in ("A", "B") or value not in step.fixed.values():
            return False
        if value not in (step.fixed["A"], step.fixed["B"]):
            return False
        self.exchange(number, position, step)
        self.loose.discard((number, position))
        return True

    def exchange(self, number: int, position: int, step: BodyStep) -> None:
        """Exchange A and B of a step."""
        step.swap()
        for register in ("A", "B"):
            self.rows[number][register][2 * position + 1] = step.fixed[register]

    # Plans

    def plan(self, number: int, register: str, value: Value, point: int, budget: float, floor: float) -> Plan | None:
        """The cheapest way to have `value` in the register at an even point, if it costs less than `budget`.

        Blocks that run less often than `floor` are not entered: their registers are for their own demands first.
        """
        status, low = self.scan(number, register, value, point)
        if status == "held":
            return Plan(0.0, (Claim(number, low, point, value),) if low <= point else ())
        if status == "taken" or number == 0:
            return None
        return _Region(self, register, Claim(number, 0, point, value), budget, floor).plan()

    def place_early(self, number: int, register: str, value: Value, point: int) -> Plan | None:
        """A fill of the register in an earlier gap of the block, where another register still holds `value`."""
        block, row, high = self.body.blocks[number], self.rows[number][register], point
        while True:
            if row[point] is None and any(other[point] == value for other in self.rows[number].values()):
                return Plan(block.frequency, (Claim(number, point + 1, high, value),))
            if point == 0 or row[point] is not None or row[point - 1] is not None:
                return None
            if block.steps[point // 2 - 1].changes(register):
                return None
            point -= 2

    def apply(self, register: str, plan: Plan) -> None:
        """Make the claims of a plan."""
        for claim in plan.claims:
            row = self.rows[claim.block][register]
            for point in range(claim.low, claim.high + 1):
                if row[point] is not None and row[point] != claim.value:
                    label = self.body.blocks[claim.block].label
                    raise InternalError(f"{label}: {register} was to hold {claim.value} and {row[point]} at one point")
                row[point] = claim.value

    def release(self, number: int, register: str, point: int) -> None:
        """Give up what the register holds from a point on, up to where a step reads it or the block ends."""
        row = self.rows[number][register]
        value = row[point]
        while point < len(row) and row[point] == value and (register, point) not in self.needed[number]:
            row[point] = None
            point += 1


class _Region:
    """The blocks behind one demand, and the cheapest edges to fill on."""

    def __init__(self, grid: Grid, register: str, start: Claim, budget: float, floor: float) -> None:
        self.grid = grid
        self.blocks = grid.body.blocks
        self.register = register
        self.budget = budget
        self.floor = floor
        self.start = start
        self.network = Network()
        self.claims: dict[int, Claim] = {}
        self.arcs: list[tuple[BodyEdge, int, int, Value]] = []

    def plan(self) -> Plan | None:
        work: list[tuple[int, int, Value]] = [(SINK, self.start.block, self.start.value)]
        while work:
            node, number, value = work.pop()
            for edge in self.blocks[number].incoming:
                found = self.enter(node, edge, value)
                if found is not None:
                    work.append(found)
        cost, side = self.network.cut(self.budget)
        if cost >= self.budget - 1e-9:
            return None
        side.add(SINK)
        claims = (self.claims[node] for node in sorted(side) if node in self.claims)
        edges = tuple((edge, value) for edge, tail, head, value in self.arcs if head in side and tail not in side)
        return Plan(cost, (self.start, *claims), edges)

    def enter(self, node: int, edge: BodyEdge, value: Value) -> tuple[int, int, Value] | None:
        """Follow one edge back; gives the node to go on from."""
        before, source, start = edge.before(value), edge.source, self.start
        block = self.blocks[source]
        if source == start.block and start.high == block.end:
            if before != start.value:
                self.add(SOURCE, node, edge, value)
            return None
        if source in self.claims:
            self.add(source if self.claims[source].value == before else SOURCE, node, edge, value)
            return None
        if len(self.claims) >= REGION_LIMIT or block.frequency < self.floor * 0.999:
            self.add(SOURCE, node, edge, value)
            return None
        status, low = self.grid.scan(source, self.register, before, block.end)
        overlaps = source == start.block and low <= start.high and before != start.value
        if status == "taken" or overlaps or (status == "open" and source == 0):
            early = self.grid.place_early(source, self.register, before, block.end)
            if early is None or early.claims[0].low > block.end or (source == start.block and self.start_meets(early)):
                self.add(SOURCE, node, edge, value)
            else:
                self.claims[source] = early.claims[0]
                self.network.add(SOURCE, source, block.frequency)
                self.add(source, node, edge, value)
            return None
        self.claims[source] = Claim(source, low, block.end, before)
        self.add(source, node, edge, value)
        return (source, source, before) if status == "open" else None

    def start_meets(self, plan: Plan) -> bool:
        """Whether the claim of a move at the end of the demand's own block reaches back to the demand."""
        return plan.claims[0].low <= self.start.high

    def add(self, tail: int, head: int, edge: BodyEdge, value: Value) -> None:
        """An arc for an edge: its price is a step, and a store where no register can hold the value."""
        before = edge.before(value)
        price = 0.0 if self.grid.edge_fills(edge, value, self.register) else edge.frequency
        if price and self.grid.stores.cost(before) and not self.grid.keepers(edge.source, before):
            price += self.grid.stores.cost(before)
        self.network.add(tail, head, price)
        self.arcs.append((edge, tail, head, before))
