"""What one step may hold.

Operations share a step when they emit no ROM field in common; that is computed from the rows, so there is no list of
pairs. `Machine.forbidden` adds what assembles but must not be emitted, and a bare ``$`` needs exactly one operation
that defines it. The compiler asks before it fuses, the assembler reports collisions as errors and the rest as warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zkwasm_compiler.isa.machine import Kind, Machine, OperandForm, Operation


@dataclass(frozen=True, slots=True)
class StepProblem:
    """Why a step is not allowed; `code` is the kind of assembler problem, ``never_emit`` or ``free_input``."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Use:
    """An operation in a step with the shape of its operand (`""` when it has none)."""

    operation: str
    shape: str = ""


def step_problems(
    machine: Machine,
    uses: Sequence[Use],
    *,
    destinations: Sequence[str] = (),
    has_sum: bool = True,
    free_is_defined: bool = False,
) -> list[StepProblem]:
    """Everything wrong with a step; empty when it may be emitted.

    `free_is_defined` says that the left side has a bare ``$``. *Raises:* KeyError for an unknown operation or shape.
    """
    rows = [(machine.operation(use.operation), machine.operation(use.operation).form(use.shape)) for use in uses]
    operations = [operation for operation, _ in rows]
    found = list(_destination_problems(machine, destinations))
    found += _collisions(rows)
    if not has_sum and (needy := next((row for row in operations if row.needs_sum), None)):
        found.append(StepProblem("left_required", f"{needy.name} needs a left side"))
    if _reads_carry(operations) and not any(row.kind is Kind.BINARY for row in operations):
        found.append(StepProblem("jmpc_without_bin", "a jump on the carry needs a binary operation in the same step"))
    names = [row.name for row in operations]
    found += (StepProblem("never_emit", message) for message in forbidden(machine, names, destinations))
    if free_is_defined:
        found += (StepProblem("free_input", message) for message in free_input_problems(machine, names))
    return found


def _destination_problems(machine: Machine, destinations: Sequence[str]) -> Iterator[StepProblem]:
    for position, name in enumerate(destinations):
        register = machine.register(name)
        if name in destinations[:position]:
            yield StepProblem("destination_twice", f"{name} is assigned twice")
        if register.read_only:
            yield StepProblem("readonly_destination", f"{name} is read only")


def _collisions(rows: Iterable[tuple[Operation, OperandForm]]) -> Iterator[StepProblem]:
    owner: dict[str, str] = {}
    for operation, form in rows:
        fields = [field for field, _ in form.fields]
        if shared := next((field for field in fields if field in owner), None):
            message = f"{owner[shared]} and {operation.name} both need the field `{shared}` of the instruction"
            yield StepProblem("field_collision", message)
        for field in fields:
            owner.setdefault(field, operation.name)


def _reads_carry(operations: Iterable[Operation]) -> bool:
    return any(operation.name in ("JMPC", "JMPNC") for operation in operations)


@lru_cache
def _forbidden_table(machine: Machine) -> dict[frozenset[str], str]:
    return {frozenset((row.first, row.second)): row.reason for row in machine.forbidden}


def forbidden(machine: Machine, operations: Sequence[str], destinations: Sequence[str] = ()) -> Iterator[str]:
    """The reasons why operations and destinations that fit into one step must not be put there."""
    things = [*operations, *(f"=> {name}" for name in destinations)]
    for position, second in enumerate(things):
        for first in things[:position]:
            if reason := forbidden_pair(machine, first, second):
                yield f"{first} with {second}: {reason}"


def forbidden_pair(machine: Machine, first: str, second: str) -> str | None:
    """Why an operation and another, or ``=> REGISTER``, must not be in one step; None when they may."""
    return _forbidden_table(machine).get(frozenset((first, second)))


def free_input_problems(machine: Machine, operations: Sequence[str]) -> Iterator[str]:
    """Why a bare ``$`` has no value among `operations`."""
    defining = [name for name in operations if machine.operation(name).defines_free]
    if not defining:
        allowed = ", ".join(row.name for row in machine.operations if row.defines_free)
        yield f"nothing in the step defines `$`; one of {allowed} must, or write `${{advice}}`"
    elif len(defining) > 1:
        yield f"{' and '.join(defining)} both define `$`; write `${{advice}}` to bind one value by both"


def fits(
    machine: Machine, uses: Sequence[Use], *, destinations: Sequence[str] = (), free_is_defined: bool = False
) -> bool:
    """Whether a step with a left side may hold `uses`."""
    return not step_problems(machine, uses, destinations=destinations, free_is_defined=free_is_defined)


def rows(machine: Machine, operations: Iterable[str]) -> dict[str, int]:
    """The rows that one step with `operations` takes, by state machine."""
    counted = {"main": 1}
    for name in operations:
        for state_machine, count in machine.operation(name).rows:
            counted[state_machine] = counted.get(state_machine, 0) + count
    return counted
