"""How often blocks run and edges are taken, for each call of a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import R

ROW = 0.1
"""The price of a row of the program, in steps of a call."""
LEAST = 1e-9
WEIGHTS = ((0.2, 1.0), (0.02, 0.1))
"""A way that runs less often than this part of what is before it leaves a loop, or is seldom."""
SELDOM = 0.01


def estimate_edges(frequencies: Sequence[float], targets: Sequence[Sequence[int]]) -> list[list[float]]:
    """For each block the frequencies of its edges, in their order, from those of the blocks at its ends. `targets` has
    for each block the blocks that its edges go to."""
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


def expect(function: MachineFunction[R]) -> None:
    """Say of all blocks and edges how often they are expected. What comes to a block is split among its edges: the arms
    of a branch run half as often as the branch, and the ends of a function together as often as its start."""
    blocks = function.blocks
    numbers = {block.label: number for number, block in enumerate(blocks)}
    targets = [[numbers[edge.label] for edge in block.edges] for block in blocks]
    order = reverse_postorder(targets)
    rank = {number: position for position, number in enumerate(order)}
    sources: dict[int, list[int]] = {number: [] for number in order}
    for number in order:
        for target in targets[number]:
            sources[target].append(number)
    for block in blocks:  # of which some may not be reached
        block.expected = LEAST
        for edge in block.edges:
            edge.expected = LEAST
    arriving = [0.0] * len(blocks)
    arriving[0] = blocks[0].frequency
    for number in order:
        block = blocks[number]
        before = [source for source in sources[number] if rank[source] < rank[number]]
        if before and len(before) < len(sources[number]):  # a loop begins
            arriving[number] *= max(block.frequency / max(blocks[source].frequency for source in before), 1.0)
        block.expected = max(arriving[number], LEAST)
        weights = [_weight(blocks[target].frequency / block.frequency) for target in targets[number]]
        for edge, target, weight in zip(block.edges, targets[number], weights, strict=True):
            edge.expected = max(block.expected * weight / sum(weights), LEAST)
            arriving[target] += edge.expected


def _weight(ratio: float) -> float:
    return next((weight for least, weight in WEIGHTS if ratio >= least), SELDOM)


def reverse_postorder(targets: Sequence[Sequence[int]]) -> list[int]:
    """The blocks that can be reached from the first, each before those that its edges go to, but for loops."""
    order: list[int] = []
    seen = {0}
    work = [(0, iter(targets[0]))]
    while work:
        number, following = work[-1]
        target = next(following, None)
        if target is None:
            order.append(number)
            work.pop()
        elif target not in seen:
            seen.add(target)
            work.append((target, iter(targets[target])))
    return order[::-1]
