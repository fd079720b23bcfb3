"""A file as the server keeps it: logical lines, each parsed once, from which any version of the file is put together.

`read` makes a `Source` from a text and takes over what has not changed from the version before. The nodes of a
logical line (`Chunk`) have offsets that are unique in the server, so that they stay right wherever the line moves to;
`Source.offset` turns one into an offset of the file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from zkwasm_compiler.asm.logical_lines import logical_lines
from zkwasm_compiler.asm.parser import parse_source
from zkwasm_compiler.asm.report import Unit
from zkwasm_compiler.asm.source import Lines, SourceFile
from zkwasm_compiler.asm.syntax import Statement, StepStatement
from zkwasm_compiler.errors import Problem
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.names import Occurrence, Sort, occurrences
from zkwasm_lsp.language.text import Text

T = TypeVar("T")


class Origins:
    """Gives every chunk offsets of its own."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 1

    def take(self, length: int) -> int:
        """The first of `length` offsets."""
        first = self._next
        self._next += length
        return first


@dataclass(eq=False)
class Chunk:
    """A logical line: `text` without its last line end, over `height` lines of the file.

    `lead` is 1 when the text that was parsed begins with the line end before it: a comment over several lines in front
    of a mistake moves the mistake to the line on which the comment begins.
    """

    text: str
    height: int
    origin: int
    lead: int
    machine: Machine
    _known: dict[Callable[[Chunk], Any], Any] = field(default_factory=dict, repr=False)

    def once(self, find: Callable[[Chunk], T]) -> T:
        """`find(self)`, found out once; a chunk never changes."""
        if find not in self._known:
            self._known[find] = find(self)
        found: T = self._known[find]
        return found

    @cached_property
    def parsed(self) -> SourceFile:
        """Statements, tokens and problems, with offsets from `origin` on."""
        text = "\n" * self.lead + self.text
        return parse_source(text, "", self.machine, origin=self.origin - self.lead)

    @cached_property
    def names(self) -> tuple[Occurrence, ...]:
        """The names in the line, with offsets from 0 on."""
        return occurrences(self.parsed.tokens, self.origin, self.machine)

    @cached_property
    def step(self) -> StepStatement | None:
        """The step, if there is one; nothing can follow a step on its line."""
        statements = self.parsed.tree.statements
        last = statements[-1] if statements else None
        return last if isinstance(last, StepStatement) else None

    @cached_property
    def lines_before(self) -> list[int]:
        """How many lines of the file each of its lines is behind the first one, by offset from 0 on."""
        return list(Lines.of(self.text).starts)

    def line_of(self, offset: int) -> int:
        """How many lines behind the first the offset, counted from 0, is."""
        return 0 if self.height == 1 else bisect_right(self.lines_before, offset) - 1


@dataclass(frozen=True, slots=True)
class PlacedLines(Lines):
    """The lines of a file for nodes of its chunks."""

    source: Source

    def line(self, offset: int) -> int:
        return self.position(offset)[0]

    def position(self, offset: int) -> tuple[int, int]:
        line, column = self.source.text.position(self.source.offset(offset))
        return line + 1, column + 1


