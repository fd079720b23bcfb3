"""A profile as text for a terminal: machines, functions and the blocks with the most steps, with their zkASM."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zkwasm_simulator.profile.costs import COUNTERS
from zkwasm_simulator.profile.measuring import BlockCosts, Profile

Aligned = Callable[[Sequence[Sequence[str]]], list[str]]
"""Makes aligned lines of the rows of a table whose first column is text."""

SHOWN_ROWS = 12
"""Rows of a block that are shown."""
WIDEST_ROW = 90
"""Behind so many characters of a row comes where it is from."""


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def deciding_counter(profile: Profile) -> tuple[str, str]:
    """The state machine with the most rows, which sets the price, and the counter that makes its rows."""
    rows = profile.execution.counters.rows
    machine = max(rows, key=rows.__getitem__)
    return machine, {"main": "steps", "rom": "steps"}.get(machine, machine)


def function_lines(profile: Profile, aligned: Aligned, limit: int) -> list[str]:
    """A table of the functions with the most steps."""
    steps = profile.execution.steps
    used = [name for name in COUNTERS[1:] if getattr(profile.root.inclusive, name)]
    rows = [("function", "calls", "steps", "share", "with calls", *used)]
    functions = profile.function_costs()
    for costs in functions[:limit]:
        own = costs.own
        rows.append(
            (
                costs.function.name,
                str(costs.calls),
                str(own.steps),
                percent(own.steps, steps),
                str(costs.inclusive.steps),
                *(str(getattr(own, name) or "") for name in used),
            )
        )
    lines = aligned(rows)
    if len(functions) > limit:
        lines.append(f"and {len(functions) - limit} more")
    return lines


def line_lines(profile: Profile, aligned: Aligned, limit: int) -> list[str]:
    """A table of the source lines with the most steps; empty when no lines are known."""
    found = profile.line_costs()
    if not found:
        return []
    steps = profile.execution.steps
    rows = [("source line", "steps", "share", "function")]
    rows += [
        (f"{line.file}:{line.line}", str(line.costs.steps), percent(line.costs.steps, steps), line.function)
        for line in found[:limit]
    ]
    lines = aligned(rows)
    return lines if len(found) <= limit else [*lines, f"and {len(found) - limit} more"]


def lost_calls_text(profile: Profile) -> str:
    """What is not exact because the tree of calls was full; empty when all is."""
    if not profile.lost_calls:
        return ""
    return (
        f"the tree of calls is full: {profile.lost_calls} calls were counted with their callers, so that numbers of "
        "calls, costs with calls and flame graphs are not exact; costs of functions, blocks and rows are"
    )


def block_lines(profile: Profile, limit: int) -> list[str]:
    """The blocks with the most steps, row by row."""
    lines = []
    for block in profile.block_costs()[:limit]:
        lines += ["", *_block(profile, block)]
    return lines[1:]


def _block(profile: Profile, block: BlockCosts) -> list[str]:
    share = percent(block.costs.steps, profile.execution.steps)
    place = f"rows {block.start} to {block.end - 1} of {block.function.name}"
    lines = [f"{place}: {block.executions} times, {block.costs.steps} steps, {share}"]
    rows = range(block.start, min(block.end, block.start + SHOWN_ROWS))
    texts = [row_text(profile, row) for row in rows]
    width = min(max(map(len, texts)), WIDEST_ROW)
    lines += [f"  {text:{width}}  {place_text(profile, row)}".rstrip() for row, text in zip(rows, texts, strict=True)]
    if len(rows) < block.end - block.start:
        lines.append(f"  … {block.end - block.start - len(rows)} more")
    return lines


def place_text(profile: Profile, row: int) -> str:
    """What a row was compiled from: the instruction with its byte offset, and its source line; empty: nobody knows."""
    position = profile.position_at(row)
    if position is None:
        return ""
    known = profile.instructions.get(position.offset, "") if not position.module else f"of {position.module}"
    instruction = f"{position.offset:#x} {known}".strip()
    return f"{instruction}  {position.file}:{position.line}" if position.line else instruction


def row_text(profile: Profile, row: int) -> str:
    """The zkASM of a row."""
    return str(profile.program.rows[row].get("lineStr", "")).strip() or f"row {row}"
