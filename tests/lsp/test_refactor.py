"""Two steps in one do the same: every pair of some steps, run in the simulator in both forms."""

from __future__ import annotations

import itertools

from zkwasm_compiler import isa
from zkwasm_compiler.asm import assemble, parse
from zkwasm_compiler.asm.syntax import StepStatement
from zkwasm_lsp.language.refactor import fused
from zkwasm_simulator import Execution, ExecutionFault, execute

STEPS = (
    "A => B",
    "A + B => C, D",
    "$ => A :ADD",
    "$ => C :SUB",
    "C => A",
    "C :MSTORE(x)",
    "C => B :MSTORE(x)",
    "$ => E :MLOAD(y)",
    "E => D",
    "A :ASSERT",
    "3 => A :ASSERT",
    "C :JMPZ(out)",
    "A :JMPN(out)",
    ":JMP(out)",
    "5 => SP",
    "SP => B",
    "B => A :MSTORE(SP++)",
    "$ => C :LT, JMPC(out)",
    "E :MSTORE(x[E])",
    "2 => E, C",
    "${A * B} => C",
    "0 => D",
    "C :ARITH",
    "STEP => B",
    "B => C",
    "1n => A, B, C",
)
FRAME = """\
VAR GLOBAL x[9]
VAR GLOBAL y
        {a} => A
        3 => B
        {c} => C
        0 => D
        1 => E :MSTORE(y)
        2 => SP
{steps}
        7 => GAS
out:
        0 => RR
finalizeExecution:
        0 => RCX
"""


def step(text: str) -> StepStatement:
    (statement,) = parse(text).tree.statements
    assert isinstance(statement, StepStatement)
    return statement


def outcome(steps: str, a: int, c: int) -> object:
    try:
        done: Execution = execute(assemble(FRAME.format(steps=steps, a=a, c=c)), step_limit=100)
    except ExecutionFault as fault:
        return fault.error_kind
    return done.registers, {cell: value for cell, value in done.memory.items() if value != (0, 0)}


def test_two_steps_in_one_do_the_same() -> None:
    joined = 0
    for first, second in itertools.product(STEPS, STEPS):
        rewrite = fused(step(first), step(second), isa.machine())
        if rewrite is None or "STEP" in first + second:
            continue
        joined += 1
        for a, c in ((3, 0), (5, 15), (0, -1)):
            assert outcome(rewrite.text, a, c) == outcome(f"{first}\n{second}", a, c), (first, second, rewrite.text)
    assert joined > 50
