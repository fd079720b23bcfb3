"""The memory machine: accesses in the order of cells, and of steps within a cell; each read finds what was there.

Neighbouring rows are of the same cell, or of one that is 1 to N cells further. Rows that access nothing bridge wider
gaps. A cell holds 0 until it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from zkwasm_simulator.constraints.columns import Table, table
from zkwasm_simulator.constraints.main_view import STEPS, MainView
from zkwasm_simulator.constraints.permutation import Cells, check_permutation
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text, limbs_text
from zkwasm_simulator.field import PRIME

_VALUES = ("val[0]", "val[1]")


def accesses(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows of the main machine that access memory, each as (address, step, write, low, high)."""
    steps = view.steps_with("mOp")
    addresses = view.addresses_of("mOp")
    writes = view.field("mWR")
    cells = view.tuples(steps, (STEPS, "op0", "op1"))
    return steps, [
        (addresses[row], step, writes(row), low, high) for row, (step, low, high) in zip(steps, cells, strict=True)
    ]


def memory_table(view: MainView) -> Table:
    """The rows of an honest prover: accesses sorted, gaps bridged.

    A gap that N rows cannot bridge is left as it is; no proof has it.
    """
    _, found = accesses(view)
    found.sort(key=lambda access: (signed_cell(access[0]), access[1]))
    return table("Mem", _rows(found, view.rows))


def signed_cell(address: int) -> int:
    """The number nearest to 0: cells below 0 come before the others."""
    return address if address <= PRIME // 2 else address - PRIME


def _rows(found: list[Cells], n: int) -> Iterator[Cells]:
    for number, (address, step, write, low, high) in enumerate(found):
        following = found[number + 1][0] if number + 1 < len(found) else None
        yield address, step, 1, write, low, high, int(following != address)
        gap = 0 if following is None else (following - address) % PRIME
        if gap <= n * n:
            for bridge in range(address + n, address + gap, n):
                yield bridge % PRIME, 0, 0, 0, 0, 0, 1


def memory_rows(memory: Table, n: int) -> int:
    """The rows that these accesses take in a trace of `n` rows, with those that bridge gaps."""
    cells = [address for address, used in zip(memory["addr"], memory["mOp"], strict=True) if used]
    gaps = ((following - cell) % PRIME for cell, following in pairwise(cells))
    return len(cells) + sum((gap - 1) // n for gap in gaps if gap)


def check_memory(view: MainView, memory: Table, findings: Findings) -> None:
    """The accesses are those of the main machine, sorted; each value is the one that the cell holds."""
    _check_accesses(view, memory, findings)
    _check_flags(memory, findings)
    _check_order(memory, view.rows, findings)
    _check_values(memory, findings)


def _check_accesses(view: MainView, memory: Table, findings: Findings) -> None:
    names = ("addr", "step", "mWr", *_VALUES)
    rows = [row for row, used in enumerate(memory["mOp"]) if used]
    cells = [tuple(memory[name][row] for name in names) for row in rows]

    def shown(access: Cells) -> str:
        address, step, write, low, high = access
        done = "written to" if write else "read from"
        return f"{limbs_text(low, high)} {done} cell {signed_cell(address):#x} in step {step}"

    steps, asked = accesses(view)
    order = sorted(range(len(cells)), key=lambda number: cells[number][1])
    given = [rows[number] for number in order], [cells[number] for number in order]
    check_permutation(findings, Constraint.MEMORY_READ, (steps, asked), given, "Mem.addr", shown)


def _check_flags(memory: Table, findings: Findings) -> None:
    for name in ("mOp", "mWr"):
        for row, value in enumerate(memory[name]):
            if value > 1 or (value and not memory["mOp"][row]):
                allowed = "it is a bit" if value > 1 else "the row accesses nothing"
                message = f"{name} is {field_text(value)}, but {allowed}"
                findings.add(Constraint.MEMORY_READ, f"Mem.{name}", row, message, step=_step(memory, row, findings))
    for row, value in enumerate(memory["lastAccess"]):
        wanted = "it is a bit" if value > 1 else "the last row ends its cell"
        if value > 1 or (row == len(memory) - 1 and not value):
            message = f"lastAccess is {field_text(value)}, but {wanted}"
            findings.add(Constraint.MEMORY_ORDERING, "Mem.lastAccess", row, message)


def _step(memory: Table, row: int, findings: Findings) -> int | None:
    """The row of the main machine that the row names, if there is one."""
    step = memory["step"][row]
    return step if memory["mOp"][row] and step < findings.rows else None


def _check_order(memory: Table, n: int, findings: Findings) -> None:
    """Between neighbours the cell stays and the step grows, or the cell grows: by 1 to N."""
    addresses, steps, last = memory["addr"], memory["step"], memory["lastAccess"]
    for row in range(len(memory) - 1):
        cells = (addresses[row + 1] - addresses[row]) % PRIME
        if last[row]:
            distance, name, what = cells, "addr", "cells"
        else:
            distance, name, what = (steps[row + 1] - steps[row]) % PRIME, "step", "steps of one cell"
            if cells:
                message = f"lastAccess says that the next row has the same cell, but it is {field_text(cells)} further"
                place = _step(memory, row + 1, findings)
                findings.add(Constraint.MEMORY_READ, "Mem.addr", row + 1, message, step=place)
        if not 1 <= distance <= n:
            message = f"{what} are sorted, but the next one is {field_text(distance)} further; allowed are 1 to {n}"
            place = _step(memory, row + 1, findings)
            findings.add(Constraint.MEMORY_ORDERING, f"Mem.{name}", row + 1, message, step=place)


def _check_values(memory: Table, findings: Findings) -> None:
    """A row that does not write has what the row before it has; the first one of a cell has 0."""
    write, last = memory["mWr"], memory["lastAccess"]
    low, high = (memory[name] for name in _VALUES)
    before = len(memory) - 1
    for row in range(len(memory)):
        if not (memory["mOp"][row] and write[row]):
            held = (0, 0) if last[before] else (low[before], high[before])
            value = low[row], high[row]
            if value != held:
                address = signed_cell(memory["addr"][row])
                message = f"cell {address:#x} holds {limbs_text(*held)}, but {limbs_text(*value)} is read from it"
                name = _VALUES[0 if value[0] != held[0] else 1]
                place = _step(memory, row, findings)
                findings.add(Constraint.MEMORY_READ, f"Mem.{name}", row, message, step=place)
        before = row
