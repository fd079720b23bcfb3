"""Where loose limbs go: through registers and cells to what decides the result.

`paths` says of each free input which limbs are loose and what determines the others. Here loose limbs flow on with
every value that is computed from them, by dataflow over the whole program; a sink that one of them reaches is a hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zkwasm_simulator.audit.effects import LIMBS, register_limbs
from zkwasm_simulator.audit.static.dataflow import run
from zkwasm_simulator.audit.static.forms import width
from zkwasm_simulator.audit.static.locations import ARRAYS, LINEAR_MEMORY, cell, limb, region
from zkwasm_simulator.audit.static.paths import Summary
from zkwasm_simulator.audit.static.structure import Structure
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.audit.static.values import Values
from zkwasm_simulator.decode import MEMORY_BASE, Address, DecodedRow
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

PUBLIC_AT_ROW_0 = ("SP", "GAS", "CTX")
ROW_0 = -1
FREE_INPUT = "free input"
FEW_CELLS = 64
"""An index among fewer cells is told apart from other indexes."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A limb that a prover may choose: of the free input of a row, or of a register at row 0 (`row` −1)."""

    row: int
    limb: int
    register: str = ""


Taint = int
"""A set of sources: bit n is the n-th that was met. Whole programs have thousands of sources in thousands of places."""
NONE: Taint = 0
Taints = Mapping[Location, Taint]


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A source comes to a sink, at a row, in a location."""

    source: Source
    row: int
    location: Location
    reaches: str


@dataclass(slots=True)
class Flow:
    """The dataflow of loose limbs. `written_by`: how each source first came into each location. `bound`: the sources
    that are pinned or gone on all paths that take an edge. `written`: those that came into each location."""

    structure: Structure
    values: Mapping[int, Values]
    summaries: Mapping[int, Summary]
    written_by: dict[tuple[Source, Location], tuple[int, Location]] = field(default_factory=dict)
    bound: dict[tuple[int, int], Taint] = field(default_factory=dict)
    numbers: dict[Source, int] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    written: dict[Location, Taint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for source, one in self.summaries.items():
            for row, target, number in one.bound:
                self.bound[row, target] = self.bound.get((row, target), NONE) | self._taint(Source(source, number))

    def _taint(self, source: Source) -> Taint:
        """The set of one source."""
        if source not in self.numbers:
            self.numbers[source] = len(self.sources)
            self.sources.append(source)
        return 1 << self.numbers[source]

    def _of(self, taint: Taint) -> Iterator[Source]:
        """The sources of a set."""
        while taint:
            lowest = taint & -taint
            yield self.sources[lowest.bit_length() - 1]
            taint ^= lowest

    def hits(self) -> Iterator[Hit]:
        """Every sink that a source reaches."""
        before = run(self.structure, self)
        unwritten = self._unwritten(before)
        for number in sorted(before):
            row = self.structure.audited.rows[number]
            for location, reaches in self._sinks(row, before[number]):
                for source in sorted(self._of(before[number].get(location, NONE) | self._fresh(row, location))):
                    if source.row != ROW_0 or source.register in unwritten:
                        yield Hit(source, number, location, reaches)

    def path(self, hit: Hit) -> list[int]:
        """The rows by which the source of a hit comes to it."""
        path, location = [hit.row], hit.location
        while (hit.source, location) in self.written_by:
            row, location = self.written_by[hit.source, location]
            if row in path[1:]:
                break
            path.append(row)
        first = max(hit.source.row, 0)
        return list(dict.fromkeys([first, *reversed(path)]))

    def _unwritten(self, before: Mapping[int, Taints]) -> set[str]:
        """The registers whose value at row 0 survives the program: the last row leads to row 0 again."""
        rows = self.structure.audited.rows
        closing = [n for n in before if 0 in self.structure.targets[n]]
        found = set()
        for name in (*WIDE_REGISTERS, *SINGLE_REGISTERS):
            place = register_limbs(name)[0]
            ends = [self.after(rows[n], before[n]).get(place, NONE) for n in closing]
            if not ends or any(source.register == name for end in ends for source in self._of(end)):
                found.add(name)
        return found

    # Dataflow

    def entry(self) -> Taints:
        names = [name for name in (*WIDE_REGISTERS, *SINGLE_REGISTERS) if name not in PUBLIC_AT_ROW_0]
        return {
            place: self._taint(Source(ROW_0, number, name))
            for name in names
            for number, place in enumerate(register_limbs(name))
        }

    def into_call(self, entry: int, state: Taints) -> Taints:
        return {place: taint for place, taint in state.items() if not place.startswith("slot ")}

    def join(self, row: int, known: Taints, more: Taints) -> Taints:
        grown = {
            place: known.get(place, NONE) | taint for place, taint in more.items() if taint & ~known.get(place, NONE)
        }
        return {**known, **grown} if grown else known

    def after_call(self, caller: Taints, returned: Taints, writes: frozenset[Location]) -> Taints:
        kept = {place: taint for place, taint in caller.items() if place not in writes}
        return kept | {place: taint for place, taint in returned.items() if place in writes}

    def on_edge(self, row: DecodedRow, target: int, state: Taints) -> Taints | None:
        if target not in self.values:
            return None
        windows = self.values[target].windows
        fixed = [place for place in state if place in windows and width(windows[place]) == 0]
        if fixed:  # an equation, say, has left one value of it
            state = {place: taint for place, taint in state.items() if place not in fixed}
        gone = self.bound.get((row.index, target), NONE)
        if not gone:
            return state
        return {place: left for place, taint in state.items() if (left := taint & ~gone)}

    def after(self, row: DecodedRow, state: Taints) -> Taints:
        op = self._op(row, state)
        after = dict(state)
        if row.memory == "write" and row.address is not None:
            self._store(row, state, after, op)
        extra = [place for place in ("RCX",) if row.repeat]
        for name in row.destinations:
            for number, place in enumerate(register_limbs(name)):
                self._write(row, state, after, place, [*op[number], *extra])
        if row.repeat:
            after.pop("RCX", None)
        if row.jump.kind == "CALL":
            after.pop("RR", None)
        return after

    def _write(
        self, row: DecodedRow, state: Taints, after: dict[Location, Taint], place: Location, origins: list[Location]
    ) -> None:
        """A location is written with what comes of `origins`."""
        taint = NONE
        for origin in origins:
            more = state.get(origin, NONE) | self._fresh(row, origin)
            taint |= more
            for source in self._of(more & ~self.written.get(place, NONE)):
                self.written_by[source, place] = (row.index, origin)
            self.written[place] = self.written.get(place, NONE) | more
        if taint:
            after[place] = taint
        else:
            after.pop(place, None)

    def _store(
        self, row: DecodedRow, state: Taints, after: dict[Location, Taint], op: tuple[list[Location], list[Location]]
    ) -> None:
        assert row.address is not None
        names = self._regions(row, row.address)
        alone = len(names) == 1 and names[0].startswith(("cell ", "slot "))
        for name in names:
            for number, origins in enumerate(op):
                place = limb(name, number)
                self._write(row, state, after, place, [*origins, *([] if alone else [place])])

    def _regions(self, row: DecodedRow, form: Address) -> list[str]:
        """What an access may touch: the cells themselves where the index is known to be among few."""
        window = self.values[row.index].windows.get("E0") if row.index in self.values else None
        indexed = form.index_e and not (form.index_rr or form.stack_pointer or form.context)
        if window is None or not indexed or form.base == MEMORY_BASE or window[1] - window[0] >= FEW_CELLS:
            return [self._region(row, form)]
        first = form.base + form.offset
        return [cell(first + index) for index in range(window[0], window[1] + 1)]

    def _region(self, row: DecodedRow, form: Address) -> str:
        fixed = form.fixed and not form.context
        address = form.base + form.offset if fixed else None
        window = self.values[row.index].window("E0")
        indexed = form.index_e and not (form.index_rr or form.stack_pointer or form.context)
        if indexed and window[0] == window[1]:
            address = form.base + form.offset + window[0]
        return region(form, address, pushes=self.structure.pushes)

    # What a row computes from which locations; a free input is a location of its own

    def _fresh(self, row: DecodedRow, location: Location) -> Taint:
        """The source that a location stands for which is the free input of `row`."""
        if not location.startswith(FREE_INPUT):
            return NONE
        found = (self._taint(Source(row.index, number)) for number in (0, 1) if location == _free(row, number))
        return next(found, NONE)

    def _op(self, row: DecodedRow, state: Taints) -> tuple[list[Location], list[Location]]:
        """The locations that the limbs of `op` come of."""
        found: tuple[list[Location], list[Location]] = ([], [])
        for source, _ in row.terms:
            for number, place in enumerate(register_limbs(source)):
                found[number].append(place)
        if row.index in self.summaries:
            for number, one in enumerate(self.summaries[row.index].limbs):
                found[number].extend([_free(row, number)] if one.loose else sorted(one.locations))
        elif row.free and row.advice is None:
            low, high = self._given(row, state)
            found[0].extend(low)
            found[1].extend(high)
        return found

    def _given(self, row: DecodedRow, state: Taints) -> tuple[list[Location], list[Location]]:
        """The locations that a bare `$` comes of."""
        if row.binary is not None:
            return self._result(row)
        if row.memory == "read" and row.address is not None:
            names = self._regions(row, row.address)
            low, high = [limb(name, 0) for name in names], [limb(name, 1) for name in names]
            name = names[0]
            if name.startswith("cell "):
                return [*low, limb(ARRAYS, 0)], [*high, limb(ARRAYS, 1)]
            if name == ARRAYS:
                cells = sorted(place for place in state if place.startswith("cell "))
                low += [place for place in cells if place.endswith("low limb")]
                high += [place for place in cells if place.endswith("high limb")]
            return low, high
        if row.mem_align == "MEM_ALIGN_RD":
            operands = ["A0", "A1", "B0", "B1", "C0"]
            return operands, operands
        return [], []

    def _result(self, row: DecodedRow) -> tuple[list[Location], list[Location]]:
        everything: list[Location] = ["A0", "A1", "B0", "B1"]
        if row.binary in ("LT", "SLT", "EQ"):
            return everything, []
        if row.binary in ("ADD", "SUB"):
            return ["A0", "B0"], everything
        return self._masked(row, 0), self._masked(row, 1)

    def _masked(self, row: DecodedRow, number: int) -> list[Location]:
        """A limb of a bitwise operation; AND with 0 comes of nothing."""
        places: list[Location] = [f"A{number}", f"B{number}"]
        windows = [self.values[row.index].window(place) for place in places]
        return [] if row.binary == "AND" and (0, 0) in windows else places

    # Sinks

    def _sinks(self, row: DecodedRow, state: Taints) -> Iterator[tuple[Location, str]]:
        """Locations whose values decide something at a row, and what."""
        audited = self.structure.audited
        form = row.address
        if form is not None:
            what = "an address" if row.memory is not None or row.hash is not None else "the target of a jump"
            used = {"E0": form.index_e, "RR": form.index_rr, "SP": form.stack_pointer, "CTX": form.context}
            yield from ((place, what) for place, flag in used.items() if flag)
        if row.jump.kind == "RETURN":
            yield "RR", "the target of a jump"
        if row.repeat:
            yield "RCX", "the count of a REPEAT"
        op = self._op(row, state)
        excused = audited.is_wait(row.index) or self.structure.declared(row.index)
        if len(set(self.structure.targets[row.index])) > 1 and not excused:
            yield from ((place, "a branch") for place in self._condition(row, op[0]))
        if row.hash is not None:
            yield from ((place, "a hash") for place in (*op[0], *op[1]))
        if audited.public:
            yield from self._published(row, op)
        elif row.index == audited.end:
            cells = sorted(place for place in state if place not in LIMBS)
            yield from ((place, f"the result: {place}, at the end") for place in cells)

    def _condition(self, row: DecodedRow, low: list[Location]) -> list[Location]:
        if row.jump.kind in ("JMPN", "JMPZ"):
            return low
        if row.jump.kind != "JMPC" or row.binary in ("OR", "XOR"):
            return []
        if row.binary == "AND":
            return [*self._masked(row, 0), *self._masked(row, 1)]
        return ["A0", "A1", "B0", "B1"]

    def _published(self, row: DecodedRow, op: tuple[list[Location], list[Location]]) -> Iterator[tuple[Location, str]]:
        audited = self.structure.audited
        if row.index > audited.end:
            yield from ((place, "a public output") for place in (*op[0], *op[1]))
        if row.index == audited.end:
            yield "PC", "the public status"
            for cell, type_ in sorted(audited.globals.items()):
                limbs = (0, 1) if type_ in ("i64", "f64") else (0,)
                yield from ((limb(f"cell {cell}", number), "a global") for number in limbs)
        if row.memory == "write" and row.address is not None and self._region(row, row.address) == LINEAR_MEMORY:
            yield from ((place, "the linear memory") for place in op[0])


def _free(row: DecodedRow, number: int) -> Location:
    return f"{FREE_INPUT} of row {row.index}, {'high' if number else 'low'} limb"
