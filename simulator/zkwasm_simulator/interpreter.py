"""The reference interpreter: runs an assembled program, row by row.

`execute` is the public entry. A program may be prepared once (`PreparedProgram`) and run many times; rows become Python
functions when they are first reached (`specialise`). Long runs go on at native speed (`jit`), with the same results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_compiler.ir.function import Trap
from zkwasm_simulator.counters import Counters
from zkwasm_simulator.decode import DecodedRow, decode_row, require_machine, require_rows
from zkwasm_simulator.faults import ExecutionFault, steps_exhausted
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.functions import functions_of
from zkwasm_simulator.hashing import HashStream, check_streams
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, Machine
from zkwasm_simulator.specialise import FreeInputHook, RowFunction, row_function

DEFAULT_STEP_LIMIT = 1 << 23
"""The trace length that the public tables are made for: no longer run can be proved with them."""

END_LABEL = "finalizeExecution"

Engine = Literal["auto", "jit", "reference"]
"""What executes a program. All give the same results, counters and faults: the reference interpreter; machine code, to
which the program is compiled first; or the interpreter, and machine code for what takes longer than compiling."""
ENGINES: tuple[Engine, ...] = get_args(Engine)

STEPS_BEFORE_COMPILING = 100_000
STEPS_PER_COMPILED_ROW = 200
"""A run is long when the interpreter has done this many steps: about as long as compiling takes."""
STEPS_BEFORE_ENTERING = 5_000
"""The same for a program that is compiled already."""
STEPS_BETWEEN_REPORTS = 1 << 19

Observer = Callable[[Machine, int, int], None]
"""Called as observer(machine, step, zkpc) before each step."""
Progress = Callable[[int], None]
"""Called a few times a second with the number of steps that are done."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a run begins, when not at row 0: a label and the registers that are not 0."""

    label: str
    registers: Mapping[str, int | Limbs] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Execution:
    """What a run left behind.

    `registers` are limbs for A to E and signed numbers for the others; `memory` has every cell that was written. `zkpc`
    is the row that would be next. `public` is what a complete run publishes, `trapped_at` the row of a compiled program
    that went to a trap (-1: none did).
    """

    steps: int
    counters: Counters
    registers: Mapping[str, int | Limbs]
    memory: Mapping[int, Limbs]
    zkpc: int
    hash_streams: tuple[HashStream, ...]
    log: tuple[str, ...]
    public: PublicValues | None = None
    trapped_at: int = -1


@dataclass(frozen=True, slots=True)
class PublicValues:
    """What a complete run publishes, as its verifier sees it.

    `n` is the length of the trace, `inputs` the free inputs of rows 2 to 9, `outputs` those of the last twelve rows,
    `status` PC in the last row.
    """

    n: int
    inputs: tuple[Limbs, ...]
    outputs: tuple[Limbs, ...]
    status: int


def trap_rows(program: Program) -> frozenset[int]:
    """The rows of a compiled program where traps come to."""
    if program.interface is None:
        return frozenset()
    labels = (f"trap_{trap.name.lower()}" for trap in Trap)
    return frozenset(program.labels[label] for label in labels if label in program.labels)


