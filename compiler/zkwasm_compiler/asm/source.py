"""A parsed source file: its text, its tree, what is wrong with it, and where things are."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from zkwasm_compiler.asm.lexer import Tokens
from zkwasm_compiler.asm.syntax import Comment, Tree
from zkwasm_compiler.errors import Problem

_LINE_END = re.compile(r"\r\n?|\n")


def why_unreadable(error: Exception) -> str:
    """Why a file cannot be read, for people."""
    match error:
        case UnicodeDecodeError():
            return f"byte {error.start:#x} is not UTF-8 text"
        case FileNotFoundError():
            return f"there is no file {error.filename}" if error.filename else "there is no such file"
        case OSError(strerror=str(reason)):
            return reason
    return str(error)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a text: ``\\n``, ``\\r\\n`` and a lone ``\\r`` each end one."""

    starts: tuple[int, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Lines:
        """Split `text`."""
        starts = (0, *(match.end() for match in _LINE_END.finditer(text)))
        return cls(starts, tuple(_LINE_END.split(text)))

    def moved(self, distance: int) -> Lines:
        """The same lines, `distance` further on."""
        return Lines(tuple([start + distance for start in self.starts]), self.texts)

    def line(self, offset: int) -> int:
        """The 1-based line of an offset."""
        return bisect_right(self.starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What `parse` returns. The tree holds every statement that could be read, also when there are problems.

    The tokens are those of the whole text, also of lines that are wrong; what lies between them is white space and
    comments.
    """

    file_name: str
    text: str
    tree: Tree
    tokens: Tokens
    problems: tuple[Problem, ...]
    lines: Lines

    @property
    def comments(self) -> tuple[Comment, ...]:
        """The comments in their order."""
        return self.tokens.comments

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset into `text`."""
        return self.lines.position(offset)
