"""Formatting, one logical line at a time: the white space between tokens, nothing else.

Labels, variables, constants and INCLUDEs begin at the margin, steps and commands are indented, comments behind code are
aligned with those of neighbouring lines. A line that cannot be read stays as it is. What is printed has the same tokens
and comments, and is printed alike again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.lexer import tokenize
from zkwasm_compiler.asm.syntax import CommandStatement, ConstantStatement, Statement, StepStatement
from zkwasm_lsp.language.source import Chunk, Source

ALIGNED_WIDTH = 72
"""Comments behind longer code are not aligned."""

_CONSTANT_UNARY_AFTER = frozenset(("=", "(", "?", ":", "??", "-", "!", *"+*/%&|^<>", "**", "<<", ">>", "||", "&&"))
_COMPARISONS = frozenset(("==", "!=", "<=", ">="))


@dataclass(frozen=True, slots=True)
class Line:
    """A formatted logical line: its code, and the comment behind it."""

    code: str
    comment: str = ""


def formatted(source: Source, indent: str) -> Iterator[tuple[int, str]]:
    """The chunks that change, by their number, and their new texts."""
    lines = [_line(chunk, indent) for chunk in source.chunks]
    for index, text in enumerate(_aligned(lines)):
        chunk = source.chunks[index]
        if text is not None and text != chunk.text and _same_tokens(text, chunk):
            yield index, text


def _aligned(lines: Sequence[Line | None]) -> Iterator[str | None]:
    """The texts of lines; comments behind the code of neighbours are in one column."""
    columns: list[int] = [0] * len(lines)
    start = 0
    while start < len(lines):
        end = start
        width = 0
        while end < len(lines) and (line := lines[end]) is not None and line.comment and line.code:
            if "\n" not in line.code and "\r" not in line.code and len(line.code) <= ALIGNED_WIDTH:
                width = max(width, len(line.code))
            end += 1
        for number in range(start, end):
            columns[number] = width
        start = max(end, start + 1)
    for line, column in zip(lines, columns, strict=True):
        if line is None:
            yield None
        elif line.comment and line.code:
            yield (
                f"{line.code:{column}}  {line.comment}" if len(line.code) <= column else f"{line.code}  {line.comment}"
            )
        else:
            yield line.code or line.comment


def _line(chunk: Chunk, indent: str) -> Line | None:
    """A logical line; None when it stays as it is."""
    parsed = chunk.parsed
    if parsed.problems:
        return None
    statements = parsed.tree.statements
    if not statements:
        return _without_statement(chunk, indent)
    comments = [(c.start, c.text) for c in parsed.comments]
    trailing = ""
    if comments and comments[-1][1].startswith(";"):
        trailing = comments.pop()[1].rstrip()
    at_margin = not isinstance(statements[0], StepStatement | CommandStatement)
    pieces: list[str] = []
    previous: tuple[str, int] | None = None
    state = _Spacing(statements)
    items = sorted(
        [
            (place, kind, text)
            for kind, text, place in parsed.tokens.entries()
            if kind not in (lexer.LINE_END, lexer.END)
        ]
        + [(place, "comment", text) for place, text in comments]
    )
    for place, kind, text in items:
        if previous is not None:
            pieces.append(state.gap(previous, (kind, place)))
        pieces.append(text)
        state.after(kind, place)
        previous = (kind, place)
    return Line(("" if at_margin else indent) + "".join(pieces), trailing)


def _without_statement(chunk: Chunk, indent: str) -> Line:
    """A comment on its own keeps its margin or gets that of steps; nothing is nothing."""
    text = chunk.text.strip(" \t")
    if chunk.height > 1:
        return Line(chunk.text.rstrip(" \t"))
    if text and chunk.text[0] in " \t":
        return Line(indent + text)
    return Line(text)


def _same_tokens(text: str, chunk: Chunk) -> bool:
    """Has a formatted line the tokens and the comments of the line that it was made of?"""
    tokens, before = tokenize(text, chunk.machine), chunk.parsed.tokens
    ours, theirs = ([c.text.rstrip() for c in each.comments] for each in (tokens, before))
    return (tokens.kinds, tokens.texts, ours) == (before.kinds, before.texts, theirs) or (
        before.kinds[0] == lexer.LINE_END and tokens.kinds == before.kinds and ours == theirs
    )


class _Spacing:
    """What is between two tokens, from the statement that they are in."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        self._depth = 0
        self._before: str | None = None
        self._previous: str | None = None

    def after(self, kind: str, place: int) -> None:
        """Go on behind a token."""
        if kind == "comment":
            return
        self._depth += (kind == "(") - (kind == ")")
        self._before, self._previous = self._previous, kind

    def gap(self, previous: tuple[str, int], following: tuple[str, int]) -> str:
        """The white space between two tokens."""
        (left, left_place), (right, right_place) = previous, following
        if "comment" in (left, right):
            return " "
        statement = self._statement(left_place)
        if statement is not self._statement(right_place):
            return " "
        if isinstance(statement, StepStatement):
            return self._in_step(left, right)
        if isinstance(statement, ConstantStatement):
            return self._in_constant(left, right)
        # VAR GLOBAL name[4], name:, INCLUDE "path"
        return "" if right in ("[", "]", ":") or left == "[" else " "

    def _statement(self, place: int) -> Statement | None:
        return next((one for one in self._statements if one.start <= place < one.end), None)

    def _in_step(self, left: str, right: str) -> str:
        if self._depth:
            if right in ("(", ")", "[", "]", "++", "--", ",", ":") or left in ("(", "[", ":"):
                return ""
            return " "
        if right in ("(", ",", "*", "**") or left in (":", "*", "**"):
            return ""
        if left == "-" and self._before is None:
            return ""  # the sign of the first term
        if left == "-" and self._before == ":":
            return ""
        return " "

    def _in_constant(self, left: str, right: str) -> str:
        if left == "(" or right == ")":
            return ""
        unary = left in ("-", "!") and (self._before in _CONSTANT_UNARY_AFTER or self._before in _COMPARISONS)
        return "" if unary else " "
