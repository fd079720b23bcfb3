"""The paths from a free input: is it pinned on each, whatever the prover says, and by what?

At first all registers and cells are given: free inputs before this one are audited by themselves. From there every path
is followed until the free input is pinned or gone. A branch on an open value is followed both ways; two provers who
part there must not both come to a proof (`exclusion`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zkwasm_simulator.audit.static.exclusion import claims, exclusive
from zkwasm_simulator.audit.static.forms import (
    LIMB_WINDOW,
    NEGATIVE_WINDOW,
    Form,
    constant,
    intersection,
    signed,
    width,
)
from zkwasm_simulator.audit.static.knowledge import Knowledge
from zkwasm_simulator.audit.static.structure import Structure
from zkwasm_simulator.audit.static.symbolic_rows import ONE, Executed, State, Use, execute
from zkwasm_simulator.audit.static.symbols import Location, Symbols
from zkwasm_simulator.audit.static.values import Values
from zkwasm_simulator.audit.static.windows import Pair
from zkwasm_simulator.decode import DecodedRow
from zkwasm_simulator.field import PRIME

LONGEST_PATH = 100
"""How many rows a path follows an open value."""
ROWS_BEHIND = 12
"""How many rows a path goes on behind that, where provers part and the rows so far do not tell them apart."""
ROWS_BEFORE = 40
"""How many rows before the free input are looked at."""
MOST_ROWS = 3000
"""How many rows all paths from a free input may have together."""
MOST_TARGETS = 300
"""How many targets of a computed jump are followed."""

Constraint = Callable[[Knowledge], None]


@dataclass(frozen=True, slots=True)
class Limb:
    """One limb of a free input: the locations that determine it, or that it is loose: open and used on some path."""

    loose: bool
    locations: frozenset[Location] = frozenset()


@dataclass(frozen=True, slots=True)
class Summary:
    """What all paths from a free input say about it.

    `branches` are rows at which it decides, nothing else does, and both ways lead to a proof. `bound` are edges of the
    program with the limb that is pinned or gone on all paths that take them.
    """

    limbs: tuple[Limb, Limb]
    branches: tuple[int, ...]
    bound: frozenset[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The end of a path: what is known, and whether each limb is pinned or gone there."""

    knowledge: Knowledge
    good: tuple[bool, bool]
    locations: tuple[frozenset[Location], frozenset[Location]]


@dataclass(frozen=True, slots=True)
class _Ways:
    """Where a row goes: targets with what that says. `deciding`: the values that decide, none when there is one way."""

    targets: Sequence[tuple[int, Constraint]]
    deciding: tuple[Form, ...] = ()
    unknown: bool = False


def summary(structure: Structure, values: Mapping[int, Values], row: int) -> Summary:
    """Follow all paths from the free input of `row`; `values` are known before each row."""
    found = _Exploration(structure, values, row, 0).run()
    return _Exploration(structure, values, row, ROWS_BEHIND).run() if found.branches else found


