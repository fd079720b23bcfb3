"""Where steps go: the targets of each step, what can be reached, and the routines of a program.

A computed jump may go anywhere in the block of steps behind its label. A label that nothing names, whose address is
taken, or with an assertion counts as an entry: something outside of the program may go there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from zkwasm_compiler.asm.syntax import Number, Reference, RegisterName, StepStatement
from zkwasm_compiler.isa.machine import Kind, Machine
from zkwasm_lsp.language.assertions import runs_of
from zkwasm_lsp.language.names import NEXT, Sort
from zkwasm_lsp.language.program import Program
from zkwasm_lsp.language.source import Chunk


@dataclass(frozen=True, slots=True)
class StepFlow:
    """`targets` are labels that the step may jump to, `calls` those that it calls; `tables` begin code that it may
    jump into; `falls` says that the next step may follow within the routine, after a call too; with `takes_address` it
    makes an address of code by arithmetic, so that jumps may go where no label is."""

    targets: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    falls: bool = True
    returns: bool = False
    computed: bool = False
    takes_address: bool = False


_STRAIGHT = StepFlow()


def flow_of(chunk: Chunk) -> StepFlow:
    """Where the step of a chunk goes."""
    step = chunk.step
    if step is None:
        return _STRAIGHT
    flow = _jumps(step, chunk.machine)
    return replace(flow, takes_address=True) if _takes_address(step) else flow


def _jumps(step: StepStatement, machine: Machine) -> StepFlow:
    """Where the jumps of a step go; of several, which no program has, the last counts."""
    flow = _STRAIGHT
    for call in step.operations:
        operation = machine.operation(call.name)
        if operation.kind is not Kind.JUMP:
            continue
        shape = "" if call.operand is None else call.operand.shape
        names = () if call.operand is None else tuple(name.text for name in call.operand.names)
        fields = dict(operation.form(shape).fields)
        if fields.get("return"):
            flow = StepFlow(falls=False, returns=True)
        elif fields.get("call"):
            computed = shape != "name"
            flow = StepFlow(calls=() if computed else names, tables=names if computed else (), computed=computed)
        else:
            tables = names[:1] if shape.startswith("@") else ()
            targets = tuple(name for name in names[len(tables) :] if name != NEXT)
            to_next = NEXT in names or (operation.falls_through and "," not in shape)
            flow = StepFlow(targets, (), tables, to_next, computed="name" not in shape.split(" , ")[0].split()[:1])
    return flow


def _takes_address(step: StepStatement) -> bool:
    factors = [factor for term in step.terms for factor in term.factors]
    if any(isinstance(factor, RegisterName) and factor.name == "zkPC" for factor in factors):
        return True
    to_return = any(register.name == "RR" for register in step.destinations)
    return to_return and any(isinstance(factor, Number | Reference) for factor in factors)


def successors(program: Program, address: int, flow: StepFlow) -> Iterable[int]:
    """The addresses that may follow a step, what it calls included."""
    labels = program.resolution.labels
    if flow.falls:
        yield address + 1
    for name in (*flow.targets, *flow.calls):
        if name in labels:
            yield labels[name]


def reached(program: Program) -> list[bool] | None:
    """Which steps a run may reach; None when jumps may go where no label is."""
    count = len(program.steps)
    chunks = {path: source.chunks for path, source in program.sources.items()}
    flows = [chunks[path][number].once(flow_of) for path, number in program.steps]
    if any(flow.takes_address for flow in flows):
        return None
    labels = program.resolution.labels
    bounds = sorted({*labels.values(), count})
    work = [0, *entries(program)]
    for flow in flows:
        for name in flow.tables:
            if name in labels:
                end = next(bound for bound in bounds if bound > labels[name] or bound == count)
                work += range(labels[name], end)
    seen = [False] * count
    while work:
        address = work.pop()
        while address < count and not seen[address]:
            seen[address] = True
            flow = flows[address]
            work += [labels[name] for name in (*flow.targets, *flow.calls) if name in labels]
            if not flow.falls:
                break
            address += 1
    return seen


def entries(program: Program) -> list[int]:
    """The addresses of labels that something outside may go to."""
    found = [program.resolution.labels[name] for name in labels_that_are_run(program)]
    for name, address in program.resolution.labels.items():
        named = [one for one in program.names.get((Sort.LABEL, name), ()) if not one.occurrence.defines]
        if not named or any(not one.occurrence.operation for one in named):
            found.append(address)
    return found


def labels_that_are_run(program: Program) -> frozenset[str]:
    """The labels with an assertion above them."""
    named = (run.label for source in program.sources.values() for run in runs_of(source))
    return frozenset(name for name in named if name in program.resolution.labels)


def routine(program: Program, label: str) -> list[int]:
    """The addresses of a routine's steps, in order: what is reached from its label without following calls."""
    start = program.resolution.labels.get(label)
    if start is None:
        return []
    seen: set[int] = set()
    work = [start]
    while work:
        address = work.pop()
        if address >= len(program.steps) or address in seen:
            continue
        seen.add(address)
        flow = flow_at(program, address)
        inner = StepFlow(flow.targets, (), (), flow.falls)
        work += successors(program, address, inner)
    return sorted(seen)


def flow_at(program: Program, address: int) -> StepFlow:
    """Where the step at an address goes."""
    place = program.steps[address]
    return program.sources[place.path].chunks[place.chunk].once(flow_of)
