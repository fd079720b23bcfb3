"""Looking backwards for what put the bytes of a place there: the last store of them, or a load that read them.

`MemorySearch` walks from an access against the flow of control. What it meets before a write that may have changed a
byte ends the way; at the start of a block it goes on at the end of every block before, the address rewritten where it
depends on the block's parameters. Every way must end well; then the bytes are one known value, or a new parameter
where ways meet. The walk never passes a definition of a value in the address, so that values mean what they mean at the
access. *Source:* the walk is QBE's (`load.c`), with the search of LLVM's MemorySSA walker in mind.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TypeAlias

from zkwasm_compiler.analysis.addresses import MAXIMUM_TERMS, WORD, Addresses, Linear
from zkwasm_compiler.analysis.memory_dependence import (
    BULK_WRITES,
    Access,
    MemoryDependence,
    Place,
    distance,
    is_load,
    is_store,
)
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.analysis.references import INDIRECT_CALLS
from zkwasm_compiler.ir.function import Block, Function, Target, Value
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context

MAXIMUM_NODES = 100
MAXIMUM_EFFECTS = 400
"""How many blocks, and how many loads and stores, one search looks at."""
MAXIMUM_PLACES = 3
"""How many addresses one search follows through one block: round a loop that moves a pointer they are always new."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a place: the bits of `value` from `shift` on. The place's address is at least `least`."""

    value: Value
    shift: int
    least: int = field(default=0, compare=False)


@dataclass(eq=False, slots=True)
class Node:
    """What is in `place` at the start of `block`: one source for each edge to the block."""

    block: Block
    place: Place
    inputs: list[tuple[Target, Source]] = field(default_factory=list)


Source: TypeAlias = "Content | Node"


@dataclass(frozen=True, slots=True)
class Effect:
    """A value that works on the memory: `access` is None for what may write anywhere. For accesses, `content` is what
    is in their place after them, from bit `shift` on. A block parameter that an earlier search made is one as well."""

    position: int
    value: Value
    access: Access | None
    content: Value | None
    shift: int = 0


class NotFoundError(Exception):
    """Some way to the access does not say what is in its place."""


class FunctionMemory:
    """A function's effects on the memory, block by block, and where its values are made."""

    def __init__(self, function: Function, context: Context, replaced: Replacements) -> None:
        self.replaced = replaced
        self.addresses = Addresses(replaced.resolve)
        self.dependence = MemoryDependence(context.module, self.addresses, lambda: context.ranges(function))
        writers = context.memory_writers()
        self.incoming = incoming_edges(function)
        self.entry = function.entry
        self.home: dict[Value, tuple[Block, int]] = {}
        self.merged: dict[Value, dict[Target, Value]] = {}  # what edges will give the parameters that searches made
        self.effects: dict[Block, list[Effect]] = {}
        self.at_start: dict[Block, list[Effect]] = {block: [] for block in function.blocks}
        for block in function.blocks:
            for parameter in block.parameters:
                self.home[parameter] = (block, -1)
            for position, value in enumerate(block.body):
                self.home[value] = (block, position)
        for block in function.blocks:
            self.effects[block] = [
                effect
                for position, value in enumerate(block.body)
                if (effect := self._effect(block, position, value, writers)) is not None
            ]

    def _effect(self, block: Block, position: int, value: Value, writers: frozenset[int]) -> Effect | None:
        if is_load(value) or is_store(value):
            content = value if is_load(value) else value.args[1]
            return Effect(position, value, self.dependence.access(value, block), content)
        if value.op in BULK_WRITES or value.op in INDIRECT_CALLS or (value.op == "call" and value.immediate in writers):
            return Effect(position, value, None, None)
        return None

    def argument(self, parameter: Value, target: Target) -> Value:
        """What an edge gives a parameter of its block."""
        if parameter in self.merged:
            return self.merged[parameter][target]
        return target.args[target.block.parameters.index(parameter)]

    def scan(self, place: Place, before: int, wanted: Access) -> Content | Effect | None:
        """The last word on `place` in its block before a position: what is in it, the effect that hides that, or None.

        *Raises:* NotFoundError where the address begins to mean something.
        """
        block = place.block
        defined = max((self.home[v][1] for v, _ in place.address.terms if self.home[v][0] is block), default=-1)
        effects = self.effects[block]
        last = bisect_left(effects, before, key=lambda effect: effect.position) - 1
        for number in range(last, -1, -1):
            effect = effects[number]
            if effect.position <= defined:
                break
            if last - number >= MAXIMUM_EFFECTS:
                raise NotFoundError
            found = self._judge(effect, place, wanted)
            if found is not None:
                return found
        if defined >= 0:
            raise NotFoundError
        for effect in self.at_start[block]:
            found = self._judge(effect, place, wanted)
            if isinstance(found, Content):
                return found
        return None

    def _judge(self, effect: Effect, place: Place, wanted: Access) -> Content | Effect | None:
        """What an effect says of a place behind it."""
        access = effect.access
        if access is None:
            return effect
        apart = distance(access.place, place)
        if (
            apart is not None
            and apart >= 0
            and effect.content is not None
            and self.dependence.implied(access, place, wanted)
        ):
            value = self.replaced.resolve(effect.content)
            return Content(value, effect.shift + 8 * apart, access.offset + apart)
        return effect if is_store(access.value) and self.dependence.may_overlap(access.place, place) else None


