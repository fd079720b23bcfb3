"""A minimum cut in a small network, the one nearest to the sink."""

from __future__ import annotations

SOURCE, SINK = -2, -1
NEVER = 1e12
"""The capacity of an arc that must not be cut."""


class Network:
    """Nodes are numbers; arcs carry capacities."""

    def __init__(self) -> None:
        self.residual: dict[int, dict[int, float]] = {SOURCE: {}, SINK: {}}

    def add(self, tail: int, head: int, capacity: float) -> None:
        """Add an arc; parallel arcs add up."""
        if tail == head:
            return
        arcs = self.residual.setdefault(tail, {})
        arcs[head] = arcs.get(head, 0.0) + capacity
        self.residual.setdefault(head, {}).setdefault(tail, 0.0)

    def cut(self, limit: float) -> tuple[float, set[int]]:
        """The capacity of the cut, or at least `limit`, and the nodes on the sink's side (without the sink)."""
        flow = 0.0
        while flow < limit:
            path = self._path()
            if not path:
                break
            amount = min(self.residual[tail][head] for tail, head in path)
            for tail, head in path:
                self.residual[tail][head] -= amount
                self.residual[head][tail] += amount
            flow += amount
        return flow, self._reaching_sink() - {SINK}

    def _path(self) -> list[tuple[int, int]]:
        """The arcs of a shortest augmenting path."""
        parent = {SOURCE: SOURCE}
        queue = [SOURCE]
        for node in queue:
            for head, capacity in self.residual[node].items():
                if capacity > 1e-12 and head not in parent:
                    parent[head] = node
                    queue.append(head)
        if SINK not in parent:
            return []
        path = []
        node = SINK
        while node != SOURCE:
            path.append((parent[node], node))
            node = parent[node]
        return path

    def _reaching_sink(self) -> set[int]:
        tails: dict[int, list[int]] = {}
        for tail, arcs in self.residual.items():
            for head, capacity in arcs.items():
                if capacity > 1e-12:
                    tails.setdefault(head, []).append(tail)
        reached = {SINK}
        work = [SINK]
        while work:
            for tail in tails.get(work.pop(), []):
                if tail not in reached:
                    reached.add(tail)
                    work.append(tail)
        return reached
