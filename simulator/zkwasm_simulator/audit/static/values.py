"""What is known of given values before each row: between which integers they are, and which of them are equal.

Paths begin with this. Registers and cells with a fixed address are looked at, limb by limb.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from zkwasm_simulator.audit.effects import register_limbs
from zkwasm_simulator.audit.static.arguments import short_arguments
from zkwasm_simulator.audit.static.dataflow import run
from zkwasm_simulator.audit.static.forms import LIMB_WINDOW, NEGATIVE_WINDOW, Window, intersection, scaled, signed
from zkwasm_simulator.audit.static.locations import ARRAYS, BYTE_WINDOW, limb, region
from zkwasm_simulator.audit.static.structure import Structure, written
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.decode import MEMORY_BASE, DecodedRow
from zkwasm_simulator.field import LIMB_MASK, PRIME
from zkwasm_simulator.machine import WIDE_REGISTERS

PATIENCE = 4
"""How often a window may widen at a row before it is given up."""


@dataclass(frozen=True, slots=True)
class Values:
    """`windows` of locations, and for a location that equals another one which: the first of its class."""

    windows: Mapping[Location, Window] = field(default_factory=dict)
    equal: Mapping[Location, Location] = field(default_factory=dict)

    def first(self, location: Location) -> Location:
        """The location that stands for all that equal this one."""
        return self.equal.get(location, location)


def values(structure: Structure) -> dict[int, Values]:
    """What is known before each row that can be reached."""
    return run(structure, _ValueDomain(structure.pushes, structure.byte_cells, short_arguments(structure)))


@dataclass(slots=True)
class _ValueDomain:
    pushes: bool
    byte_cells: bool
    short_arguments: frozenset[int]
    widened: Counter[tuple[int, Location]] = field(default_factory=Counter)

    def entry(self) -> Values:
        return Values()

    def into_call(self, state: Values) -> Values:
        return state

    def after(self, row: DecodedRow, state: Values) -> Values:
        windows, equal = dict(state.windows), dict(state.equal)
        op = [_op_window(row, state, number) for number in (0, 1)]
        sources = [self._source(row, number) for number in (0, 1)]
        if row.binary is not None and row.free and row.advice is None:
            op = [_result_window(row, state, number) for number in (0, 1)]
        if self.byte_cells and row.memory == "read" and row.address is not None and row.address.base == MEMORY_BASE:
            op[0] = BYTE_WINDOW
        if row.index in self.short_arguments:
            op[1] = (0, 0)
        gone = set(written(row, self.pushes))
        if limb(ARRAYS, 0) in gone:  # any cell may be the one
            gone |= {place for place in (*windows, *equal, *equal.values()) if place.startswith("cell ")}
        _forget(equal, gone)
        for place in gone:
            windows.pop(place, None)
        assigned: tuple[list[Location], list[Location]] = ([], [])
        for name in () if row.repeat else row.destinations:
            limbs = register_limbs(name)
            assigned[0].append(limbs[0])
            assigned[1].extend(limbs[1:])
        if row.memory == "write" and (cell := self._cell(row)) is not None:
            assigned[0].append(limb(cell, 0))
            assigned[1].append(limb(cell, 1))
        for number, places in enumerate(assigned):
            window, source = op[number], sources[number]
            held = [] if source is None or source in gone else [equal.get(source, source)]
            if window is not None:
                windows.update(dict.fromkeys(places, window))
            _unite(equal, [*held, *places])
        if row.jump.kind == "CALL":
            windows["RR"] = (row.index + 1, row.index + 1)
        return Values(windows, equal)

    def _cell(self, row: DecodedRow) -> str | None:
        """The cell with a fixed address that a row accesses."""
        form = row.address
        if row.memory is None or form is None or not form.fixed or form.context:
            return None
        place = region(form, form.base + form.offset, pushes=self.pushes)
        return place if place.startswith("cell ") else None

    def _source(self, row: DecodedRow, number: int) -> Location | None:
        """The location whose value a limb of `op` is."""
        if row.free and row.advice is None and row.binary is None and row.memory == "read":
            cell = self._cell(row)
            return None if cell is None else limb(cell, number)
        if row.free or row.constant[number] or [c for _, c in row.terms] != [1]:
            return None
        limbs = register_limbs(row.terms[0][0])
        return limbs[number] if number < len(limbs) else None

    def on_edge(self, row: DecodedRow, target: int, state: Values) -> Values:
        if row.jump.kind != "JMPN" or row.jump.target == row.jump.otherwise or row.repeat:
            return state
        bound = NEGATIVE_WINDOW if target == row.jump.target else LIMB_WINDOW
        windows = dict(state.windows)
        narrowed = [register_limbs(name)[0] for name in row.destinations]
        if not row.free and [c for _, c in row.terms] == [1] and not row.constant[0]:
            source = register_limbs(row.terms[0][0])
            narrowed += [] if not source or row.terms[0][0] in row.destinations else source[:1]
        for place in narrowed:
            found = intersection(windows.get(place, bound), bound)
            if found is not None:
                windows[place] = found
        return Values(windows, state.equal)

    def join(self, row: int, known: Values, more: Values) -> Values:
        windows: dict[Location, Window] = {}
        for place, window in known.windows.items():
            other = more.windows.get(place)
            if other is None:
                continue
            hull = min(window[0], other[0]), max(window[1], other[1])
            if hull != window:
                self.widened[row, place] += 1
                if self.widened[row, place] > PATIENCE:
                    continue
            windows[place] = hull
        return Values(windows, _common(known.equal, more.equal))

    def after_call(self, caller: Values, returned: Values, writes: frozenset[Location]) -> Values:
        equal = dict(caller.equal)
        _forget(equal, set(writes))
        windows = {place: window for place, window in caller.windows.items() if place not in writes}
        windows |= {place: window for place, window in returned.windows.items() if place in writes}
        return Values(windows, equal)


# Windows


def _op_window(row: DecodedRow, state: Values, number: int) -> Window | None:
    """Between which integers a limb of `op` is."""
    if row.free:
        return None
    low = high = signed(row.constant[number])
    for source, coefficient in row.terms:
        limbs = register_limbs(source)
        if not limbs:
            return None
        if number >= len(limbs):
            continue
        window = state.windows.get(limbs[number])
        if window is None:
            return None
        part = scaled(window, signed(coefficient))
        low, high = low + part[0], high + part[1]
    return (low, high) if low > -PRIME // 2 and high < PRIME // 2 else None


def _result_window(row: DecodedRow, state: Values, number: int) -> Window:
    """Between which integers a limb of the result of a binary operation is."""
    if row.binary in ("LT", "SLT", "EQ"):
        return (0, 1 - number)
    if row.binary != "AND":
        return LIMB_WINDOW
    masks = [state.windows.get(f"{name}{number}", LIMB_WINDOW)[1] for name in WIDE_REGISTERS[:2]]
    return 0, max(0, min(LIMB_MASK, *masks))


# Classes of equal locations


def _forget(equal: dict[Location, Location], gone: set[Location]) -> None:
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
