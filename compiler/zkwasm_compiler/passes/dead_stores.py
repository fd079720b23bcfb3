"""Dead store elimination: stores that are overwritten unseen, and loads of which nothing is used.

The memory is seen by loads, by calls, and from outside after the function has returned and after a trap. So a store is
dead only if on every way from it, before any of these, another store covers its bytes that cannot trap; a way that goes
round a loop for ever shows nothing. A store whose own trap is not ruled out can only give way to one of the same bytes
right behind it. *Source:* the textbook's, with traps as LLVM's DSE treats throws.
"""

from __future__ import annotations

from zkwasm_compiler.analysis.bounds_checks import BoundsChecks
from zkwasm_compiler.analysis.memory_dependence import (
    BULK_WRITES,
    Access,
    distance,
    is_load,
    is_store,
)
from zkwasm_compiler.analysis.references import CALLS
from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.ir.function import Block, Function, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import cannot_trap, remove_unreachable_blocks
from zkwasm_compiler.passes.memory_search import FunctionMemory

MAXIMUM_BLOCKS = 50
MAXIMUM_VALUES = 1000
"""How far the ways from a store are followed, and how far within one block."""


def dead_stores(function: Function, context: Context) -> bool:
    """Drop stores that nothing sees and loads that nothing needs."""
    uses = count_uses(function)
    values = (value for block in function.blocks for value in block.body)
    if not any(is_store(value) or (is_load(value) and not uses[value]) for value in values):
        return False
    changed = remove_unreachable_blocks(function)
    if changed:
        context.changed()
    return _Eliminator(function, context).run() or changed


class _Eliminator:
    def __init__(self, function: Function, context: Context) -> None:
        self.function = function
        self.memory = FunctionMemory(function, context, Replacements())
        self.dependence = self.memory.dependence
        self.accesses = {
            block: [effect.access for effect in effects if effect.access is not None]
            for block, effects in self.memory.effects.items()
        }
        self.access_of = {access.value: access for found in self.accesses.values() for access in found}
        self.safe = BoundsChecks(function, self.dependence, self.accesses).safe
        self.dead: set[Value] = set()

    def run(self) -> bool:
        uses = count_uses(self.function)
        for block in self.function.blocks:
            for position, value in enumerate(block.body):
                if is_load(value) and value in self.safe and not uses[value]:
                    self.dead.add(value)
                elif is_store(value):
                    self._store(block, position, self.access_of[value])
        for block in self.function.blocks if self.dead else ():
            block.body = [value for value in block.body if value not in self.dead]
        return bool(self.dead)

    def _store(self, block: Block, position: int, store: Access) -> None:
        if store.value in self.safe:
            if self._is_overwritten(block, position, store):
                self.dead.add(store.value)
            return
        following = self._stored_right_behind(block, position, store.value)
        if following is not None:
            self.dead.add(store.value)
            self.safe.discard(following)  # its check takes the place of the one that goes

    def _stored_right_behind(self, block: Block, position: int, store: Value) -> Value | None:
        """A store of the same bytes with nothing before it that traps or has an effect."""
        for value in block.body[position + 1 :]:
            if is_store(value) and ACCESS_BYTES[value.op] == ACCESS_BYTES[store.op]:
                same = value.args[0] is store.args[0] and value.immediate == store.immediate
                return value if same else None
            if not OPS[value.op].pure and value.op != "global.get":
                return None
        return None

    def _is_overwritten(self, block: Block, position: int, store: Access) -> bool:
        """Whether every way from behind `position` overwrites the store before anything may see it."""
        seen: set[Block] = set()
        work = [(block, position + 1)]
        while work:
            block, start = work.pop()
            overwritten = self._follow(block, start, store)
            if overwritten is None:
                terminator = block.terminator
                assert terminator is not None
                if not terminator.targets or len(seen) > MAXIMUM_BLOCKS:
                    return False
                for successor in block.successors:
                    if any(self.memory.home[v] == (successor, -1) for v, _ in store.place.address.terms):
                        return False  # the address means something else there
                    if successor not in seen:
                        seen.add(successor)
                        work.append((successor, 0))
            elif not overwritten:
                return False
        return True

    def _follow(self, block: Block, start: int, store: Access) -> bool | None:
        """Whether the block, from a position on, overwrites the store (True) or may show it (False); or neither."""
        own = {value for value, _ in store.place.address.terms}
        if len(block.body) - start > MAXIMUM_VALUES:
            return False
        for value in block.body[start:]:
            if value in own:
                return False
            access = self.access_of.get(value)
            if access is not None:
                if value not in self.safe:
                    return False
                apart = distance(access.place, store.place)
                if is_store(value):
                    if apart is not None and 0 <= apart <= access.place.bytes - store.place.bytes:
                        return True
                elif value not in self.dead and self.dependence.may_overlap(access.place, store.place):
                    return False
            elif value.op in BULK_WRITES or value.op in CALLS or value.op == "assert_eq" or not cannot_trap(value):
                return False
        return None
