"""Where statements cannot run on: the logical lines of a file, for tools that parse a changed line alone.

A logical line ends with the first line end that is a token; one inside of a comment, of advice or of a string is none.
Every statement lies within one, and the tokens of a logical line are the same alone as in the file. A line that leaves
something open, as ``${`` without a brace to close it, depends on all of the text behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from zkwasm_compiler.asm.lexer import INVALID, tokenize
from zkwasm_compiler.isa.machine import Machine

_COMMENT = "/*"
_CLOSERS = {_COMMENT: "*/", "{": "}", '"': '"'}


def logical_lines(lines: Sequence[str], machine: Machine) -> Iterator[tuple[int, int]]:
    """The first line and the line behind the last of each logical line; `lines` have their line ends."""
    hopeless: set[str] = set()  # what nothing closes from some line on, nothing closes later
    here = 0
    while here < len(lines):
        end = here + 1
        line = lines[here]
        if "{" in line or '"' in line or _COMMENT in line:
            end = _end(lines, here, machine, hopeless)
        yield here, end
        here = end


def _end(lines: Sequence[str], here: int, machine: Machine, hopeless: set[str]) -> int:
    """The line behind the logical line that begins with line `here`."""
    end = here + 1
    while end < len(lines):
        openers = _left_open("".join(lines[here:end]), machine)
        if _COMMENT in openers and openers[0] == _COMMENT and _line_with("*/", lines, end, hopeless) is None:
            return len(lines)
        closing = next(
            (line for one in openers if (line := _line_with(_CLOSERS[one], lines, end, hopeless)) is not None), None
        )
        if closing is None:
            return len(lines) if _COMMENT in openers else end
        end = closing + 1
    return end


def _line_with(closer: str, lines: Sequence[str], start: int, hopeless: set[str]) -> int | None:
    """The first line from `start` on that has `closer`."""
    if closer in hopeless:
        return None
    found = next((number for number in range(start, len(lines)) if closer in lines[number]), None)
    if found is None:
        hopeless.add(closer)
    return found


@lru_cache(maxsize=1 << 14)
def _left_open(text: str, machine: Machine) -> tuple[str, ...]:
    """What tokens that nothing in `text` closes begin with, in their order, if later text can close them."""
    text = text.rstrip("\r\n")
    tokens = tokenize(text, machine)
    low_free_input = machine.dialect.low_free_fields is not None
    found = []
    for kind, token, start in zip(tokens.kinds, tokens.texts, tokens.starts, strict=True):
        if kind != INVALID:
            continue
        if token.startswith(_COMMENT):
            found.append(_COMMENT)
        elif token in ("${", "$${") or (low_free_input and token == "{" and text.endswith("$0", 0, start)):
            found.append("{")
        elif token == '"' and text[start + 1 : start + 2] != '"':
            found.append('"')
    return tuple(found)
