"""The static audit: what it reports about small programs, and that it agrees with the recorded forgeries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.recorded import cases
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator import static_audit
from zkwasm_simulator.audit.static import Finding

FRAME = """\
VAR GLOBAL x
VAR GLOBAL y
start:
  STEP => A
  0 :ASSERT
{body}
end:
  0 => A,B,C,D,E,RCX,SP,PC,GAS,RR,HASHPOS,CTX
wait:
  ${{beforeLast()}} :JMPN(wait)
  :JMP(start)
fail:
  1 => A
  2 :ASSERT
"""
TRIED = ("audit", "division", "initial", "mem_align")
FREE_BY_DESIGN = "only the low limb of a two-limb free input reaches SP"
"""The recorded lie is in the high limb; the low one is free, and is what is found."""
DERIVED = "free input that the tag language derives from a forged one"
"""The recorded lie is told one instruction earlier than the free input that is not pinned."""


def _program(*lines: str) -> Program:
    body = "\n".join(line if line.endswith(":") else f"  {line}" for line in lines)
    return assemble(FRAME.format(body=body), file_name="sample.zkasm")


def _findings(*lines: str) -> tuple[Finding, ...]:
    return static_audit(_program(*lines)).findings


def _accuses(*lines: str) -> list[int | None]:
    """The lines of the body that are accused, counted from 0."""
    return [None if one.place.line is None else one.place.line - 6 for one in _findings(*lines)]


# Recorded forgeries


def test_unsound_programs_are_found(shared: Path) -> None:
    unsound = [case for case in cases(shared) if case.unsound]
    assert len(unsound) > 30
    for case in unsound:
        findings = static_audit(case.program).findings
        assert findings, case.id
        told = {one["line"] for one in case.tampers if one["kind"] == "free_input"}
        if told and case.fields.get("note") != DERIVED:
            assert told & {finding.place.line for finding in findings}, case.id


def test_sound_programs_are_not_accused(shared: Path) -> None:
    unsound = {case.source for case in cases(shared) if case.unsound}
    tried = 0
    for case in cases(shared):
        note = case.fields.get("note") or ""
        if case.category in TRIED and case.source not in unsound and FREE_BY_DESIGN not in note:
            tried += 1
            findings = static_audit(case.program).findings
            assert not findings, (case.id, findings[0])
    assert tried > 20


# Reports


def test_a_finding_has_a_place_limbs_and_a_path() -> None:
    (finding,) = _findings("5n => A", "${A + 1} => B", "B => C", "C :MSTORE(x)")
    assert (finding.place.file, finding.place.line, finding.limbs) == ("sample.zkasm", 7, (0, 1))
    assert finding.reaches == "the result: cell 0, low limb, at the end"
    assert [place.line for place in finding.path] == [7, 8, 9, 13]
    assert finding.to_json()["path"][1]["text"] == "B => C"
    assert str(finding).splitlines()[1] == "  sample.zkasm:8: `B => C`"


def test_the_report_counts() -> None:
    report = static_audit(_program("${5} => B :MSTORE(x)", "6n => A", "${6} :ASSERT"))
    assert (report.free_inputs, len(report.findings)) == (2, 1)
    assert str(report) == "sample.zkasm: 2 free inputs: 1 is not pinned"
    assert report.to_json()["free_inputs"] == 2


def test_progress_and_ends() -> None:
    seen: list[tuple[int, int]] = []
    program = _program("${5} => B", "B => A", "6 :ASSERT")
    static_audit(program, progress=lambda done, all: seen.append((done, all)))
    assert seen == [(0, 1)]
    assert static_audit(program, end="end") == static_audit(program)
    with pytest.raises(ConfigurationError, match="no end to audit"):
        static_audit(assemble("start:\n  :JMP(start)\n"))


def test_registers_at_row_0() -> None:
    program = assemble("VAR GLOBAL x\nstart:\n  STEP => A\n  0 :ASSERT\n  B :MSTORE(x)\nend:\n  :JMP(start)\n")
    (finding,) = static_audit(program, end="end").findings
    assert (finding.register, finding.place.row) == ("B", 0)
    assert "register B at row 0 reaches the result" in str(finding)
    assert not _findings("0 => B", "B :MSTORE(x)")


# What pins


@pytest.mark.parametrize(
    "lines",
    [
        ("6 => A", "${6} :ASSERT, MSTORE(x)"),
        ("6n => A", "7n => B", "${A + B} => C :ADD, MSTORE(x)"),
        ("6n => A", "7n => B", "${A + B} => C", "C :ADD", "C :MSTORE(x)"),
        ("6n :MSTORE(y)", "${6} => C :MLOAD(y)", "C :MSTORE(x)"),
        ("3n => A", "${2} => B", "5n :ADD", "B :MSTORE(x)"),  # the other operand of a sum
        ("3n => A", "5n => B", "0n => C", "${0} => D", "${15} :ARITH, MSTORE(x)", "D :MSTORE(y)"),
        ("7n => B", "0n => D", "${14} => A", "${2} => C", "100n :ARITH", "A :MSTORE(x)", "C - B :JMPN(next, fail)"),
        ("9n => A", "${3} => B :JMPN(fail)", "A - 3*B :JMPNZ(fail)", "B => RCX", "RCX :MSTORE(x)"),
        (
            "9n => A",
            "${1} => RCX :JMPN(fail)",
            "A - 4*RCX => D :JMPN(fail)",
            "D - 4 :JMPN(next, fail)",
            "RCX :MSTORE(x)",
        ),
        ("${5} => B", "B => A", "7 => A"),  # gone
    ],
)
def test_what_is_pinned(lines: tuple[str, ...]) -> None:
    assert not _findings(*lines), _findings(*lines)[0]


@pytest.mark.parametrize(
    ("lines", "accused"),
    [
        (("3n => A", "${1} => B", "1n :AND", "B :MSTORE(x)"), [1]),  # A AND B = 1 leaves bits of B
        (("${2} => B", "${3} => C", "B + C - 5 :JMPNZ(fail)", "B :MSTORE(x)"), [0]),
        (("9n => A", "${3} => B", "A - 3*B :JMPNZ(fail)", "B :MSTORE(x)"), [1]),  # the high limb
        (("${1} => E", "$ => A :MLOAD(y)", "5 :MSTORE(x + E)"), [0]),
        (("${2} => RCX", "0 => C", "C + 1 => C :REPEAT(RCX)", "C :MSTORE(x)"), [0]),
        (("${1} :JMPZ(end)", "5 :MSTORE(x)"), [0]),
    ],
)
def test_what_is_not_pinned(lines: tuple[str, ...], accused: list[int]) -> None:
    assert _accuses(*lines) == accused


def test_a_branch_that_comes_to_the_same_either_way_is_taken_at_its_word() -> None:
    """The prover may decline the short way; the audit cannot see that the long one computes the same."""
    guess = ("$ => A :MLOAD(y)", "${A / 2} => B :JMPN(fail)", "A - 2*B :JMPNZ(long)", "B => RCX")
    rest = ("RCX :MSTORE(x), JMP(end)", "long:", "5 => RCX :JMP(end)")
    assert _accuses(*guess, *rest) == [1]
    report = static_audit(_program(*(line.replace("(long)", "(long)  ; either way") for line in guess), *rest))
    assert not report.findings
    assert [place.line for place in report.declared] == [8]
    assert str(report).endswith("all are pinned; branches taken at their word: 1")
    assert report.to_json()["declared"][0]["line"] == 8


def test_a_call_keeps_what_the_function_does_not_write() -> None:
    """B is 0 behind the first call, whatever the second caller has in it."""
    calls = ("0 => B", ":CALL(f)", "B :MSTORE(x)", "${1} => C", "C => B", ":CALL(f)", ":JMP(end)")
    assert _accuses(*calls, "f:", "1 => A :RETURN") == []
    assert _accuses(*calls, "f:", "B + 1 => A", "A :MSTORE(y), RETURN") == [3]


def test_code_behind_a_branch_that_is_never_taken_is_not_accused() -> None:
    unchecked = ("C :JMPZ(end)", "${7} => B :MSTORE(x)")
    assert _accuses("0 => C", *unchecked) == []
    assert _accuses("1 => C", *unchecked) == [2]


def test_a_given_sum_may_be_more_than_a_limb() -> None:
    """It is taken for granted that a given limb is one where something is checked, not where a path is followed."""
    large = ("$ => A :MLOAD(y)", "A - 0x80000000 - 0x80000000 :JMPN(end)", "${1} => B :MSTORE(x)")
    assert _accuses(*large) == [2]
    checked = ("$ => A :MLOAD(y)", "${3} => B :JMPN(fail)", "1 - 0xffffffff*A*3 + 0xffffffff*B :JMPN(fail)")
    assert _accuses(*checked, "B => RCX", "RCX :MSTORE(x)") == []
    assert _accuses(*checked, "B + 0 => C", "A - 0x80000000 - 0x80000000 :JMPN(end)", "${1} => B :MSTORE(x)") == [5]


def test_an_indexed_store_may_be_to_any_cell() -> None:
    """What y holds is not known behind it, so both ways of the branch are open."""
    store = ("0 :MSTORE(y)", "CNT_ARITH => E", "1 :MSTORE(x + E)", "$ => C :MLOAD(y)")
    unchecked = ("${7} => B", "C :JMPZ(end)", "B :MSTORE(x)")
    assert _accuses(*store, *unchecked) == [4]
    assert _accuses("0 :MSTORE(y)", "$ => C :MLOAD(y)", *unchecked) == []


def test_provers_who_part_must_not_both_come_to_a_proof() -> None:
    """The larger of two numbers is one of them; which one must be checked, too."""
    choice = ("$ => A :MLOAD(x)", "$ => B :MLOAD(y)", "${A} => RCX", "RCX - A :JMPZ(one)", "RCX - B :JMPNZ(fail)")
    checked = ("one:", "RCX - A :JMPN(fail)", "RCX - B :JMPN(fail)", "RCX => C :MSTORE(x)")
    assert _accuses(*choice, "one:", "RCX => C :MSTORE(x)") == [2]
    assert _accuses(*choice, *checked) == []


def test_what_an_equation_leaves_no_choice_is_not_loose() -> None:
    """The high limbs of A and B are open, that of their sum is 0; so far behind that no path is followed there."""
    numbers = ("${5} => A", "A - 5 :JMPNZ(fail)", "${6} => B", "B - 6 :JMPNZ(fail)", *["1 => D"] * 100, "A + B => C")
    kept = ("0 => A, B", "C :MSTORE(x)")
    assert _accuses(*numbers, *kept) == [0, 2]
    assert _accuses(*numbers, "ROTL_C :JMPZ(fail)", *kept) == [0, 2]
    assert _accuses(*numbers, "ROTL_C :JMPNZ(fail)", *kept) == []
