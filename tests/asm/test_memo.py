"""Steps that were resolved before mean the same in the next program, wherever they stand there."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asm.strategies import trees
from zkwasm_compiler import isa
from zkwasm_compiler.asm import parse, steps
from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.report import unit_of
from zkwasm_compiler.asm.resolver import Resolution, Resolver
from zkwasm_compiler.asm.source import Lines
from zkwasm_compiler.asm.steps import StepMemo
from zkwasm_compiler.asm.syntax import CommandStatement, Statement, StepStatement, Tree
from zkwasm_compiler.isa.machine import Machine

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


LINES = """\
l0:
l1:
VAR GLOBAL x
VAR GLOBAL y[4]
CONST %K = 3
        A => B
        :JMP(l0)
        :CALL(l1)
        :RETURN
        A :JMPN(l0, l1)
        $ => A :LT, JMPC(l1, next)
        :JMP(next)
        $ => A :MLOAD(x)
        A :MSTORE(y + 1)
        %K => C
        ${mem.x + 1} => A
        ${A + const.K} => A
        ${addr.y[2]} => A
        ${A + other.x} => A
        zkPC => RR
        $${mem.x}
        $${A = 1}
"""


def resolved(statements: list[Statement], machine: Machine, memo: StepMemo | None) -> Resolution:
    unit = unit_of("main.zkasm", Lines.of("\n" * len(statements)), statements)
    return Resolver(machine, AssembleOptions(), None, memo=memo).resolve(unit)


def check(statements: list[Statement], machine: Machine, memo: StepMemo) -> None:
    with_memo, without = resolved(statements, machine, memo), resolved(statements, machine, None)
    assert with_memo.places == [(row["fileName"], row["line"]) for row in without.rows]
    assert replace(with_memo, rows=without.rows, places=()) == without


@UNHURRIED
@given(trees(isa.machine()), st.randoms(use_true_random=False))
def test_a_memo_changes_nothing(tree: Tree, chance: Random) -> None:
    memo = StepMemo()
    statements = list(tree.statements)
    for _ in range(3):
        check(statements, isa.machine(), memo)
        chance.shuffle(statements)


@UNHURRIED
@pytest.mark.parametrize("dialect", isa.DIALECTS)
@given(choice=st.lists(st.integers(0, LINES.count("\n") - 1), max_size=12))
def test_names_that_come_and_go(dialect: str, choice: list[int]) -> None:
    machine = isa.machine_of_dialect(dialect)
    everything = parse(LINES, dialect=dialect).tree.statements
    memo = StepMemo()
    resolved([one for one in everything if not isinstance(one, CommandStatement)], machine, memo)
    check([everything[number] for number in choice], machine, memo)


def test_old_steps_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MOST_OLD_STEPS", 5)
    memo = StepMemo()
    kept = step()
    for _ in range(40):
        new = step()
        resolved([kept, new], isa.machine(), memo)
        assert memo.find(kept) is not None
        assert memo.find(new) is not None
        assert len(memo) <= 2 * 2 + 5


def step() -> StepStatement:
    (found,) = parse("        A => B\n").tree.statements
    assert isinstance(found, StepStatement)
    return found
