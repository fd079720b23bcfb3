"""What the assembler lets pass and a programmer wants to know: useless code and names, addresses, advice functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.advice import AdviceSyntaxError
from zkwasm_compiler.asm.syntax import CommandStatement, FreeInput, LabelStatement, Operand
from zkwasm_compiler.isa.machine import Kind, Machine
from zkwasm_lsp.language import flow
from zkwasm_lsp.language.advice_text import calls_of
from zkwasm_lsp.language.assertions import runs_of
from zkwasm_lsp.language.finding import Finding
from zkwasm_lsp.language.names import NEXT, Sort
from zkwasm_lsp.language.program import Program
from zkwasm_lsp.language.source import Chunk

KNOWN_TO_TOOLS = frozenset(
    (
        "finalizeExecution",
        "assertNewStateRoot",
        "assertNewLocalExitRoot",
        "checkAndSaveFrom",
        "checkFirstTxType",
        "writeBlockInfoRoot",
        "verifyMerkleProofEnd",
    )
)
"""Labels that executors look for."""

Local = tuple[int, int, str, str]
"""A finding of one line: start and end from the begin of its chunk, code, message."""


def assertions(program: Program) -> Iterator[Finding]:
    """Comment lines that are meant to run something and cannot be read."""
    for path, source in program.sources.items():
        for run in runs_of(source):
            if run.wrong:
                yield Finding(path, run.start, run.end, "directive", run.wrong)


def whole_program(program: Program) -> Iterator[Finding]:
    """Checks that make no sense while a line cannot be read."""
    yield from _unused(program)
    yield from _unreachable(program)


def local(program: Program) -> Iterator[Finding]:
    """Checks of single lines, and the size of the program."""
    for path, source in program.sources.items():
        for index, chunk in enumerate(source.chunks):
            facts = chunk.once(_line)
            if facts is not None:
                problems, accesses = facts
                start = source.start(index)
                for first, last, code, message in (*problems, *_addresses(program, accesses)):
                    yield Finding(path, start + first, start + last, code, message)
    limit = program.machine.limits.trace_rows
    if len(program.steps) > limit:
        message = f"the program has {len(program.steps)} instructions; a trace has at most {limit} rows"
        yield Finding(program.main, 0, 0, "program_too_long", message)


# Names


_UNUSED = {
    Sort.LABEL: ("unused_label", "nothing jumps to the label `{}` or names it"),
    Sort.VARIABLE: ("unused_variable", "nothing reads or writes the variable `{}`"),
    Sort.CONSTANT: ("unused_constant", "nothing uses the constant `%{}`"),
}


def _unused(program: Program) -> Iterator[Finding]:
    called_from_outside = _interface_labels(program) | flow.labels_that_are_run(program)
    for (sort, name), named in program.names.items():
        if sort not in _UNUSED or any(not one.occurrence.defines for one in named) or name.startswith("_"):
            continue
        if sort is Sort.LABEL and (name in KNOWN_TO_TOOLS or name in called_from_outside):
            continue
        code, message = _UNUSED[sort]
        for one in named:
            if sort is Sort.LABEL and _is_entry(program, one.path, one.start):
                continue
            yield Finding(one.path, one.start, one.end, code, message.format(name))


def _is_entry(program: Program, path: Path, start: int) -> bool:
    """Does a label begin the program?"""
    source = program.sources[path]
    index = source.index_at(start)
    return path == program.main and not any(chunk.step for chunk in source.chunks[:index])


def _interface_labels(program: Program) -> frozenset[str]:
    interface = program.interface
    if interface is None:
        return frozenset()
    labels = {label for label, _ in interface.functions} | {export.label for export in interface.exports}
    return frozenset(labels | {interface.dispatch_label})


# Code


def _unreachable(program: Program) -> Iterator[Finding]:
    seen = flow.reached(program)
    if seen is None:
        return
    dead = {place for place, is_reached in zip(program.steps, seen, strict=True) if not is_reached}
    if dead:
        # A file that is included twice has two steps at one place.
        dead.difference_update(place for place, is_reached in zip(program.steps, seen, strict=True) if is_reached)
    lonely: dict[Path, list[int]] = {}
    for place in sorted(dead):
        lonely.setdefault(place.path, []).append(place.chunk)
    for path, chunks in lonely.items():
        source = program.sources[path]
        runs: list[list[int]] = []
        for chunk in chunks:
            if runs and not any(source.chunks[between].step for between in range(runs[-1][-1] + 1, chunk)):
                runs[-1].append(chunk)
            else:
                runs.append([chunk])
        for run in runs:
            first, last = source.chunks[run[0]].step, source.chunks[run[-1]].step
            assert first is not None
            assert last is not None
            message = "no way leads here" if len(run) == 1 else f"no way leads to these {len(run)} steps"
            yield Finding(path, source.offset(first.start), source.offset(last.end), "unreachable_code", message)


def _line(chunk: Chunk) -> tuple[tuple[Local, ...], tuple[tuple[int, int, Operand], ...]] | None:
    """What is wrong with a line whatever the program is, and its memory operands with a fixed number; None for most."""
    problems, accesses = tuple(_problems_of_line(chunk)), _accesses(chunk)
    return (problems, accesses) if problems or accesses else None


def _problems_of_line(chunk: Chunk) -> Iterator[Local]:
    for statement in chunk.parsed.tree.statements:
        place = statement.start - chunk.origin
        if isinstance(statement, LabelStatement) and statement.name == NEXT:
            message = "a jump to `next` goes to the following step, never to this label"
            yield place, place + len(NEXT), "next_label", message
        elif isinstance(statement, CommandStatement):
            yield from _advice_calls(statement.text, place + len("$${"), chunk.machine)
    step = chunk.step
    if step is None:
        return
    factors = [factor for term in step.terms for factor in term.factors]
    for factor in factors:
        if isinstance(factor, FreeInput) and factor.text:
            opening = len("$0{") if factor.low_limb_only else len("${")
            yield from _advice_calls(factor.text, factor.start - chunk.origin + opening, chunk.machine)
    if not step.destinations and not step.operations and not any(isinstance(one, FreeInput) for one in factors):
        message = "the step computes a value and does nothing with it; assign it with `=> A` or give it an operation"
        yield step.start - chunk.origin, step.end - chunk.origin, "no_effect", message


def _advice_calls(text: str, start: int, machine: Machine) -> Iterator[Local]:
    try:
        calls = list(calls_of(advice.parse(text, machine)))
    except AdviceSyntaxError:
        return
    for call in calls:
        function = machine.advice_function_table.get(call.name)
        place = (start + call.start, start + call.start + len(call.name), "advice_function")
        if function is None:
            yield (*place, f"the simulator knows no function `{call.name}`")
        elif not function.least <= len(call.arguments) <= (function.most or max(len(call.arguments), function.least)):
            most = function.least if function.most is None else function.most
            wanted = str(function.least) if most == function.least else f"{function.least} to {most}"
            yield (*place, f"`{call.name}` takes {wanted} parameters; here are {len(call.arguments)}")


# Addresses


def _accesses(chunk: Chunk) -> tuple[tuple[int, int, Operand], ...]:
    """The memory operands with a fixed number."""
    if chunk.step is None:
        return ()
    return tuple(
        (call.operand.start - chunk.origin, call.operand.end - chunk.origin, call.operand)
        for call in chunk.step.operations
        if call.operand is not None
        and call.operand.number is not None
        and chunk.machine.operation(call.name).kind is Kind.MEMORY
    )


def _addresses(program: Program, accesses: tuple[tuple[int, int, Operand], ...]) -> Iterator[Local]:
    limits = program.machine.limits
    variables = {variable.name: variable for variable in program.resolution.variables} if accesses else {}
    for start, end, operand in accesses:
        number = operand.number or 0
        limit = limits.memory_address_limit if operand.shape.startswith("MEM") else limits.address_limit
        variable = variables.get(operand.names[0].text) if operand.names else None
        if variable is not None:
            if operand.shape == "name [ number ]" and number >= variable.count:
                cells = "one cell" if variable.count == 1 else f"the elements 0 to {variable.count - 1}"
                yield start, end, "array_index", f"`{variable.name}` has {cells}; this is element {number}"
            number += variable.offset
        if number >= limit and "-" not in operand.shape.split():
            yield start, end, "address_limit", f"the address is at least {number:#x}; it must be below {limit:#x}"