class PreparedProgram:
    """A program with its rows as functions, made when they are first reached.

    `rows[zkpc](machine, step)` executes one step and gives the next zkPC. `hook` may replace free inputs. `engine` is
    what `advance` uses; machine code is kept with the program, so that it is made once.
    """

    def __init__(
        self,
        program: Program,
        *,
        skip_address_check: bool = False,
        hook: FreeInputHook | None = None,
        engine: Engine = "auto",
    ) -> None:
        require_machine(program)
        if engine not in ENGINES:
            raise ConfigurationError(f"there is no engine {engine!r}; there are {', '.join(ENGINES)}")
        if hook is not None and engine == "jit":
            raise ConfigurationError("machine code has no hook for free inputs; use the engine auto or reference")
        self.program = program
        self.engine = engine if hook is None else "reference"
        self.skip_address_check = skip_address_check
        self.hook = hook
        self.end = program.labels.get(END_LABEL, -1)
        self.traps = trap_rows(program)
        self.rows: list[RowFunction] = [self._unmade(index) for index in range(len(program.rows))]

    def decoded(self, index: int) -> DecodedRow:
        """Row `index` without its encoding."""
        return decode_row(self.program.rows[index], index)

    def _unmade(self, index: int) -> RowFunction:
        def make(machine: Machine, step: int) -> int:
            function = row_function(
                self.decoded(index),
                len(self.program.rows),
                skip_address_check=self.skip_address_check,
                hook=self.hook,
                traps=self.traps,
                called=self.program.positions is not None and self.program.positions.at(index) is None,
            )
            self.rows[index] = function
            return function(machine, step)

        return make

    def run(self, machine: Machine, zkpc: int, step: int, limit: int, stop: int) -> tuple[int, int]:
        """Execute steps until row `stop` is reached or `limit` steps are done; gives the zkPC and the step reached.

        *Raises:* ExecutionFault with its place.
        """
        rows = self.rows
        here = zkpc
        try:
            for number in range(step, limit):
                if zkpc == stop:
                    machine.last_zkpc = here
                    return zkpc, number
                here = zkpc
                zkpc = rows[zkpc](machine, number)
        except ExecutionFault as fault:
            self.locate(fault, number, here)
            raise
        machine.last_zkpc = here
        return zkpc, max(step, limit)

    def advance(
        self, machine: Machine, zkpc: int, step: int, limit: int, stop: int, progress: Progress | None = None
    ) -> tuple[int, int]:
        """As `run`, by the engine of this program. *Raises:* ExecutionFault with its place."""
        if self.engine == "reference":
            return self._run_reporting(machine, zkpc, step, limit, stop, progress)
        from zkwasm_simulator.jit.engine import advance, is_compiled

        if self.engine == "auto":
            long = STEPS_BEFORE_COMPILING + STEPS_PER_COMPILED_ROW * len(self.rows)
            if is_compiled(self.program, self.skip_address_check):
                long = STEPS_BEFORE_ENTERING
            zkpc, step = self.run(machine, zkpc, step, min(limit, step + long), stop)
        if zkpc == stop or step >= limit:
            return zkpc, step
        return advance(self, machine, zkpc, step, limit, stop, progress)

    def _run_reporting(
        self, machine: Machine, zkpc: int, step: int, limit: int, stop: int, progress: Progress | None
    ) -> tuple[int, int]:
        """As `run`, telling `progress` now and then how far it is."""
        if progress is None:
            return self.run(machine, zkpc, step, limit, stop)
        zkpc, step = self.run(machine, zkpc, step, min(limit, step + STEPS_BETWEEN_REPORTS), stop)
        while zkpc != stop and step < limit:
            progress(step)
            zkpc, step = self.run(machine, zkpc, step, min(limit, step + STEPS_BETWEEN_REPORTS), stop)
        return zkpc, step

    def run_observed(
        self, machine: Machine, zkpc: int, step: int, limit: int, stop: int, observer: Observer
    ) -> tuple[int, int]:
        """As `run`, calling `observer` before each step."""
        while zkpc != stop and step < limit:
            observer(machine, step, zkpc)
            zkpc, step = self.run(machine, zkpc, step, step + 1, stop)
        return zkpc, step

    def locate(self, fault: ExecutionFault, step: int, zkpc: int) -> None:
        """Give `fault` its place in the source, and the WebAssembly function that was compiled to it."""
        row = self.program.rows[zkpc]
        file, line, text = row.get("fileName", ""), row.get("line"), row.get("lineStr", "")
        positions = self.program.positions
        position = None if positions is None else positions.at(zkpc)
        fault.locate(step, zkpc, file, line, text, self._function_at(zkpc), position)

    def _function_at(self, zkpc: int) -> str:
        """The WebAssembly function whose code holds a row; empty outside of functions."""
        return next((found.wasm_name for found in functions_of(self.program) if found.start <= zkpc < found.end), "")


