"""The colours of tokens: what each piece of a line is, from its tokens alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.source import Chunk

TYPES = (
    "comment",
    "keyword",
    "modifier",
    "function",
    "variable",
    "enumMember",
    "parameter",
    "number",
    "string",
    "operator",
    "macro",
    "method",
    "namespace",
)
"""Types of the protocol: operations are keywords, words of statements modifiers, labels functions, constants enum
members, registers parameters, what marks a free input macros, functions of advice methods, its modules namespaces."""

MODIFIERS = ("declaration", "readonly")

_NUMBER = {name: number for number, name in enumerate(TYPES)}
_DECLARATION, _READ_ONLY = 1, 2

Piece = tuple[int, int, int, int]
"""Begin and end from the begin of the chunk, number of the type, bits of the modifiers."""

_ADVICE = re.compile(r"([0-9][0-9A-Fa-fx_]*)|([a-zA-Z_][a-zA-Z$_0-9]*)|(\*\*|<<|>>|&&|\|\||[=!<>]=|[-+*/%&|^<>?:=~!])")
_SORTS = {Sort.LABEL: "function", Sort.REFERENCE: "function", Sort.VARIABLE: "variable", Sort.CONSTANT: "enumMember"}


def pieces(chunk: Chunk) -> tuple[Piece, ...]:
    """The coloured pieces of a logical line, in their order; none runs over a line end."""
    found = sorted((*_comments(chunk), *_tokens(chunk)))
    return tuple(part for piece in found for part in _within_lines(chunk.text, piece))


def _within_lines(text: str, piece: Piece) -> Iterator[Piece]:
    start, end, kind, modifiers = piece
    for match in re.finditer(r"[^\r\n]+", text[start:end]):
        yield start + match.start(), start + match.end(), kind, modifiers


def _comments(chunk: Chunk) -> Iterator[Piece]:
    for comment in chunk.parsed.comments:
        yield comment.start - chunk.origin, comment.end - chunk.origin, _NUMBER["comment"], 0


def _tokens(chunk: Chunk) -> Iterator[Piece]:
    machine = chunk.machine
    names = {one.start: one for one in chunk.names if not one.advice}
    before = ""
    for kind, text, place in chunk.parsed.tokens.entries():
        start = place - chunk.origin
        end = start + len(text)
        sign = kind in (lexer.CONSTANT, lexer.REFERENCE)
        name = names.get(start + sign)
        if name is not None and name.sort is not Sort.FILE:
            read_only = _READ_ONLY if name.sort is Sort.CONSTANT else 0
            yield start, end, _NUMBER[_SORTS[name.sort]], read_only | (_DECLARATION if name.defines else 0)
        elif kind in (lexer.FREE_INPUT, lexer.LOW_FREE_INPUT, lexer.COMMAND):
            yield from _free_input(text, start, machine)
        else:
            # The scope CTX is called as a register is.
            is_scope = before == "VAR" and kind in machine.register_table
            found = (_NUMBER["modifier"], 0) if is_scope else _word(kind, machine)
            if found is not None:
                yield start, end, *found
        before = kind


def _word(kind: str, machine: Machine) -> tuple[int, int] | None:
    if kind in machine.operation_table:
        return _NUMBER["keyword"], 0
    if kind in machine.register_table:
        return _NUMBER["parameter"], _READ_ONLY if machine.register(kind).read_only else 0
    if kind in machine.counter_table:
        return _NUMBER["parameter"], _READ_ONLY
    if kind in lexer.STATEMENT_KEYWORDS:
        return _NUMBER["modifier"], 0
    if kind in (lexer.NUMBER, lexer.LONG_NUMBER):
        return _NUMBER["number"], 0
    if kind == lexer.STRING:
        return _NUMBER["string"], 0
    if kind == lexer.NAME:
        return _NUMBER["variable"], 0
    if kind in (lexer.LINE_END, lexer.END, lexer.INVALID) or kind in "(),:[]":
        return None
    return _NUMBER["operator"], 0


def _free_input(text: str, start: int, machine: Machine) -> Iterator[Piece]:
    """The sign with its brace, the words of the advice, the closing brace."""
    opening = text.find("{") + 1
    if not opening:
        yield start, start + len(text), _NUMBER["macro"], 0
        return
    yield start, start + opening, _NUMBER["macro"], 0
    module = ""
    for match in _ADVICE.finditer(text, opening, len(text) - 1):
        number, word, _ = match.groups()
        after = text[match.end() :].lstrip()
        kind, modifiers = "number" if number else "operator", 0
        if word:
            kind, modifiers = _advice_word(word, after, module, machine)
            module = word if kind == "namespace" else ""
        yield start + match.start(), start + match.end(), _NUMBER[kind], modifiers
    yield start + len(text) - 1, start + len(text), _NUMBER["macro"], 0


def _advice_word(word: str, after: str, module: str, machine: Machine) -> tuple[str, int]:
    if module:
        return ("enumMember", _READ_ONLY) if module == "const" else ("variable", 0)
    if word in ("mem", "addr", "const") and after.startswith("."):
        return "namespace", 0
    if word == "var":
        return "modifier", 0
    if word in machine.register_table or word in machine.counter_table:
        return "parameter", 0
    return ("method", 0) if after.startswith("(") else ("variable", 0)
