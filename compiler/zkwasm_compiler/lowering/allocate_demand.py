"""Fills the grid: serves the demands of all steps, the most frequent first."""

from __future__ import annotations

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.lowering.allocate_body import Body, BodyEdge, BodyStep, NarrowUse
from zkwasm_compiler.lowering.allocate_grid import REGISTERS, Claim, Grid, Plan, Value
from zkwasm_compiler.lowering.allocate_ranges import LiveRanges
from zkwasm_compiler.lowering.allocate_stores import StoreCosts
from zkwasm_compiler.lowering.allocate_transfers import stuck
from zkwasm_compiler.machine.allocation import NARROW_REGISTERS

PASSES = 4
"""How often what still costs a fill is tried again."""


def fill_grid(body: Body, live: LiveRanges) -> Grid:
    """The grid that serves every demand of the function."""
    return _Filler(body, live).run()


class _Filler:
    def __init__(self, body: Body, live: LiveRanges) -> None:
        self.body = body
        self.live = live
        self.stores = StoreCosts(body, live)
        self.grid = Grid(body, self.stores)
        order = sorted(range(len(body.blocks)), key=lambda number: -body.blocks[number].frequency)
        self.order = order
        self.last_read: list[dict[Value, int]] = [
            {value: position for position, step in enumerate(block.steps) for value in step.anywhere}
            for block in body.blocks
        ]
        """By block: the last step that reads a value from any register."""

    def run(self) -> Grid:
        self.place_forced()
        frequencies = sorted({block.frequency for block in self.body.blocks}, reverse=True)
        for frequency in frequencies:
            blocks = [number for number in self.order if self.body.blocks[number].frequency == frequency]
            for number in sorted(blocks):
                for position in range(len(self.body.blocks[number].steps)):
                    self.orient(number, position)
                    self.serve_fixed(number, position)
            for number in sorted(blocks):
                for position in range(len(self.body.blocks[number].steps)):
                    self.serve_anywhere(number, position)
        for _ in range(PASSES):
            if not self.improve():
                break
        self.break_cycles()
        self.keep_unstorable()
        self.hold_sources()
        return self.grid

    def place_forced(self) -> None:
        """What has no choice: fixed operands, results and arguments."""
        for number, block in enumerate(self.body.blocks):
            rows = self.grid.rows[number]
            for position, step in enumerate(block.steps):
                for register, value in step.fixed.items():
                    if register not in REGISTERS:
                        raise InternalError(f"{block.label}: step {step.origin} needs an operand in {register}")
                    rows[register][2 * position + 1] = value
                    self.grid.needed[number].add((register, 2 * position + 1))
                if step.commutes:
                    self.grid.loose.add((number, position))
                for register, value in step.results.items():
                    if self.live.alive(value, number, 2 * position + 2):
                        rows[register][2 * position + 2] = value
        for value, place in self.body.places.items():
            if isinstance(place, str) and self.live.alive(value, 0, 0):
                self.grid.rows[0][place][0] = value

    # Demands

    def orient(self, number: int, position: int) -> None:
        """Choose which operand of a commuting step goes to A, if nothing has chosen yet."""
        if (number, position) not in self.grid.loose:
            return
        self.grid.loose.discard((number, position))
        step = self.body.blocks[number].steps[position]
        written = self.pair_cost(number, position, step)
        self.grid.exchange(number, position, step)
        if self.pair_cost(number, position, step) >= written:
            self.grid.exchange(number, position, step)

    def pair_cost(self, number: int, position: int, step: BodyStep) -> float:
        total = 0.0
        for register in ("A", "B"):
            value = step.fixed[register]
            budget = self.fill_cost(number, 2 * position, value)
            plan = self.grid.plan(number, register, value, 2 * position, budget, 0.0)
            total += budget if plan is None else plan.cost
        return total

    def demand(self, number: int, position: int, register: str, value: Value) -> Plan | None:
        """The plan for a value that step `position` reads in `register`; None when a fill there is the cheapest."""
        budget = self.fill_cost(number, 2 * position, value)
        return self.grid.plan(number, register, value, 2 * position, budget, self.body.blocks[number].frequency)

    def fill_cost(self, number: int, point: int, value: Value) -> float:
        """What a fill with `value` costs in the gap behind a point: a step, and a store if no register holds it."""
        frequency = self.body.blocks[number].frequency
        if any(row[point] == value for row in self.grid.rows[number].values()):
            return frequency
        return frequency + self.stores.cost(value)

    def serve_fixed(self, number: int, position: int) -> None:
        block = self.body.blocks[number]
        fixed = block.steps[position].fixed
        for value in dict.fromkeys(fixed.values()):
            registers = [
                register
                for register in sorted(fixed)
                if fixed[register] == value and self.grid.rows[number][register][2 * position] != value
            ]
            self.extend(number, 2 * position, registers, value)

    def extend(self, number: int, point: int, registers: list[str], value: Value) -> bool:
        """Replace the fill of several registers with one value in the gap behind a point by something cheaper."""
        budget = self.fill_cost(number, point, value)
        if self.replace(number, point, registers, value, budget, self.body.blocks[number].frequency):
            return True
        if budget > self.body.blocks[number].frequency:
            early = [(register, self.grid.place_early(number, register, value, point)) for register in registers]
            if early and all(plan is not None for _, plan in early):
                for register, plan in early:
                    assert plan is not None
                    self.grid.apply(register, plan)
                return True
            self.stores.pay(value)
        return False

    def replace(self, number: int, point: int, registers: list[str], value: Value, budget: float, floor: float) -> bool:
        """Claim the registers for `value` further back, if the fills that remain cost less than `budget`."""
        plans = [self.grid.plan(number, register, value, point, budget, floor) for register in registers]
        cost = sum(budget if plan is None else plan.cost for plan in plans)
        if not registers or cost >= budget - 1e-9:
            return False
        for register, plan in zip(registers, plans, strict=True):
            assert plan is not None
            self.grid.apply(register, plan)
        for plan in plans:  # when all registers have what they were planned for
            assert plan is not None
            self.keep_for_edges(plan)
        return True

    def keep_for_edges(self, plan: Plan) -> None:
        """Keep what an edge fills registers with in some register up to there, if it would have to be stored else."""
        for edge, value in plan.edges:
            if not self.stores.cost(value):
                continue
            keepers = self.grid.keepers(edge.source, value)
            end = self.body.blocks[edge.source].end
            if keepers and self.grid.rows[edge.source][keepers[0]][end] is None:
                _, low = self.grid.scan(edge.source, keepers[0], value, end)
                self.grid.apply(keepers[0], Plan(0.0, (Claim(edge.source, low, end, value),)))
            elif not keepers:
                self.stores.pay(value)

    def serve_anywhere(self, number: int, position: int) -> None:
        block, rows, point = self.body.blocks[number], self.grid.rows[number], 2 * position + 1
        for value in sorted(block.steps[position].anywhere, key=lambda value: self.age(value, number)):
            register = next((name for name in self.body.registers_for(value) if rows[name][point] == value), None)
            if register is None:
                register = self.choose(number, position, value)
            self.grid.needed[number].add((register, point))

    def age(self, value: Value, number: int) -> int:
        """Where in the block a value is made: those from elsewhere come first, they are in a register already."""
        home, point = self.live.defined.get(value, (-1, 0))
        return point if home == number else -1

    def choose(self, number: int, position: int, value: Value) -> str:
        """Put `value` into the register where that costs least and takes the smallest hole."""
        rows, point = self.grid.rows[number], 2 * position + 1
        free = [name for name in self.body.registers_for(value) if rows[name][point] is None]
        if not free:
            free = [self.evict(number, position, self.body.registers_for(value))]
        offers: list[tuple[tuple[float, ...], str, Plan | None]] = []
        for name in free:
            rows[name][point] = value
            plan = self.demand(number, position, name, value)
            cost = self.fill_cost(number, point - 1, value) if plan is None else plan.cost
            if plan is None and cost > self.body.blocks[number].frequency:
                plan = self.grid.place_early(number, name, value, point - 1)
                cost = cost if plan is None else plan.cost
            far = self.grid.plan(number, name, value, point - 1, cost, 0.0) if plan is not None and plan.edges else None
            rows[name][point] = None
            follower, distance = self.follower(number, name, point)
            if follower == value and self.lasts(number, name, point, point + distance):
                cost -= self.body.blocks[number].frequency
            total = cost if far is None else far.cost
            ousts = int(self.grid.ousts(number, name, value, point))
            covered = self.covered(number, name, position, value)
            fresh = 0 if plan is None else sum(claim.high - claim.low + 1 for claim in plan.claims)
            wide = int(self.body.narrow is NarrowUse.FIRST and name not in NARROW_REGISTERS)
            offers.append(((cost, total, wide, ousts, -covered, fresh, distance), name, plan))
        _, register, plan = min(offers, key=lambda offer: (offer[0], offer[1]))
        follower, distance = self.follower(number, register, point)
        rows[register][point] = value
        if follower == value and self.lasts(number, register, point, point + distance):
            self.grid.apply(register, Plan(0.0, (Claim(number, point, point + distance, value),)))
        if plan is not None:
            self.grid.apply(register, plan)
            self.keep_for_edges(plan)
        elif not any(row[point - 1] == value for row in rows.values()):
            self.stores.pay(value)
        return register

    def covered(self, number: int, register: str, position: int, value: Value) -> int:
        """How many later steps of the block could read `value` from the register if it stayed there from a step on."""
        row, steps = self.grid.rows[number][register], self.body.blocks[number].steps
        count = 0
        for later in range(position + 1, self.last_read[number].get(value, position) + 1):
            point = 2 * later
            if row[point] not in (None, value) or row[point + 1] not in (None, value):
                break
            if steps[later - 1].changes(register):
                break
            count += value in steps[later].anywhere
        return count

    def follower(self, number: int, register: str, point: int) -> tuple[Value | None, int]:
        """What the register holds next in the block after a free point, and how far away that is."""
        row = self.grid.rows[number][register]
        for later in range(point + 1, len(row)):
            if row[later] is not None:
                return row[later], later - point
        return None, len(row) - point

    def lasts(self, number: int, register: str, point: int, later: int) -> bool:
        """Whether a value put into the register at a point is there at a later one, where it would be filled else."""
        steps = self.body.blocks[number].steps[point // 2 : later // 2]
        return later % 2 == 1 and not any(step.changes(register) for step in steps)

    def evict(self, number: int, position: int, registers: tuple[str, ...]) -> str:
        """Free one of the registers at a step: the one whose value is read last in the block."""
        point = 2 * position + 1
        busy = self.grid.needed[number]
        candidates = [name for name in registers if (name, point) not in busy]
        if not candidates:
            block = self.body.blocks[number]
            raise InternalError(f"{block.label}: step {block.steps[position].origin} reads more values than registers")
        victim = max(candidates, key=lambda name: (self.next_read(number, name, point), name))
        self.grid.release(number, victim, point)
        return victim

    def next_read(self, number: int, register: str, point: int) -> int:
        end = self.body.blocks[number].end
        busy = self.grid.needed[number]
        return next((later for later in range(point + 1, end, 2) if (register, later) in busy), end)

    # What still costs

    def improve(self) -> bool:
        """Try every remaining fill again; whether one went away."""
        better = False
        for number in self.order:
            block = self.body.blocks[number]
            for position in range(len(block.steps)):
                for value, registers in self.fills_in_gap(number, 2 * position).items():
                    better |= self.extend(number, 2 * position, registers, value)
        for edge in sorted(self.body.edges(), key=lambda edge: -edge.frequency):
            end = self.body.blocks[edge.source].end
            for value, registers in self.fills_on_edge(edge).items():
                if all(self.grid.rows[edge.source][register][end] is None for register in registers):
                    better |= self.replace(edge.source, end, registers, value, edge.frequency, edge.frequency)
        return better

    def fills_on_edge(self, edge: BodyEdge) -> dict[Value, list[str]]:
        end = self.body.blocks[edge.source].end
        fills: dict[Value, list[str]] = {}
        for register in REGISTERS:
            occupant = self.grid.rows[edge.target][register][0]
            if occupant is not None and self.grid.rows[edge.source][register][end] != edge.before(occupant):
                fills.setdefault(edge.before(occupant), []).append(register)
        return fills

    def fills_in_gap(self, number: int, point: int) -> dict[Value, list[str]]:
        fills: dict[Value, list[str]] = {}
        for register in REGISTERS:
            row = self.grid.rows[number][register]
            value = row[point + 1]
            if value is not None and row[point] != value:
                fills.setdefault(value, []).append(register)
        return fills

    # How what remains is done

    def hold_sources(self) -> None:
        """Let a register that holds a value anyway hold it up to where it would be loaded from memory."""
        for number, block in enumerate(self.body.blocks):
            rows = self.grid.rows[number]
            for point in range(0, block.end, 2):
                for value in self.fills_in_gap(number, point):
                    if value.constant is not None or any(row[point] == value for row in rows.values()):
                        continue
                    for register in self.body.registers_for(value):
                        plan = self.grid.plan(number, register, value, point, 1e-6, 0.0)
                        if plan is not None and rows[register][point] is None:
                            self.grid.apply(register, plan)
                            break

    def break_cycles(self) -> None:
        """Hold a value of a cycle of moves in one more register, if that is possible for nothing."""
        for number, block in enumerate(self.body.blocks):
            for point in range(0, block.end, 2):
                self.break_cycle(number, point, self.fills_in_gap(number, point))
        for edge in self.body.edges():
            self.break_cycle(edge.source, self.body.blocks[edge.source].end, self.fills_on_edge(edge))

    def break_cycle(self, number: int, point: int, fills: dict[Value, list[str]]) -> None:
        written = {register for registers in fills.values() for register in registers}
        for value in stuck(fills, {name: row[point] for name, row in self.grid.rows[number].items()}):
            for register in self.body.registers_for(value):
                status, low = self.grid.scan(number, register, value, point)
                if register not in written and status == "held" and low <= point:
                    self.grid.apply(register, Plan(0.0, (Claim(number, low, point, value),)))
                    return

    # Values whose definition cannot store them

    def keep_unstorable(self) -> None:
        """A defined value whose step cannot store it must be in a register behind the step."""
        for number, block in enumerate(self.body.blocks):
            for position, step in enumerate(block.steps):
                value, point = step.defined, 2 * position + 2
                if value is None or step.stores or not self.live.alive(value, number, point):
                    continue
                rows = self.grid.rows[number]
                if any(row[point] == value for row in rows.values()):
                    continue
                able = [name for name in self.body.registers_for(value) if not step.changes(name)]
                free = [name for name in able if rows[name][point] is None]
                if free:
                    rows[free[0]][point] = value
                    continue
                victim = max(able, key=lambda name: (self.next_read(number, name, point), name))
                self.grid.release(number, victim, point)
                rows[victim][point] = value
