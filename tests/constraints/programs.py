"""Programs for the tests of the constraint checker, and their traces."""

from __future__ import annotations

from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.audit import Tamper
from zkwasm_simulator.constraints import Trace, record, record_forged

FRAME = """\
VAR GLOBAL x
VAR GLOBAL y[4]
VAR CTX z
start:
  STEP => A
  0 :ASSERT
{body}
finalizeExecution:
  0 => {cleared}
last:
  ${{beforeLast()}} :JMPN(last)
  :JMP(start)
"""
"""A program ends where it clears its registers."""

EVERYTHING = (
    "0x123456789ABCDEFn => A",
    "0xFEDCBA9876543210n => B",
    "$ => C :ADD, JMPC(carried)",
    "7 => D",
    "carried:",
    "C :MSTORE(x)",
    "${B - 1} => C :MSTORE(y[1])",
    "$ => D :MLOAD(x)",
    "D :MSTORE(x)",
    "$ => D :XOR",
    "${(A*B + C) >> 64} => D",
    "${A*B + C} => E :ARITH",
    "3 => C",
    "$ => E :MEM_ALIGN_RD",
    "${memAlignWR8_W0(A, 5, C)} => D",
    "5 :MEM_ALIGN_WR8",
    "${memAlignWR_W0(A, 77, C)} => D",
    "${memAlignWR_W1(B, 77, C)} => E",
    "77n :MEM_ALIGN_WR",
    "2 => SP,RCX,CTX",
    "A :MSTORE(SP++)",
    "B :MSTORE(z)",
    "A + 1 => A :REPEAT(RCX)",
    "A - 5 :JMPN(further, further)",
    "further:",
    "0 :JMPZ(called)",
    "called:",
    ":CALL(leaf)",
    "6 => E",
    "$ => E :MLOAD(y[E-5])",
    "2 => D",
    "0x6162n :HASHK(0)",
    "0x63 :HASHK1(0)",
    "3 :HASHKLEN(0)",
    "${hashKDigestR64(0, 1)} => A",
    "${hashKDigestR64(0, 2)} => B",
    "${hashKDigestR64(0, 3)} => C",
    "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)",
    ":JMP(finalizeExecution)",
    "leaf:",
    "CNT_BINARY + STEP => PC,GAS",
    ":RETURN",
)
"""A program in which every machine and every kind of jump has something to do."""


def program(*lines: str, cleared: str = "A,B,C,D,E,CTX,SP,PC,GAS,RR,HASHPOS,RCX") -> Program:
    """`lines` in `FRAME`; the first is line 7 of the source."""
    body = "\n".join(line if line.endswith(":") else f"  {line}" for line in lines)
    return assemble(FRAME.format(body=body, cleared=cleared), file_name="sample.zkasm")


def trace_of(*lines: str, rows: int | None = None) -> tuple[Program, Trace]:
    """A program and its honest trace."""
    made = program(*lines)
    return made, record(made, rows=rows)


def forged(*lines: str, line: int, value: tuple[int, int], occurrence: int | None = None) -> tuple[Program, Trace]:
    """A program and the trace of a prover who says `value` in a line of the source."""
    made = program(*lines)
    (row,) = (number for number, row in enumerate(made.rows) if row["line"] == line)
    return made, record_forged(made, [Tamper(row, value, occurrence)])
