"""Runs of a program with forged free inputs, under the constraints alone.

`Stage` runs the honest execution once. A `Fork` is the honest state before some step; from there `Stage.run` goes on
with chosen free inputs and gives a `Forgery`: where it led to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.advice import advice_limbs, compile_advice
from zkwasm_simulator.audit.constraint_rows import ConstraintProgram, reachable, undaunted
from zkwasm_simulator.audit.effects import advice_cells, effects
from zkwasm_simulator.audit.honest import NOTHING, HonestRun
from zkwasm_simulator.audit.statement import Audited
from zkwasm_simulator.decode import CONTEXT_STRIDE
from zkwasm_simulator.faults import ExecutionFault
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.machine import Machine
from zkwasm_simulator.trace import OUTPUT_ROWS

NOT_YET = 1 << 62
"""The length of a trace whose end is not fixed yet: the longest traces are as long as anybody wants to wait."""

Tamperer = Callable[[int], Limbs | None]
"""Called as tamper(row) at each free input; gives the limbs to say, or None for the honest ones."""

Outputs = Mapping[str, Limbs | int]
"""What is promised, by name: output words and status, or cells."""


class Verdict(Enum):
    """How a run with lies ended."""

    VIOLATED = "violated"
    SAME = "same outputs"
    DIFFERENT = "different outputs"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class FreeInput:
    """A free input with advice: what the honest prover says in this state, and what was said."""

    step: int
    row: int
    honest: Limbs
    said: Limbs


@dataclass(frozen=True, slots=True)
class Forgery:
    """A run with lies. `free_inputs` are those that it came by.

    `step` and `row` are where it stopped, `diverged` is the first step after which it is not on the honest path. A run
    that came to its end has `outputs` and `machine`, the state at the end.
    """

    verdict: Verdict
    step: int
    row: int
    free_inputs: tuple[FreeInput, ...]
    diverged: int | None = None
    fault: ExecutionFault | None = None
    outputs: Outputs | None = None
    machine: Machine | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """The honest state before a step. `initial` are the registers at row 0, which the last row must lead to."""

    machine: Machine
    row: int
    step: int
    initial: Mapping[str, int | Limbs]


class Stage:
    """A program with its inputs and its honest run. *Raises:* ExecutionFault when that cannot be proved."""

    def __init__(self, audited: Audited, inputs: PublicInputs, step_limit: int) -> None:
        self.audited = audited
        self.inputs = inputs
        self.prepared = ConstraintProgram(audited.program, self._hook)
        self._said: Mapping[int, Limbs] = {}
        self._tamper: Tamperer | None = None
        self._log: list[FreeInput] = []
        self._words: dict[int, Limbs] = {}
        self._status = 0
        self.closes = audited.wait > 0
        self.honest = HonestRun()
        self._comparable = not any(name.startswith("CNT_") for row in audited.rows for name, _ in row.terms)
        self._limit = step_limit
        first = self._run_honestly()
        self.free_inputs = tuple(one for one in first.free_inputs if not audited.is_wait(one.row))
        self.steps = first.step
        self.outputs: Outputs = first.outputs or {}
        self._limit = 4 * first.step + 1000

    def start(self) -> Fork:
        """The state before row 0."""
        machine = Machine(self.inputs, NOT_YET, {})
        return Fork(machine, 0, 0, machine.registers())

    def forks(self, steps: Sequence[int]) -> Iterator[Fork]:
        """The honest states before these steps, which are in order."""
        start = self.start()
        machine, row, step = start.machine, start.row, start.step
        self._begin({})
        for wanted in steps:
            while step < wanted:
                self._arrive(machine, row, step)
                row = self.prepared.rows[row](machine, step)
                step += 1
            self._arrive(machine, row, step)
            yield Fork(machine, row, step, start.initial)
            self._begin({})

    def run(
        self, fork: Fork, said: Mapping[int, Limbs], *, stop: int | None = None, tamper: Tamperer | None = None
    ) -> Forgery:
        """Go on from `fork` with these free inputs by step; before step `stop` the run is given up as unfinished.

        `tamper` is asked for the others, bare `$` included. With it the run is followed to its very end.
        """
        machine = fork.machine.copy()
        self._begin(said, tamper)
        row, step, diverged = fork.row, fork.step, None
        path = self.honest.path
        last_lie = max(said, default=step)
        check = last_lie + 4
        limit = self._limit if stop is None else stop
        while step < limit:
            self._arrive(machine, row, step)
            if self._over(machine, row, step):
                return self._end(fork, machine, row, step, diverged)
            if step == check and tamper is None:
                if self._goes_on_alike(fork, machine, row, step):
                    return Forgery(Verdict.SAME, step, row, tuple(self._log), diverged)
                check += max(4, (step - last_lie) // 2)
            here = row
            try:
                row = self.prepared.rows[row](machine, step)
            except ExecutionFault as fault:
                self.prepared.locate(fault, step, here)
                return Forgery(Verdict.VIOLATED, step, here, tuple(self._log), diverged, fault)
            step += 1
            if diverged is None and (step >= len(path) or path[step] != row):
                diverged = step - 1
        return Forgery(Verdict.UNFINISHED, step, row, tuple(self._log), diverged)

    def state_before(self, fork: Fork, said: Mapping[int, Limbs], stop: int) -> Machine:
        """The state of that run before step `stop`, which it reaches."""
        machine = fork.machine.copy()
        self._begin(said)
        row = fork.row
        for step in range(fork.step, stop):
            self._arrive(machine, row, step)
            row = self.prepared.rows[row](machine, step)
        return machine

    def free_input(self, machine: Machine, row: int, step: int) -> Limbs:
        """What the honest prover says at a row with advice in this state; 0 at a row without."""
        advice = self.audited.rows[row].advice
        if advice is None:
            return NOTHING
        machine.step = step
        return advice_limbs(undaunted(compile_advice(advice, row))(machine))

    def cell(self, machine: Machine, row: int) -> int:
        """The cell that a row accesses in this state."""
        form = self.audited.rows[row].address
        assert form is not None
        return reachable(
            form.base
            + form.offset
            + form.index_e * machine.E0
            + form.index_rr * machine.RR
            + form.stack_pointer * machine.SP
            + form.context * machine.CTX * CONTEXT_STRIDE
        )

    # Parts of a run

    def _hook(self, machine: Machine, step: int, row: int, low: int, high: int) -> Limbs:
        said = self._said.get(step, (low, high))
        if self._tamper is not None:
            said = self._tamper(row) or said
        if self.audited.rows[row].advice is not None:
            self._log.append(FreeInput(step, row, (low, high), said))
        if step >= machine.trace_length - OUTPUT_ROWS:
            self._words[step - machine.trace_length + OUTPUT_ROWS] = said
        return said

    def _begin(self, said: Mapping[int, Limbs], tamper: Tamperer | None = None) -> None:
        self._said = said
        self._tamper = tamper
        self._log = []
        self._words = {}

    def _arrive(self, machine: Machine, row: int, step: int) -> None:
        """At the end the length of the trace is fixed: just enough, as a longer one only waits there longer."""
        if row == self.audited.end and machine.trace_length == NOT_YET:
            machine.trace_length = step + self.audited.wait
        if step == machine.trace_length - 1:
            self._status = machine.PC

    def _over(self, machine: Machine, row: int, step: int) -> bool:
        return step >= machine.trace_length or (not self.closes and machine.trace_length != NOT_YET)

    def _end(self, fork: Fork, machine: Machine, row: int, step: int, diverged: int | None) -> Forgery:
        log = tuple(self._log)
        if self.closes and (row != 0 or machine.registers() != fork.initial):
            fault = ExecutionFault("trace_not_closed", "row 0 with its registers does not follow the last row")
            return Forgery(Verdict.VIOLATED, step, row, log, diverged, fault)
        outputs = self._outputs(machine)
        verdict = Verdict.SAME if outputs == self.outputs else Verdict.DIFFERENT
        return Forgery(verdict, step, row, log, diverged, None, outputs, machine)

    def _outputs(self, machine: Machine) -> Outputs:
        if not self.audited.public:
            memory = machine.memory
            return {f"cell {cell}": memory[cell] for cell in sorted(memory) if memory[cell] != NOTHING}
        words = {f"output word {number}": self._words.get(number, NOTHING) for number in range(OUTPUT_ROWS)}
        return {**words, "status": self._status, **self.audited.kept_cells(machine.memory)}

    def _goes_on_alike(self, fork: Fork, machine: Machine, row: int, step: int) -> bool:
        if not self._comparable or machine.hash_streams or machine.variables:
            return False
        if machine.trace_length != NOT_YET:  # words may have been published that the state does not show
            return False
        base = fork.machine.memory
        return self.honest.goes_on_alike(machine, row, step, base, fork.step, kept=self.audited.keeps)

    # The honest run

    def _run_honestly(self) -> Forgery:
        start = self.start()
        machine, row, step = start.machine, 0, 0
        self._begin({})
        self.outputs = {}
        try:
            while True:
                self._arrive(machine, row, step)
                if self._over(machine, row, step):
                    break
                if step >= self._limit:
                    raise ConfigurationError(f"the honest run does not end in {step} steps; allow more")
                row = self._honest_step(machine, row, step)
                step += 1
        except ExecutionFault as fault:
            self.prepared.locate(fault, step, row)
            fault.function = self.audited.function_at(row)
            raise
        self.honest.finish([effects(row) for row in self.audited.rows])
        ended = self._end(start, machine, row, step, None)
        if ended.fault is None:
            return ended
        if self.audited.public:
            raise ended.fault
        # A program that waits but does not come back is judged by its cells where it begins to wait.
        self.closes = False
        self.honest = HonestRun()
        return self._run_honestly()

    def _honest_step(self, machine: Machine, row: int, step: int) -> int:
        decoded = self.audited.rows[row]
        self.honest.note_step(machine, row)
        for cell in advice_cells(decoded.advice):
            self.honest.note_read(cell)
        cell = self.cell(machine, row) if decoded.memory is not None else 0
        if decoded.memory == "read":
            self.honest.note_read(cell)
        following = self.prepared.rows[row](machine, step)
        if decoded.memory == "write":
            self.honest.note_write(cell, machine.memory[cell])
        return following
