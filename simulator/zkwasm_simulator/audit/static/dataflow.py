"""Forward dataflow over a program: what holds before each row, whatever path leads there.

A `Domain` says what a row makes of a state and how states join. A function's result is put together with what its
caller knew of what the function does not write.
"""

from __future__ import annotations

import heapq
from typing import Protocol, TypeVar

from zkwasm_simulator.audit.static.structure import MAIN, Structure
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.decode import DecodedRow

S = TypeVar("S")


class Domain(Protocol[S]):
    """What a dataflow needs to know of its states; states are never changed in place."""

    def entry(self) -> S:
        """What holds at row 0."""

    def after(self, row: DecodedRow, state: S) -> S:
        """What holds behind a row, wherever it goes."""

    def on_edge(self, row: DecodedRow, target: int, state: S) -> S | None:
        """What `after` says, and that the row went to `target`; None when it cannot go there."""

    def into_call(self, entry: int, state: S) -> S:
        """What the function that begins at a row may know of its caller's state."""

    def join(self, row: int, known: S, more: S) -> S:
        """What holds in both; equal to `known` when that says no less already."""

    def after_call(self, caller: S, returned: S, writes: frozenset[Location]) -> S:
        """What holds behind a call."""


def run(structure: Structure, domain: Domain[S]) -> dict[int, S]:
    """What holds before each row that can be reached.

    Functions are followed to the end before what they say goes to others: it goes to callers and callees only when no
    row is left whose state is news, so that a function is not followed again for each of its many calls.
    """
    rows = structure.audited.rows
    before: dict[int, S] = {MAIN: domain.entry()}
    behind: dict[int, S] = {}
    returning: dict[int, list[int]] = {}
    for entry, own in structure.returns.items():
        for one in own:
            returning.setdefault(one, []).append(entry)
    work = [MAIN]
    queued = {MAIN}
    entered: set[int] = set()
    results: set[tuple[int, int, int]] = set()  # call, function, RETURN

    def follow(target: int) -> None:
        if target not in queued:
            queued.add(target)
            heapq.heappush(work, target)

    def arrive(target: int, state: S, *, now: bool = True) -> None:
        alone = target not in before or target in structure.before  # the only way there says all
        joined = state if alone else domain.join(target, before[target], state)
        if target in before and joined == before[target]:
            return
        before[target] = joined
        if now:
            follow(target)
        else:
            entered.add(target)

    def across_calls() -> None:
        """What is news for callees and callers goes to them."""
        for entry in sorted(entered):
            follow(entry)
        entered.clear()
        for call, entry, one in sorted(results):
            if one in behind and call in behind and call + 1 < len(rows):
                arrive(call + 1, domain.after_call(behind[call], behind[one], structure.writes[entry]))
        results.clear()

    while work or entered or results:
        if not work:
            across_calls()
            continue
        number = heapq.heappop(work)
        queued.discard(number)
        row = rows[number]
        behind[number] = domain.after(row, before[number])
        if number in structure.calls:
            for entry in structure.calls[number]:
                arrive(entry, domain.into_call(entry, behind[number]), now=False)
                results.update((number, entry, one) for one in structure.returns[entry])
            continue
        for entry in returning.get(number, ()):
            results.update((call, entry, number) for call in structure.callers[entry])
        for target in structure.targets[number]:
            there = domain.on_edge(row, target, behind[number])
            if there is not None:
                arrive(target, there)
    return before
