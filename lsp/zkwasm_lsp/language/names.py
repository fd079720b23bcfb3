"""The names in a line: labels, variables, constants, included files; from its tokens, so that broken lines have some.

A name after ``@`` is a label or else a variable; which of them says the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.lexer import Tokens
from zkwasm_compiler.isa.machine import Kind, Machine

NEXT = "next"
"""The target of a jump that is no label: the following step."""


class Sort(Enum):
    """What a name names."""

    LABEL = "label"
    VARIABLE = "variable"
    CONSTANT = "constant"
    REFERENCE = "label or variable"
    FILE = "file"

    __hash__ = object.__hash__  # members are told apart as objects, and hashed for every name of a program


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name at the offsets `start` to `end`, which leave out ``%`` and ``@`` and the quotes of a path.

    `operation` is the operation whose operand it is; `advice` says that it stands in braces.
    """

    sort: Sort
    name: str
    start: int
    end: int
    defines: bool = False
    operation: str = ""
    advice: bool = False


_MODULES = {"mem": Sort.VARIABLE, "addr": Sort.VARIABLE, "const": Sort.CONSTANT}
_DATA = re.compile(r"(?<![\w$])(mem|addr|const)\s*\.\s*([a-zA-Z_][a-zA-Z$_0-9]*)", re.ASCII)


def occurrences(tokens: Tokens, origin: int, machine: Machine) -> tuple[Occurrence, ...]:
    """The names among the tokens of a logical line; offsets are given from 0 on, those of the tokens from `origin`."""
    return tuple(_occurrences(tokens, origin, machine))


def _occurrences(tokens: Tokens, origin: int, machine: Machine) -> Iterator[Occurrence]:
    kinds, texts = tokens.kinds, tokens.texts
    operation = ""
    for index, kind in enumerate(kinds):
        if kind == "(":
            operation = kinds[index - 1] if index and kinds[index - 1] in machine.operation_table else ""
        elif kind == ")":
            operation = ""
        elif kind in _NAMED:
            text, start = texts[index], tokens.starts[index] - origin
            if kind == lexer.NAME:
                yield from _plain(tokens, index, text, start, operation, machine)
            elif kind == lexer.CONSTANT:
                defines = index > 0 and kinds[index - 1] in ("CONST", "CONSTL")
                yield Occurrence(Sort.CONSTANT, text[1:], start + 1, start + len(text), defines)
            elif kind == lexer.REFERENCE:
                sort = Sort.LABEL if _jumps(operation, machine) else Sort.REFERENCE
                yield Occurrence(sort, text[1:], start + 1, start + len(text), operation=operation)
            elif kind == lexer.STRING:
                if index and kinds[index - 1] == "INCLUDE":
                    yield Occurrence(Sort.FILE, text[1:-1], start + 1, start + len(text) - 1)
            else:
                for match in _DATA.finditer(text):
                    place = start + match.start(2)
                    yield Occurrence(_MODULES[match[1]], match[2], place, place + len(match[2]), advice=True)


_NAMED = frozenset(
    (
        lexer.NAME,
        lexer.CONSTANT,
        lexer.REFERENCE,
        lexer.STRING,
        lexer.FREE_INPUT,
        lexer.LOW_FREE_INPUT,
        lexer.COMMAND,
    )
)


def _plain(tokens: Tokens, index: int, name: str, start: int, operation: str, machine: Machine) -> Iterator[Occurrence]:
    """A name without a sign before it."""
    kinds, end = tokens.kinds, start + len(name)
    if operation:
        if _jumps(operation, machine):
            if name != NEXT:
                yield Occurrence(Sort.LABEL, name, start, end, operation=operation)
        elif machine.operation(operation).kind is Kind.MEMORY:
            yield Occurrence(Sort.VARIABLE, name, start, end, operation=operation)
    elif index > 1 and kinds[index - 2] == "VAR":
        yield Occurrence(Sort.VARIABLE, name, start, end, defines=True)
    elif kinds[index + 1] == ":":
        yield Occurrence(Sort.LABEL, name, start, end, defines=True)


def _jumps(operation: str, machine: Machine) -> bool:
    return operation != "" and machine.operation(operation).kind is Kind.JUMP
