"""Which loads and stores cannot trap: the memory is large enough, or an access that always comes before says so."""

from __future__ import annotations

from typing import TypeAlias

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.memory_dependence import Access, MemoryDependence
from zkwasm_compiler.ir.function import Block, Function, Value

MAXIMUM_CHECKS = 12
"""How many earlier accesses to addresses of the same values are asked, the last ones first."""

Checks: TypeAlias = dict[tuple[tuple[Value, int], ...], list[Access]]


class BoundsChecks:
    """The accesses of a function with the accesses that dominate them.

    An access that dominates another one has been made with the same values: a definition in between would have been
    passed after it, and then a way would lead around it. The memory never shrinks, so its check is still good.
    """

    def __init__(self, function: Function, dependence: MemoryDependence, accesses: dict[Block, list[Access]]) -> None:
        self.dependence = dependence
        self.safe: set[Value] = set()
        self._at_end: dict[Block, Checks] = {}
        tree = dominator_tree(function)
        for block in tree.preorder:
            above = tree.parent[block]
            checks = dict(self._at_end[above]) if above is not None else {}
            for access in accesses[block]:
                if self._cannot_trap(access, checks):
                    self.safe.add(access.value)
                terms = access.place.address.terms
                checks[terms] = [*checks.get(terms, ())[-MAXIMUM_CHECKS:], access]
            self._at_end[block] = checks

    def safe_after(self, access: Access, block: Block) -> bool:
        """Whether the access could be made at the end of `block` without a trap."""
        return self._cannot_trap(access, self._at_end[block])

    def _cannot_trap(self, access: Access, checks: Checks) -> bool:
        done = reversed(checks.get(access.place.address.terms, ()))
        return any(self.dependence.implied(one, access.place, access) for one in done) or (
            self.dependence.always_inside(access)
        )
