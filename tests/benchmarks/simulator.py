"""How many steps a second the reference simulator does: `python tests/benchmarks/simulator.py`."""

from __future__ import annotations

import time

from zkwasm_compiler.asm import assemble
from zkwasm_simulator import PreparedProgram, execute

STEPS = 400_000

LOOPS = {
    "countdown": ("  {n} => A\n", "  A - 1 => A :JMPNZ(loop)\n", 1),
    "ADD and stores": (
        "  {n} => RCX\n  1n => B\n",
        "  $ => A :ADD, MSTORE(x)\n  $ => C :SUB, MSTORE(y)\n  RCX - 1 => RCX :JMPNZ(loop)\n",
        3,
    ),
    "stack": (
        "  {n} => RCX\n",
        "  A + 3 => A :MSTORE(SP++)\n  $ => B :MLOAD(SP - 1)\n  SP - 1 => SP\n  RCX - 1 => RCX :JMPNZ(loop)\n",
        4,
    ),
    "ARITH with advice": (
        "  {n} => RCX\n  3n => A\n  5n => B\n",
        "  ${{(A * B) >> 64}} => D\n  ${{A * B}} => E :ARITH\n  RCX - 1 => RCX :JMPNZ(loop)\n",
        3,
    ),
    "range-checked sums": (
        "  {n} => RCX\n  7 => C\n",
        "  ${{A + 3*C}} => B :JMPN(fail)\n  B - 3*C - A :JMPNZ(fail)\n  RCX - 1 => RCX :JMPNZ(loop)\n",
        3,
    ),
    "calls": ("  {n} => RCX\n", "  :CALL(f)\n  RCX - 1 => RCX :JMPNZ(loop)\n", 3),
}


def source(start: str, body: str, steps: int) -> str:
    count = STEPS // steps
    text = "VAR GLOBAL x\nVAR GLOBAL y\nstart:\n" + start + "loop:\n" + body + "  :JMP(finalizeExecution)\n"
    text += "f:\n  A + 1 => A :RETURN\nfail:\n  1 => A\n  0 :ASSERT\nfinalizeExecution:\n  :JMP(finalizeExecution)\n"
    return text.format(n=count)


def main() -> None:
    for name, (start, body, steps) in LOOPS.items():
        program = PreparedProgram(assemble(source(start, body, steps)))
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            execution = execute(program)
            best = min(best, time.perf_counter() - began)
        print(f"{name:20} {execution.steps:8} steps  {execution.steps / best:10,.0f} steps/s")


if __name__ == "__main__":
    main()
