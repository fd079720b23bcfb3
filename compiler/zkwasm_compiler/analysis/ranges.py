"""Value ranges: for every value an unsigned and a signed interval, depending on where it is asked for.

`value_ranges` walks the dominator tree again and again: the condition of a branch narrows ranges in what only its edge
reaches, and in the arguments of the edge; a division that went well narrows its divisor, an access to memory its
address. Loop headers join their edges, with thresholds where they keep growing, until nothing changes; two more walks
take back what widening gave away.
Every walk maps ranges that hold to ranges that hold, so the last ones are right although no fixed point is sought.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

from zkwasm_compiler.analysis.accumulators import accumulators
from zkwasm_compiler.analysis.assumptions import Assumption, Relations, implied
from zkwasm_compiler.analysis.counters import ORDERS, Counter, counters_of
from zkwasm_compiler.analysis.dominators import DominatorTree, dominator_tree
from zkwasm_compiler.analysis.interval import (
    NEGATED,
    SWAPPED,
    Range,
    constant,
    constrain,
    decide,
    full,
    join,
    meet,
    unsigned,
)
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.analysis.range_rules import NUMBERS, difference, remainder_divisor, result_range
from zkwasm_compiler.analysis.widening import thresholds_of, widen
from zkwasm_compiler.ir.function import Block, Function, Target, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES

MAXIMUM_WALKS = 40
"""A function that is not stable then gets loop headers of which nothing is known."""
DIVISIONS = frozenset(f"{type_}.{op}" for type_ in ("i32", "i64") for op in ("div_u", "div_s", "rem_u", "rem_s"))
LARGEST_MEMORY = 1 << 32
"""In bytes."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What is known of the values of one function.

    `results` are the ranges where values are made, `arguments` those of their arguments there. `ordered` are the
    subtractions whose left side is, unsigned, not below the right one. `unreachable` blocks are never entered and
    have no ranges.
    """

    results: dict[Value, Range]
    arguments: dict[Value, tuple[Range, ...]]
    ordered: frozenset[Value]
    unreachable: frozenset[Block]
    _tree: DominatorTree
    _narrowed: dict[Value, list[tuple[Block, bool, Range]]]
    _origins: dict[Block, Block] = field(default_factory=dict)

    def place(self, block: Block, origin: Block) -> None:
        """`block` was split off `origin`, or off another that was."""
        self._origins[block] = self._origins.get(origin, origin)

    def same(self, new: Value, value: Value) -> None:
        """`new` is as large as `value`; nothing is known of it yet, or it says the same."""
        if value in self.results:
            self.results.setdefault(new, self.results[value])
        if value in self._narrowed:
            self._narrowed.setdefault(new, self._narrowed[value])

    def at(self, value: Value, block: Block) -> Range:
        """The range of `value` in `block`, from its beginning on; everything for values that are not known."""
        block = self._origins.get(block, block)
        for where, inside, range_ in reversed(self._narrowed.get(value, ())):
            if (inside or where is not block) and block in self._tree.first and self._tree.dominates(where, block):
                return range_
        return self.results.get(value) or full(value.type.bits)


def value_ranges(function: Function, memory_bytes: int = LARGEST_MEMORY) -> Ranges:
    """Find the ranges of all values of a function; the memory never has more than `memory_bytes`."""
    return _Solver(function, memory_bytes).run()


@dataclass(slots=True)
class _Edge:
    """What an edge that can be taken gives: the ranges of its arguments, what it says of other values, the counters of
    its target that start on the right side of their limits, as (counter, order), and the ranges of the values that some
    edge to its target says something of."""

    args: list[Range]
    ranges: dict[Value, Range]
    relations: Relations
    started: frozenset[tuple[Counter, str]] = frozenset()
    joined: dict[Value, Range] = field(default_factory=dict)


@dataclass(slots=True)
class _Header:
    """What a loop header's parameter was in the last walk, and how often it grew."""

    range: Range
    grown: int = 0


