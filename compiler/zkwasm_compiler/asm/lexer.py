"""Tokens of a zkASM file.

The first pattern that fits wins, as in the public assembler's lexer, so ``SP$x`` is three tokens and ``12 %A`` a number
and a constant. A token is a kind (keywords and punctuation are their own kind), its text and its offset. Where nothing
fits, an ``invalid`` token stands for the parser to report; the lexer itself never fails and takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from zkwasm_compiler.asm.syntax import Comment
from zkwasm_compiler.isa.machine import Machine

NAME = "name"
NUMBER = "number"
LONG_NUMBER = "long number"
CONSTANT = "%name"
REFERENCE = "@name"
STRING = "string"
FREE_INPUT = "free input"
LOW_FREE_INPUT = "low free input"
COMMAND = "command"
LINE_END = "end of line"
END = "end of file"
INVALID = "invalid"

STATEMENT_KEYWORDS = ("SYS", "MEM", "STACK", "INCLUDE", "VAR", "GLOBAL", "CONST", "CONSTL")
"""Words that are keywords on every machine besides its registers, counters and operations."""

_DIGITS = r"(?:0x[0-9A-Fa-f][0-9A-Fa-f_]*|[0-9][0-9_]*)"
_WORD = r"[a-zA-Z_][a-zA-Z$_0-9]*"

# Group numbers of the token pattern; the kinds of all groups but the special ones.
_G_WORD, _G_END_OF_LINE, _G_PUNCTUATION, _G_LONG, _G_NUMBER = 1, 2, 3, 4, 5
_G_COMMAND, _G_LOW, _G_FREE, _G_OPEN, _G_CONSTANT, _G_REFERENCE, _G_STRING = 6, 7, 8, 9, 10, 11, 12
_G_LINE_COMMENT, _G_BLOCK_COMMENT, _G_OPEN_COMMENT, _G_INVALID = 13, 14, 15, 16

_KINDS = {
    _G_END_OF_LINE: LINE_END,
    _G_LONG: LONG_NUMBER,
    _G_NUMBER: NUMBER,
    _G_COMMAND: COMMAND,
    _G_LOW: LOW_FREE_INPUT,
    _G_FREE: FREE_INPUT,
    _G_OPEN: INVALID,
    _G_CONSTANT: CONSTANT,
    _G_REFERENCE: REFERENCE,
    _G_STRING: STRING,
    _G_OPEN_COMMENT: INVALID,
    _G_INVALID: INVALID,
}


_COMMENT_GROUPS = (_G_LINE_COMMENT, _G_BLOCK_COMMENT)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text in parallel lists, ended by one of kind `END`, and the comments between them."""

    kinds: list[str]
    texts: list[str]
    starts: list[int]
    comments: tuple[Comment, ...]

    def entries(self) -> Iterator[tuple[str, str, int]]:
        """Kind, text and offset of each token. The line end that the lexer adds belongs to the last token."""
        end = self.starts[-1] - 1
        for kind, text, start in zip(self.kinds, self.texts, self.starts, strict=True):
            yield kind, text[: max(end - start, 0)], min(start, end)

    def moved(self, distance: int) -> Tokens:
        """The same tokens, `distance` further on."""
        comments = (Comment(c.text, start=c.start + distance, end=c.end + distance) for c in self.comments)
        return Tokens(self.kinds, self.texts, [start + distance for start in self.starts], tuple(comments))


@lru_cache
def _pattern(low_free_input: bool, braces: bool) -> re.Pattern[str]:
    """The token pattern. Without `braces` no ``${…}`` can be closed any more, so none is looked for."""
    closed = r"\{[^}]*\}" if braces else r"(?!)"
    low = r"\$0" + closed if low_free_input else r"(?!)"
    return re.compile(
        r"[ \t]*(?:"
        rf"({_WORD})"
        r"|([\r\n]+)"
        # `%` and `/` only when they start no constant and no comment
        r"|(=>|\+\+|--|\*\*|<<|>>|\|\||&&|==|!=|<=|>=|\?\?|[:,()+\-*^|&<>=!?\[\]]|%(?![a-zA-Z_])|/(?!\*))"
        rf"|({_DIGITS}n\b)"
        rf"|({_DIGITS})"
        rf"|(\$\${closed})"
        rf"|({low})"
        rf"|(\${closed}|\$(?!\$?\{{))"
        r"|(\$\$?\{)"
        rf"|(%{_WORD})"
        rf"|(@{_WORD})"
        r'|("[^"]+")'
        r"|(;[^\n\r]*)"
        r"|(/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)"
        r"|(/\*[\s\S]*)"
        r"|([\s\S])"
        r")",
        re.ASCII,
    )


@lru_cache
def keywords(machine: Machine) -> frozenset[str]:
    """All words that are no names."""
    return frozenset(
        (
            *STATEMENT_KEYWORDS,
            *machine.register_table,
            *machine.counter_table,
            *machine.operation_table,
        )
    )


def tokenize(text: str, machine: Machine) -> Tokens:
    """The tokens of `text`, which gets a line end at its end as in the public assembler."""
    text += "\n"
    words = keywords(machine)
    low_free_input = machine.dialect.low_free_fields is not None
    pattern = _pattern(low_free_input, True)
    kinds: list[str] = []
    texts: list[str] = []
    starts: list[int] = []
    comments: list[Comment] = []
    position: int | None = 0
    while position is not None:
        restart = None
        for match in pattern.finditer(text, position):
            group = match.lastindex or _G_INVALID
            token, start = match[group], match.start(group)
            if group == _G_WORD:
                if token in words:
                    kind = token
                else:
                    kind = NAME
                    if "$" in token and (keyword := token.partition("$")[0]) in words:
                        kind = token = keyword
                        restart = start + len(keyword)
            elif group == _G_PUNCTUATION:
                kind = token
            elif group in _COMMENT_GROUPS:
                comments.append(Comment(token, start=start, end=start + len(token)))
                continue
            else:
                kind = _KINDS[group]
                if group == _G_OPEN:
                    pattern = _pattern(low_free_input, False)
                    restart = match.end()
            kinds.append(kind)
            texts.append(token)
            starts.append(start)
            if restart is not None:
                break
        position = restart
    kinds.append(END)
    texts.append("")
    starts.append(len(text))
    return Tokens(kinds, texts, starts, tuple(comments))
