"""A text with its lines, and places in it: offsets, lines and columns, and the columns of the protocol.

The protocol counts columns in code units (UTF-16 unless the client agreed on another encoding), Python in characters.
A line ends with ``\\n``, ``\\r\\n`` or a lone ``\\r``, as in the assembler and in the protocol; form feeds and other
separators of Unicode end none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


class Encoding(Enum):
    """How the client counts columns."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    UTF_32 = "utf-32"


def units(text: str, encoding: Encoding) -> int:
    """How many code units `text` has."""
    if encoding is Encoding.UTF_32 or text.isascii():
        return len(text)
    if encoding is Encoding.UTF_16:
        return len(text) + sum(character > "\uffff" for character in text)
    return sum(_utf8_length(ord(character)) for character in text)


def _utf8_length(code: int) -> int:
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def column_of_units(line: str, count: int, encoding: Encoding) -> int:
    """The column that `count` code units lead to, at most the length of `line`; within a character: where it begins."""
    if count <= 0:
        return 0
    if encoding is Encoding.UTF_32 or line.isascii():
        return min(count, len(line))
    done = 0
    for column, character in enumerate(line):
        done += units(character, encoding)
        if done > count:
            return column
    return len(line)


def split_lines(text: str) -> list[str]:
    """The lines with their ends; the last one has none and may be empty."""
    lines = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


@dataclass(frozen=True)
class Text:
    """An unchangeable text; an edit makes another one that shares the lines."""

    lines: list[str]

    @classmethod
    def of(cls, text: str) -> Text:
        return cls(split_lines(text))

    @cached_property
    def text(self) -> str:
        return "".join(self.lines)

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *accumulate(map(len, self.lines[:-1]))]

    @cached_property
    def bare(self) -> list[str]:
        """The lines without their ends."""
        return [line.rstrip("\r\n") for line in self.lines]

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset; beyond the end of the text: its end."""
        line = bisect_right(self.starts, max(offset, 0)) - 1
        return line, min(max(offset, 0) - self.starts[line], len(self.lines[line]))

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; one that is outside of its line or of the text is moved to the end of it."""
        if line >= len(self.lines):
            return self.starts[-1] + len(self.lines[-1])
        bare = self.lines[line].rstrip("\r\n")
        return self.starts[line] + min(max(column, 0), len(bare))

    def edited(self, start: tuple[int, int], end: tuple[int, int], new: str) -> Text:
        """The text with everything between two places (line and column) replaced by `new`."""
        if end < start:
            start, end = end, start
        (first, before), (last, after) = self._inside(start), self._inside(end)
        piece = self.lines[first][:before] + new + self.lines[last][after:]
        if piece.startswith("\n") and first > 0 and self.lines[first - 1].endswith("\r"):
            first -= 1  # the two become one line end
            piece = self.lines[first] + piece
        replaced = split_lines(piece)
        if last + 1 < len(self.lines):
            replaced.pop()  # the piece ends with the end of its last line, behind which nothing is
        return Text([*self.lines[:first], *replaced, *self.lines[last + 1 :]])

    def _inside(self, place: tuple[int, int]) -> tuple[int, int]:
        line, column = place
        if line >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1])
        return line, min(max(column, 0), len(self.lines[line].rstrip("\r\n")))