class MemorySearch:
    """One search for the content of the place of `wanted`, which is at `position` in its block.

    `least` is a lower bound of the place's address after it, on every way.
    """

    def __init__(self, memory: FunctionMemory, wanted: Access, position: int) -> None:
        self.memory = memory
        self.wanted = wanted
        self.position = position
        self.nodes: dict[tuple[Block, Linear], Node] = {}
        self.work: list[Node] = []
        self.least = WORD

    def run(self) -> Source:
        """*Raises:* NotFoundError."""
        start = self._before(self.wanted.place, self.position)
        while self.work:
            node = self.work.pop()
            for source, target in self.memory.incoming[node.block]:
                place = self._translated(node.place, target, source)
                node.inputs.append((target, self._before(place, len(source.body))))
        return self._settle(start)

    def _before(self, place: Place, position: int) -> Source:
        """What is in the place at a position of its block."""
        found = self.memory.scan(place, position, self.wanted)
        if isinstance(found, Effect):
            raise NotFoundError
        if found is None:
            return self._node(place)
        self.least = min(self.least, found.least)
        same_place = place.address == self.wanted.place.address and found.shift == 0
        own = self.nodes.get((self.wanted.place.block, self.wanted.place.address))
        if found.value is self.wanted.value and same_place and own is not None:
            return own  # the wanted access itself, in the round before
        return found

    def _node(self, place: Place) -> Node:
        block = place.block
        known = self.nodes.get((block, place.address))
        if known is not None:
            return known
        places = sum(node.block is block for node in self.nodes.values())
        if block is self.memory.entry or len(self.nodes) >= MAXIMUM_NODES or places >= MAXIMUM_PLACES:
            raise NotFoundError
        node = self.nodes[block, place.address] = Node(block, place)
        self.work.append(node)
        return node

    def _translated(self, place: Place, target: Target, source: Block) -> Place:
        """The place in values of the end of `source`, from where the edge `target` leads to the place's block."""
        address = Linear((), place.address.constant)
        for value, coefficient in place.address.terms:
            home, position = self.memory.home[value]
            moved = Linear(((value, 1),), 0)
            if home is place.block and position < 0:
                moved = self.memory.addresses.linear(self.memory.argument(value, target))
            address = address.plus(moved, coefficient)
        if len(address.terms) > MAXIMUM_TERMS:
            raise NotFoundError
        return Place(address, place.bytes, source)

    def _settle(self, start: Source) -> Source:
        """Nodes whose edges all bring one source stand for that source."""
        standing: dict[Node, Source] = {}

        def final(source: Source) -> Source:
            while isinstance(source, Node) and source in standing:
                source = standing[source]
            return source

        changed = True
        while changed:
            changed = False
            for node in self.nodes.values():
                if node in standing:
                    continue
                sources = dict.fromkeys(final(source) for _, source in node.inputs)
                sources.pop(node, None)
                if len(sources) == 1:
                    standing[node] = next(iter(sources))
                    changed = True
        for node in self.nodes.values():
            node.inputs = [(target, final(source)) for target, source in node.inputs]
        return final(start)
