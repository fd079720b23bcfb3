"""The binary machine: for each operation the result and the carry of two numbers of 64 bits.

The machine has four rows an operation and takes it byte by byte from tables. Together they admit exactly what is
checked here of one row: operands and result are normalised, result and carry are right.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_simulator.constraints.columns import BINARY, Table, table
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.permutation import Cells, check_permutation
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.decode import BINARY_OPERATIONS
from zkwasm_simulator.faults import field_text, limbs_text
from zkwasm_simulator.field import LIMB_MASK, WORD_MASK

_SIGN = 1 << 63

_OPERATIONS: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "ADD": lambda a, b: (a + b & WORD_MASK, a + b >> 64),
    "SUB": lambda a, b: (a - b & WORD_MASK, int(a < b)),
    "LT": lambda a, b: (int(a < b),) * 2,
    "SLT": lambda a, b: (int(a ^ _SIGN < b ^ _SIGN),) * 2,
    "EQ": lambda a, b: (int(a == b),) * 2,
    "AND": lambda a, b: (a & b, int(a & b != 0)),
    "OR": lambda a, b: (a | b, 0),
    "XOR": lambda a, b: (a ^ b, 0),
}
"""Result and carry of each operation, in the order of opcodes."""


def outcome(opcode: int, a: int, b: int) -> tuple[int, int]:
    """Result and carry of two 64-bit numbers."""
    return _OPERATIONS[BINARY_OPERATIONS[opcode]](a, b)


def operations(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows of the main machine with a binary operation, each with the cells of `BINARY`."""
    steps = view.steps_with("bin")
    opcode = view.field("binOpcode")
    cells = view.tuples(steps, ("A0", "A1", "B0", "B1", "op0", "op1", "carry"))
    return steps, [(opcode(step), *rest) for step, rest in zip(steps, cells, strict=True)]


def binary_table(view: MainView) -> Table:
    """The rows of a prover who answers whatever is asked."""
    return table("Binary", operations(view)[1])


def check_binary(view: MainView, binary: Table, findings: Findings) -> None:
    """The operations are those of the main machine, and right."""
    steps, asked = operations(view)
    rows = list(zip(*binary.columns.values(), strict=True))
    check_permutation(findings, Constraint.BINARY, (steps, asked), (range(len(rows)), rows), "Binary.opcode", _shown)
    wrong = [(row, found) for row, cells in enumerate(rows) if (found := _wrong(cells)) is not None]
    if not wrong:
        return
    first = {cells: step for step, cells in zip(reversed(steps), reversed(asked), strict=True)}
    for row, (name, message) in wrong:
        findings.add(Constraint.BINARY, f"Binary.{name}", row, message, step=first.get(rows[row]))


def _wrong(cells: Cells) -> tuple[str, str] | None:
    """The column that is wrong and why, if the operation is."""
    opcode, a0, a1, b0, b1, c0, c1, carry = cells
    if opcode >= len(BINARY_OPERATIONS):
        return "opcode", f"there is no operation {field_text(opcode)}; the last is {len(BINARY_OPERATIONS) - 1}"
    if a0 | a1 | b0 | b1 | c0 | c1 > LIMB_MASK:
        name, limb = next((name, cell) for name, cell in zip(BINARY, cells, strict=True) if cell > LIMB_MASK)
        return name, f"{BINARY_OPERATIONS[opcode]} takes and gives limbs below 2^32, but one is {field_text(limb)}"
    a, b, c = a0 | a1 << 32, b0 | b1 << 32, c0 | c1 << 32
    result, wanted = outcome(opcode, a, b)
    of = f"{BINARY_OPERATIONS[opcode]} of A = {a:#x} and B = {b:#x}"
    if c != result:
        return f"c[{0 if c0 != result & LIMB_MASK else 1}]", f"{of} is {result:#x}, but the step's value is {c:#x}"
    return (
        None if carry == wanted else ("carry", f"the carry of {of} is {wanted}, but the step has {field_text(carry)}")
    )


def _shown(cells: Cells) -> str:
    opcode, a0, a1, b0, b1, c0, c1, carry = cells
    name = BINARY_OPERATIONS[opcode] if opcode < len(BINARY_OPERATIONS) else f"operation {field_text(opcode)}"
    numbers = f"A = {limbs_text(a0, a1)}, B = {limbs_text(b0, b1)}, value {limbs_text(c0, c1)}"
    return f"{name} of {numbers} and carry {field_text(carry)}"
