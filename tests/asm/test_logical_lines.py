"""Logical lines: where a changed line can be parsed alone."""

from __future__ import annotations

import pytest

from zkwasm_compiler import isa
from zkwasm_compiler.asm import parse
from zkwasm_compiler.asm.logical_lines import logical_lines
from zkwasm_compiler.asm.parser import parse_source


@pytest.mark.parametrize(
    ("text", "extents"),
    [
        ("A\nB\n", [(0, 1), (1, 2), (2, 3)]),
        ("A /* x\ny */ => B\nC", [(0, 2), (2, 3)]),
        ("${A +\n B} => C\nD", [(0, 2), (2, 3)]),
        ("${A\nB\n", [(0, 1), (1, 2), (2, 3)]),
        ("/* open\nB\n", [(0, 3)]),
        ('INCLUDE ""\nA\n', [(0, 1), (1, 2), (2, 3)]),
        ('INCLUDE ""\n"x\n', [(0, 2), (2, 3)]),
        ('" ${\n } A\n', [(0, 2), (2, 3)]),
        ('; { /* "\nA\n', [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_extents(text: str, extents: list[tuple[int, int]]) -> None:
    assert list(logical_lines(text.splitlines(keepends=True) + [""] * text.endswith("\n"), isa.machine())) == extents


def test_a_line_alone_has_the_offsets_that_it_is_given() -> None:
    whole, alone = (
        parse("A => B\n%K + C => D :ADD, 5\n"),
        parse_source("%K + C => D :ADD, 5", "", isa.machine(), origin=7),
    )
    (ours,), (theirs,) = alone.problems, whole.problems
    assert (ours.span, ours.column, ours.line) == (theirs.span, theirs.column, 1)
    assert alone.tokens.starts[0] == 7
    comment = parse_source("A ; x", "", isa.machine(), origin=10).comments[0]
    assert (comment.start, comment.end) == (12, 15)