@dataclass(slots=True)
class _Exploration:
    """All paths from one free input. `behind`: how many rows paths go on when it is pinned."""

    structure: Structure
    values: Mapping[int, Values]
    start: int
    behind: int
    left: int = MOST_ROWS
    free: Pair | None = None
    branches: set[int] = field(default_factory=set)
    edges: dict[tuple[int, int], list[tuple[bool, bool]]] = field(default_factory=dict)

    def run(self) -> Summary:
        begun = self._begin()
        leaves = [] if begun.knowledge.contradictory else self._follow(begun, self.start, Counter(), 0)
        limbs = [
            Limb(not all(leaf.good[n] for leaf in leaves), frozenset().union(*(leaf.locations[n] for leaf in leaves)))
            for n in (0, 1)
        ]
        bound = {(*edge, n) for edge, good in self.edges.items() for n in (0, 1) if all(one[n] for one in good)}
        return Summary((limbs[0], limbs[1]), tuple(sorted(self.branches)), frozenset(bound))

    def _begin(self) -> State:
        """The state before the free input, with what the straight line of rows before it says; it is contradictory when
        no run comes to it."""
        first = self.start
        while first in self.structure.before and self.start - first < ROWS_BEFORE:
            first = self.structure.before[first]
        state = State(Knowledge(Symbols()), self.values[first], byte_cells=self.structure.byte_cells)
        for number in range(first, self.start):
            ways = self._step(state, self.structure.audited.rows[number], honest=True)
            for target, constraint in ways.targets:
                if target == number + 1 and len(ways.targets) > 1:
                    constraint(state.knowledge)
            state.knowledge.settle()
        state.begin()
        return state

    @property
    def _open(self) -> Pair:
        """The free input that the paths begin with."""
        return self.free or (constant(0), constant(0))

    def _follow(self, state: State, row: int, visited: Counter[int], behind: int) -> list[_Leaf]:
        """The ends of the paths from `row` in `state`."""
        visited = visited.copy()
        while True:
            if row == self.structure.audited.end:
                self._forget(state)
            if self._over(row, visited) or behind > self.behind:
                return [self._leaf(state)]
            visited[row] += 1
            self.left -= 1
            decoded = self.structure.audited.rows[row]
            ways = self._step(state, decoded)
            if state.knowledge.contradictory:
                return []
            if ways.unknown:
                return [self._leaf(state)]
            behind += self._settled(state)
            if len(ways.targets) > 1:
                return self._fork(state, row, ways, visited, behind)
            if not ways.targets:
                return []
            row = ways.targets[0][0]

    def _over(self, row: int, visited: Counter[int]) -> bool:
        ends = row == self.structure.audited.end or row >= len(self.structure.audited.rows)
        return ends or visited[row] > 1 or visited.total() >= LONGEST_PATH or self.left <= 0

    def _step(self, state: State, decoded: DecodedRow, *, honest: bool = False) -> _Ways:
        """Apply a row and see where it goes."""
        jump = decoded.jump
        target: Form | None = None
        if jump.kind == "RETURN":
            target = state.knowledge.form(state.limb("RR"))
        elif jump.target is None and jump.kind != "next" and decoded.address is not None:
            target = state.address(decoded.address)
        operands = state.word("A"), state.word("B")
        audited = self.structure.audited
        honest_here = honest or audited.is_wait(decoded.index)
        if self.free is not None:  # data that comes later is looked at by itself
            honest_here |= decoded.index in audited.data
        executed = execute(state, decoded, honest=honest_here, pushes=self.structure.pushes)
        if self.free is None and not honest:
            self.free = executed.free
        if state.knowledge.contradictory:
            return _Ways(())
        ways = self._ways(state, decoded, executed, operands, target)
        return _Ways([one for one in ways.targets if one[0] not in self.structure.doomed], ways.deciding, ways.unknown)

    # The ends of paths

    def _forget(self, state: State) -> None:
        """At the end of the program cells that are no results are not read any more."""
        audited = self.structure.audited
        interface = audited.program.interface
        if not audited.public or interface is None:
            return
        results = range(interface.result_cell, interface.result_cell + interface.result_words)
        for place in list(state.cells):
            kind, _, number = place[0].partition(" ")
            if kind == "cell" and int(number) not in results and not audited.keeps(int(number)):
                del state.cells[place]

    def _alive(self, state: State, free: Form) -> bool:
        """Is something left that depends on an open free input, or has something been decided by it?"""
        knowledge = state.knowledge
        forms = [use.form for use in state.uses]
        forms += [*state.registers.values(), *(form for word in state.cells.values() for form in word)]
        left = [bases for form in forms if (bases := knowledge.bases(form))]
        roots = knowledge.bases(free)
        if not left or not roots:
            return False
        return _meet(roots, left) or _meet(knowledge.linked(free), left)

    def _settled(self, state: State) -> bool:
        """Are all limbs pinned, or gone?"""
        settled = zip(self._known(state.knowledge), self._open, strict=True)
        return all(known or not self._alive(state, free) for known, free in settled)

    def _known(self, knowledge: Knowledge) -> list[bool]:
        """Which limbs are pinned; those of data may be anything of its size, and it is enough that they are."""
        data = self.structure.audited.data.get(self.start)
        known = [knowledge.known(free) for free in self._open]
        for number, free in enumerate(self._open):
            bits = 0 if data is None else min(max(8 * data.bytes - 32 * number, 0), 32)
            window = knowledge.window(free) if bits else None
            known[number] |= window is not None and window[0] >= 0 and window[1] < 1 << bits
        return known

    def _leaf(self, state: State) -> _Leaf:
        knowledge = state.knowledge
        known = self._known(knowledge)
        good = [one or not self._alive(state, free) for one, free in zip(known, self._open, strict=True)]
        places = [
            knowledge.locations(free) if one else frozenset() for one, free in zip(known, self._open, strict=True)
        ]
        return _Leaf(knowledge, (good[0], good[1]), (places[0], places[1]))

    def _fork(self, state: State, row: int, ways: _Ways, visited: Counter[int], behind: int) -> list[_Leaf]:
        knowledge = state.knowledge
        roots = frozenset().union(*(knowledge.bases(free) for free in self._open))
        open_here = any(knowledge.bases(form) & roots for form in ways.deciding)
        low = self._open[0]
        if not open_here and (knowledge.known(low) or not self._alive(state, low)):
            return [self._leaf(state)]  # only a high limb is open: see docs/decisions/0011
        first_new = len(knowledge.symbols)
        ends: list[list[_Leaf]] = []
        for target, constraint in ways.targets:
            there = state.copy()
            constraint(there.knowledge)
            there.knowledge.settle()
            leaves = [] if there.knowledge.contradictory else self._follow(there, target, visited, behind)
            ends.append(leaves)
            good = all(leaf.good[0] for leaf in leaves), all(leaf.good[1] for leaf in leaves)
            self.edges.setdefault((row, target), []).append(good)
        if open_here and not self.structure.declared(row) and not self._part(knowledge, ends, first_new):
            self.branches.add(row)
        return [leaf for leaves in ends for leaf in leaves]

    def _part(self, before: Knowledge, ends: list[list[_Leaf]], first_new: int) -> bool:
        """Does no pair of ends of different ways go together?"""
        said = [[claims(before, leaf.knowledge, first_new) for leaf in leaves] for leaves in ends]
        return all(
            exclusive(one, other)
            for number, leaves in enumerate(said)
            for others in said[:number]
            for one in leaves
            for other in others
        )

    # Jumps

    def _ways(
        self, state: State, decoded: DecodedRow, executed: Executed, operands: tuple[Pair, Pair], target: Form | None
    ) -> _Ways:
        jump = decoded.jump
        if not isinstance(jump.otherwise, int):
            return _Ways((), unknown=True)
        if jump.kind == "next":
            return _Ways([(jump.otherwise, _nothing)])
        if target is not None:
            taken = self._computed(state, decoded, target)
        elif isinstance(jump.target, int):
            taken = _Ways([(jump.target, _nothing)])
        else:
            taken = _Ways((), unknown=True)
        if jump.kind in ("JMP", "CALL", "RETURN") or taken.unknown:
            return taken
        return self._conditional(state.knowledge, decoded, executed, operands, taken)

    def _computed(self, state: State, decoded: DecodedRow, target: Form) -> _Ways:
        """The targets of a computed jump, if they are few."""
        knowledge = state.knowledge
        window = knowledge.window(target)
        plain = len(target.terms) == 1 and target.terms[0][1] == 1
        if plain and window is not None and knowledge.known(target):
            lowest = signed(target.constant)  # what is indexed by is not negative: see docs/decisions/0011
            window = intersection(window, (lowest, lowest + PRIME // 2))
        if (
            window is None
            or width(window) >= MOST_TARGETS
            or not 0 <= window[0] <= window[1] < len(self.structure.audited.rows)
        ):
            if not knowledge.known(target):
                state.uses.append(Use(decoded.index, target))
            return _Ways((), unknown=True)
        rows: Iterable[int] = range(window[0], window[1] + 1)
        if decoded.jump.kind == "RETURN":
            structure = self.structure
            rows = [row for row in rows if row - 1 in structure.calls or row in structure.landings]
        return _Ways([(row, _is(target - constant(row))) for row in rows], (target,))

    def _conditional(
        self,
        knowledge: Knowledge,
        decoded: DecodedRow,
        executed: Executed,
        operands: tuple[Pair, Pair],
        taken: _Ways,
    ) -> _Ways:
        jump, op = decoded.jump, executed.op[0]
        assert isinstance(jump.otherwise, int)
        constraints: tuple[Constraint, Constraint]
        if jump.kind == "JMPN":
            condition, constraints = op, (_within(op, NEGATIVE_WINDOW), _within(op, LIMB_WINDOW))
        elif jump.kind == "JMPZ":
            condition, constraints = op, (_is(op), _is_not(op))
        else:
            assert executed.carry is not None
            condition = executed.carry
            constraints = (
                _carries(condition, operands, decoded.binary),
                _does_not(condition, operands, decoded.binary),
            )
        ways = [(row, _both(constraints[0], constraint)) for row, constraint in taken.targets]
        ways.append((jump.otherwise, constraints[1]))
        possible = []
        for row, constraint in ways:
            trial = knowledge.copy()
            constraint(trial)
            if not trial.contradictory and row not in self.structure.doomed:
                possible.append((row, constraint))
        if len(possible) == 1:
            possible[0][1](knowledge)
            knowledge.settle()
        return _Ways(possible, (condition, *taken.deciding))


def _meet(roots: frozenset[int], others: list[frozenset[int]]) -> bool:
    return any(roots & bases for bases in others)


def _nothing(knowledge: Knowledge) -> None:
    """Nothing is said."""


def _is(form: Form) -> Constraint:
    return lambda knowledge: knowledge.require_zero(form)


def _is_not(form: Form) -> Constraint:
    return lambda knowledge: knowledge.require_nonzero(form)


def _within(form: Form, window: tuple[int, int]) -> Constraint:
    return lambda knowledge: knowledge.require_window(form, window)


def _both(one: Constraint, other: Constraint) -> Constraint:
    def say(knowledge: Knowledge) -> None:
        one(knowledge)
        other(knowledge)

    return say


def _carries(carry: Form, operands: tuple[Pair, Pair], operation: str | None) -> Constraint:
    def say(knowledge: Knowledge) -> None:
        knowledge.require_zero(carry - ONE)
        if operation == "LT":
            knowledge.smaller.append(operands)

    return say


def _does_not(carry: Form, operands: tuple[Pair, Pair], operation: str | None) -> Constraint:
    def say(knowledge: Knowledge) -> None:
        knowledge.require_zero(carry)
        if operation == "LT":
            knowledge.not_smaller.append(operands)

    return say
