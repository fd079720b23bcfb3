"""Rewrites of steps that keep their meaning: two steps in one, a constraint for advice, advice for a bare ``$``.

A step is rewritten as its tree and printed again, so that the result assembles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.advice import AdviceSyntaxError
from zkwasm_compiler.asm.printer import show_step
from zkwasm_compiler.asm.syntax import FreeInput, Name, Operand, OperationCall, RegisterName, StepStatement, Term
from zkwasm_compiler.isa import legality
from zkwasm_compiler.isa.machine import Kind, Machine

_OWN_ADDRESS = "zkPC"

_MEANINGS = {
    "ADD": ("A + B", "B + A"),
    "SUB": ("A - B",),
    "LT": ("comp_lt(A, B)", "A < B"),
    "EQ": ("comp_eq(A, B)", "A == B", "comp_eq(B, A)", "B == A"),
    "AND": ("bitwise_and(A, B)", "A & B", "bitwise_and(B, A)", "B & A"),
    "OR": ("bitwise_or(A, B)", "A | B", "bitwise_or(B, A)", "B | A"),
    "XOR": ("bitwise_xor(A, B)", "A ^ B", "bitwise_xor(B, A)", "B ^ A"),
}
"""Advice that says what a binary operation defines; the first form is what a bare ``$`` is expanded to."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A step in new form, and what was done."""

    title: str
    text: str


def fused(first: StepStatement, second: StepStatement, machine: Machine) -> Rewrite | None:
    """One step that does what two do one after the other; None when there is none.

    The second may take what the first has put into a register of all limbs, or have no left side. What it reads besides
    must not be what the first one writes, because in one step all is read before.
    """
    if not _may_go_on(first, machine):
        return None
    passed = _passed(first, second, machine)
    if passed is None:
        return None
    written = {one.name for one in first.destinations} | _uses(first, machine, writes=True)
    if _uses(second, machine, writes=False) & written:
        return None
    twice = {one.name for one in first.destinations} & {one.name for one in second.destinations}
    if twice - {passed}:
        return None
    destinations = (*first.destinations, *(one for one in second.destinations if one.name not in twice))
    step = StepStatement(first.terms, destinations, (*first.operations, *second.operations))
    if not _is_legal(step, machine):
        return None
    return Rewrite("join the two steps", show_step(step))


def _may_go_on(first: StepStatement, machine: Machine) -> bool:
    kinds = {machine.operation(call.name).kind for call in first.operations}
    return bool(first.terms) and not kinds & {Kind.JUMP, Kind.REPEAT} and not _names(first, _OWN_ADDRESS)


def _passed(first: StepStatement, second: StepStatement, machine: Machine) -> str | None:
    """The register that the second step takes over, `""` when it has no left side; None when it does anything else."""
    if _names(second, _OWN_ADDRESS) or any(machine.operation(c.name).kind is Kind.REPEAT for c in second.operations):
        return None
    if not second.terms:
        return ""
    (term, *more) = second.terms
    factor = term.factors[0]
    if more or term.negative or len(term.factors) != 1 or not isinstance(factor, RegisterName):
        return None
    register = machine.register_table.get(factor.name)
    if register is None or register.limbs != machine.limits.limbs:
        return None
    return factor.name if any(one.name == factor.name for one in first.destinations) else None


def _uses(step: StepStatement, machine: Machine, *, writes: bool) -> set[str]:
    """The registers that the operations of a step read or write besides its left side and its destinations."""
    found: set[str] = set()
    for call in step.operations:
        operation = machine.operation(call.name)
        form = operation.form("" if call.operand is None else call.operand.shape)
        found |= {*operation.writes, *form.writes} if writes else {*operation.reads, *form.reads}
    return found


def _names(step: StepStatement, register: str) -> bool:
    return any(isinstance(f, RegisterName) and f.name == register for term in step.terms for f in term.factors)


def _is_legal(step: StepStatement, machine: Machine) -> bool:
    uses = [legality.Use(call.name, "" if call.operand is None else call.operand.shape) for call in step.operations]
    bare = any(isinstance(f, FreeInput) and not f.text for term in step.terms for f in term.factors)
    destinations = [one.name for one in step.destinations]
    return not legality.step_problems(
        machine, uses, destinations=destinations, has_sum=bool(step.terms), free_is_defined=bare
    )


def constrained(step: StepStatement, machine: Machine) -> Rewrite | None:
    """A step whose advice is what an operation defines, with that operation; None when it is not of that kind."""
    free = _only_free_input(step)
    if free is None or not free.text:
        return None
    call = _operation_for(free.text, machine)
    if call is None or any(one.name == call.name for one in step.operations):
        return None
    better = replace(step, terms=(Term((FreeInput(),)),), operations=(call, *step.operations))
    return Rewrite(f"constrain the advice with {call.name}", show_step(better)) if _is_legal(better, machine) else None


def expanded(step: StepStatement, machine: Machine) -> Rewrite | None:
    """A step with a bare ``$`` with advice that says its value, so that more operations may bind it."""
    free = _only_free_input(step)
    if free is None or free.text:
        return None
    for call in step.operations:
        if call.name in _MEANINGS and call.name in machine.operation_table:
            text = _MEANINGS[call.name][0]
        elif call.name == "MLOAD" and call.operand is not None and call.operand.shape == "name":
            text = f"mem.{call.operand.names[0].text}"
        else:
            continue
        return Rewrite(f"write the value of `$`: `{text}`", show_step(replace(step, terms=(Term((FreeInput(text),)),))))
    return None


def _only_free_input(step: StepStatement) -> FreeInput | None:
    if len(step.terms) != 1 or step.terms[0].negative or len(step.terms[0].factors) != 1:
        return None
    factor = step.terms[0].factors[0]
    return factor if isinstance(factor, FreeInput) and not factor.low_limb_only else None


def _operation_for(text: str, machine: Machine) -> OperationCall | None:
    """The operation that defines what advice computes."""
    try:
        node = advice.parse(text, machine)
    except AdviceSyntaxError:
        return None
    for name, forms in _MEANINGS.items():
        if name in machine.operation_table and any(advice.parse(form, machine) == node for form in forms):
            return OperationCall(name)
    if isinstance(node, advice.Data) and node.module == "mem" and node.index is None:
        return OperationCall("MLOAD", Operand("name", (Name(node.name),)))
    return None


def with_else(call: OperationCall, machine: Machine) -> str | None:
    """A conditional jump with the label for its other way written out; None when it has one or takes none."""
    operation = machine.operation(call.name)
    if operation.kind is not Kind.JUMP or call.operand is None or "," in call.operand.shape:
        return None
    shapes = {form.shape for form in operation.forms}
    if f"{call.operand.shape} , name" not in shapes:
        return None
    return "next"
