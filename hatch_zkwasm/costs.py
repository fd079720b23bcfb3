"""What a run cost, as numbers for JSON and as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkwasm_simulator import Counters

LISTED_WIDTH = 44
"""How wide the arguments of an example, or its results, may be in a table."""


def cost_json(counters: Counters) -> dict[str, Any]:
    """The cost of a run for JSON.

    `counters` are the uses of each secondary machine, `rows` what the run takes in each machine; `n`, the length of the
    proof, is the smallest power of two that holds them all.
    """
    return {"steps": counters.steps, "counters": dict(counters), "rows": counters.rows, "n": counters.n}


def cost_lines(counters: Counters) -> list[str]:
    """The cost of one run as a table, a line for each machine (steps are the uses of main), and the proof's length."""
    rows = [("machine", "uses", "rows")]
    uses = {"main": counters.steps, **counters}
    rows += [(name, str(uses.get(name, "")), str(number)) for name, number in counters.rows.items()]
    largest = max(counters.rows, key=counters.rows.__getitem__)
    return [*aligned(rows, left=1), f"N = {counters.n} = 2^{counters.n.bit_length() - 1}, for the rows of {largest}"]


def example_table(manifests: Iterable[Mapping[str, Any]]) -> list[str]:
    """The lines of a table of what each example of each program costs; empty when there are no examples."""
    rows: list[tuple[str, ...]] = []
    for manifest in manifests:
        for example in manifest["examples"]:
            counters = example["counters"]
            if not rows:
                rows.append(("program", "example", "steps", *counters, "rows", "N"))
            rows.append(
                (
                    manifest["name"],
                    _example_text(example),
                    *(str(number) for number in (example["steps"], *counters.values())),
                    str(max(example["rows"].values())),
                    str(example["n"]),
                )
            )
    return aligned(rows, left=2)


def _example_text(example: Mapping[str, Any]) -> str:
    call = f"{example['call']}({_listed(example['arguments'])})"
    if "trap" in example:
        return f"{call} traps: {example['trap']}"
    results = example["results"]
    if not results:
        return call
    return f"{call} = {results[0] if len(results) == 1 else '(' + _listed(results) + ')'}"


def _listed(values: Sequence[object]) -> str:
    """Values with commas between them; the last ones are left out where the list would be wider than `LISTED_WIDTH`."""
    texts = list(map(str, values))
    shown = ", ".join(texts)
    while len(shown) > LISTED_WIDTH and len(texts) > 1:
        texts.pop()
        shown = ", ".join([*texts, "..."])
    return shown


def aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """`rows` as lines with aligned columns: the first `left` columns to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
