"""What may be written at a place: the part of the language that the text before it leads to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.lexer import tokenize
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.source import Source


class Spot(Enum):
    """A kind of place."""

    NOTHING = auto()
    DIRECTIVE = auto()
    STATEMENT = auto()
    LEFT_SIDE = auto()
    DESTINATION = auto()
    OPERATION = auto()
    OPERAND = auto()
    SCOPE = auto()
    CONSTANT_EXPRESSION = auto()
    PATH = auto()
    ADVICE = auto()


@dataclass(frozen=True, slots=True)
class Context:
    """`spot` with what belongs to it: the `sign` (``%`` or ``@``) and the `word` before the place; in an operand the
    `operation` and the token `kinds` since its parenthesis; in advice the `module` before a dot, and the function with
    the number of its parameter; `operations` and `destinations` that the step has already."""

    spot: Spot
    word: str = ""
    sign: str = ""
    operation: str = ""
    kinds: tuple[str, ...] = ()
    module: str = ""
    function: str = ""
    parameter: int = 0
    operations: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    written: str = ""


_WORD_END = re.compile(r"[a-zA-Z_][a-zA-Z$_0-9]*\Z", re.ASCII)
_MODULE = re.compile(r"\b(mem|addr|const)\s*\.\s*\Z")
_CALL = re.compile(r"([a-zA-Z_][a-zA-Z$_0-9]*)\s*\Z", re.ASCII)


def context_at(source: Source, offset: int) -> Context:
    """What may be written at an offset of a file."""
    index = source.index_at(offset)
    chunk = source.chunks[index]
    place = max(offset - source.start(index), 0)
    return context_after(chunk.text[:place], chunk.machine)


def context_after(text: str, machine: Machine) -> Context:
    """What may be written behind `text`, which begins a logical line."""
    word_match = _WORD_END.search(text)
    word = word_match[0] if word_match else ""
    before = text[: len(text) - len(word)]
    sign = before[-1:] if before[-1:] in ("%", "@") else ""
    tokens = tokenize(before[: len(before) - len(sign)], machine)
    comment = tokens.comments[-1] if tokens.comments else None
    if comment is not None and comment.text.startswith(";") and comment.end >= len(before):
        written = comment.text + word
        return Context(Spot.DIRECTIVE if written.startswith(";@") else Spot.NOTHING, word, written=written)
    kinds, texts = tokens.kinds[:-2], tokens.texts[:-2]  # without the line end that the lexer adds
    for kind, token, start in zip(tokens.kinds, tokens.texts, tokens.starts, strict=True):
        if kind == lexer.INVALID and token.startswith("/*"):
            return Context(Spot.NOTHING)
        if kind == lexer.INVALID and token.endswith("{"):
            return _advice(before[start + len(token) :], word)
        if kind == lexer.INVALID and token == '"':
            return Context(Spot.PATH, word, written=text[start + 1 :])
    return _in_line(_last_statement(kinds, machine), texts, word, sign, machine)


def _last_statement(kinds: list[str], machine: Machine) -> list[str]:
    """The token kinds of the statement that is not finished: labels before it are passed over."""
    while len(kinds) > 1 and kinds[0] == lexer.NAME and kinds[1] == ":":
        kinds = kinds[2:]
    return kinds


def _in_line(kinds: list[str], texts: list[str], word: str, sign: str, machine: Machine) -> Context:
    if not kinds:
        return Context(Spot.STATEMENT, word, sign)
    match kinds[0]:
        case "VAR":
            return Context(Spot.SCOPE if len(kinds) == 1 else _size(kinds), word, sign)
        case "CONST" | "CONSTL":
            return Context(Spot.CONSTANT_EXPRESSION if "=" in kinds else Spot.NOTHING, word, sign)
        case "INCLUDE":
            return Context(Spot.NOTHING)
    operations = tuple(kind for kind in kinds if kind in machine.operation_table)
    destinations = _destinations(kinds, machine)
    if ":" not in kinds or _depth(kinds) < 0:
        spot = Spot.DESTINATION if "=>" in kinds else Spot.LEFT_SIDE
        return Context(spot, word, sign, operations=operations, destinations=destinations)
    if _depth(kinds) > 0:
        opening = len(kinds) - 1 - kinds[::-1].index("(")
        operation = kinds[opening - 1] if opening else ""
        inside = tuple(kinds[opening + 1 :])
        if operation not in machine.operation_table:
            return Context(Spot.NOTHING)
        return Context(Spot.OPERAND, word, sign, operation, inside, operations=operations, destinations=destinations)
    spot = Spot.OPERATION if kinds[-1] in (":", ",") else Spot.NOTHING
    return Context(spot, word, sign, operations=operations, destinations=destinations)


def _size(kinds: list[str]) -> Spot:
    return Spot.CONSTANT_EXPRESSION if kinds[-1] == "[" else Spot.NOTHING


def _depth(kinds: list[str]) -> int:
    return kinds.count("(") - kinds.count(")")


def _destinations(kinds: list[str], machine: Machine) -> tuple[str, ...]:
    if "=>" not in kinds:
        return ()
    behind = kinds[kinds.index("=>") + 1 :]
    end = behind.index(":") if ":" in behind else len(behind)
    return tuple(kind for kind in behind[:end] if kind in machine.register_table)


def _advice(before: str, word: str) -> Context:
    """In braces, behind `before` and the begin of a word."""
    module = _MODULE.search(before)
    depth = 0
    parameter = 0
    for place in range(len(before) - 1, -1, -1):
        character = before[place]
        if character == ")":
            depth += 1
        elif character == "(" and depth:
            depth -= 1
        elif character == "(":
            function = _CALL.search(before[:place])
            if function:
                return Context(
                    Spot.ADVICE, word, module=module[1] if module else "", function=function[1], parameter=parameter
                )
            parameter = 0
        elif character == "," and not depth:
            parameter += 1
    return Context(Spot.ADVICE, word, module=module[1] if module else "")
