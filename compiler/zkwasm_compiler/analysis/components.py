"""Strongly connected components of a graph.

*Source:* Tarjan, "Depth-first search and linear graph algorithms", 1972.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def strong_components(successors: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """The components, each after those that it leads to. Successors that are no keys of the mapping do not count."""
    numbers: dict[Node, int] = {}
    low: dict[Node, int] = {}
    open_: dict[Node, None] = {}  # visited, not yet in a component, in the order of the visit
    components: list[list[Node]] = []
    for root in successors:
        if root in numbers:
            continue
        numbers[root] = low[root] = len(numbers)
        open_[root] = None
        stack = [(root, iter(successors[root]))]
        while stack:
            node, rest = stack[-1]
            for successor in rest:
                if successor not in numbers and successor in successors:
                    numbers[successor] = low[successor] = len(numbers)
                    open_[successor] = None
                    stack.append((successor, iter(successors[successor])))
                    break
                if successor in open_:
                    low[node] = min(low[node], numbers[successor])
            else:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[node])
                if low[node] == numbers[node]:
                    components.append(_close(node, open_))
    return components


def _close(root: Node, open_: dict[Node, None]) -> list[Node]:
    component: list[Node] = []
    while not component or component[-1] != root:
        component.append(open_.popitem()[0])
    return component
