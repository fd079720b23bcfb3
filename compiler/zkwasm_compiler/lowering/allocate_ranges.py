"""Live ranges as sets of points, one bit a point, so that interference is one `&`."""

from __future__ import annotations

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.lowering.allocate_body import Body
from zkwasm_compiler.machine.step import VirtualRegister


class LiveRanges:
    """The points between the definition of each value and the uses that are added.

    A parameter that is used makes the arguments for it used at the ends of the edges' sources.
    """

    def __init__(self, body: Body) -> None:
        self.body = body
        self.first: list[int] = []
        """The number of each block's point 0 among all points."""
        self.defined: dict[VirtualRegister, tuple[int, int]] = {}
        """Where each value is made: block and point."""
        self.ranges: dict[VirtualRegister, int] = {}
        total = 0
        for number, block in enumerate(body.blocks):
            self.first.append(total)
            total += block.end + 1
            for parameter in block.parameters:
                self.defined[parameter] = (number, 0)
            for position, step in enumerate(block.steps):
                for value in (*step.results.values(), *([step.defined] if step.defined else [])):
                    if value in self.defined:
                        raise InternalError(f"{block.label}: step {step.origin} defines {value} a second time")
                    self.defined[value] = (number, 2 * position + 2)
        for argument in body.places:
            self.defined[argument] = (0, 0)

    def of(self, value: VirtualRegister) -> int:
        """The live points of `value` as bits."""
        return self.ranges.get(value, 0)

    def alive(self, value: VirtualRegister, block: int, point: int) -> bool:
        """Whether `value` is used at or after the point."""
        return bool(self.of(value) >> (self.first[block] + point) & 1)

    def use_all(self) -> LiveRanges:
        """Add every use that a step makes."""
        for number, block in enumerate(self.body.blocks):
            for position, step in enumerate(block.steps):
                for value in (*step.fixed.values(), *step.anywhere):
                    self.use(value, number, 2 * position + 1)
        return self

    def use(self, value: VirtualRegister, block: int, point: int) -> None:
        """Add a use of `value` at a point."""
        work = [(value, block, point)]
        while work:
            value, block, point = work.pop()
            if value.constant is not None:
                continue
            home, start = self._definition(value, block)
            if home == block and start <= point:
                self._add(value, block, start, point)
                if start or value not in self.body.blocks[block].parameters:
                    continue
                before = [(edge.before(value), edge.source) for edge in self.body.blocks[block].incoming]
            else:
                if not self._add(value, block, 0, point):
                    continue
                if block == 0:
                    raise InternalError(f"{value} is read in {self.body.blocks[0].label} but not made before")
                before = [(value, edge.source) for edge in self.body.blocks[block].incoming]
            for earlier, source in before:
                end = self.body.blocks[source].end
                if earlier.constant is None and not self.alive(earlier, source, end):
                    work.append((earlier, source, end))

    def _definition(self, value: VirtualRegister, block: int) -> tuple[int, int]:
        if value not in self.defined:
            raise InternalError(f"{self.body.blocks[block].label} reads {value}, which nothing defines")
        return self.defined[value]

    def _add(self, value: VirtualRegister, block: int, low: int, high: int) -> bool:
        """Add the points low..high of a block; whether `low` is new."""
        old = self.of(value)
        bits = ((1 << (high - low + 1)) - 1) << (self.first[block] + low)
        self.ranges[value] = old | bits
        return not old >> (self.first[block] + low) & 1
