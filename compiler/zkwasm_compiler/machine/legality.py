"""May one step exist? The rules of the machine (`isa.legality`) applied to `Step[str]`."""

from __future__ import annotations

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.isa import zkvm64
from zkwasm_compiler.isa.legality import Use, step_problems
from zkwasm_compiler.machine.step import DEFINED, Operation, Step

MACHINE = zkvm64.MACHINE


def problems(step: Step[str]) -> list[str]:
    """Everything that is wrong with the step; empty when the machine can run it."""
    found = [f"it reads {name}, which no sum can" for name in step.reads_anywhere() if not _readable(name)]
    found += ["it rotates a register other than C" for term in step.terms if term.rotated and term.register != "C"]
    found += [
        f"{operation.name} reads {operand} where the machine reads {register}"
        for operation in step.operations
        for operand, register in zip(operation.operands, operation.fixed, strict=True)
        if operand != register
    ]
    if step.long_constant is not None and step.constant:
        found.append("it mixes a one-limb and a 64-bit constant")
    if step.long_constant is not None and not 0 <= step.long_constant < 1 << 64:
        found.append(f"its constant {step.long_constant} has more than 64 bits")
    uses = [Use(operation.name, _shape(operation)) for operation in step.operations]
    try:
        rules = step_problems(MACHINE, uses, destinations=step.destinations, free_is_defined=step.free is DEFINED)
    except KeyError as error:
        return [*found, f"it names something that the machine has not: {error.args[0]}"]
    return found + [problem.message for problem in rules]


def is_legal(step: Step[str]) -> bool:
    """Whether the machine can run the step."""
    return not problems(step)


def check_step(step: Step[str], place: str) -> None:
    """*Raises:* InternalError when the machine cannot run the step."""
    found = problems(step)
    if found:
        raise InternalError(f"{place}: the machine has no such step: {'; '.join(found)}")


def _readable(name: str) -> bool:
    row = MACHINE.register_table.get(name)
    return row is not None and row.input_field is not None


def _shape(operation: Operation[str]) -> str:
    """The form of the operand, as far as the fields of the instruction depend on it."""
    if operation.slot is not None:
        return "MEM : E + number" if operation.fixed == ("E",) else "SP + number"
    if operation.name in ("JMP", "CALL"):
        return "@name + E" if operation.computed else "name"
    if operation.targets:
        return "name , name" if len(operation.targets) == 2 else "name"
    return ""