class _Solver:
    def __init__(self, function: Function, memory_bytes: int) -> None:
        self.function = function
        self.memory_bytes = memory_bytes
        self.tree = dominator_tree(function)
        self.incoming = incoming_edges(function)
        self.current: dict[Value, Range] = {}
        self.relations: Relations = {}
        self.undo: list[tuple[Value, Range | None] | tuple[tuple[Value, Value, str], bool | None]] = []
        self.edges: dict[Target, _Edge] = {}
        self.headers: dict[Value, _Header] = {}
        self.unreachable: set[Block] = set()
        self.entry_edges: dict[Block, list[Target]] = {}  # of loop headers
        self.back_edges: dict[Block, list[Target]] = {}
        self.counters: dict[Block, list[Counter]] = {}
        self.home: dict[Value, Block] = {}
        self.told: dict[Block, dict[Value, None]] = {}  # what single edges to a join say something of
        self.thresholds = thresholds_of(function)
        self.reach = accumulators(function)
        self.narrowing = False
        self.giving_up = False
        self.changed = False
        self.recording: _Record | None = None
        self._find_loops()

    def _find_loops(self) -> None:
        position = self.tree.first
        home = {value: block for block in self.tree.preorder for value in [*block.parameters, *block.body]}
        self.home = home
        for block in self.tree.preorder:
            edges = [(source, target) for source, target in self.incoming[block] if source in position]
            back = [(source, target) for source, target in edges if position[source] >= position[block]]
            if not back:
                continue
            self.back_edges[block] = [target for _, target in back]
            self.entry_edges[block] = [target for source, target in edges if position[source] < position[block]]

            def made_before(value: Value, header: Block = block) -> bool:
                where = home[value]
                return value.op.endswith(".const") or (where is not header and self.tree.dominates(where, header))

            natural = all(self.tree.dominates(block, source) for source, _ in back)
            self.counters[block] = counters_of(block, back, made_before) if natural else []

    def run(self) -> Ranges:
        """Walk until the back edges give nothing new, then narrow."""
        for _ in range(MAXIMUM_WALKS):
            self.walk()
            if not self.changed:
                break
        else:
            self.giving_up = True
            self.walk()
        self.narrowing = True
        if self.back_edges:
            self.walk()
        self.recording = record = _Record()
        self.walk()
        return Ranges(
            record.results,
            record.arguments,
            frozenset(record.ordered),
            frozenset(self.unreachable),
            self.tree,
            record.narrowed,
        )

    # The walk

    def walk(self) -> None:
        """Visit the blocks in preorder of the dominator tree, with what holds in the blocks above."""
        self.changed = False
        self.unreachable = set()
        self.relations = {}
        self.undo = []
        scopes: list[tuple[Block, int]] = []
        for block in self.tree.preorder:
            above = self.tree.parent[block]
            if above in self.unreachable:
                self._leave_out(block)
                continue
            while scopes and scopes[-1][0] is not above:
                self._restore(scopes.pop()[1])
            scopes.append((block, len(self.undo)))
            if not self._enter(block):
                self._leave_out(block)
                continue
            for value in block.body:
                self._value(value, block)
            self._terminator(block)
        self._restore(0)

    def _restore(self, mark: int) -> None:
        while len(self.undo) > mark:
            key, old = self.undo.pop()
            if isinstance(key, Value):
                assert isinstance(old, Range)
                self.current[key] = old
            elif old is None:
                del self.relations[key]
            else:
                assert isinstance(old, bool)
                self.relations[key] = old

    def _leave_out(self, block: Block) -> None:
        """The block is never entered, as far as is known now."""
        self.unreachable.add(block)
        for target in block.targets:
            if target in self.edges:
                del self.edges[target]

    def _narrow(self, value: Value, range_: Range, block: Block, *, inside: bool) -> None:
        """From now on, in the blocks below, the value has this range."""
        self.undo.append((value, self.current[value]))
        self.current[value] = range_
        if self.recording is not None:
            self.recording.narrowed.setdefault(value, []).append((block, inside, range_))

    def _enter(self, block: Block) -> bool:
        """Ranges of the parameters and what the only edge to the block says; False if nothing leads here."""
        if block is self.function.entry:
            for parameter in block.parameters:
                self._define(parameter, full(parameter.type.bits))
            return True
        edges = [self.edges[target] for _, target in self.incoming[block] if target in self.edges]
        if self.giving_up and not self.narrowing and block in self.back_edges:
            for parameter in block.parameters:
                self.headers[parameter] = _Header(full(parameter.type.bits))
                self._define(parameter, self.reach.get(parameter) or full(parameter.type.bits))
            return True
        if not edges:
            return False
        if len(self.incoming[block]) == 1:
            for value, range_ in edges[0].ranges.items():
                self._narrow(value, range_, block, inside=True)
            for key, strict in edges[0].relations.items():
                self.undo.append((key, self.relations.get(key)))
                self.relations[key] = strict or self.relations.get(key, False)
        elif block in self.told:
            self._join(block, edges)
        for position, parameter in enumerate(block.parameters):
            range_ = edges[0].args[position]
            for edge in edges[1:]:
                range_ = join(range_, edge.args[position])
            range_ = self._header(parameter, range_) if block in self.back_edges else range_
            reach = self.reach.get(parameter)
            self._define(parameter, range_ if reach is None else meet(range_, reach) or range_)
        for counter in self.counters.get(block, ()):
            self._bound(counter, block)
        return True

    def _join(self, block: Block, edges: list[_Edge]) -> None:
        """What all edges to a block say of values that were made above it."""
        for value in self.told[block]:
            ranges = [edge.joined.get(value) for edge in edges]
            known = [range_ for range_ in ranges if range_ is not None]
            if len(known) == len(edges):
                range_ = meet(reduce(join, known), self.current[value])
                if range_ is not None and range_ != self.current[value]:
                    self._narrow(value, range_, block, inside=True)

    def _define(self, value: Value, range_: Range) -> None:
        self.current[value] = range_
        if self.recording is not None:
            self.recording.results[value] = range_

    def _header(self, parameter: Value, range_: Range) -> Range:
        """A loop header's parameter: joined with what it was, widened if it keeps growing."""
        known = self.headers.get(parameter)
        if known is None:
            known = self.headers[parameter] = _Header(range_)
        elif self.narrowing:
            known.range = meet(known.range, range_) or range_
        else:
            joined = join(known.range, range_)
            if joined != known.range:
                known.grown += 1
                thresholds = self.thresholds.after(known.grown)
                if thresholds is not None:
                    joined = widen(known.range, joined, thresholds)
                known.range = joined
        return known.range

    def _bound(self, counter: Counter, block: Block) -> None:
        """A counter that starts on one side of its limit stays there."""
        edges = [self.edges[target] for target in self.entry_edges[block] if target in self.edges]
        parameter = counter.parameter
        for order in ORDERS:
            if not all((counter, order) in edge.started for edge in edges):
                continue
            limit = counter.limit_range(self.current)
            limit = constrain(SWAPPED[order], limit, self.current[parameter]) or limit
            last = difference(limit, constant(limit.bits, counter.step % (1 << limit.bits)))
            for holds, bound in ((order, limit), (f"{order[0]}e_{order[-1]}", last)):
                narrow = constrain(holds, self.current[parameter], bound)
                if narrow is not None:
                    self._define(parameter, narrow)
            if counter.limit is not None and limit.single is None:
                x, y = (parameter, counter.limit) if order.startswith("lt") else (counter.limit, parameter)
                key = (x, y, order[-1])
                self.undo.append((key, self.relations.get(key)))
                self.relations[key] = True

    # Values

    def _value(self, value: Value, block: Block) -> None:
        args = [self.current[arg] for arg in value.args if arg.type in NUMBERS]
        if value.type in NUMBERS:
            self._define(value, self._result(value, args))
            if self.recording is not None:
                self.recording.arguments[value] = tuple(args)
        elif value.type.is_reference:
            self._define(value, full(value.type.bits))
        if value.op in ACCESS_BYTES:
            self._accessed(value, block)
        if value.op in DIVISIONS:
            divisor = value.args[1]
            narrow = constrain("ne", self.current[divisor], constant(divisor.type.bits, 0))
            if narrow is not None and narrow != self.current[divisor]:
                self._narrow(divisor, narrow, block, inside=False)

    def _accessed(self, value: Value, block: Block) -> None:
        """Behind an access its last byte is known to be inside the memory."""
        assert isinstance(value.immediate, int)
        last = self.memory_bytes - ACCESS_BYTES[value.op] - value.immediate
        if last < 0:
            return
        assumption = Assumption(self.current)
        assumption.within(value.args[0], unsigned(32, 0, min(last, (1 << 32) - 1)))
        if assumption.possible:
            for narrowed, range_ in assumption.ranges.items():
                self._narrow(narrowed, range_, block, inside=False)

    def _result(self, value: Value, args: list[Range]) -> Range:
        name = value.op.partition(".")[2]
        if value.op == "select":
            args = [*self._arms(value), args[2]]
        range_ = result_range(value, args)
        if name in NEGATED and range_.single is None:
            x, y = value.args
            result = implied(name, x, y, self.relations)
            return range_ if result is None else constant(32, int(result))
        if name == "sub":
            return self._difference(value, args, range_)
        return range_

    def _difference(self, value: Value, args: list[Range], range_: Range) -> Range:
        """A subtraction whose right side is known not to be the larger one, or that gives a remainder."""
        x, y = value.args
        divisor = remainder_divisor(x, y)
        strict = self.relations.get((y, x, "u"))
        if strict is None and divisor is None:
            return range_
        low = max(args[0].u_low - args[1].u_high, int(strict or False))
        high = args[0].u_high - args[1].u_low if divisor is None else divisor - 1
        if self.recording is not None:
            self.recording.ordered.add(value)
        return meet(range_, unsigned(range_.bits, low, max(low, high))) or range_

    def _arms(self, value: Value) -> list[Range]:
        """The two values of a select, each under the condition that chooses it."""
        x, y, condition = value.args
        arms = []
        for arm, chosen in ((x, True), (y, False)):
            assumption = self._assume(condition, chosen)
            arms.append(assumption.after(arm) if assumption.possible else None)
        first, second = arms
        if first is None or second is None:
            only = first or second or full(value.type.bits)
            return [only, only]
        return [first, second]

    def _assume(self, condition: Value, truth: bool) -> Assumption:
        assumption = Assumption(self.current)
        if truth:
            assumption.nonzero(condition)
        else:
            assumption.within(condition, constant(32, 0))
        return assumption

    # Edges

    def _terminator(self, block: Block) -> None:
        terminator = block.terminator
        assert terminator is not None
        last = len(terminator.targets) - 1
        for position, target in enumerate(terminator.targets):
            if terminator.op == "br_if":
                assumption = self._assume(terminator.args[0], position == 0)
            else:
                assumption = Assumption(self.current)
                if terminator.op == "br_table":
                    inside = position < last
                    highest = position if inside else (1 << 32) - 1
                    assumption.within(terminator.args[0], unsigned(32, position, highest))
            self._edge(block, target, assumption)

    def _edge(self, block: Block, target: Target, assumption: Assumption) -> None:
        old = self.edges.get(target)
        if not assumption.possible:
            self.edges.pop(target, None)
            return
        args = [assumption.after(arg) for arg in target.args]
        edge = _Edge(args, assumption.ranges, assumption.relations)
        self.edges[target] = edge
        if len(self.incoming[target.block]) > 1 and target.block not in self.back_edges:
            told = self.told.setdefault(target.block, {})
            above = (value for value in assumption.ranges if self._is_above(value, target.block))
            told.update(dict.fromkeys(above))
            edge.joined = {value: self._again(value, assumption) for value in told}
        if target in self.back_edges.get(target.block, ()):
            self.changed |= old is None or old.args != args
        elif target.block in self.counters:
            edge.started = frozenset(
                (counter, order)
                for counter in self.counters[target.block]
                for order in ORDERS
                if self._starts(counter, order, target, assumption)
            )

    def _is_above(self, value: Value, block: Block) -> bool:
        home = self.home[value]
        return home is not block and self.tree.dominates(home, block)

    def _again(self, value: Value, assumption: Assumption) -> Range:
        """The range of a value on an edge, worked out from its arguments as they are known there too."""
        range_ = assumption.get(value)
        if value.args and all(arg.type in NUMBERS for arg in value.args):
            return meet(range_, result_range(value, [assumption.get(arg) for arg in value.args])) or range_
        return range_

    def _starts(self, counter: Counter, order: str, target: Target, assumption: Assumption) -> bool:
        """Whether the counter begins on that side of its limit and meets the limit exactly."""
        start = target.args[counter.position]
        first, limit = assumption.after(start), counter.limit_range(assumption.ranges, self.current)
        if not counter.meets_limit(start, first, limit, order):
            return False
        if decide(order, first, limit) is True:
            return True
        if counter.limit is None:
            return False
        x, y = (start, counter.limit) if order.startswith("lt") else (counter.limit, start)
        key = (x, y, order[-1])
        return assumption.relations.get(key, False) or self.relations.get(key, False)


@dataclass(slots=True)
class _Record:
    """What the last walk leaves behind."""

    results: dict[Value, Range] = field(default_factory=dict)
    arguments: dict[Value, tuple[Range, ...]] = field(default_factory=dict)
    ordered: set[Value] = field(default_factory=set)
    narrowed: dict[Value, list[tuple[Block, bool, Range]]] = field(default_factory=dict)
