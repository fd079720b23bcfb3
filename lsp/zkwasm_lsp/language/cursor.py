"""What is at a place of a file: its logical line, its token, the name it is, the operand it is in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.syntax import OperationCall
from zkwasm_lsp.language.names import Occurrence
from zkwasm_lsp.language.source import Chunk, Source

_WORD = re.compile(r"[a-zA-Z_][a-zA-Z$_0-9]*|0x[0-9A-Fa-f_]+|[0-9][0-9_]*n?", re.ASCII)
IN_BRACES = (lexer.FREE_INPUT, lexer.LOW_FREE_INPUT, lexer.COMMAND)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place: the chunk number `index`, which begins at offset `base` of the file; the other offsets are of the file.

    `kind`, `text`, `start` and `end` are those of the token there, kind empty where there is none. A place between two
    tokens belongs to the word that it touches.
    """

    source: Source
    index: int
    base: int
    place: int
    kind: str
    text: str
    start: int
    end: int

    @property
    def chunk(self) -> Chunk:
        return self.source.chunks[self.index]

    @property
    def name(self) -> Occurrence | None:
        """The name at the place."""
        for occurrence in self.chunk.names:
            if self.base + occurrence.start <= self.place <= self.base + occurrence.end:
                return occurrence
        # The sign before a name belongs to it.
        if self.kind in (lexer.CONSTANT, lexer.REFERENCE):
            return next((one for one in self.chunk.names if self.base + one.start == self.start + 1), None)
        return None

    @property
    def operation(self) -> OperationCall | None:
        """The operation at the place, its operand included."""
        step = self.chunk.step
        place = self.place - self.base + self.chunk.origin
        if step is None:
            return None
        return next((call for call in step.operations if call.start <= place <= call.end), None)

    @property
    def word(self) -> tuple[str, int, int] | None:
        """In braces: the word at the place, with its begin and end."""
        if self.kind not in IN_BRACES:
            return None
        for match in _WORD.finditer(self.text):
            if self.start + match.start() <= self.place <= self.start + match.end():
                return match[0], self.start + match.start(), self.start + match.end()
        return None

    @property
    def in_comment(self) -> bool:
        """Is the place inside of a comment?"""
        place = self.place - self.base + self.chunk.origin
        for comment in self.chunk.parsed.comments:
            runs_on = comment.text.startswith(";") and place == comment.end
            if comment.start < place < comment.end or runs_on:
                return True
        return False


def cursor_at(source: Source, offset: int) -> Cursor:
    """What is at an offset of a file."""
    index = source.index_at(offset)
    chunk = source.chunks[index]
    base = source.start(index)
    best = ("", "", offset, offset)
    for kind, text, place in chunk.parsed.tokens.entries():
        start = place - chunk.origin + base
        end = start + len(text)
        if kind in (lexer.LINE_END, lexer.END) or start > offset:
            continue
        if start <= offset < end or (offset == end and _is_word(text)):
            best = (kind, text, start, end)
            if start <= offset < end:
                break
    return Cursor(source, index, base, offset, *best)


def _is_word(text: str) -> bool:
    return bool(text) and (text[-1].isalnum() or text[-1] in "_$}")