def execute(
    program: Program | PreparedProgram,
    *,
    inputs: PublicInputs | None = None,
    step_limit: int = DEFAULT_STEP_LIMIT,
    skip_address_check: bool = False,
    entry: Entry | None = None,
    memory: dict[int, Limbs] | None = None,
    free_input: FreeInputHook | None = None,
    observer: Observer | None = None,
    full_run: bool = False,
    trace_length: int | None = None,
    engine: Engine = "auto",
    progress: Progress | None = None,
) -> Execution:
    """Run `program` from row 0 to the label `finalizeExecution`.

    `memory` is used as the machine's memory and changed; without it all cells are 0. With `entry` the run begins there
    and not at row 0. `free_input` may replace each free input, `observer` sees each step. With `full_run` the rows
    behind `finalizeExecution` run, too, until the trace of `trace_length` rows (by default the smallest power of two
    that fits) is complete. `engine` says what executes the program, `progress` is told how far a long run has come.

    *Raises:* ExecutionFault when a step cannot be proved or the limit is reached; ConfigurationError.
    """
    prepared = _prepare(program, skip_address_check, free_input, engine)
    inputs = inputs or PublicInputs()
    if observer is not None and prepared.engine == "jit":
        raise ConfigurationError("machine code has no observer of steps; use the engine auto or reference")
    if full_run:
        from zkwasm_simulator.trace import complete_run

        if entry is not None or memory is not None or observer is not None:
            raise ConfigurationError("a complete run begins at row 0 with empty memory and has no observer")
        return complete_run(prepared, inputs, step_limit, trace_length, progress)
    machine = Machine(inputs, trace_length or step_limit, {} if memory is None else memory)
    zkpc = 0 if entry is None else enter(prepared.program, machine, entry)
    return run_to_end(prepared, machine, zkpc, step_limit, observer, progress)


def _prepare(
    program: Program | PreparedProgram, skip_address_check: bool, free_input: FreeInputHook | None, engine: Engine
) -> PreparedProgram:
    if isinstance(program, PreparedProgram):
        if skip_address_check or free_input is not None or engine != "auto":
            raise ConfigurationError("give skip_address_check, hook and engine where the program is prepared")
        return program
    return PreparedProgram(program, skip_address_check=skip_address_check, hook=free_input, engine=engine)


def enter(program: Program, machine: Machine, entry: Entry) -> int:
    """Set the registers for `entry`; gives its row."""
    if entry.label not in program.labels:
        known = ", ".join(sorted(program.labels)) or "none"
        raise ConfigurationError(f"the program has no label {entry.label!r} to begin at; it has {known}")
    for name in (*WIDE_REGISTERS, *SINGLE_REGISTERS):
        machine.set_register(name, entry.registers.get(name, (0, 0) if name in WIDE_REGISTERS else 0))
    return program.labels[entry.label]


def run_to_end(
    prepared: PreparedProgram,
    machine: Machine,
    zkpc: int,
    step_limit: int,
    observer: Observer | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Run from row `zkpc` to `finalizeExecution`. *Raises:* ExecutionFault."""
    require_rows(prepared.program, "run")
    if observer is None:
        zkpc, steps = prepared.advance(machine, zkpc, 0, step_limit, prepared.end, progress)
    else:
        zkpc, steps = prepared.run_observed(machine, zkpc, 0, step_limit, prepared.end, observer)
    if zkpc != prepared.end:
        fault = steps_exhausted(step_limit)
        prepared.locate(fault, steps, zkpc)
        raise fault
    return finish(prepared, machine, zkpc, steps)


def finish(
    prepared: PreparedProgram, machine: Machine, zkpc: int, steps: int, public: PublicValues | None = None
) -> Execution:
    """The execution that `machine` has come to the end of."""
    try:
        check_streams(machine.hash_streams)
    except ExecutionFault as fault:
        prepared.locate(fault, steps - 1, machine.last_zkpc)
        raise
    return Execution(
        steps=steps,
        counters=machine.counters(steps, len(prepared.program.rows)),
        registers=machine.registers(),
        memory=machine.memory,
        zkpc=zkpc,
        hash_streams=tuple(machine.hash_streams[number] for number in sorted(machine.hash_streams)),
        log=tuple(machine.log),
        public=public,
        trapped_at=machine.trapped_at,
    )
