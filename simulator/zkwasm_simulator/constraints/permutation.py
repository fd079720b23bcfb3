"""What the main machine asks of another one: the rows with a flag here are the rows with a flag there, as multisets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from zkwasm_simulator.constraints.violations import Constraint, Findings

Cells = tuple[int, ...]


def check_permutation(
    findings: Findings,
    constraint: Constraint,
    asked: tuple[Sequence[int], Sequence[Cells]],
    given: tuple[Sequence[int], Sequence[Cells]],
    column: str,
    shown: Callable[[Cells], str],
) -> None:
    """Both sides are the numbers of their rows and the cells; `column` is where to look in the other machine.

    A row of the main machine that nothing answers is reported there, one that nobody asked for in the other machine.
    """
    steps, wanted = asked
    rows, found = given
    if wanted == found:
        return
    missing, left = Counter(wanted), Counter(found)
    missing, left = missing - left, left - missing
    for step, cells in zip(steps, wanted, strict=True):
        if missing[cells]:
            missing[cells] -= 1
            where = column.partition(".")[0]
            message = f"the step has {shown(cells)}, but no row of {where} shows that"
            findings.add(constraint, column, step, message, step=step)
    for row, cells in zip(rows, found, strict=True):
        if left[cells]:
            left[cells] -= 1
            findings.add(constraint, column, row, f"the row shows {shown(cells)}, but no step has that")
