"""What it costs to have a value in memory: nothing where the step that makes it can store it as well."""

from __future__ import annotations

from zkwasm_compiler.lowering.allocate_body import Body
from zkwasm_compiler.lowering.allocate_ranges import LiveRanges
from zkwasm_compiler.machine.step import VirtualRegister


class StoreCosts:
    """An estimate, made before it is known which values share cells. `paid` are values that are stored anyway."""

    def __init__(self, body: Body, live: LiveRanges) -> None:
        self.body = body
        self.live = live
        self.paid: set[VirtualRegister] = set()
        self.homes = {
            value: (number, step)
            for number, block in enumerate(body.blocks)
            for step in block.steps
            for value in (step.defined, *step.results.values())
            if value is not None
        }
        self.parameters = {p: number for number, block in enumerate(body.blocks) for p in block.parameters}

    def cost(self, value: VirtualRegister) -> float:
        """The steps, weighted, that storing `value` takes if it is not stored yet."""
        if value.constant is not None or value in self.paid:
            return 0.0
        if value not in self.parameters:
            return self.at_definition(value)
        return sum(
            0.0 if self.joins(value, edge.before(value)) else edge.frequency
            for edge in self.body.blocks[self.parameters[value]].incoming
            if edge.before(value) != value
        )

    def at_definition(self, value: VirtualRegister) -> float:
        """The cost of storing a value that is no parameter where it is made."""
        if value in self.homes:
            number, step = self.homes[value]
            return 0.0 if step.stores and step.defined == value else self.body.blocks[number].frequency
        return 0.0 if isinstance(self.body.places.get(value), int) else self.body.blocks[0].frequency

    def joins(self, parameter: VirtualRegister, argument: VirtualRegister) -> bool:
        """Whether the argument's definition can store into the parameter's cell for nothing."""
        if argument.constant is not None or argument in self.parameters or self.at_definition(argument):
            return False
        return not self.live.of(parameter) & self.live.of(argument)
