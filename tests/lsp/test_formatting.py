"""Formatting: nothing but white space changes, and a formatted text stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asm.strategies import trees
from tests.lsp.texts import texts
from zkwasm_compiler import isa
from zkwasm_compiler.asm import parse, print_tree
from zkwasm_lsp.language.formatting import formatted
from zkwasm_lsp.language.source import Origins, read
from zkwasm_lsp.language.text import Text

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

INDENT = "    "


def format_text(text: str, indent: str = INDENT) -> str:
    source = read(Text.of(text), isa.machine(), Origins())
    for index, new in reversed(list(formatted(source, indent))):
        start = source.start(index)
        text = text[:start] + new + text[start + len(source.chunks[index].text) :]
    return text


def content(text: str) -> tuple[object, ...]:
    parsed = parse(text)
    tokens = [entry[:2] for entry in parsed.tokens.entries() if entry[0] not in ("end of line", "end of file")]
    comments = [comment.text.rstrip() for comment in parsed.comments]
    return parsed.tree, tokens, comments, [problem.message for problem in parsed.problems]


@UNHURRIED
@given(st.one_of(texts, trees(isa.machine()).map(print_tree)))
def test_only_white_space_changes_and_only_once(text: str) -> None:
    once = format_text(text)
    assert content(once) == content(text)
    assert format_text(once) == once


@UNHURRIED
@given(trees(isa.machine()))
def test_a_printed_tree_is_formatted_but_for_comments(tree: object) -> None:
    printed = print_tree(tree)  # type: ignore[arg-type]
    assert [line.partition(";")[0].rstrip() for line in format_text(printed).split("\n")] == [
        line.partition(";")[0].rstrip() for line in printed.split("\n")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=>B", "    A => B"),
        ("  l :  A+2 *B=>C,D:ADD,JMPC( l )", "l: A + 2*B => C, D :ADD, JMPC(l)"),
        ("- A-3=>B", "    -A - 3 => B"),
        ("$=>A:MLOAD( t [ E+2 ] ),JMPNZ(a ,b)", "    $ => A :MLOAD(t[E + 2]), JMPNZ(a, b)"),
        ("$=>A:MLOAD(SP ++)", "    $ => A :MLOAD(SP++)"),
        ("A:MSTORE(MEM : E-1)", "    A :MSTORE(MEM:E - 1)"),
        (":CALL( @f+RR )", "    :CALL(@f + RR)"),
        ("CONST%X=-(%A+1)*2?- 3:!%B", "CONST %X = -(%A + 1) * 2 ? -3 : !%B"),
        ("CONST %X = 4 - -3 % %Y ?? 1", "CONST %X = 4 - -3 % %Y ?? 1"),
        ("   VAR   GLOBAL  x [4]", "VAR GLOBAL x[4]"),
        ('  INCLUDE"x.zkasm"', 'INCLUDE "x.zkasm"'),
        ("$${ a }", "    $${ a }"),
        ("A=>B ;x  \nA + B => C  ;y", "    A => B      ;x\n    A + B => C  ;y"),
        ("A => B   /* a */   :ADD", "    A => B /* a */ :ADD"),
        ("  ; c", "    ; c"),
        ("; c  ", "; c"),
        ("A =>\n", "A =>\n"),
        ("   \r\nA=>B\r\n", "\r\n    A => B\r\n"),
        ("A + /* x\n   y */ B=>C", "    A + /* x\n   y */ B => C"),
        ("A+\t${ A+ B}=>C", "    A + ${ A+ B} => C"),
        ("2**3+A=>B", "    2**3 + A => B"),
        ("CONST%X=- -3", "CONST%X=- -3"),  # without the space it would be another token
        *(
            (f":JMP({'l' * length})  ;x\nA=>B ;y", f"    :JMP({'l' * length})  ;x\n    A => B{' ' * gap}  ;y")
            for length, gap in ((62, 62), (63, 0))  # 72 characters, and one too many to be aligned with
        ),
    ],
)
def test_layout(text: str, expected: str) -> None:
    assert format_text(text) == expected
    assert format_text(expected) == expected
