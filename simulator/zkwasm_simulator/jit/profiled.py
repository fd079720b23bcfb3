"""A run that counts rows and calls: what a profile is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from zkwasm_simulator.interpreter import PreparedProgram
from zkwasm_simulator.jit.blocks import Block, SideExit, Uses
from zkwasm_simulator.jit.call_tree import CallTree, TreeNode
from zkwasm_simulator.jit.engine import CompiledProgram, Run
from zkwasm_simulator.machine import Machine


class ProfiledRun(Run):
    """`keccak_of_row` are the permutations that rows have caused; everything else is complete after `finish`."""

    def __init__(self, code: CompiledProgram, prepared: PreparedProgram, machine: Machine) -> None:
        self._changes = [0] * (len(prepared.rows) + 1)
        self.keccak_of_row: Counter[int] = Counter()
        super().__init__(code, prepared, machine)

    def more_imports(self, store: Any) -> list[Any]:
        self._tree = CallTree(self.code.wasm_engine, store)
        return [self._tree.enter, self._tree.leave]

    def executions(self) -> list[int]:
        """How often each row was executed."""
        return list(accumulate(self._changes))[:-1]

    def calls(self, steps: int) -> list[TreeNode]:
        """The tree of calls of a run of `steps`."""
        self._tree.settle((steps, *self._tally))
        return list(self._tree.nodes())

    @property
    def lost_calls(self) -> int:
        """Calls that are not in the tree because it was full; their steps belong to the caller's node."""
        return self._tree.lost

    def _count_rows(self, first: int, end: int, times: int) -> None:
        self._changes[first] += times
        self._changes[end] -= times

    def note_entered(self, block: Block, times: int) -> None:
        self._count_rows(block.start, block.end, times)

    def note_left(self, block: Block, side_exit: SideExit, times: int) -> None:
        self._count_rows(side_exit.row + 1, block.end, -times)

    def note_split(self, block: Block, row: int) -> None:
        self._count_rows(block.start, row, 1)
        rest = [self.prepared.decoded(index) for index in range(row, block.end - block.host)]
        for number, count in enumerate(Uses.of(rest).tallies()):
            self._tally[number] -= count

    def interpret(self, row: int, step: int, stop: int) -> int:
        self._count_rows(row, row + 1, 1)
        return self._observed(row, step, lambda: super(ProfiledRun, self).interpret(row, step, stop))

    def execute_for_code(self, row: int, step: int) -> int:
        return self._observed(row, step, lambda: super(ProfiledRun, self).execute_for_code(row, step))

    def _observed(self, row: int, step: int, execute: Callable[[], int]) -> int:
        """Execute a row by the interpreter and count for the code what it does."""
        before = self._counters()
        following = execute()
        for number, (old, new) in enumerate(zip(before, self._counters(), strict=True)):
            self._tally[number] += new - old
        if self.machine.keccak != before[-1]:
            self.keccak_of_row[row] += self.machine.keccak - before[-1]
        kind = self.prepared.decoded(row).jump.kind
        if kind == "CALL":
            self._tree.enter(self._store, following, step + 1, *self._tally)
        elif kind == "RETURN":
            self._tree.leave(self._store, step + 1, *self._tally)
        return following

    def _counters(self) -> tuple[int, ...]:
        machine = self.machine
        return machine.arith, machine.binary, machine.mem_align, machine.memory_accesses, machine.keccak
