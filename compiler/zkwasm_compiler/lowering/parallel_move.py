"""Moves that happen at once, as a sequence of steps.

Each value has one source (a register, a cell or a constant) and goes to any registers and cells. A move that overwrites
the source of another has to wait for it; a cycle is broken through a free register or a scratch cell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from zkwasm_compiler.machine.allocation import VALUE_REGISTERS
from zkwasm_compiler.machine.step import DEFINED, LIMB, Operation, Slot, Step, Term, load, store

Source = str | Slot | int
"""A register, a cell or a constant."""


@dataclass(frozen=True, slots=True)
class Move:
    """One value to copy from `source` to everything else that is named."""

    source: Source
    registers: tuple[str, ...] = ()
    cells: tuple[Slot, ...] = ()


def parallel_move(moves: Sequence[Move], free: Collection[str], scratch: Callable[[], Slot]) -> list[Step[str]]:
    """The steps that do all `moves`.

    `free` are registers that may be overwritten besides the destinations; `scratch` gives a new cell. Sources that are
    nobody's destination keep their values.
    """
    return _Mover(list(moves), [name for name in VALUE_REGISTERS if name in free], scratch).run()


class _Mover:
    def __init__(self, pending: list[Move], free: list[str], scratch: Callable[[], Slot]) -> None:
        self.pending = pending
        self.free = free
        self.scratch = scratch
        self.steps: list[Step[str]] = []

    def run(self) -> list[Step[str]]:
        while self.pending:
            ready = next((move for move in self.pending if not self.blocked(move)), None)
            if ready is None:
                self.break_cycle()
            else:
                self.pending.remove(ready)
                self.emit(ready)
        return self.steps

    def blocked(self, move: Move) -> bool:
        """Whether `move` overwrites the source of another one."""
        return any(
            other is not move and (other.source in move.registers or other.source in move.cells)
            for other in self.pending
        )

    def emit(self, move: Move) -> None:
        if not isinstance(move.source, Slot):
            self.spread(move.source, move.registers, move.cells)
            return
        cells = tuple(cell for cell in move.cells if cell != move.source)
        if not cells:
            self.load(move.source, move.registers)
            return
        if move.registers:
            self.load(move.source, move.registers)
            self.spread(move.registers[0], (), cells)
            return
        self.through_register(move.source, cells)

    def through_register(self, source: Slot, cells: tuple[Slot, ...]) -> None:
        """Copy a cell to cells, saving a register meanwhile if none is free."""
        register = self.free_register()
        if register is not None:
            self.load(source, (register,))
            self.spread(register, (), cells)
            return
        saved = self.scratch()
        self.spread("A", (), (saved,))
        self.load(source, ("A",))
        self.spread("A", (), cells)
        self.load(saved, ("A",))

    def free_register(self) -> str | None:
        """A register whose content nobody needs now, to be used at once."""
        needed = {move.source for move in self.pending}
        waiting = [name for move in self.pending for name in move.registers]
        return next((name for name in [*self.free, *waiting] if name in VALUE_REGISTERS and name not in needed), None)

    def break_cycle(self) -> None:
        """Copy the source of one move that is in the way to a place that no other move writes."""
        sources = {move.source for move in self.pending}
        in_way = [
            move for move in self.pending if any(_meets(other, move) for other in self.pending if other is not move)
        ]
        for move in in_way:
            own = [name for name in move.registers if name not in sources and name != "RR"]
            if own or self.free:
                self.park(move, own[0] if own else self.free.pop(0))
                return
        saved = self.scratch()
        move = in_way[0]
        if isinstance(move.source, Slot):
            self.through_register(move.source, (saved,))
        else:
            self.spread(move.source, (), (saved,))
        self.pending[self.pending.index(move)] = replace(move, source=saved)

    def park(self, move: Move, register: str) -> None:
        """Make `register` the source of `move`."""
        if isinstance(move.source, Slot):
            self.load(move.source, (register,))
        else:
            self.spread(move.source, (register,), ())
        self.pending[self.pending.index(move)] = replace(move, source=register)

    def load(self, source: Slot, registers: tuple[str, ...]) -> None:
        self.steps.append(Step(free=DEFINED, destinations=registers, operations=(load(source),)))

    def spread(self, source: str | int, registers: tuple[str, ...], cells: tuple[Slot, ...]) -> None:
        """One step to all registers and the first cell, one more for each further cell."""
        first: tuple[Operation[str], ...] = (store(cells[0]),) if cells else ()
        others = tuple(name for name in registers if name != source)
        if others or first:
            self.steps.append(replace(_value(source), destinations=others, operations=first))
        self.steps += [replace(_value(source), operations=(store(cell),)) for cell in cells[1:]]


def _meets(other: Move, move: Move) -> bool:
    return move.source in other.registers or move.source in other.cells


def _value(source: str | int) -> Step[str]:
    """The step whose op is a register or a 64-bit constant."""
    if isinstance(source, str):
        return Step(terms=(Term(source),))
    return Step(constant=source) if source < LIMB else Step(long_constant=source)
