"""Running an assertion: the machine is set, the steps are counted, the expectations are compared.

A routine runs with RR at a step behind the program, where the run is over. Values of A to E are 64-bit numbers, a
negative one in two's complement or as an element of the field; those of other registers are signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from zkwasm_compiler.asm.program import Program, Variable
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.assertions.directive import Directive, Place
from zkwasm_simulator.counters import Counters
from zkwasm_simulator.decode import CONTEXT_STRIDE
from zkwasm_simulator.faults import ExecutionFault, limbs_text, pc_out_of_program, steps_exhausted
from zkwasm_simulator.field import PRIME, Limbs, split
from zkwasm_simulator.hashing import check_streams
from zkwasm_simulator.inputs import WORDS_PER_ROOT, PublicInputs
from zkwasm_simulator.interpreter import END_LABEL, PreparedProgram
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, Machine

STEP_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run. `problems` are the expectations that do not hold; `fault` is where and why it stopped when
    that was not expected. `counts` says how often each row was executed."""

    problems: tuple[str, ...]
    fault: ExecutionFault | None
    registers: Mapping[str, int | Limbs]
    steps: int
    counters: Counters
    counts: Mapping[int, int]

    @property
    def passed(self) -> bool:
        return not self.problems and self.fault is None


def run_assertion(
    program: Program, directive: Directive, label: str | None, *, step_limit: int = STEP_LIMIT
) -> Outcome:
    """Run a label of a program, or all of it, as an assertion says. *Raises:* ConfigurationError when it cannot."""
    if label is None and END_LABEL not in program.labels:
        raise ConfigurationError(f"the program has no label `{END_LABEL}`, so nothing says where its run is over")
    exit_row = len(program.rows)
    prepared = PreparedProgram(replace(program, rows=(*program.rows, {"line": 0, "fileName": "", "lineStr": ""})))
    machine, zkpc = _start(program, directive, label, exit_row)
    counts: dict[int, int] = {}
    steps, fault = _run(prepared, machine, zkpc, step_limit, exit_row if label is not None else -1, counts)
    problems = tuple(_problems(program, directive, machine, steps)) if fault is None else ()
    fault, unexpected = _judged(directive, fault)
    counters = machine.counters(steps, exit_row)
    registers = machine.registers()
    if registers["RR"] == exit_row:
        del registers["RR"]  # where the run is over says nothing to anybody
    return Outcome((*unexpected, *problems), fault, registers, steps, counters, counts)


def _start(program: Program, directive: Directive, label: str | None, exit_row: int) -> tuple[Machine, int]:
    words = [0] * (2 * WORDS_PER_ROOT)
    for place, value in directive.settings:
        if place.is_input:
            assert place.index is not None
            words[place.index] = value & (1 << 64) - 1
    machine = Machine(PublicInputs.of_words(words), STEP_LIMIT, {})
    if label is not None:
        machine.RR = exit_row
    for place, value in directive.settings:
        if place.is_register:
            machine.set_register(place.name, split(value) if place.name in WIDE_REGISTERS else value)
    for place, value in directive.settings:
        if not place.is_register and not place.is_input:
            machine.memory[_cell(program, place, machine)] = split(value)
    if label is not None and label not in program.labels:
        raise ConfigurationError(f"the label `{label}` is not defined")
    return machine, 0 if label is None else program.labels[label]


def _cell(program: Program, place: Place, machine: Machine) -> int:
    """The address of a cell of a variable."""
    variable = _variable(program, place.name)
    index = place.index or 0
    if index >= max(variable.count, 1):
        raise ConfigurationError(f"`{place}`: the variable `{place.name}` has {variable.count} cells")
    return variable.offset + index + (machine.CTX * CONTEXT_STRIDE if variable.scope == "CTX" else 0)


def _variable(program: Program, name: str) -> Variable:
    for variable in program.variables:
        if variable.name == name:
            return variable
    registers = ", ".join((*WIDE_REGISTERS, *SINGLE_REGISTERS))
    raise ConfigurationError(f"`{name}` is neither a register ({registers}) nor a variable of the program")


def _run(
    prepared: PreparedProgram, machine: Machine, zkpc: int, limit: int, exit_row: int, counts: dict[int, int]
) -> tuple[int, ExecutionFault | None]:
    """The steps that were done, and the fault that stopped the run."""
    rows, end, here, step = prepared.rows, prepared.end, zkpc, 0
    beyond = len(rows) - 1
    try:
        while zkpc != end and not (zkpc == exit_row and _leaves(prepared, here, step)):
            if zkpc == beyond:
                raise pc_out_of_program(beyond, beyond)
            if step == limit:
                raise steps_exhausted(limit)
            here = zkpc
            counts[here] = counts.get(here, 0) + 1
            zkpc = rows[here](machine, step)
            step += 1
        machine.last_zkpc = here
        check_streams(machine.hash_streams)
    except ExecutionFault as fault:
        prepared.locate(fault, max(step - 1, 0) if zkpc == beyond else step, here)
        return step, fault
    return step, None


def _leaves(prepared: PreparedProgram, row: int, step: int) -> bool:
    """Did the step in a row go where RR says?"""
    jump = prepared.decoded(row).jump
    return step > 0 and (jump.kind == "RETURN" or (jump.kind != "next" and jump.target is None))


def _judged(directive: Directive, fault: ExecutionFault | None) -> tuple[ExecutionFault | None, tuple[str, ...]]:
    """The fault if it was not expected, and what is wrong about that."""
    if directive.fails is None:
        return fault, ()
    wanted = f"a fault of the kind {directive.fails}" if directive.fails else "a fault"
    if fault is None:
        return None, (f"the run came to its end; {wanted} was expected",)
    if directive.fails in ("", fault.error_kind):
        return None, ()
    return fault, (f"the run stopped with {fault.error_kind}; {wanted} was expected",)


def _problems(program: Program, directive: Directive, machine: Machine, steps: int) -> list[str]:
    """The expectations that do not hold, with the actual values."""
    found = []
    for place, expected in directive.expectations:
        if place.is_register and place.name in SINGLE_REGISTERS:
            actual = getattr(machine, place.name)
            if actual != expected:
                found.append(f"{place} is {actual}, not {expected}")
            continue
        limbs = machine.limbs(place.name) if place.is_register else machine.memory.get(_cell(program, place, machine))
        limbs = limbs or (0, 0)
        if limbs not in (split(expected), (expected % PRIME, 0) if expected < 0 else None):
            found.append(f"{place} is {_shown(limbs)}, not {expected}")
    if directive.steps is not None and steps != directive.steps:
        found.append(f"the run took {steps} steps, not {directive.steps}")
    if directive.most_steps is not None and steps > directive.most_steps:
        found.append(f"the run took {steps} steps, more than {directive.most_steps}")
    return found


def _shown(limbs: Limbs) -> str:
    """Limbs for people: a small number in decimal notation."""
    low, high = limbs
    if high == 0 and low < 1 << 32:
        return str(low)
    if high == 0 and low > PRIME // 2:
        return f"{low - PRIME} (an element of the field)"
    return limbs_text(low, high)


def shown_registers(registers: Mapping[str, int | Limbs]) -> str:
    """The registers that are not 0, for people."""
    parts = []
    for name, value in registers.items():
        if value not in (0, (0, 0)):
            parts.append(f"{name} = {_shown(value) if isinstance(value, tuple) else value}")
    return ", ".join(parts) or "all registers are 0"