@dataclass(eq=False)
class Source:
    """One version of a file. `first_lines` are the lines on which the chunks begin."""

    text: Text
    machine: Machine
    chunks: list[Chunk]
    first_lines: list[int]

    def index_at_line(self, line: int) -> int:
        """The chunk that covers a line."""
        return max(bisect_right(self.first_lines, line) - 1, 0)

    @cached_property
    def chunk_of_line(self) -> list[int]:
        """The chunk that covers each line."""
        return [index for index, chunk in enumerate(self.chunks) for _ in range(chunk.height)]

    def index_at(self, offset: int) -> int:
        """The chunk that covers an offset of the file."""
        return self.index_at_line(self.text.position(offset)[0])

    def index_of(self, chunk: Chunk) -> int | None:
        """The number of a chunk; None when it is not in this version."""
        origins, order = self._by_origin
        place = bisect_right(origins, chunk.origin) - 1
        return order[place] if place >= 0 and self.chunks[order[place]] is chunk else None

    def start(self, index: int) -> int:
        """The offset of the file at which a chunk begins."""
        return self.text.starts[self.first_lines[index]]

    @cached_property
    def _by_origin(self) -> tuple[list[int], list[int]]:
        order = sorted(range(len(self.chunks)), key=lambda index: self.chunks[index].origin)
        return [self.chunks[index].origin - self.chunks[index].lead for index in order], order

    def offset(self, place: int) -> int:
        """The offset of the file of an offset of one of its nodes."""
        origins, order = self._by_origin
        index = order[bisect_right(origins, place) - 1]
        return max(self.start(index) + place - self.chunks[index].origin, 0)

    def statements(self) -> Iterator[tuple[Statement, int]]:
        """Every statement with its line, counted from 1."""
        for chunk, first in zip(self.chunks, self.first_lines, strict=True):
            if chunk.height == 1:
                for statement in chunk.parsed.tree.statements:
                    yield statement, first + 1
                continue
            for statement in chunk.parsed.tree.statements:
                yield statement, first + 1 + chunk.line_of(statement.start - chunk.origin)

    @cached_property
    def broken(self) -> list[int]:
        """The numbers of the chunks that cannot be read."""
        return [index for index, chunk in enumerate(self.chunks) if chunk.parsed.problems]

    def problems(self) -> Iterator[tuple[Problem, int, int]]:
        """Everything wrong with the syntax, with its span in the file."""
        for index in self.broken:
            chunk = self.chunks[index]
            for problem in chunk.parsed.problems:
                assert problem.span is not None
                moved = self.start(index) - chunk.origin
                start, end = (max(place + moved, 0) for place in problem.span)
                yield problem, start, end

    def names(self) -> Iterator[tuple[Occurrence, int]]:
        """Every name with the offset at which its chunk begins."""
        for index, chunk in enumerate(self.chunks):
            if chunk.names:
                start = self.start(index)
                for occurrence in chunk.names:
                    yield occurrence, start

    @cached_property
    def index(self) -> dict[Sort, list[tuple[Occurrence, int]]]:
        """The names by sort, in the order of the text, each with its offset in the file."""
        found: dict[Sort, list[tuple[Occurrence, int]]] = {}
        for occurrence, start in self.names():
            found.setdefault(occurrence.sort, []).append((occurrence, start + occurrence.start))
        return found

    @cached_property
    def directives(self) -> list[tuple[str, int]]:
        """The comments that tools read (``;@ …``) with their offsets."""
        return [
            (comment.text, self.start(index) + comment.start - chunk.origin)
            for index, chunk in enumerate(self.chunks)
            if ";@" in chunk.text
            for comment in chunk.parsed.comments
            if comment.text.startswith(";@")
        ]

    @cached_property
    def comments(self) -> list[tuple[str, int]]:
        """The comments with their offsets."""
        return [
            (comment.text, self.start(index) + comment.start - chunk.origin)
            for index, chunk in enumerate(self.chunks)
            for comment in chunk.parsed.comments
        ]

    def unit(self, file_name: str) -> Unit:
        """The file for the resolver."""
        return Unit(file_name, PlacedLines((), tuple(self.text.bare), self), list(self.statements()))


def read(text: Text, machine: Machine, origins: Origins, before: Source | None = None) -> Source:
    """The file with `text`; chunks that are as in the version `before` (of the same machine), at its begin and its end,
    are taken over."""
    extents = list(logical_lines(text.lines, machine))
    lines = text.lines
    texts = [
        lines[first].rstrip("\r\n") if end == first + 1 else "".join(lines[first:end]).rstrip("\r\n")
        for first, end in extents
    ]
    leads = [
        int(end > first + 1 and number > 0 and texts[number].lstrip(" \t").startswith("/*"))
        for number, (first, end) in enumerate(extents)
    ]
    new = list(zip(texts, extents, leads, strict=True))
    old = [] if before is None else before.chunks
    same_begin = _common(old, new)
    most = min(len(old), len(texts)) - same_begin
    same_end = _common(old[::-1][:most], new[::-1][:most])
    chunks = old[:same_begin]
    for whole, (first, end), lead in new[same_begin : len(new) - same_end]:
        origin = origins.take(len(whole) + 2 + lead) + lead
        chunks.append(Chunk(whole, end - first, origin, lead, machine))
    chunks += old[len(old) - same_end :] if same_end else []
    return Source(text, machine, chunks, [first for first, _ in extents])


def _common(chunks: list[Chunk], new: list[tuple[str, tuple[int, int], int]]) -> int:
    """How many chunks from the first on are as new ones. Besides the text count its lines (a comment that nothing
    closes goes on over empty lines that are not in its text) and what it is parsed with."""
    count = 0
    for chunk, (text, (first, end), lead) in zip(chunks, new, strict=False):
        if chunk.text != text or chunk.height != end - first or chunk.lead != lead:
            break
        count += 1
    return count
