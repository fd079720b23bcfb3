"""Complete runs: the whole trace of N rows, with what it publishes.

Behind `finalizeExecution` a program waits for the end of the trace (`${beforeLast(13)} :JMPN(…)`), reads its twelve
output words and jumps to row 0. Row 0 of the trace follows its last row, so every register must be as it was in the
beginning.
"""

from __future__ import annotations

from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.decode import require_rows
from zkwasm_simulator.faults import ExecutionFault, steps_exhausted
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.interpreter import Execution, PreparedProgram, Progress, PublicValues, finish
from zkwasm_simulator.machine import Machine

INPUT_STEPS = range(2, 10)
OUTPUT_ROWS = 12
LEAST_TRACE_LENGTH = 32

NOWHERE = -1


def complete_run(
    prepared: PreparedProgram,
    inputs: PublicInputs,
    step_limit: int,
    trace_length: int | None,
    progress: Progress | None = None,
) -> Execution:
    """Run from row 0 until the trace of `trace_length` rows is complete, or of the smallest power of two that fits.

    *Raises:* ExecutionFault, also when the trace does not close.
    """
    if trace_length is not None and (trace_length < LEAST_TRACE_LENGTH or trace_length & (trace_length - 1)):
        raise ConfigurationError(
            f"the trace length is {trace_length}; it must be a power of two, at least {LEAST_TRACE_LENGTH}"
        )
    require_rows(prepared.program, "run")
    recorded = _recording(prepared)
    machine = Machine(inputs, trace_length or step_limit, {})
    start = machine.registers()
    zkpc, steps = recorded.run(machine, 0, 0, min(step_limit, INPUT_STEPS.stop), prepared.end)
    zkpc, steps = prepared.advance(machine, zkpc, steps, step_limit, prepared.end, progress)
    if zkpc != prepared.end:
        fault = steps_exhausted(step_limit)
        prepared.locate(fault, steps, zkpc)
        raise fault
    counters = machine.counters(steps, len(prepared.rows))
    if trace_length is not None:
        return _finish_trace(prepared, recorded, machine, zkpc, steps, trace_length, start)
    least = max(counters.n, LEAST_TRACE_LENGTH)
    try:
        return _finish_trace(prepared, recorded, machine.copy(), zkpc, steps, least, start)
    except ExecutionFault as fault:
        # The rows between finalizeExecution and the wait can make the trace too long for the first guess.
        if fault.error_kind != "trace_not_closed":
            raise
        return _finish_trace(prepared, recorded, machine, zkpc, steps, 2 * least, start)


class _Recorded(PreparedProgram):
    """A program that notes its free inputs by step."""

    free_inputs: dict[int, Limbs]


def _recording(prepared: PreparedProgram) -> _Recorded:
    free_inputs: dict[int, Limbs] = {}
    inner = prepared.hook

    def note(machine: Machine, step: int, zkpc: int, low: int, high: int) -> Limbs:
        value = (low, high) if inner is None else inner(machine, step, zkpc, low, high)
        free_inputs[step] = value
        return value

    recorded = _Recorded(prepared.program, skip_address_check=prepared.skip_address_check, hook=note)
    recorded.free_inputs = free_inputs
    return recorded


def _finish_trace(
    prepared: PreparedProgram,
    recorded: _Recorded,
    machine: Machine,
    zkpc: int,
    steps: int,
    n: int,
    start: dict[str, int | Limbs],
) -> Execution:
    """Run the rest of a trace of `n` rows from `finalizeExecution`, which is reached after `steps`."""
    if steps > n - OUTPUT_ROWS - 1:
        raise ExecutionFault(
            "trace_not_closed", f"{steps} steps to `finalizeExecution` leave no room for the outputs in {n} rows"
        )
    machine.trace_length = n
    zkpc, _ = prepared.advance(machine, zkpc, steps, n - OUTPUT_ROWS, NOWHERE)
    zkpc, _ = recorded.run(machine, zkpc, n - OUTPUT_ROWS, n - 1, NOWHERE)
    status = machine.PC
    zkpc, _ = recorded.run(machine, zkpc, n - 1, n, NOWHERE)
    _require_closed(prepared, machine, zkpc, n, start)
    public = PublicValues(
        n=n,
        inputs=tuple(recorded.free_inputs.get(step, (0, 0)) for step in INPUT_STEPS),
        outputs=tuple(recorded.free_inputs.get(step, (0, 0)) for step in range(n - OUTPUT_ROWS, n)),
        status=status,
    )
    return finish(prepared, machine, zkpc, steps, public)


def _require_closed(
    prepared: PreparedProgram, machine: Machine, zkpc: int, n: int, start: dict[str, int | Limbs]
) -> None:
    end = machine.registers()
    changed = [name for name, value in start.items() if end[name] != value]
    if zkpc != 0:
        detail = f"after {n} rows the next row is {zkpc}, not 0"
    elif changed:
        detail = f"after {n} rows {', '.join(changed)} differ from row 0"
    else:
        return
    fault = ExecutionFault(
        "trace_not_closed",
        f"{detail}; clear the registers, wait with `${{beforeLast(13)}} :JMPN(…)`, output twelve words, jump to row 0",
    )
    prepared.locate(fault, n - 1, machine.last_zkpc)
    raise fault
