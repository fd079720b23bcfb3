"""Loads that leave loops: what nothing in the loop may change is loaded once, in front of it.

A load moves if it cannot trap there, or if it would come first in the loop anyway, before any effect, so that its trap
is the same. It takes along the sums that its address is made of. *Source:* loop-invariant code motion with the memory
dependence of `analysis.memory_dependence`.
"""

from __future__ import annotations

from dataclasses import replace

from zkwasm_compiler.analysis.bounds_checks import BoundsChecks
from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.loops import Loop, loop_nest
from zkwasm_compiler.analysis.memory_dependence import Access, is_load, is_store
from zkwasm_compiler.ir.function import Block, Function, Value
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.memory_search import Effect, FunctionMemory
from zkwasm_compiler.rewrite.preheader import preheader


def hoist_loads(function: Function, context: Context) -> bool:
    """Move invariant loads in front of their loops, inner loops first."""
    if not any(is_load(value) for block in function.blocks for value in block.body):
        return False
    changed = False
    state: _State | None = None
    for header in [loop.header for loop in reversed(loop_nest(function).loops)]:
        loop = next(loop for loop in loop_nest(function).loops if loop.header is header)
        if not _candidates(loop):
            continue
        state = state or _State(function, context)
        if _Hoister(function, state, loop).run():
            changed, state = True, None
            context.changed()
    return changed


class _State:
    """What is known of a function as long as nothing moves."""

    def __init__(self, function: Function, context: Context) -> None:
        memory = FunctionMemory(function, context, Replacements())
        self.effects, self.dependence = memory.effects, memory.dependence
        accesses = {
            block: [effect.access for effect in effects if effect.access is not None]
            for block, effects in self.effects.items()
        }
        self.access_of = {access.value: access for found in accesses.values() for access in found}
        self.checks = BoundsChecks(function, self.dependence, accesses)
        self.tree = dominator_tree(function)


def _candidates(loop: Loop) -> list[Value]:
    """The loads whose addresses do not change in the loop."""
    inside = _values_of(loop)
    loads = [value for block in loop.blocks for value in block.body if is_load(value)]
    return [load for load in loads if _can_be_outside(load.args[0], inside)]


def _values_of(loop: Loop) -> set[Value]:
    return {value for block in loop.blocks for value in [*block.parameters, *block.body]}


def _can_be_outside(value: Value, inside: set[Value]) -> bool:
    """Whether it is made outside of the loop with the values `inside`, or may be."""
    if value not in inside:
        return True
    pure = OPS[value.op].pure and value.op != "result"
    return pure and all(_can_be_outside(arg, inside) for arg in value.args)


class _Hoister:
    """One loop."""

    def __init__(self, function: Function, state: _State, loop: Loop) -> None:
        self.function = function
        self.state = state
        self.loop = loop
        effects = [effect for block in loop.blocks for effect in state.effects[block]]
        self.writes: list[Effect] = [e for e in effects if e.access is None or is_store(e.value)]
        self.values = frozenset(_values_of(loop))
        self.inside = set(self.values)
        self.moved: list[Value] = []

    def run(self) -> bool:
        tree = self.state.tree
        above = tree.parent[self.loop.header]
        if above is None or any(write.access is None for write in self.writes):
            return False
        for block in self.loop.blocks:
            if not all(tree.dominates(block, latch) for latch in self.loop.latches):
                continue  # not made in every round
            first = block is self.loop.header  # as long as nothing that stays has an effect or may trap
            for value in block.body:
                access = self.state.access_of.get(value) if is_load(value) else None
                if access is not None and self._is_invariant(access) and (first or self._is_safe_in(above, access)):
                    self._move(value)
                elif not OPS[value.op].pure and value.op not in ("global.get", "memory.size"):
                    first = False
        if self.moved:
            preheader(self.function, self.loop).body += self.moved
            gone = set(self.moved)
            for block in self.loop.blocks:
                block.body = [value for value in block.body if value not in gone]
        return bool(self.moved)

    def _is_safe_in(self, above: Block, access: Access) -> bool:
        """Whether the access cannot trap in front of the loop, where what tests in the loop say does not hold yet."""
        if access.value.args[0] in self.values:
            return False
        place = replace(access.place, block=above)
        return self.state.checks.safe_after(replace(access, place=place), above)

    def _is_invariant(self, access: Access) -> bool:
        if not _can_be_outside(access.value.args[0], self.inside):
            return False
        places = [write.access.place for write in self.writes if write.access is not None]
        return not any(self.state.dependence.may_overlap(place, access.place) for place in places)

    def _move(self, value: Value) -> None:
        """Move a value with what it needs."""
        if value in self.inside:
            for arg in value.args:
                self._move(arg)
            self.inside.discard(value)
            self.moved.append(value)
