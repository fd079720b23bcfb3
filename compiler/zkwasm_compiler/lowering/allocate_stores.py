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
        self.costs: dict[VirtualRegister, float] = {}
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
        if value not in self.costs:
            self.costs[value] = self.with_web(value)[0]
        return self.costs[value]

    def pay(self, value: VirtualRegister) -> None:
        """Take it that `value` is stored, and with it what shares its cell."""
        if value.constant is None and value not in self.paid:
            self.paid |= self.with_web(value)[1]
            self.costs.clear()

    def with_web(self, value: VirtualRegister) -> tuple[float, set[VirtualRegister]]:
        """The cost for a value, and all values that are stored with it."""
        if value not in self.parameters:
            return self.at_definition(value), {value}
        total, web, work = 0.0, {value}, [value]
        while work:
            parameter = work.pop()
            for edge in self.body.blocks[self.parameters[parameter]].incoming:
                argument = edge.before(parameter)
                if argument in web or argument in self.paid:
                    continue
                if not self.joins(parameter, argument):
                    total += edge.frequency
                else:
                    web.add(argument)
                    if argument in self.parameters:
                        work.append(argument)
        return total, web

    def at_definition(self, value: VirtualRegister) -> float:
        """The cost of storing a value that is no parameter where it is made."""
        if value in self.homes:
            number, step = self.homes[value]
            return 0.0 if step.stores and step.defined == value else self.body.blocks[number].frequency
        return 0.0 if isinstance(self.body.places.get(value), int) else self.body.blocks[0].frequency

    def joins(self, parameter: VirtualRegister, argument: VirtualRegister) -> bool:
        """Whether the argument can share the parameter's cell and be stored there for nothing where it is made."""
        if argument.constant is not None:
            return False
        if argument not in self.parameters and self.at_definition(argument):
            return False
        return not self.live.of(parameter) & self.live.of(argument)
