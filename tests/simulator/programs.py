"""Programs for the simulator's tests, written by hand in the shape of compiled ones."""

from __future__ import annotations

import json

from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program

INTERFACE = {
    "exports": [
        {"name": "add", "index": 1, "parameters": ["i32", "i32"], "results": ["i32"]},
        {"name": "bump", "index": 2, "parameters": ["i64"], "results": ["i64", "i64"]},
        {"name": "quotient", "index": 3, "parameters": ["i64", "i64"], "results": ["i64"]},
        {"name": "same", "index": 4, "parameters": ["f32", "f64"], "results": ["f32", "f64"]},
        {"name": "odd", "index": 5, "parameters": [], "results": []},
    ],
    "globals": [{"index": 0, "type": "i64", "mutable": True, "cell": 22, "export": "total"}],
    "argument_cell": 0,
    "argument_words": 8,
    "result_cell": 8,
    "result_words": 2,
}

TEXT = """\
VAR GLOBAL argument[8]
VAR GLOBAL output[12]
VAR GLOBAL saved[2]
VAR GLOBAL total
start:
  STEP => A
  0 => B,C,D,E,PC :ASSERT
  ${getPublicOldStateRootR64(0)} :MSTORE(argument[0])
  ${getPublicOldStateRootR64(1)} :MSTORE(argument[1])
  ${getPublicOldStateRootR64(2)} :MSTORE(argument[2])
  ${getPublicOldStateRootR64(3)} :MSTORE(argument[3])
  ${getPublicOldAccInputHashR64(0)} :MSTORE(argument[4])
  ${getPublicOldAccInputHashR64(1)} :MSTORE(argument[5])
  ${getPublicOldAccInputHashR64(2)} :MSTORE(argument[6])
  ${getPublicOldAccInputHashR64(3)} :MSTORE(argument[7])
  CTX :MSTORE(saved[0])
  SP :MSTORE(saved[1]), JMPN(bad_index)
  100n :MSTORE(total)
  0 => CTX,RCX,HASHPOS :CALL(initialise)
dispatch:
  SP - 6 => E :JMPN(next, bad_index)
  :CALL(@entries_end + E)
  :JMP(finish)
entries:
  :RETURN
  $ => A :MLOAD(argument[0]), JMP(add)
  $ => A :MLOAD(argument[0]), JMP(bump)
  $ => A :MLOAD(argument[0]), JMP(quotient)
  $ => A :MLOAD(argument[0]), JMP(same)
  77 => PC :RETURN
entries_end:
add:
  $ => B :MLOAD(argument[1])
  $ :ADD, MSTORE(output[0]), RETURN
bump:
  A :MSTORE(output[1])
  $ => B :MLOAD(total)
  $ :ADD, MSTORE(total)
  B :MSTORE(output[0]), RETURN
quotient:
  A => E
  $ => B :MLOAD(argument[1])
  B :JMPNZ(divide)
  2 => PC :RETURN
divide:
  ${E / B} => A
  ${E % B} => C
  0 => D
  E :ARITH
  A :MSTORE(output[0]), RETURN
same:
  A :MSTORE(output[0])
  $ => B :MLOAD(argument[1])
  B :MSTORE(output[1]), RETURN
initialise:
  INITIALISE
bad_index:
  128 => PC
finish:
  $ => CTX :MLOAD(saved[0])
  $ => SP :MLOAD(saved[1])
  0 => A,B,C,D,E,RR,RCX,HASHPOS
finalizeExecution:
  ${beforeLast(13)} :JMPN(finalizeExecution)
  $ :MLOAD(output[0])
  $ :MLOAD(output[1])
  $ :MLOAD(output[2])
  $ :MLOAD(output[3])
  $ :MLOAD(output[4])
  $ :MLOAD(output[5])
  $ :MLOAD(output[6])
  $ :MLOAD(output[7])
  $ :MLOAD(output[8])
  $ :MLOAD(output[9])
  $ :MLOAD(output[10])
  $ => PC :MLOAD(output[11]), JMP(start)
"""


def callable_program(initialise: str = ":RETURN") -> Program:
    """A program with an interface: `add`, `bump`, `quotient`, `same` and `odd`, and one global `total`."""
    directive = f";@ interface {json.dumps(INTERFACE)}\n"
    return assemble(directive + TEXT.replace("INITIALISE", initialise), file_name="calls.zkasm")


def program(*lines: str, variables: tuple[str, ...] = ()) -> Program:
    """A program without interface: `lines` between `start` and `finalizeExecution`."""
    declared = "".join(f"VAR GLOBAL {name}\n" for name in variables)
    text = "".join(f"{line}\n" if line.endswith(":") else f"  {line}\n" for line in lines)
    return assemble(f"{declared}start:\n{text}finalizeExecution:\n  :JMP(finalizeExecution)\n", file_name="test.zkasm")
