"""What the server finds beyond the assembler's errors, without the protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkwasm_compiler import isa
from zkwasm_lsp.language.findings import findings
from zkwasm_lsp.language.program import analyse
from zkwasm_lsp.language.project import Project
from zkwasm_lsp.language.text import Text

MAIN, OTHER = Path("/nowhere/main.zkasm"), Path("/nowhere/other.zkasm")


def found(text: str, other: str = "", dialect: str = "64") -> list[tuple[str, str]]:
    """Codes and the pieces of the main file that they are about."""
    project = Project()
    project.open(MAIN, Text.of(text))
    project.open(OTHER, Text.of(other))
    every = findings(analyse(project, MAIN, isa.machine_of_dialect(dialect)))
    return [(one.code, text[one.start : one.end]) for one in every[MAIN]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l: :JMP(l)\n0 => A\n1 => B\n", [("unreachable_code", "0 => A\n1 => B")]),
        ("l: :JMP(l)\n0 => A\nm: :JMP(m)\n", [("unreachable_code", "0 => A\nm: :JMP(m)")]),
        ("@l => A\nl: :JMP(l)\n0 => B\n", [("reference_undefined", "@l"), ("unreachable_code", "0 => B")]),
        ("l: :JMP(@t + E)\nt: :JMP(l)\n:JMP(l)\n", []),
        ("zkPC + 2 => RR :JMP(l)\n0 => A\nl: :RETURN\n", []),
        ("3 => RR :JMP(l)\n0 => A\nl: :RETURN\n", []),
        (":CALL(f)\n0 => A :JMP(e)\nf: :RETURN\n1 => B\ne: 0 => C\n", [("unreachable_code", "1 => B")]),
        ("0 => A\nspare: 0 => A\n_kept: 0 => A\nfinalizeExecution: 0 => A\n", [("unused_label", "spare")]),
        ("start: 0 => A\n;@ run => A=0\ntested: :RETURN\n", []),
        ("VAR GLOBAL v\nVAR CTX w\nVAR CTX _x\n${mem.w} => A\n", [("unused_variable", "v")]),
        ("CONST %A = 1\nCONST %B = %A\nCONST %_C = 2\n0 => A\n", [("unused_constant", "B")]),
        ("l: next: 0 => A :JMP(next)\n", [("next_label", "next")]),
        ("VAR GLOBAL t[4]\n$ => A :MLOAD(t[3])\n$ => A :MLOAD(t[4])\n", [("array_index", "t[4]")]),
        ("$ => A :MLOAD(MEM:E + 131072)\n$ => A :MLOAD(MEM:E + 131071)\n", [("address_limit", "MEM:E + 131072")]),
        ("$ => A :MLOAD(SYS:E + 65536)\n", [("address_limit", "SYS:E + 65536")]),
        (
            "${nope(1)} => A\n${cond(1, 2)} => B\n${log()} => C\n",
            [("advice_function", "nope"), ("advice_function", "cond")],
        ),
        ("$${bitwise_not()} A => B\n", [("advice_function", "bitwise_not")]),
        ("A\n${log(A)}\n", [("no_effect", "A")]),
        ("$ => A\n", [("free_input", "$ => A")]),
        ("l: :RETURN, JMPZ(l)\n", [("never_emit", ":RETURN, JMPZ(l)"), ("left_required", "JMPZ(l)")]),
        ("A =>\n:JMP(gone)\n", [("syntax", ""), ("label_undefined", "gone")]),
        ("gone: A =>\n:JMP(gone)\n", [("syntax", "")]),
        ("l: :JMP(l)\nl: 0 => A\n", [("label_redefined", "l:")]),
        ("0 => A\nl: :JMP(l)\nl: 1 => A\n", [("label_redefined", "l:"), ("unreachable_code", "1 => A")]),
    ],
)
def test_checks(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_names_of_included_files_count() -> None:
    main = 'VAR GLOBAL v\nstart: :JMP(other)\nINCLUDE "other.zkasm"\nback: 0 => A :JMP(back)\n'
    assert found(main, "other: 0 => A :MSTORE(v), JMP(back)\n") == []
    assert found(main, "other: 0 => A :JMP(other)\n") == [
        ("unused_variable", "v"),
        ("unreachable_code", "0 => A :JMP(back)"),
    ]
    assert found('INCLUDE "other.zkasm"\n', 'INCLUDE "main.zkasm"\n') == []
    assert found('INCLUDE "gone.zkasm"\n') == [("include_not_found", 'INCLUDE "gone.zkasm"')]


def test_a_file_of_another_language_gets_one_remark() -> None:
    text = "".join(f"function f{number}(x) {{ return x; }}\n" for number in range(20))
    assert found(text) == [("foreign_file", "")]


def test_the_fusions_that_are_refused_are_explained() -> None:
    project = Project()
    project.open(MAIN, Text.of("1 => A :MLOAD(SP), MSTORE(SP)\n1 => A :ADD, SUB\n$ => A :MLOAD(SP), JMP(RR)\n"))
    messages = [one.message for one in findings(analyse(project, MAIN, isa.machine()))[MAIN]]
    assert messages == [
        "MSTORE cannot share a step with MLOAD: a step reads or writes memory once; use two steps",
        "SUB cannot share a step with ADD: a step does one binary operation; use two steps",
        "JMP cannot share a step with MLOAD: both need the address of the step "
        "(an operand with a variable, a register or a number); use two steps",
    ]


def test_the_second_dialect_comes_by_its_rows() -> None:
    assert found("$ => A, SR :SLOAD\n0x10000000000000000n => B :F_MLOAD(x)\nVAR GLOBAL x\n", dialect="durian") == []
    assert ("field_collision", "SSTORE") not in found("A :SLOAD, SSTORE\n", dialect="durian")
