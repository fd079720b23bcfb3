"""Recording executions as traces: an honest one, or one of a prover who lies.

The program runs on the simulator, from row 0 through all N rows, and what the main machine commits is noted step by
step; `witness` fills the other columns. What the last step leaves is written to row 0, which follows it: when a run
does not come back to where it began, the constraints around row 0 show it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter

from zkwasm_compiler.asm.program import AdviceNode, Program, RomRow
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.advice import DEFAULT_BEFORE_LAST
from zkwasm_simulator.audit.effects import advice_calls
from zkwasm_simulator.audit.forging import NOT_YET
from zkwasm_simulator.audit.lying import Tamper
from zkwasm_simulator.constraints.checking import machine_rows
from zkwasm_simulator.constraints.columns import SINGLE_COLUMNS, WIDE_COLUMNS, Trace
from zkwasm_simulator.constraints.memory import memory_rows
from zkwasm_simulator.constraints.reckless import RecklessProgram
from zkwasm_simulator.constraints.witness import Steps, witness
from zkwasm_simulator.counters import ROWS_BEFORE_END, power_of_two
from zkwasm_simulator.decode import require_rows
from zkwasm_simulator.faults import ExecutionFault, steps_exhausted
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.interpreter import DEFAULT_STEP_LIMIT, END_LABEL, PreparedProgram, Progress
from zkwasm_simulator.machine import Machine
from zkwasm_simulator.specialise import FreeInputHook
from zkwasm_simulator.trace import LEAST_TRACE_LENGTH

STATE = attrgetter(*WIDE_COLUMNS, *SINGLE_COLUMNS, "arith", "binary", "mem_align", "keccak")
"""Registers and counters of a machine, in the order of the columns."""

NOWHERE = -1

STEPS_AT_ONCE = 1 << 14
"""So many states are kept as they were noted before they go into columns."""

LONGEST = 1 << 24
"""No trace is made this long because of cells that are too far from each other."""


class Recorder:
    """Records runs of one program, as many as are wanted."""

    def __init__(self, program: Program, *, skip_address_check: bool = False, progress: Progress | None = None) -> None:
        if program.interface is not None:
            skip_address_check |= program.interface.skip_address_check
        self.program = program
        self._progress = progress
        self.machine = Machine(PublicInputs(), NOT_YET, {})
        self._prepared = self._prepare(skip_address_check, self._note)
        self._end = _end(program)
        self._begin(PublicInputs(), None)

    def record(
        self, inputs: PublicInputs | None = None, rows: int | None = None, step_limit: int = DEFAULT_STEP_LIMIT
    ) -> Trace:
        """The trace of a run of `rows` rows, or of the smallest power of two that holds every machine.

        *Raises:* ExecutionFault when the executor refuses a step; ConfigurationError.
        """
        self._require(rows)
        self._begin(inputs or PublicInputs(), rows)
        trace = self._trace(rows, step_limit)
        needed = trace.rows if rows is not None else _rows_needed(trace, self.program)
        if needed == trace.rows:
            return trace
        self._begin(inputs or PublicInputs(), needed)
        return self._trace(needed, step_limit)

    def _require(self, rows: int | None) -> None:
        if rows is not None and (rows < LEAST_TRACE_LENGTH or rows & (rows - 1)):
            raise ConfigurationError(
                f"the trace is to have {rows} rows; their number must be a power of two, at least {LEAST_TRACE_LENGTH}"
            )
        require_rows(self.program, "record")

    def _prepare(self, skip_address_check: bool, note: FreeInputHook) -> PreparedProgram:
        return PreparedProgram(self.program, skip_address_check=skip_address_check, hook=note)

    def _begin(self, inputs: PublicInputs, rows: int | None) -> None:
        """Before row 0 of a run."""
        self.machine = Machine(inputs, NOT_YET if rows is None else rows, {})
        self.zkpc = 0
        self.step = 0
        self.steps = Steps()

    def _note(self, machine: Machine, step: int, zkpc: int, low: int, high: int) -> Limbs:
        """Called with each free input."""
        self.steps.free_inputs[step] = low, high
        return low, high

    def _trace(self, rows: int | None, step_limit: int) -> Trace:
        self._complete(rows, step_limit)
        return witness(self.program, self.steps, self.zkpc, STATE(self.machine))

    def _complete(self, rows: int | None, step_limit: int) -> int:
        """Run to the last row; gives the number of rows."""
        if rows is None:
            if self._end is None:
                raise ConfigurationError(
                    f"{self.program.file_name or 'the program'} has no end: a row with `${{beforeLast()}}` or the "
                    f"label {END_LABEL}; give the number of rows to record"
                )
            end, behind = self._end
            self._run(step_limit, end)
            if self.zkpc != end:
                raise self._located(steps_exhausted(step_limit))
            self.machine.trace_length = rows = self._least_rows(behind)
        self._run(rows, NOWHERE)
        return rows

    def _least_rows(self, behind: int) -> int:
        """The length of a trace in which `behind` more steps fit, each of which may access memory."""
        machine = self.machine
        counters = machine.counters(self.step, len(self.program.rows))
        least = max(self.step + behind, machine.memory_accesses + behind, LEAST_TRACE_LENGTH, counters.rom)
        return power_of_two(max(least, counters.rows["binary"], counters.rows["arith"], counters.rows["mem_align"]))

    def _run(self, limit: int, stop: int) -> None:
        """Go on until row `stop` of the program is reached or `limit` steps are done."""
        while self.step < limit and self.zkpc != stop:
            self._run_some(min(limit, self.step + STEPS_AT_ONCE), stop)
            self._settle()
            if self._progress is not None:
                self._progress(self.step)

    def _settle(self) -> None:
        """Called after some steps."""
        self.steps.settle()

    def _run_some(self, limit: int, stop: int) -> None:
        """As `_run`, without settling what is noted."""
        rows, machine = self._prepared.rows, self.machine
        note_state, note_zkpc = self.steps.states.append, self.steps.zkpc.append
        try:
            while self.step < limit and self.zkpc != stop:
                note_state(STATE(machine))
                note_zkpc(self.zkpc)
                self.zkpc = rows[self.zkpc](machine, self.step)
                self.step += 1
        except ExecutionFault as fault:
            raise self._located(fault) from None

    def _located(self, fault: ExecutionFault) -> ExecutionFault:
        self._prepared.locate(fault, self.step, self.zkpc)
        return fault


class ForgedRecorder(Recorder):
    """Records runs of a prover who says `tampers` instead of what advice gives, and goes on whatever is violated.

    `registers` are what he begins with, `zkPC` among them.
    """

    def __init__(
        self, program: Program, tampers: Sequence[Tamper] = (), registers: Mapping[str, int | Limbs] | None = None
    ) -> None:
        self._tampers = tampers
        self._registers = dict(registers or {})
        super().__init__(program)

    def _prepare(self, skip_address_check: bool, note: FreeInputHook) -> PreparedProgram:
        return RecklessProgram(self.program, note)

    def _begin(self, inputs: PublicInputs, rows: int | None) -> None:
        super()._begin(inputs, rows)
        self._executions: Counter[int] = Counter()
        for name, value in self._registers.items():
            if name != "zkPC":
                self.machine.set_register(name, value)
            elif isinstance(value, int) and 0 <= value < len(self.program.rows):
                self.zkpc = value
            else:
                raise ConfigurationError(f"zkPC is {value}; the program has rows 0 to {len(self.program.rows) - 1}")

    def _note(self, machine: Machine, step: int, zkpc: int, low: int, high: int) -> Limbs:
        occurrence = self._executions[zkpc]
        self._executions[zkpc] += 1
        for one in self._tampers:
            if one.row == zkpc and one.occurrence in (None, occurrence):
                low, high = one.value
                break
        return super()._note(machine, step, zkpc, low, high)


def record(
    program: Program,
    *,
    inputs: PublicInputs | None = None,
    rows: int | None = None,
    step_limit: int = DEFAULT_STEP_LIMIT,
    skip_address_check: bool = False,
    progress: Progress | None = None,
) -> Trace:
    """The trace of an honest run, of `rows` rows, or of the smallest power of two that holds every machine.

    `progress` is told how far a long run has come.

    *Raises:* ExecutionFault when the executor refuses a step; ConfigurationError.
    """
    recorder = Recorder(program, skip_address_check=skip_address_check, progress=progress)
    return recorder.record(inputs, rows, step_limit)


def record_forged(
    program: Program,
    tampers: Sequence[Tamper] = (),
    *,
    inputs: PublicInputs | None = None,
    registers: Mapping[str, int | Limbs] | None = None,
    rows: int | None = None,
    step_limit: int = DEFAULT_STEP_LIMIT,
) -> Trace:
    """The trace of a prover who says these free inputs, and goes on whatever is violated.

    `registers` are what he begins with, `zkPC` among them. A prover who runs another program records that one and
    checks the trace against the program that he claims to have run.

    *Raises:* ExecutionFault when the run leaves the program or a `$` has no value; ConfigurationError.
    """
    return ForgedRecorder(program, tampers, registers).record(inputs, rows, step_limit)


def _rows_needed(trace: Trace, program: Program) -> int:
    """The length of the trace, or the least longer one in which every machine fits, if there is any."""
    n = trace.rows
    used = machine_rows(trace, program)
    while n < LONGEST and max((used | {"Mem": memory_rows(trace.memory, n)}).values()) > n:
        n *= 2
    return n if n < LONGEST else trace.rows


def _end(program: Program) -> tuple[int, int] | None:
    """Where a run of the program waits for the end of the trace, and how many steps it needs from there on."""
    waits = [(row, calls[0]) for row, calls in enumerate(map(_waits, program.rows)) if calls]
    if waits:
        row, call = waits[-1]
        return row, int(call["params"][0]["num"]) if call["params"] else DEFAULT_BEFORE_LAST
    row = program.labels.get(END_LABEL, len(program.rows))
    return (row, ROWS_BEFORE_END) if row < len(program.rows) else None


def _waits(row: RomRow) -> list[AdviceNode]:
    advice = row.get("freeInTag")
    return advice_calls(advice, "beforeLast") if advice else []
