"""What one step may hold, against the examples of the machine's description and the recorded pairs of operations."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from zkwasm_compiler.asm import parse
from zkwasm_compiler.asm.syntax import FreeInput, StepStatement
from zkwasm_compiler.isa.legality import Use, fits, rows, step_problems
from zkwasm_compiler.isa.zkvm64 import MACHINE


def problems(text: str) -> list[str]:
    """The codes of what is wrong with a step."""
    parsed = parse(text)
    assert not parsed.problems
    (step,) = parsed.tree.statements
    assert isinstance(step, StepStatement)
    uses = [Use(call.name, call.operand.shape if call.operand else "") for call in step.operations]
    found = step_problems(
        MACHINE,
        uses,
        destinations=[register.name for register in step.destinations],
        has_sum=bool(step.terms),
        free_is_defined=any(factor == FreeInput("") for term in step.terms for factor in term.factors),
    )
    return [problem.code for problem in found]


@pytest.mark.parametrize(
    "step",
    [
        "$ => A :ADD, MSTORE(x), JMP(l)",
        "D - 1 => D :JMPNZ(l)",
        "A - B :JMPN(l, other)",
        "$ :LT, JMPC(l)",
        "SP - 3 => SP :RETURN",
        "$ => RR :MLOAD(SP - 1)",
        "$ => A :MLOAD(SP--), RETURN",
        "C - 1 => D :ADD",
        "${A + B} => C :ADD, MLOAD(x)",
        "${A + B} => C :ADD, ARITH",
        "$ => E :MLOAD(x), ARITH",
        "A :ASSERT, MEM_ALIGN_WR, REPEAT(RCX)",
        ":JMP(l)",
        ":CALL(l)",
    ],
)
def test_these_are_one_step(step: str) -> None:
    assert problems(step) == []


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("$ => A :MLOAD(x), MSTORE(y)", "field_collision"),
        ("A :ADD, SUB", "field_collision"),
        ("A :JMPZ(l), JMPN(k)", "field_collision"),
        ("$ => A :MLOAD(x), JMP(RR)", "field_collision"),
        ("$ => A :MLOAD(x), CALL(@l + RR)", "field_collision"),
        ("A :JMPC(l)", "jmpc_without_bin"),
        ("A :JMPNC(l)", "jmpc_without_bin"),
        (":ADD", "left_required"),
        ("$ => A :ADD, MLOAD(x)", "free_input"),
        ("$ => A", "free_input"),
        ("$ => A :HASHKDIGEST(0)", "free_input"),
        ("A => RR :CALL(l)", "never_emit"),
        ("A :RETURN, JMPZ(l)", "never_emit"),
        ("A :REPEAT(RCX), JMPNZ(l)", "never_emit"),
        ("A :CALL(@l + RR), JMPZ(k)", "never_emit"),
        ("A => B, B", "destination_twice"),
        ("A => STEP", "readonly_destination"),
    ],
)
def test_these_are_not_one_step(step: str, code: str) -> None:
    assert problems(step) == [code]


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(KeyError):
        step_problems(MACHINE, [Use("SLOAD")])


def test_rows_of_a_step() -> None:
    assert rows(MACHINE, ["ADD", "ARITH", "MLOAD", "JMPC"]) == {"main": 1, "binary": 4, "arith": 8, "memory": 1}


def test_sharing_is_symmetric_and_no_operation_shares_with_itself() -> None:
    uses = [Use(row.name, form.shape) for row in MACHINE.operations for form in row.forms]
    for first, second in combinations(uses, 2):
        assert fits(MACHINE, [first, second]) == fits(MACHINE, [second, first])
    assert not any(fits(MACHINE, [use, use]) for use in uses)


def test_the_recorded_pairs_of_operations(shared: Path) -> None:
    """Collisions computed from rows are exactly those that the public assembler found."""
    checked = 0
    for line in (shared / "vectors" / "asm64.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if "-fusion-" not in case["id"]:
            continue
        steps = [node for node in parse(case["source"]).tree.statements if isinstance(node, StepStatement)]
        uses = [[Use(c.name, c.operand.shape if c.operand else "") for c in step.operations] for step in steps]
        collide = any(p.code == "field_collision" for use in uses for p in step_problems(MACHINE, use))
        assert collide == (case.get("error", {}).get("kind") == "field_collision"), case["id"]
        checked += 1
    assert checked == 344
