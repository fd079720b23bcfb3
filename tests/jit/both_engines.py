"""Every run on both engines: with `ZKWASM_BOTH_ENGINES=1` in whatever tests pytest is told to run, here in one of ours.

`ZKWASM_BOTH_ENGINES=1 pytest tests/programs tests/floats tests/hosts tests/memory tests/test_filetests.py` compares all
programs of those tests in results, counters, registers, cells, streams, logs and faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest

from zkwasm_simulator.faults import ExecutionFault
from zkwasm_simulator.interpreter import PreparedProgram, Progress
from zkwasm_simulator.jit import engine
from zkwasm_simulator.machine import Machine

MOST_REFERENCE_STEPS = 3_000_000
"""Longer runs are left to the engine that the test asks for."""

_COMPARED = [name for name in Machine.__slots__ if name not in ("listener", "step", "inputs")]


@contextmanager
def both_engines() -> Iterator[list[int]]:
    """Within it every run is one on both engines, which are compared; the list has the steps of each."""
    compared: list[int] = []
    advance = PreparedProgram.advance

    def advance_both(
        self: PreparedProgram,
        machine: Machine,
        zkpc: int,
        step: int,
        limit: int,
        stop: int,
        progress: Progress | None = None,
    ) -> tuple[int, int]:
        if self.hook is not None:
            return advance(self, machine, zkpc, step, limit, stop, progress)
        twin = machine.copy()
        twin.listener = deepcopy(machine.listener)
        most = min(limit, step + MOST_REFERENCE_STEPS)
        expected = _end(lambda: self.run(twin, zkpc, step, most, stop))
        if isinstance(expected, tuple) and expected[0] != stop and expected[1] == most < limit:
            return advance(self, machine, zkpc, step, limit, stop, progress)
        found = _end(lambda: engine.advance(self, machine, zkpc, step, limit, stop, progress))
        assert _described(found) == _described(expected)
        for name in _COMPARED:
            if name != "last_zkpc" or isinstance(found, tuple):  # a fault has its own
                assert getattr(machine, name) == getattr(twin, name), name
        compared.append(found[1] if isinstance(found, tuple) else found.step or 0)
        if isinstance(found, ExecutionFault):
            raise found
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PreparedProgram, "advance", advance_both)
        yield compared


def _end(run: Callable[[], tuple[int, int]]) -> tuple[int, int] | ExecutionFault:
    try:
        return run()
    except ExecutionFault as fault:
        return fault


def _described(end: tuple[int, int] | ExecutionFault) -> tuple[object, ...]:
    return end if isinstance(end, tuple) else (end.error_kind, end.step, end.zkpc, str(end))
