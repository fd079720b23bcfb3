"""Assertions in comments: what lines mean, what runs come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkwasm_compiler.asm import assemble
from zkwasm_simulator.assertions import DirectiveError, Outcome, parse_directive, run_assertion
from zkwasm_simulator.assertions.directive import Directive, Place
from zkwasm_simulator.assertions.report import FileReport, run_assertions


def test_a_line_is_read() -> None:
    text = ";@ run A=-2, x[3]=0x1_0  input[7]=5 CTX=1n => C=4 y = 6 steps<=9 ; a remark => A=7"
    assert parse_directive(text) == Directive(
        "A=-2, x[3]=0x1_0  input[7]=5 CTX=1n => C=4 y = 6 steps<=9",
        ((Place("A"), -2), (Place("x", 3), 16), (Place("input", 7), 5), (Place("CTX"), 1)),
        ((Place("C"), 4), (Place("y"), 6)),
        most_steps=9,
    )
    assert parse_directive(";@run=>fails").fails == ""
    assert parse_directive(";@ run => fails assert steps=3") == Directive(
        "=> fails assert steps=3", steps=3, fails="assert"
    )
    assert parse_directive(";@ run") == Directive("")


@pytest.mark.parametrize(
    ("text", "wrong", "message"),
    [
        (";@ run A", "A", "is no assertion"),
        (";@ run A=1B=2", "A=1B=2", "is no assertion"),
        (";@ run A=1 =>", "=>", "nothing is expected"),
        (";@ run steps=4", "steps=4", "stands behind"),
        (";@ run A<=4", "A<=4", "only `steps`"),
        (";@ run A[1]=4", "A[1]=4", "has no elements"),
        (";@ run input[8]=4", "input[8]=4", "input words 0 to 7"),
        (";@ run => input[1]=4", "input[1]=4", "is set, not expected"),
        (";@ run => A=", "A=", "is no assertion"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, wrong: str, message: str) -> None:
    with pytest.raises(DirectiveError, match=message) as caught:
        parse_directive(text)
    assert text[caught.value.start : caught.value.end] == wrong


PROGRAM = """\
VAR GLOBAL x
VAR GLOBAL y[3]
VAR CTX own
outer:
        RR => D         :CALL(inner)
        D => RR
        A => B          :RETURN
inner:
        $ => A          :ADD
        B               :MSTORE(y[2])
        $ => C          :MLOAD(own), RETURN
end:    0               :ASSERT
"""


def outcome(text: str, label: str | None, source: str = PROGRAM, limit: int = 100) -> Outcome:
    return run_assertion(assemble(source), parse_directive(f";@ run {text}"), label, step_limit=limit)


@pytest.mark.parametrize(
    "text",
    [
        "A=2 B=3 => A=5 B=5 y[2]=3 y=0 steps=6",
        "A=-1 B=1 => A=0",
        "A=0 B=-1 => A=-1 y[2]=-1 A=0xFFFFFFFFFFFFFFFF",
        "own=7 CTX=2 => C=7 CTX=2 own=7",
        "=> steps<=6",
        "",
    ],
)
def test_holds(text: str) -> None:
    found = outcome(text, "outer")
    assert found.passed, found


def test_says_what_does_not_hold() -> None:
    found = outcome("A=2 B=0x100000003 => A=6 y[2]=1 SP=2 steps=7", "outer")
    assert found.problems == (
        "A is 0x100000005, not 6",
        "y[2] is 0x100000003, not 1",
        "SP is 0, not 2",
        "the run took 6 steps, not 7",
    )
    assert found.counts == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1}
    assert (found.counters.binary, found.counters.memory) == (1, 2)
    assert outcome("=> steps<=5", "outer").problems == ("the run took 6 steps, more than 5",)


def test_a_negative_number_is_a_word_or_an_element_of_the_field() -> None:
    source = "l: 0 - A => B :RETURN\n"
    assert outcome("A=5 => B=-5", "l", source).passed
    assert outcome("A=5 => B=-6", "l", source).problems == ("B is -5 (an element of the field), not -6",)


def test_faults() -> None:
    stopped = outcome("A=1 => A=1", "end")
    assert stopped.fault is not None
    assert (stopped.fault.error_kind, stopped.fault.line) == ("assert", 12)
    assert outcome("A=1 => fails", "end").passed
    assert outcome("A=1 => fails assert steps=0", "end").passed
    assert "was expected" in outcome("A=1 => fails binary", "end").problems[0]
    assert outcome("A=2 => fails", "outer").problems == ("the run came to its end; a fault was expected",)
    fell = outcome("A=0", "end")
    assert fell.fault is not None
    assert (fell.fault.error_kind, fell.fault.line) == ("pc_out_of_program", 12)
    endless = outcome("", "l", "l: :JMP(l)\n", limit=7)
    assert endless.fault is not None
    assert (endless.fault.error_kind, endless.steps, endless.counts) == ("steps_exhausted", 7, {0: 7})


def test_streams_are_looked_at_in_the_end() -> None:
    gap = outcome("A=1 => A=1", "l", "l: A :HASHK1(1)\n:RETURN\n")
    assert gap.fault is not None
    assert (gap.fault.error_kind, gap.passed) == ("hash_end", False)
    assert outcome("A=1 => A=1", "l", "l: A :HASHK1(0)\n:RETURN\n").passed


def report(folder: Path, text: str, **files: str) -> FileReport:
    for name, content in {"main": text, **files}.items():
        (folder / f"{name}.zkasm").write_text(content)
    return run_assertions(folder / "main.zkasm")


def test_the_assertions_of_a_program_with_its_includes(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        ';@ run input[1]=9 => A=9\n${getPublicOldStateRootR64(1)} => A\nfinalizeExecution: 0\nINCLUDE "more.zkasm"',
        more="; a routine\n;@ run A=4 => B=4\n;@ run A=4 => B=5\n\ncopy: A => B :RETURN\n;@ run A=1 => A=1\n",
    )
    assert [(one.file, one.line, one.label, one.passed) for one in found.runs] == [
        ("main.zkasm", 1, None, True),
        ("more.zkasm", 2, "copy", True),
        ("more.zkasm", 3, "copy", False),
        ("more.zkasm", 6, None, False),
    ]
    assert found.runs[3].messages == ("it stands neither above a label nor before the program",)
    assert found.lines() == [
        {"file": "main.zkasm", "line": 2, "count": 1},
        {"file": "more.zkasm", "line": 5, "count": 2},
    ]


def test_a_program_without_an_end_or_a_variable_says_so(tmp_path: Path) -> None:
    found = report(tmp_path, ";@ run => A=1\n        1 => A\n;@ run z=1\nl: :JMP(l)\n")
    assert "no label `finalizeExecution`" in found.runs[0].messages[0]
    assert "`z` is neither a register" in found.runs[1].messages[0]


def test_a_cell_outside_of_its_variable_is_named(tmp_path: Path) -> None:
    found = report(tmp_path, "VAR GLOBAL x[2]\nVAR GLOBAL y\n;@ run x[2]=1\nl: :JMP(l)\n;@ run y[1]=1\nk: :JMP(k)\n")
    assert [one.messages for one in found.runs] == [
        ("`x[2]`: the variable `x` has 2 cells",),
        ("`y[1]`: the variable `y` has 1 cells",),
    ]
