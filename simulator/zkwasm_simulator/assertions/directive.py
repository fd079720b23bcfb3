"""The text of an assertion: ``;@ run`` settings ``=>`` expectations.

A setting is ``A=2`` (a register), ``x=2`` or ``x[3]=2`` (the cell of a variable) or ``input[0]=2`` (a public word). An
expectation is of a register or a cell, or ``steps=9``, ``steps<=9``, or ``fails`` with or without the kind of fault, as
``fails assert``. A second ``;`` begins a remark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zkwasm_simulator.inputs import WORDS_PER_ROOT
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

MARK = re.compile(r";@[ \t]*run(?![\w$])")
REGISTERS = (*WIDE_REGISTERS, *SINGLE_REGISTERS)
INPUT = "input"
STEPS, FAILS = "steps", "fails"

_ITEM = re.compile(r"([a-zA-Z_][\w$]*)(?:\[(\d+)\])?[ \t]*(<=|=)[ \t]*(-?(?:0x[0-9A-Fa-f_]+|[0-9][0-9_]*))n?", re.ASCII)
_GAP = re.compile(r"[ \t,]+")
_FAILS = re.compile(r"fails(?:[ \t]+([a-z_0-9]+))?(?![\w=])")


class DirectiveError(Exception):
    """An assertion that cannot be read; `start` and `end` are offsets into its line."""

    def __init__(self, message: str, start: int, end: int) -> None:
        self.start, self.end = start, end
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Place:
    """A register (`index` None), a cell of a variable, or a public input word."""

    name: str
    index: int | None = None

    @property
    def is_register(self) -> bool:
        return self.name in REGISTERS

    @property
    def is_input(self) -> bool:
        return self.name == INPUT and self.index is not None

    def __str__(self) -> str:
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Directive:
    """What to set, what to expect, the steps (exactly, or at most), and the fault: `""` is any, None is none."""

    text: str
    settings: tuple[tuple[Place, int], ...] = ()
    expectations: tuple[tuple[Place, int], ...] = ()
    steps: int | None = None
    most_steps: int | None = None
    fails: str | None = None


def parse_directive(text: str) -> Directive:
    """The assertion of a comment that begins with `MARK`. *Raises:* DirectiveError."""
    mark = MARK.match(text)
    if mark is None:
        raise DirectiveError("an assertion begins with `;@ run`", 0, len(text))
    end = text.find(";", mark.end())
    end = len(text) if end < 0 else end
    arrow = text.find("=>", mark.end(), end)
    settings = _items(text, mark.end(), end if arrow < 0 else arrow)
    expected = () if arrow < 0 else _items(text, arrow + 2, end)
    if arrow >= 0 and not expected:
        raise DirectiveError("nothing is expected behind `=>`: write `A=5`, `steps=9` or `fails`", arrow, end)
    for _, name, _, place in settings:
        if name in (STEPS, FAILS):
            raise DirectiveError(f"`{name}` is an expectation: it stands behind `=>`", *place)
    return _directive(text[mark.end() : end].strip(), settings, expected)


Item = tuple[Place | None, str, int | str, tuple[int, int]]
"""A place or the word of an expectation, its relation or name, its value, and where it stands."""


def _items(text: str, start: int, end: int) -> tuple[Item, ...]:
    found: list[Item] = []
    here = start
    while True:
        gap = _GAP.match(text, here, end)
        here = gap.end() if gap else here
        if here >= end:
            return tuple(found)
        fails = _FAILS.match(text, here, end)
        item = _ITEM.match(text, here, end)
        if fails:
            found.append((None, FAILS, fails[1] or "", fails.span()))
            here = fails.end()
            continue
        if item is None or (item.end() < end and _GAP.match(text, item.end(), end) is None):
            word = re.compile(r"[^ \t,]+").match(text, here, end)
            stop = word.end() if word else end
            message = f"`{text[here:stop]}` is no assertion: write `A=5`, `x[3]=5`, `input[0]=5`, `steps=9` or `fails`"
            raise DirectiveError(message, here, stop)
        found.append(_item(item))
        here = item.end()


def _item(match: re.Match[str]) -> Item:
    name, index, relation = match[1], match[2], match[3]
    digits = match[4].replace("_", "")
    value = int(digits, 16) if "x" in digits else int(digits)
    span = match.span()
    if name == STEPS and index is None:
        return None, STEPS, -value - 1 if relation == "<=" else value, span
    if relation == "<=":
        raise DirectiveError("only `steps` can be compared by `<=`", *span)
    if index is not None and name in REGISTERS:
        raise DirectiveError(f"{name} is a register and has no elements", *span)
    if name == INPUT and index is not None and int(index) >= 2 * WORDS_PER_ROOT:
        raise DirectiveError(f"there are the input words 0 to {2 * WORDS_PER_ROOT - 1}", *span)
    return Place(name, None if index is None else int(index)), "=", value, span


def _directive(text: str, settings: tuple[Item, ...], expected: tuple[Item, ...]) -> Directive:
    steps = most = None
    fails: str | None = None
    expectations = []
    for place, name, value, span in expected:
        if place is not None:
            if place.is_input:
                raise DirectiveError("an input word is set, not expected", *span)
            expectations.append((place, int(value)))
        elif name == FAILS:
            fails = str(value)
        elif int(value) < 0:
            most = -int(value) - 1
        else:
            steps = int(value)
    given = tuple((place, int(value)) for place, _, value, _ in settings if place is not None)
    return Directive(text, given, tuple(expectations), steps, most, fails)
