"""The parser: positions, all errors at once, comments."""

from __future__ import annotations

import pytest

from zkwasm_compiler.asm import check, parse
from zkwasm_compiler.asm.syntax import FreeInput, LabelStatement, Number, StepStatement

SOURCE = """\
; the start
start:  ; entry
    2*A + ${B +
      1} => C, D :ADD, MLOAD(table[E + 3]), JMPC(start) /* end
    of it */
"""


def text_of(source: str, node: object) -> str:
    return source[node.start : node.end]  # type: ignore[attr-defined]


def test_every_node_knows_its_place() -> None:
    parsed = parse(SOURCE)
    assert parsed.problems == ()
    label, step = parsed.tree.statements
    assert isinstance(label, LabelStatement)
    assert text_of(SOURCE, label) == "start:"
    assert parsed.position(label.start) == (2, 1)
    assert isinstance(step, StepStatement)
    assert parsed.position(step.start) == (3, 5)
    assert [text_of(SOURCE, term) for term in step.terms] == ["2*A", "+ ${B +\n      1}"]
    number, register = step.terms[0].factors
    assert (text_of(SOURCE, number), number) == ("2", Number(2))
    assert text_of(SOURCE, register) == "A"
    free = step.terms[1].factors[0]
    assert free == FreeInput("B +\n      1")
    assert [text_of(SOURCE, node) for node in step.destinations] == ["C", "D"]
    assert [text_of(SOURCE, call) for call in step.operations] == ["ADD", "MLOAD(table[E + 3])", "JMPC(start)"]
    operand = step.operations[1].operand
    assert operand is not None
    assert text_of(SOURCE, operand) == "table[E + 3]"
    assert parsed.position(operand.names[0].start) == (4, 30)
    assert (operand.shape, operand.number) == ("name [ E + number ]", 3)


def test_comments_are_kept_apart_with_their_places() -> None:
    parsed = parse(SOURCE)
    assert [comment.text for comment in parsed.comments] == ["; the start", "; entry", "/* end\n    of it */"]
    assert [parsed.position(comment.start) for comment in parsed.comments] == [(1, 1), (2, 9), (4, 57)]
    assert all(text_of(SOURCE, comment) == comment.text for comment in parsed.comments)


def test_all_syntax_errors_are_reported_and_good_lines_survive() -> None:
    parsed = parse("A =>\nB => C\nx y\n:MLOAD(SP*2)\nA => 5 :\nD => E\n", "f.zkasm")
    assert [str(problem) for problem in parsed.problems] == [
        "f.zkasm:1:5: found the end of the line where a register was expected",
        "f.zkasm:3:3: found `y` where `:` after the label was expected",
        "f.zkasm:4:10: found `*` where `+` or `-` or `++` or `--` or `)` was expected",
        "f.zkasm:5:6: found `5` where a register was expected",
    ]
    assert len(parsed.tree.statements) == 2


def test_errors_of_all_passes_are_reported_together() -> None:
    checked = check("A :ADD, SUB\n5000000000 => A\n${A +} => B\nA :JMPC(nowhere)\n:JMP(gone)\nA, B\n")
    assert [(problem.code, problem.line) for problem in checked.problems] == [
        ("syntax", 6),
        ("field_collision", 1),
        ("constant_range", 2),
        ("tag_syntax", 3),
        ("jmpc_without_bin", 4),
    ], "undefined names are not reported beside a syntax error, which may have hidden their definition"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/* open\nA => B\n", "1:1: found a comment that is never closed by `*/`"),
        ("A => B /* open\nC => D\n", "1:8: found a comment that is never closed by `*/`"),
        ("${A => B\nC => D\n", "1:1: found `${` that is never closed by `}`"),
        ('INCLUDE "x\n', '1:9: found `"` where the path in double quotes was expected'),
        ("A => B\f\n", "1:7: found the character '\\x0c'"),
        ("A =>\n\n\nB\n", "1:5: found the end of the line"),
        ("A => /* long\n comment */\n", "1:5: found the end of the line"),
        ("CONST %A = (1 + 2\n", "1:18: found the end of the line where `)` was expected"),
    ],
)
def test_messages_say_where_and_what(source: str, message: str) -> None:
    assert str(parse(source, "").problems[0]).removeprefix("line ").startswith(message)


def test_wrong_advice_is_placed_inside_its_braces() -> None:
    checked = check("A => B\n$${log(}\nA + ${B + * 2} => C\nl: $${x y} A => B\n${1 +\n ?} => D\n")
    assert [str(problem) for problem in checked.problems] == [
        "main.zkasm:3:11: in the advice: found `*` where a number, a register, a name, a call or `(` was expected",
        "main.zkasm:5:1: in the advice: found `?` where a number, a register, a name, a call or `(` was expected",
        "main.zkasm:1:1: in the command `log(`: found the end of the advice where a number, a register, a name, a call "
        "or `(` was expected",
        "main.zkasm:4:9: in the command `x y`: found `y` where an operator or `}` was expected",
    ]


def test_an_unterminated_brace_leaves_the_next_lines_alone() -> None:
    parsed = parse("${A => B\nC => D\nl: $${x\nD => E\n")
    assert len(parsed.problems) == 2
    assert len(parsed.tree.statements) == 3


def test_any_kind_of_line_end_counts() -> None:
    parsed = parse("A => B\r\nC => D\rD => E\n\nE => A")
    assert [parsed.position(statement.start)[0] for statement in parsed.tree.statements] == [1, 2, 3, 5]


def test_tokens_cover_the_text_also_where_it_is_wrong() -> None:
    source = "A => 5 ; wrong\nSP$x: B :ADD\n%K @r 0x1Fn\n"
    parsed = parse(source)
    assert len(parsed.problems) == 3
    tokens = parsed.tokens
    shown = [(kind, source[start : start + len(text)]) for kind, text, start in tokens.entries()]
    assert shown == [
        ("A", "A"),
        ("=>", "=>"),
        ("number", "5"),
        ("end of line", "\n"),
        ("SP", "SP"),
        ("free input", "$"),
        ("name", "x"),
        (":", ":"),
        ("B", "B"),
        (":", ":"),
        ("ADD", "ADD"),
        ("end of line", "\n"),
        ("%name", "%K"),
        ("@name", "@r"),
        ("long number", "0x1Fn"),
        ("end of line", "\n"),
        ("end of file", ""),
    ]
    assert [comment.text for comment in tokens.comments] == ["; wrong"]


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("A => 5\n", "5"),
        ("A =>", ""),
        ("A => B :MLOAD(SP*2)", "*"),
        ("A +\n B => C :ADD", ""),
        ("A => B\n\fA\n", "\f"),
        ("A => B :ADD, SUB\n", "SUB"),
        ("A + /* over\n */ 99999999999 => B", "99999999999"),
        ("A => B\n\n  :JMP(nowhere)\n", ":JMP(nowhere)"),
        ("A\nB => C, ROTL_C :ADD", "ROTL_C"),
        ("$ + ${A +} => B", ""),
    ],
)
def test_a_problem_spans_what_is_wrong(source: str, wrong: str) -> None:
    problem = check(source).problems[0]
    assert problem.span is not None
    start, end = problem.span
    assert 0 <= start <= end <= len(source)
    assert source[start:end] == wrong
