"""The alignment machine: a value at a byte offset of two neighbouring words, big endian, read or written.

The machine has eight rows an operation and takes it byte by byte. Together they admit exactly what is checked here of
one row. Of C only the low limb is looked at; MEM_ALIGN_WR8 does not look at B and E.
"""

from __future__ import annotations

from zkwasm_simulator.constraints.columns import MEM_ALIGN, Table, table
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.permutation import Cells, check_permutation
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text, limbs_text
from zkwasm_simulator.field import LIMB_MASK, WORD_MASK

READ, WRITE, WRITE_BYTE = (0, 0), (1, 0), (0, 1)
"""The flags wr64 and wr8 of the operations."""

_NAMES = {READ: "MEM_ALIGN_RD", WRITE: "MEM_ALIGN_WR", WRITE_BYTE: "MEM_ALIGN_WR8"}
_OPERANDS = ("A0", "A1", "B0", "B1", "op0", "op1", "D0", "D1", "E0", "E1", "C0")


def operations(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows of the main machine with an alignment, each with the cells of `MEM_ALIGN`.

    Words that the operation does not look at are 0.
    """
    steps = view.steps_with("memAlignRD", "memAlignWR", "memAlignWR8")
    writes, writes_byte = view.field("memAlignWR"), view.field("memAlignWR8")
    cells = view.tuples(steps, _OPERANDS)
    return steps, [
        _looked_at((*operands, writes(step), writes_byte(step))) for step, operands in zip(steps, cells, strict=True)
    ]


def _looked_at(cells: Cells) -> Cells:
    """What the main machine shows of an operation."""
    m0, m1, v, w0 = (cells[place : place + 2] for place in range(0, 8, 2))
    kind = cells[11:]
    if kind == WRITE:
        return cells
    if kind == WRITE_BYTE:
        return (*m0, 0, 0, *v, *w0, 0, 0, *cells[10:])
    return (*m0, *m1, *v, 0, 0, 0, 0, *cells[10:])


def mem_align_table(view: MainView) -> Table:
    """The rows of a prover who answers whatever is asked."""
    return table("MemAlign", operations(view)[1])


def check_mem_align(view: MainView, mem_align: Table, findings: Findings) -> None:
    """The operations are those of the main machine, and right."""
    steps, asked = operations(view)
    rows = list(zip(*mem_align.columns.values(), strict=True))
    looked_at = [_looked_at(cells) for cells in rows]
    given = range(len(rows)), looked_at
    check_permutation(findings, Constraint.MEM_ALIGN, (steps, asked), given, "MemAlign.offset", _shown)
    first = {cells: step for step, cells in zip(reversed(steps), reversed(asked), strict=True)}
    for row, cells in enumerate(rows):
        wrong = _wrong(cells)
        if wrong is not None:
            name, message = wrong
            step = first.get(looked_at[row])
            findings.add(Constraint.MEM_ALIGN, f"MemAlign.{name}", row, message, step=step)


def _wrong(cells: Cells) -> tuple[str, str] | None:
    """The column that is wrong and why, if the operation is."""
    *limbs, offset, writes, writes_byte = cells
    kind = writes, writes_byte
    if kind not in _NAMES:
        return "wr64", f"wr64 and wr8 are {writes} and {writes_byte}, but at most one of them is 1"
    if offset > 7:
        return "offset", f"the offset in C is {field_text(offset)}, but it must be 0 to 7"
    for name, limb in zip(MEM_ALIGN, limbs, strict=False):
        if limb > LIMB_MASK:
            return name, f"{_NAMES[kind]} takes and gives limbs below 2^32, but one is {field_text(limb)}"
    m0, m1, v, w0, w1 = (low | high << 32 for low, high in zip(limbs[::2], limbs[1::2], strict=True))
    bits = 8 * offset
    wanted: list[tuple[str, str, int, int]] = []
    if kind == READ:
        wanted.append(("v[0]", "the value", (m0 << 64 | m1) >> 64 - bits & WORD_MASK, v))
    elif kind == WRITE:
        wanted.append(("w0[0]", "D", m0 & WORD_MASK << 64 - bits & WORD_MASK | v >> bits, w0))
        wanted.append(("w1[0]", "E", v << 64 - bits & WORD_MASK | m1 & WORD_MASK >> bits, w1))
    else:
        wanted.append(("w0[0]", "D", m0 & (WORD_MASK ^ 0xFF << 56 - bits) | (v & 0xFF) << 56 - bits, w0))
    for name, what, right, found in wanted:
        if found != right:
            return name, f"{_NAMES[kind]} gives {right:#x}, but {what} is {found:#x}"
    return None


def _shown(cells: Cells) -> str:
    name = _NAMES.get((cells[11], cells[12]), "alignment")
    words = ", ".join(
        f"{what} {limbs_text(*cells[place : place + 2])}"
        for what, place in (("words", 0), ("and", 2), ("value", 4), ("new words", 6), ("and", 8))
    )
    return f"{name} at offset {field_text(cells[10])} with {words}"
