"""Reading tokens one after the other, and the errors of reading them."""

from __future__ import annotations

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.lexer import (
    CONSTANT,
    FREE_INPUT,
    LINE_END,
    LONG_NUMBER,
    LOW_FREE_INPUT,
    NAME,
    NUMBER,
    REFERENCE,
)
from zkwasm_compiler.asm.source import Lines
from zkwasm_compiler.errors import Problem

DIGIT_LIMIT = 4000
"""The most digits of a literal."""


class ReadError(Exception):
    """Unwinds to the statement; the problem is already recorded."""


class TokenReader:
    """The tokens of a text from the next one on; every error is recorded before it is raised."""

    __slots__ = ("_file_name", "_index", "_kinds", "_lines", "_starts", "_texts", "problems")

    def __init__(self, tokens: lexer.Tokens, lines: Lines, file_name: str) -> None:
        self._kinds, self._texts, self._starts = tokens.kinds, tokens.texts, tokens.starts
        self._lines = lines
        self._file_name = file_name
        self._index = 0
        self.problems: list[Problem] = []

    def _end(self) -> int:
        """Where the last accepted token ends."""
        index = self._index - 1
        return self._starts[index] + len(self._texts[index])

    def _take(self, kind: str, expected: str | None = None) -> int:
        """Accept a token of `kind` and return its index."""
        index = self._index
        if self._kinds[index] != kind:
            raise self._unexpected(expected or shown_kind(kind))
        self._index = index + 1
        return index

    def _unexpected(self, expected: str) -> ReadError:
        """The error of the next token, recorded; the caller raises it."""
        kind, text = self._kinds[self._index], self._texts[self._index]
        code = "lexical" if text in ("\u2028", "\u2029") else "syntax"
        message = f"found {shown_token(kind, text)} where {expected} was expected{self._hint(text)}"
        return self._fail(message, self._index, code)

    def _hint(self, text: str) -> str:
        """What more there is to say about an unexpected token."""
        return ""

    def _fail(self, message: str, index: int, code: str = "syntax") -> ReadError:
        """The error at token `index`, or after the last accepted token when that is on an earlier line, recorded."""
        start, length = self._starts[index], len(self._texts[index]) if self._kinds[index] != LINE_END else 0
        line, column = self._lines.position(start)
        if self._index:
            last_line, last_column = self._lines.position(self._end())
            if last_line < line:
                line, column = last_line, last_column
                start, length = self._end(), 0
        end_of_text = self._starts[-1] - 1  # the lexer adds a line end
        span = (min(start, end_of_text), min(start + length, end_of_text))
        self.problems.append(Problem(message, self._file_name, line, column, code=code, span=span))
        return ReadError()

    def _value(self, index: int) -> int:
        """The value of the literal at `index`, with or without the suffix ``n``."""
        text = self._texts[index]
        if len(text) > DIGIT_LIMIT:
            raise self._fail(f"a number of {len(text)} characters; at most {DIGIT_LIMIT} are allowed", index)
        digits = text.replace("_", "").removesuffix("n")
        return int(digits, 16) if digits.startswith("0x") else int(digits)


def shown_kind(kind: str) -> str:
    """A kind of token for a message."""
    shown = {
        NAME: "a name",
        NUMBER: "a number",
        LONG_NUMBER: "a number with suffix `n`",
        CONSTANT: "a `%constant`",
        REFERENCE: "an `@reference`",
        lexer.STRING: "a string",
        FREE_INPUT: "a free input",
        LOW_FREE_INPUT: "a free input",
        lexer.COMMAND: "a command",
        LINE_END: "the end of the line",
        lexer.END: "the end of the file",
    }
    return shown.get(kind, f"`{kind}`")


def shown_token(kind: str, text: str) -> str:
    if kind in (LINE_END, lexer.END):
        return shown_kind(kind)
    if kind == lexer.INVALID and text.startswith("/*"):
        return "a comment that is never closed by `*/`"
    if kind == lexer.INVALID and text.endswith("{"):
        return f"`{text}` that is never closed by `}}`"
    text = text if len(text) <= 40 else text[:40] + "…"
    if kind == lexer.INVALID:
        return f"the character {text!r}" if not text.isprintable() or text.isspace() else f"`{text}`"
    return f"`{text}`"
