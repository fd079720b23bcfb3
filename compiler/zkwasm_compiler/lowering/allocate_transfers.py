"""From the grid to moves: what is copied in each gap and on each edge, from where, and which values need a cell."""

from __future__ import annotations

from dataclasses import dataclass, field

from zkwasm_compiler.lowering.allocate_body import Body, BodyEdge
from zkwasm_compiler.lowering.allocate_grid import REGISTERS, Grid, Value
from zkwasm_compiler.lowering.allocate_ranges import LiveRanges


@dataclass(eq=False, slots=True)
class Fill:
    """A value that goes into registers, from another register or (None) from its cell or as a constant."""

    value: Value
    registers: list[str]
    source: str | None


@dataclass(eq=False, slots=True)
class Gap:
    """What happens in front of a step: fills; `before` and `after` are the registers' contents around them."""

    before: dict[str, Value]
    after: dict[str, Value]
    fills: list[Fill] = field(default_factory=list)


class Transfers:
    """The gaps of all blocks, the contents of the registers at their ends, and the fills of the edges."""

    def __init__(self, body: Body, grid: Grid, live: LiveRanges) -> None:
        self.body = body
        self.stores = grid.stores
        self.grid = grid
        self.live = live
        self.gaps: list[list[Gap]] = []
        self.ends: list[dict[str, Value]] = []
        for number in range(len(body.blocks)):
            self.walk(number)
        self.edge_fills: dict[BodyEdge, list[Fill]] = {edge: self.fill_edge(edge) for edge in body.edges()}

    def walk(self, number: int) -> None:
        """Follow what the registers of a block really hold, which may be more than the grid wants."""
        block, rows = self.body.blocks[number], self.grid.rows[number]
        held: dict[str, Value] = {}
        for register in REGISTERS:
            value = rows[register][0]
            if value is not None:
                held[register] = value
        gaps: list[Gap] = []
        for position, step in enumerate(block.steps):
            gap = Gap(dict(held), held)
            for register in REGISTERS:
                value = rows[register][2 * position + 1]
                if value is not None and gap.before.get(register) != value:
                    self.add(gap.fills, value, register)
            self.find_sources(gap.fills, gap.before)
            for fill in gap.fills:
                held.update(dict.fromkeys(fill.registers, fill.value))
            gap.after = dict(held)
            gaps.append(gap)
            for register in REGISTERS:
                if step.changes(register):
                    held.pop(register, None)
                if register in step.results:
                    held[register] = step.results[register]
                elif step.carried is not None and rows[register][2 * position + 2] == step.carried:
                    held[register] = step.carried
        self.gaps.append(gaps)
        self.ends.append(held)

    def fill_edge(self, edge: BodyEdge) -> list[Fill]:
        fills: list[Fill] = []
        held = self.ends[edge.source]
        for register in REGISTERS:
            value = self.grid.rows[edge.target][register][0]
            if value is not None and held.get(register) != edge.before(value):
                self.add(fills, edge.before(value), register)
        self.find_sources(fills, held)
        return fills

    def add(self, fills: list[Fill], value: Value, register: str) -> None:
        """Add a register to the fill of `value`, starting one if there is none."""
        for fill in fills:
            if fill.value == value:
                fill.registers.append(register)
                return
        fills.append(Fill(value, [register], None))

    def find_sources(self, fills: list[Fill], held: dict[str, Value]) -> None:
        """Take each value from a register that keeps it if one does; break cycles through cells that cost nothing."""
        contents: dict[str, Value | None] = dict(held)
        wanted = {fill.value: fill.registers for fill in fills}
        for value in stuck(wanted, contents):
            if value.constant is not None or not self.stores.cost(value):
                for register in [name for name in REGISTERS if contents.get(name) == value]:
                    contents[register] = None
                break
        written = {register for fill in fills for register in fill.registers}
        for fill in fills:
            holders = [name for name in REGISTERS if contents.get(name) == fill.value]
            fill.source = min(holders, key=lambda name: (name in written, REGISTERS.index(name)), default=None)

    def from_memory(self) -> set[Value]:
        """The values that some fill takes from their cell."""
        every = [fill for gaps in self.gaps for gap in gaps for fill in gap.fills]
        every += [fill for fills in self.edge_fills.values() for fill in fills]
        return {fill.value for fill in every if fill.source is None and fill.value.constant is None}


def stuck(fills: dict[Value, list[str]], contents: dict[str, Value | None]) -> list[Value]:
    """The values whose moves wait for each other: each overwrites the only register that still holds another."""
    waiting = {value: registers for value, registers in fills.items() if value in contents.values()}
    contents = dict(contents)
    while waiting:
        ready = next((value for value in waiting if not _overwrites(waiting, value, contents)), None)
        if ready is None:
            return list(waiting)
        contents.update(dict.fromkeys(waiting.pop(ready), ready))
    return []


def _overwrites(waiting: dict[Value, list[str]], value: Value, contents: dict[str, Value | None]) -> bool:
    """Whether the move of `value` destroys the last copy of another value that still has to move."""
    after = {**contents, **dict.fromkeys(waiting[value], value)}
    return any(other not in after.values() for other in waiting)


def holder(held: dict[str, Value], value: Value) -> str | None:
    """A register that holds `value`."""
    return next((register for register in REGISTERS if held.get(register) == value), None)
