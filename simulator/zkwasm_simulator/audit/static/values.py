"""What is known of given values before each row: between which integers they are, which of them are equal, and what a
register holds that has one of a few constants.

Paths begin with this. Registers, cells with a fixed address and slots of the frame are looked at, limb by limb. Rows to
which no row can go are not reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from zkwasm_simulator.audit.effects import register_limbs
from zkwasm_simulator.audit.static.arguments import short_arguments
from zkwasm_simulator.audit.static.bounds import Choices, Limbs, hull, narrowed, product_windows
from zkwasm_simulator.audit.static.dataflow import run
from zkwasm_simulator.audit.static.forms import (
    LIMB_WINDOW,
    NEGATIVE_WINDOW,
    Window,
    intersection,
    scaled,
    signed,
    width,
)
from zkwasm_simulator.audit.static.locations import ARRAYS, BYTE_WINDOW, limb, limb_number, region
from zkwasm_simulator.audit.static.structure import Structure, written
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.decode import MEMORY_BASE, DecodedRow
from zkwasm_simulator.field import LIMB_MASK, PRIME
from zkwasm_simulator.machine import WIDE_REGISTERS

ANYTHING: Window = (0, PRIME - 1)
NOTHING: Window = (0, 0)
SOMETHING: Window = (1, PRIME - 1)

PATIENCE = 4
"""How often a window may widen at a row before it is that of a limb, or anything."""

MOST_CHOICES = 64
"""Of how many constants a register may be known to hold one."""


@dataclass(frozen=True, slots=True)
class Values:
    """`windows` of locations of which something is known. `equal`: for a location that equals another one which, the
    first of its class. `words`: those of which a register holds one."""

    windows: Mapping[Location, Window] = field(default_factory=dict)
    equal: Mapping[Location, Location] = field(default_factory=dict)
    words: Mapping[str, Choices] = field(default_factory=dict)

    def first(self, location: Location) -> Location:
        """The location that stands for all that equal this one."""
        return self.equal.get(location, location)

    def window(self, location: Location) -> Window:
        """Between which integers, modulo p, a location is."""
        return self.windows.get(location, ANYTHING)


def values(structure: Structure) -> dict[int, Values]:
    """What is known before each row that can be reached."""
    return run(structure, _ValueDomain(structure, short_arguments(structure)))


@dataclass(slots=True)
class _ValueDomain:
    structure: Structure
    short_arguments: frozenset[int]
    widened: Counter[tuple[int, Location]] = field(default_factory=Counter)

    def entry(self) -> Values:
        return Values()

    def into_call(self, entry: int, state: Values) -> Values:
        touched = self.structure.touches[entry]
        return _without(state, _slots(state) | {place for place in _cells(state) if place not in touched})

    def after(self, row: DecodedRow, state: Values) -> Values:
        state = self._only_way(row, _operands(row, state))
        op = self._op(row, state, 0), self._op(row, state, 1)
        if row.arith:
            state, op = _product(state, op)
        sources = [self._source(row, number) for number in (0, 1)]
        gone = set(written(row, self.structure.pushes))
        if "SP" in gone:
            gone |= _slots(state)
        scattered = limb(ARRAYS, 0) in gone
        after = _without(state, gone)
        windows, equal = dict(after.windows), dict(after.equal)
        if scattered:  # any cell may be the one
            cells = _cells(after)
            _forget(equal, cells)
            for place in cells:
                _set(windows, place, hull([after.window(place), op[limb_number(place)]]))
        for number, places in enumerate(self._assigned(row)):
            for place in places:
                _set(windows, place, op[number])
            source = sources[number]
            held = [] if source is None or source in gone else [equal.get(source, source)]
            _unite(equal, [*held, *places])
        if row.jump.kind == "CALL":
            windows["RR"] = (row.index + 1, row.index + 1)
        return Values(windows, equal, {**after.words, **_words(row)})

    def _assigned(self, row: DecodedRow) -> tuple[list[Location], list[Location]]:
        """The locations that are given the low and the high limb of `op`."""
        assigned: tuple[list[Location], list[Location]] = ([], [])
        for name in () if row.repeat else row.destinations:
            limbs = register_limbs(name)
            assigned[0].append(limbs[0])
            assigned[1].extend(limbs[1:])
        if row.memory == "write" and (place := self._place(row)) is not None:
            assigned[0].append(limb(place, 0))
            assigned[1].append(limb(place, 1))
        return assigned

    def _place(self, row: DecodedRow) -> str | None:
        """The cell with a fixed address, or the slot, that a row accesses."""
        form = row.address
        if row.memory is None or form is None:
            return None
        fixed = form.base + form.offset if form.fixed and not form.context else None
        place = region(form, fixed, pushes=self.structure.pushes)
        return place if place.startswith(("cell ", "slot ")) else None

    def _source(self, row: DecodedRow, number: int) -> Location | None:
        """The location whose value a limb of `op` is."""
        if row.free and row.advice is None and row.binary is None and row.memory == "read":
            place = self._place(row)
            return None if place is None else limb(place, number)
        if row.free or row.constant[number] or [c for _, c in row.terms] != [1]:
            return None
        limbs = register_limbs(row.terms[0][0])
        return limbs[number] if number < len(limbs) else None

    def _op(self, row: DecodedRow, state: Values, number: int) -> Window:
        """Between which integers a limb of `op` is."""
        window = ANYTHING
        if not row.free:
            window = _sum(row, state, number)
        elif row.advice is None and row.binary is not None:
            window = _result(row, state, number)
        elif row.advice is None and row.memory == "read" and row.address is not None:
            place = self._place(row)
            window = ANYTHING if place is None else state.window(limb(place, number))
            if number == 0 and self.structure.byte_cells and row.address.base == MEMORY_BASE:
                window = BYTE_WINDOW
            if number and row.index in self.short_arguments:
                window = NOTHING
        elif self.structure.audited.is_public_input(row.index):
            window = LIMB_WINDOW
        if row.binary is not None or row.arith or row.mem_align is not None:
            window = intersection(window, LIMB_WINDOW) or LIMB_WINDOW
        return window

    def _only_way(self, row: DecodedRow, state: Values) -> Values:
        """What a test that every proof passes says of the registers before the row, one that it writes among them, and
        of what equals them."""
        ways = set(self.structure.targets[row.index])
        bound = _tested(row, ways.pop()) if len(ways) == 1 else None
        refined = None if bound is None else self._refined(row, state, bound)
        return state if refined is None else _narrowed(state, refined) or state

    def on_edge(self, row: DecodedRow, target: int, state: Values) -> Values | None:
        bound = _tested(row, target)
        if bound is None:
            return state
        overwritten = {place for source, _ in row.terms for place in register_limbs(source)[:1]}
        kept = not overwritten & set(written(row, self.structure.pushes))
        refined = self._refined(row, state, bound) if kept else {}
        if refined is None:
            return None
        for place in self._assigned(row)[0]:
            refined[place] = bound
        return _narrowed(state, refined)

    def _refined(self, row: DecodedRow, state: Values, bound: Window) -> dict[Location, Window] | None:
        """What an op within `bound` says of the registers that it is the sum of; None when it cannot be."""
        limbs = [register_limbs(source)[:1] for source, _ in row.terms]
        places = [place for one in limbs for place in one]
        if row.free or len(places) < len(limbs):
            return {}
        if bound == SOMETHING:
            return None if _sum(row, state, 0) == NOTHING else {}
        constant = signed(row.constant[0])
        coefficients = (*(coefficient for _, coefficient in row.terms), PRIME - 1)
        found = narrowed(coefficients, (*map(state.window, places), (bound[0] - constant, bound[1] - constant)))
        return None if found is None else dict(zip(places, found, strict=False))

    def join(self, row: int, known: Values, more: Values) -> Values:
        words = {
            name: choices | more.words[name]
            for name, choices in known.words.items()
            if name in more.words and len(choices | more.words[name]) <= MOST_CHOICES
        }
        exact = {place for name in words for place in register_limbs(name)}
        windows: dict[Location, Window] = {}
        for place, window in known.windows.items():
            other = more.windows.get(place)
            if other is None or other == window:
                windows |= {} if other is None else {place: window}
                continue
            both = hull([window, other])
            if both != window and place not in exact:
                self.widened[row, place] += 1
                if self.widened[row, place] > PATIENCE:
                    both = LIMB_WINDOW if both[0] >= 0 and both[1] <= LIMB_MASK else ANYTHING
            _set(windows, place, both)
        return Values(windows, _common(known.equal, more.equal), words)

    def after_call(self, caller: Values, returned: Values, writes: frozenset[Location]) -> Values:
        equal = dict(caller.equal)
        _forget(equal, set(writes))
        windows = {place: window for place, window in caller.windows.items() if place not in writes}
        windows |= {place: window for place, window in returned.windows.items() if place in writes}
        words = {name: choices for name, choices in caller.words.items() if f"{name}0" not in writes}
        words |= {name: choices for name, choices in returned.words.items() if f"{name}0" in writes}
        return Values(windows, equal, words)


def _sum(row: DecodedRow, state: Values, number: int) -> Window:
    """Between which integers a limb of a sum of registers and a constant is."""
    low = high = signed(row.constant[number])
    for source, coefficient in row.terms:
        limbs = register_limbs(source)
        if not limbs:
            return ANYTHING
        if number < len(limbs):
            part = scaled(state.window(limbs[number]), signed(coefficient))
            low, high = low + part[0], high + part[1]
    return _normal((low, high))


def _result(row: DecodedRow, state: Values, number: int) -> Window:
    """Between which integers a limb of the result of a binary operation is."""
    if row.binary in ("LT", "SLT", "EQ"):
        return (0, 1 - number)
    if row.binary != "AND":
        return LIMB_WINDOW
    return 0, min(LIMB_MASK, *(state.window(f"{name}{number}")[1] for name in WIDE_REGISTERS[:2]))


def _operands(row: DecodedRow, state: Values) -> Values:
    """What an operation says of its operands: they are words."""
    names = "ABCD" if row.arith else "AB" if row.binary is not None else ""
    return _narrowed(state, {place: LIMB_WINDOW for name in names for place in register_limbs(name)}) or state


def _product(state: Values, op: Limbs) -> tuple[Values, Limbs]:
    """What a·b + c = d·2^64 + op says of its words."""
    places = [limbs for name in "ABCD" for limbs in register_limbs(name)]
    a, b, c, d = ((state.window(f"{name}0"), state.window(f"{name}1")) for name in "ABCD")
    found = product_windows(state.words.get("B"), a, b, c, d, op)
    if found is None:
        return state, op
    return _narrowed(state, dict(zip(places, found, strict=False))) or state, (found[8], found[9])


def _tested(row: DecodedRow, target: int) -> Window | None:
    """Where the low limb of op is when a row that tests it goes to a target."""
    if row.jump.kind not in ("JMPN", "JMPZ") or row.jump.target == row.jump.otherwise or row.repeat:
        return None
    taken = target == row.jump.target
    if row.jump.kind == "JMPN":
        return NEGATIVE_WINDOW if taken else LIMB_WINDOW
    return NOTHING if taken else SOMETHING


def _words(row: DecodedRow) -> dict[str, Choices]:
    """The wide registers that a row gives a constant."""
    constant = not row.terms and not row.free and max(row.constant) <= LIMB_MASK and not row.repeat
    return {name: frozenset({row.constant}) for name in row.destinations if constant and name in WIDE_REGISTERS}


# Windows


def _normal(window: Window) -> Window:
    """The same window, begun near 0; `ANYTHING` when it is as wide as that."""
    if width(window) >= PRIME - 1:
        return ANYTHING
    turns = (window[0] + PRIME // 2) // PRIME * PRIME
    return window[0] - turns, window[1] - turns


def _set(windows: dict[Location, Window], place: Location, window: Window) -> None:
    """A location has a window from now on."""
    windows[place] = _normal(window)
    if windows[place] == ANYTHING:
        del windows[place]


def _narrowed(state: Values, bounds: Mapping[Location, Window]) -> Values | None:
    """`state` when locations, and all that equal them, are within bounds as well; None when they cannot be."""
    windows = dict(state.windows)
    for place, bound in bounds.items():
        first = state.first(place)
        for one in {place, first, *(other for other, its in state.equal.items() if its == first)}:
            found = intersection(state.window(one), bound)
            if found is None:
                return None
            _set(windows, one, found)
    return Values(windows, state.equal, state.words)


def _slots(state: Values) -> set[Location]:
    """The slots of the frame that are known of."""
    return {place for place in (*state.windows, *state.equal, *state.equal.values()) if place.startswith("slot ")}


def _cells(state: Values) -> set[Location]:
    """The cells that are known of."""
    return {place for place in (*state.windows, *state.equal, *state.equal.values()) if place.startswith("cell ")}


def _without(state: Values, gone: Collection[Location]) -> Values:
    """What is left when locations are written."""
    equal = dict(state.equal)
    _forget(equal, gone)
    windows = {place: window for place, window in state.windows.items() if place not in gone}
    words = {name: choices for name, choices in state.words.items() if f"{name}0" not in gone}
    return Values(windows, equal, words)


# Classes of equal locations


def _forget(equal: dict[Location, Location], gone: Collection[Location]) -> None:
    """Locations are written: they leave their classes."""
    for place in gone:
        equal.pop(place, None)
    heirs: dict[Location, Location] = {}
    for place in sorted(place for place, first in equal.items() if first in gone):
        heir = heirs.setdefault(equal[place], place)
        equal[place] = heir
        if heir == place:
            del equal[place]


def _unite(equal: dict[Location, Location], places: list[Location]) -> None:
    """Locations hold the same from now on; the first of them may be the first of a class."""
    for place in places[1:]:
        equal[place] = equal.get(places[0], places[0])


def _common(one: Mapping[Location, Location], other: Mapping[Location, Location]) -> dict[Location, Location]:
    """What is equal in both."""
    classes: dict[tuple[Location, Location], list[Location]] = {}
    for place in sorted({*one, *one.values()}):
        classes.setdefault((one.get(place, place), other.get(place, place)), []).append(place)
    return {place: together[0] for together in classes.values() for place in together[1:]}
