"""What to propose at a place, from the machine's rows and the names of the program."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from zkwasm_compiler.isa import legality
from zkwasm_compiler.isa.machine import Kind, Machine, OperandForm, Operation
from zkwasm_lsp.language.context import Context, Spot
from zkwasm_lsp.language.describe import Names, show_shape
from zkwasm_lsp.language.names import NEXT, Sort
from zkwasm_lsp.language.project import SUFFIX


class What(Enum):
    """What a proposal is."""

    KEYWORD = "keyword"
    REGISTER = "register"
    OPERATION = "operation"
    LABEL = "label"
    VARIABLE = "variable"
    CONSTANT = "constant"
    FUNCTION = "function"
    MODULE = "module"
    FILE = "file"
    SNIPPET = "snippet"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`snippet` is the text with places to fill in (``${1:name}``), `plain` without; `rank` sorts, small ones first."""

    label: str
    what: What
    detail: str = ""
    plain: str = ""
    snippet: str = ""
    rank: int = 1


def proposals(context: Context, machine: Machine, names: Names, folder: Path) -> list[Proposal]:
    """What may stand at a place; `folder` is that of the file."""
    match context.spot:
        case Spot.STATEMENT:
            return [*_signed(context, names)] if context.sign else [*_statements(), *_sources(machine), *_operands()]
        case Spot.LEFT_SIDE:
            return [*_signed(context, names)] if context.sign else [*_sources(machine), *_operands()]
        case Spot.DESTINATION:
            return [
                Proposal(row.name, What.REGISTER, row.note)
                for row in machine.registers
                if not row.read_only and row.name not in context.destinations
            ]
        case Spot.OPERATION:
            return list(_operations(context, machine))
        case Spot.OPERAND:
            return list(_operand(context, machine, names))
        case Spot.SCOPE:
            return [
                Proposal("GLOBAL", What.KEYWORD, "cells of context 0"),
                Proposal("CTX", What.KEYWORD, "cells of the context"),
            ]
        case Spot.CONSTANT_EXPRESSION:
            return list(_defined(names, Sort.CONSTANT, What.CONSTANT, "" if context.sign else "%"))
        case Spot.PATH:
            return list(_files(folder, context.written))
        case Spot.ADVICE:
            return list(_advice(context, machine, names))
        case Spot.DIRECTIVE:
            return list(_directives(context))
        case Spot.NOTHING:
            return []


def _statements() -> Iterator[Proposal]:
    for label, detail, snippet in (
        ("VAR GLOBAL", "a variable in context 0", "VAR GLOBAL ${1:name}"),
        ("VAR CTX", "a variable of a context", "VAR CTX ${1:name}"),
        ("CONST", "a constant in the low limb", "CONST %${1:NAME} = ${2:0}"),
        ("CONSTL", "a constant over all limbs", "CONSTL %${1:NAME} = ${2:0}n"),
        ("INCLUDE", "the text of another file", 'INCLUDE "${1:file.zkasm}"'),
        ("label", "a label", "${1:name}:"),
        ("routine", "a routine with its comment and an assertion", _ROUTINE),
        ("loop", "a loop that counts RCX down", _LOOP),
        ("command", "advice that runs for its effect", "$$\\{${1:var x = 0}\\}"),
    ):
        yield Proposal(label, What.SNIPPET, detail, snippet=snippet, rank=2)


_ROUTINE = """\
; ${2:what it does}
;@ run A=${3:1} => A=${4:1}
${1:name}:
        ${0}
        :RETURN"""

_LOOP = """\
        ${1:10} => RCX
${2:loop}:
        ${0}
        RCX - 1 => RCX :JMPNZ(${2:loop})"""


def _sources(machine: Machine) -> Iterator[Proposal]:
    for register in machine.registers:
        yield Proposal(register.name, What.REGISTER, register.note)
    for counter in machine.counters:
        yield Proposal(counter.name, What.REGISTER, counter.counts, rank=2)


def _operands() -> Iterator[Proposal]:
    yield Proposal("$", What.KEYWORD, "the value that the operation of the step defines")
    yield Proposal("${}", What.SNIPPET, "advice: a value that the executor computes", "${", "\\${${1:A}}")


def _signed(context: Context, names: Names) -> Iterator[Proposal]:
    if context.sign == "%":
        yield from _defined(names, Sort.CONSTANT, What.CONSTANT)
    else:
        yield from _defined(names, Sort.LABEL, What.LABEL)
        yield from _defined(names, Sort.VARIABLE, What.VARIABLE)


def _defined(names: Names, sort: Sort, what: What, sign: str = "") -> Iterator[Proposal]:
    for (kind, name), named in names.items():
        if kind is sort and any(one.occurrence.defines for one in named):
            yield Proposal(f"{sign}{name}", what, sort.value)


