"""Memory cells of values: which values need one, which share one, and the numbers of the frame slots.

A parameter and the arguments for it share a cell where their live ranges allow: then the argument's definition stores
straight into the parameter's cell and the edge costs nothing.
"""

from __future__ import annotations

from zkwasm_compiler.lowering.allocate_body import Body, BodyEdge
from zkwasm_compiler.lowering.allocate_ranges import LiveRanges
from zkwasm_compiler.lowering.allocate_transfers import Transfers, holder
from zkwasm_compiler.machine.step import Slot, VirtualRegister

Value = VirtualRegister


class Cells:
    """The values with cells (`stored`) and the frame slot of each."""

    def __init__(self, body: Body, live: LiveRanges, transfers: Transfers) -> None:
        self.body = body
        self.live = live
        self.transfers = transfers
        self.stored: set[Value] = set()
        self.leader: dict[Value, Value] = {}
        self.web_ranges: dict[Value, int] = {}
        self.web_slot: dict[Value, int] = {}
        self.homes = {
            step.defined: (number, step)
            for number, block in enumerate(body.blocks)
            for step in block.steps
            if step.defined is not None
        }
        self.parameters = {p: number for number, block in enumerate(body.blocks) for p in block.parameters}
        for value, place in body.places.items():
            if isinstance(place, int):
                self.web_slot[value] = place
        self.collect()
        self.slots = self.color()
        self.size = 1 + max([*self.slots.values(), *body.reserved_slots], default=-1)

    def slot(self, value: Value) -> Slot:
        """The cell of a stored value."""
        return Slot("frame", self.slots[self.web(value)])

    def scratch(self) -> Slot:
        """A cell that nothing else uses."""
        self.size += 1
        return Slot("frame", self.size - 1)

    def web(self, value: Value) -> Value:
        """The value that stands for all that share its cell."""
        while value in self.leader:
            value = self.leader[value]
        return value

    def range_of(self, web: Value) -> int:
        return self.web_ranges.get(web, 0) or self.live.of(web)

    # Which values are stored

    def collect(self) -> None:
        work = sorted(self.transfers.from_memory(), key=lambda value: value.id)
        while work:
            value = work.pop()
            if value in self.stored:
                continue
            self.stored.add(value)
            if value not in self.parameters:
                continue
            for edge in self.body.blocks[self.parameters[value]].incoming:
                before = edge.before(value)
                if before.constant is None and self.wants_cell(edge, value, before):
                    work.append(before)

    def wants_cell(self, edge: BodyEdge, parameter: Value, argument: Value) -> bool:
        """Whether the argument of a stored parameter needs a cell; joins the two where that saves the copy."""
        held = holder(self.transfers.ends[edge.source], argument) is not None
        if self.web(argument) == self.web(parameter):
            return True
        stores_for_less = argument in self.stored or self.store_cost(argument) <= edge.frequency
        if (stores_for_less or not held) and self.join(parameter, argument):
            return True
        return not held

    def store_cost(self, value: Value) -> float:
        """What storing a value where it is made costs."""
        if value in self.homes:
            number, step = self.homes[value]
            return 0.0 if step.stores else self.body.blocks[number].frequency
        if value in self.parameters:
            return self.body.blocks[self.parameters[value]].frequency
        return 0.0 if isinstance(self.body.places.get(value), int) else self.body.blocks[0].frequency

    def join(self, x: Value, y: Value) -> bool:
        """Give two values one cell, unless both are live somewhere or their cells are fixed."""
        one, other = self.web(x), self.web(y)
        if self.range_of(one) & self.range_of(other) or (one in self.web_slot and other in self.web_slot):
            return False
        if other in self.web_slot:
            one, other = other, one
        self.web_ranges[one] = self.range_of(one) | self.range_of(other)
        self.leader[other] = one
        return True

    # Slots

    def color(self) -> dict[Value, int]:
        """The slot of every web: the lowest one whose other webs are never live at the same time."""
        taken: dict[int, int] = {}
        slots: dict[Value, int] = {}
        for value, slot in self.web_slot.items():
            slots[value] = slot
            taken[slot] = taken.get(slot, 0) | self.range_of(value) | 1
        webs = {self.web(value) for value in self.stored} - set(slots)
        for web in sorted(webs, key=lambda web: (self.range_of(web) & -self.range_of(web), web.id)):
            slot = 0
            while slot in self.body.reserved_slots or taken.get(slot, 0) & self.range_of(web):
                slot += 1
            slots[web] = slot
            taken[slot] = taken.get(slot, 0) | self.range_of(web)
        return slots
