"""Steps that were resolved before mean the same in the next program, wherever they stand there."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asm.strategies import trees
from zkwasm_compiler import isa
from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.report import unit_of
from zkwasm_compiler.asm.resolver import Resolution, Resolver
from zkwasm_compiler.asm.source import Lines
from zkwasm_compiler.asm.steps import StepMemo
from zkwasm_compiler.asm.syntax import Statement, Tree

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MACHINE = isa.machine()


def resolved(statements: list[Statement], memo: StepMemo | None) -> Resolution:
    if memo is not None:
        memo.begin()
    unit = unit_of("main.zkasm", Lines.of("\n" * len(statements)), statements)
    return Resolver(MACHINE, AssembleOptions(), None, memo=memo).resolve(unit)


@UNHURRIED
@given(trees(MACHINE), st.randoms(use_true_random=False))
def test_a_memo_changes_nothing(tree: Tree, chance: object) -> None:
    memo = StepMemo()
    statements = list(tree.statements)
    for _ in range(3):
        with_memo, without = resolved(statements, memo), resolved(statements, None)
        assert [list(row.items()) for row in with_memo.rows] == [list(row.items()) for row in without.rows]
        assert with_memo == without
        chance.shuffle(statements)  # type: ignore[attr-defined]