def _operations(context: Context, machine: Machine) -> Iterator[Proposal]:
    """All operations, those that fit into the step first."""
    for operation in machine.operations:
        fits = _fits(operation, context.operations, machine)
        detail = operation.effect if fits else f"does not fit into the step · {operation.effect}"
        has_operand = any(form.shape for form in operation.forms)
        only = operation.forms[0].shape if len(operation.forms) == 1 else ""
        inner = only if only == "RCX" else ""
        snippet = f"{operation.name}({inner or '${1}'})" if has_operand else operation.name
        plain = f"{operation.name}({inner})" if inner else operation.name
        yield Proposal(operation.name, What.OPERATION, detail, plain, snippet, 1 if fits else 3)


def _fits(operation: Operation, others: Iterable[str], machine: Machine) -> bool:
    """Does some form of an operation share no field with some forms of the others, and is the pair not forbidden?"""
    for name in others:
        if legality.forbidden_pair(machine, name, operation.name):
            return False
        mine = [{field for field, _ in form.fields} for form in operation.forms]
        theirs = [{field for field, _ in form.fields} for form in machine.operation(name).forms]
        if not any(one.isdisjoint(other) for one in mine for other in theirs):
            return False
    return True


def following(operation: Operation, kinds: tuple[str, ...]) -> list[OperandForm]:
    """The operand forms that begin with the tokens."""
    return [form for form in operation.forms if form.symbols[: len(kinds)] == kinds and len(form.symbols) > len(kinds)]


def _operand(context: Context, machine: Machine, names: Names) -> Iterator[Proposal]:
    operation = machine.operation(context.operation)
    sort, what = (Sort.LABEL, What.LABEL) if operation.kind is Kind.JUMP else (Sort.VARIABLE, What.VARIABLE)
    seen: set[str] = set()
    kinds = context.kinds
    for form in following(operation, kinds):
        symbol = form.symbols[len(kinds)]
        if symbol in seen:
            continue
        seen.add(symbol)
        if symbol == "name" and not context.sign:
            yield from _defined(names, sort, what)
            if operation.kind is Kind.JUMP:
                yield Proposal(NEXT, What.KEYWORD, "the following step", rank=2)
        elif symbol == "@name":
            yield from _defined(names, Sort.LABEL, What.LABEL, "" if context.sign == "@" else "@")
        elif symbol[0].isalpha() and symbol not in ("number", "name") and not context.sign:
            rest = "".join(form.symbols[len(kinds) + 1 : len(kinds) + 2])
            text = f"{symbol}:" if rest == ":" else symbol
            yield Proposal(text, What.REGISTER, form.meaning or show_shape(form))


def _advice(context: Context, machine: Machine, names: Names) -> Iterator[Proposal]:
    if context.module == "const":
        yield from _defined(names, Sort.CONSTANT, What.CONSTANT)
        return
    if context.module:
        yield from _defined(names, Sort.VARIABLE, What.VARIABLE)
        return
    for module, detail in (
        ("mem", "the value of a variable"),
        ("addr", "the address of a variable"),
        ("const", "a constant"),
    ):
        yield Proposal(module, What.MODULE, detail, f"{module}.", f"{module}.")
    for row in machine.registers:
        if row.in_advice:
            yield Proposal(row.name, What.REGISTER, row.note)
    for counter in machine.counters:
        yield Proposal(counter.name, What.REGISTER, counter.counts, rank=3)
    for function in machine.advice_functions:
        places = ", ".join(f"${{{number}}}" for number in range(1, function.least + 1))
        snippet = f"{function.name}({places})"
        yield Proposal(function.name, What.FUNCTION, f"gives {function.result}", f"{function.name}(", snippet, 2)


def _files(folder: Path, written: str) -> Iterator[Proposal]:
    """The files and folders that a path may go on with."""
    above = os.path.join(folder, os.path.dirname(written))
    try:
        entries = sorted(os.scandir(above), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir() and not entry.name.startswith("."):
            yield Proposal(f"{entry.name}/", What.FILE, "folder", rank=2)
        elif entry.name.endswith(SUFFIX):
            yield Proposal(entry.name, What.FILE, "file")


def _directives(context: Context) -> Iterator[Proposal]:
    if context.written.strip() in (";@", f";@ {context.word}", f";@{context.word}"):
        yield Proposal("run", What.SNIPPET, "run the label below, or the program", "run ", "run A=${1:1} => A=${2:1}")
        yield Proposal("dialect", What.KEYWORD, "the dialect of the file, on its first line", "dialect ", "dialect ")
