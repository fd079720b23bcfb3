"""The honest run, kept so that forged runs can be compared with it.

A forged run whose state differs from the honest one only in what is never read again goes on as the honest run does:
it need not be followed to its end. `HonestRun.goes_on_alike` decides that from the recorded reads and writes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from zkwasm_simulator.audit.effects import LIMBS, Effects
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, Machine

_BITS = {limb: 1 << number for number, limb in enumerate(LIMBS)}

NOTHING: Limbs = (0, 0)


def _mask(limbs: Iterable[str]) -> int:
    return sum(_BITS[limb] for limb in limbs)


def register_values(machine: Machine) -> tuple[int, ...]:
    """The registers, limb by limb in the order of `LIMBS`."""
    wide = (limb for name in WIDE_REGISTERS for limb in machine.limbs(name))
    return (*wide, *(getattr(machine, name) for name in SINGLE_REGISTERS))


@dataclass(slots=True)
class _Accesses:
    """The steps that touch a cell, in order, and whether each of them reads it."""

    steps: list[int] = field(default_factory=list)
    reading: list[bool] = field(default_factory=list)


class HonestRun:
    """The rows by step, the registers before each step, every access to a cell."""

    def __init__(self) -> None:
        self.path: list[int] = []
        self.registers: list[tuple[int, ...]] = []
        self._live: list[int] = []
        self._accesses: dict[int, _Accesses] = {}
        self._write_steps: list[int] = []
        self._writes: list[tuple[int, Limbs]] = []

    def note_step(self, machine: Machine, row: int) -> None:
        """A step begins."""
        self.path.append(row)
        self.registers.append(register_values(machine))

    def note_read(self, cell: int) -> None:
        """The step that began last reads a cell, maybe in its advice."""
        self._access(cell, True)

    def note_write(self, cell: int, value: Limbs) -> None:
        """The step that began last wrote a cell."""
        self._access(cell, False)
        self._write_steps.append(len(self.path) - 1)
        self._writes.append((cell, value))

    def _access(self, cell: int, reading: bool) -> None:
        accesses = self._accesses.setdefault(cell, _Accesses())
        accesses.steps.append(len(self.path) - 1)
        accesses.reading.append(reading)

    def finish(self, effects: list[Effects]) -> None:
        """Find which limbs are read again, from the effects of the program's rows; at the end all are."""
        reads = [_mask(effect.reads) for effect in effects]
        writes = [_mask(effect.writes) for effect in effects]
        live = _mask(LIMBS)
        self._live = [0] * len(self.path)
        for step in range(len(self.path) - 1, -1, -1):
            row = self.path[step]
            live = live & ~writes[row] | reads[row]
            self._live[step] = live

    def goes_on_alike(
        self,
        machine: Machine,
        row: int,
        step: int,
        base: Mapping[int, Limbs],
        base_step: int,
        *,
        kept: Callable[[int], bool],
    ) -> bool:
        """Is all that differs from the honest state before `step` never read again?

        `base` is the honest memory before the earlier step `base_step`. The cells that are `kept` are results: each
        that is not written again is read.
        """
        if step >= len(self.path) or self.path[step] != row:
            return False
        live = self._live[step]
        for number, (mine, theirs) in enumerate(zip(register_values(machine), self.registers[step], strict=True)):
            if mine != theirs and live >> number & 1:
                return False
        memory = self._memory(base, base_step, step)
        return not any(
            machine.memory.get(cell, NOTHING) != memory.get(cell, NOTHING) and self._read_again(cell, step, kept)
            for cell in (machine.memory | memory)
        )

    def _memory(self, base: Mapping[int, Limbs], base_step: int, step: int) -> dict[int, Limbs]:
        memory = dict(base)
        first, last = bisect_left(self._write_steps, base_step), bisect_left(self._write_steps, step)
        memory.update(self._writes[first:last])
        return memory

    def _read_again(self, cell: int, step: int, kept: Callable[[int], bool]) -> bool:
        accesses = self._accesses.get(cell)
        if accesses is None:
            return kept(cell)
        following = bisect_left(accesses.steps, step)
        return accesses.reading[following] if following < len(accesses.steps) else kept(cell)
