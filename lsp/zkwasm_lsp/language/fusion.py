"""Why two operations cannot share a step, in terms of the language instead of the fields of an instruction."""

from __future__ import annotations

from collections.abc import Iterator

from zkwasm_compiler.asm.syntax import OperationCall, StepStatement
from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.isa.machine import Kind, Machine, Operation
from zkwasm_lsp.language.source import Source

_ONCE = {
    Kind.MEMORY: "a step reads or writes memory once",
    Kind.BINARY: "a step does one binary operation",
    Kind.ARITH: "a step does one ARITH",
    Kind.ALIGN: "a step does one MEM_ALIGN operation",
    Kind.HASH: "a step does one hash operation",
    Kind.ASSERT: "one ASSERT is enough for a step",
    Kind.STORAGE: "a step reads or writes the state once",
    Kind.JUMP: "a step jumps once",
    Kind.REPEAT: "a step repeats once",
}
_ADDRESS = frozenset(("offset", "ind", "indRR"))


if set(_ONCE) != set(Kind):
    raise InternalError(f"fusion: no sentence for {set(Kind) - set(_ONCE)}")


def collision_message(machine: Machine, source: Source, start: int) -> str | None:
    """Why the operation at an offset of a file does not fit into its step; None when there is none."""
    index = source.index_at(start)
    chunk = source.chunks[index]
    place = start - source.start(index) + chunk.origin
    step = chunk.step
    call = None if step is None else next((one for one in step.operations if one.start == place), None)
    if step is None or call is None:
        return None
    for other, shared in collisions(machine, step, call):
        return explain(machine, other, call, shared)
    return None


def collisions(machine: Machine, step: StepStatement, call: OperationCall) -> Iterator[tuple[OperationCall, set[str]]]:
    """The operations of a step before `call` that need what it needs, with the fields that they share."""
    wanted = _fields(machine, call)
    for other in step.operations:
        if other is call:
            return
        shared = wanted & _fields(machine, other)
        if shared:
            yield other, shared


def explain(machine: Machine, first: OperationCall, second: OperationCall, shared: set[str]) -> str:
    """The sentence for two operations that share fields."""
    one, two = machine.operation(first.name), machine.operation(second.name)
    return f"{second.name} cannot share a step with {first.name}: {_reason(one, two, shared)}; use two steps"


def _reason(one: Operation, two: Operation, shared: set[str]) -> str:
    if one.kind is two.kind:
        return _ONCE[one.kind]
    if shared & _ADDRESS:
        return "both need the address of the step (an operand with a variable, a register or a number)"
    return "both need the same part of the instruction: " + ", ".join(f"`{name}`" for name in sorted(shared))


def _fields(machine: Machine, call: OperationCall) -> set[str]:
    form = machine.operation(call.name).form("" if call.operand is None else call.operand.shape)
    return {name for name, _ in form.fields}
