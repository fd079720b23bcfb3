"""The page about constraints and columns: `python -m zkwasm_simulator.constraints.reference > docs/constraints.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from zkwasm_simulator.constraints.columns import MACHINES
from zkwasm_simulator.constraints.instruction import COEFFICIENTS, CONSTANTS, FLAGS, NUMBERS
from zkwasm_simulator.constraints.violations import Constraint

_INTRODUCTION = """\
# Constraints and columns

Generated from the tables of `zkwasm_simulator.constraints`; change those, not this page.

A proof shows that the columns of a few state machines satisfy constraints, no more. `check` evaluates the constraints
on columns and program; it executes nothing ([python-interface.md](python-interface.md) shows how). The simulator judges
the compiler, this judges the simulator, and what a prover may do who does not use it.

What is checked is the machine of [machine-zkvm64.md](machine-zkvm64.md), at every length of the trace. Two things are
checked by what they promise and not row by row: an operation of Binary or MemAlign is one row here instead of four or
eight, and keccak is computed. A `JMPN` decides by an exact number of 32 bits at every N; the public tables do that
only at N = 2^23.

- Row 0 follows the last row. When a run does not come back to where it began, `record` writes what it leaves to row 0,
  as the public tools do, and the transitions around row 0 show it.
- Neighbouring cells may be N apart, and rows that access nothing bridge wider gaps. A short trace cannot reach the
  stack or the memory region from the variables: with both used N is at least 512.
- A stream's bytes that no HASHK writes are the prover's choice. Pieces may not overlap or be empty, and a stream ends
  where HASHKLEN says; the executor is more lenient there.
- Not everything is constrained: free inputs that the row does not take, `carry`, `isNeg` and `incCounter` of rows
  without such an operation, inverses of 0, and the high limb of what JMPN, JMPZ and one-limb registers take.

## Classes

In the order in which violations are given: causes first. A row of the program at a wrong zkPC comes behind `jump
condition`, from which it follows; any other `rom` comes first.
"""

_NOTES = {
    "Main": "The fields of the instruction are columns, too, whose values the program fixes: "
    + ", ".join(f"`{name}`" for name in (*CONSTANTS, *COEFFICIENTS, *FLAGS, *NUMBERS))
    + ".",
    "Mem": "A row an access, sorted. Rows behind the last one hold nothing and are not written down.",
    "Binary": "A row an operation; the machine itself takes four.",
    "Arith": "Eight rows an operation; row k is the equation of the bits from 16k on.",
    "MemAlign": "A row an operation; the machine itself takes eight.",
    "HashPiece": "A row a piece, in the order of streams and positions. The machine itself takes a row a byte.",
    "Hash": "A row a stream.",
}


def constraints_page() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION + "\n" + _table("class", {constraint.value: constraint.demand for constraint in Constraint})]
    parts += [
        f"## `{machine}`\n\n{_NOTES[machine]}\n\n" + _table("column", columns) for machine, columns in MACHINES.items()
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: str, rows: Mapping[str, str]) -> str:
    lines = [f"| `{name}` | {text} |" for name, text in rows.items()]
    return "\n".join([f"| {head} | what it is |", "| --- | --- |", *lines])


if __name__ == "__main__":
    sys.stdout.write(constraints_page())
