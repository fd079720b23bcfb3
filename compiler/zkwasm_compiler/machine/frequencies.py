"""How often edges are taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

LEAST = 1e-9


def estimate_edges(frequencies: Sequence[float], targets: Sequence[Sequence[int]]) -> list[list[float]]:
    """For each block the frequencies of its edges, in their order, from how often the ends of each edge run. `targets`
    has for each block the blocks that its edges go to."""
    entered = Counter(target for following in targets for target in following)
    found: list[list[float]] = []
    for frequency, following in zip(frequencies, targets, strict=True):
        total = sum(frequencies[target] for target in following)
        edges: list[float] = []
        for target in following:
            share = frequency * frequencies[target] / total if total else 0.0
            taken = min(frequency if entered[target] == 1 else share, frequencies[target])
            edges.append(max(taken, LEAST))
        found.append(edges)
    return found
