"""The shape of a program, found without running it: where rows go, rows that lead to no proof, functions.

A function is what is reached from the target of a CALL up to a RETURN; that a RETURN goes behind a CALL of its function
is taken for granted here (a return address that is not known is a finding of its own). A RETURN that no CALL leads to
goes to a row whose number some row puts into RR, a *landing*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkwasm_simulator.audit.effects import register_limbs
from zkwasm_simulator.audit.statement import Audited
from zkwasm_simulator.audit.static.forms import signed
from zkwasm_simulator.audit.static.locations import limb, region
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.decode import DecodedRow

LOOK_BACK = 8
"""How many rows before a computed jump its bound may be."""

EITHER_WAY = "either way"
"""The comment of a row whose branch the prover may decide: its author says that both ways come to the same."""

MAIN = 0
"""The function that the run begins in."""


@dataclass(frozen=True, slots=True)
class Structure:
    """`targets`: the rows that each row goes to within its function, a call going to the next one. `calls`: the
    functions, by their first row, that a row may call. `returns` and `writes`: the RETURN rows of a function, and the
    locations that it and what it calls write; a slot of its own frame is none. `touches`: the cells with fixed
    addresses that it and what it calls read or write. `callers`: the calls of a function. `before`: the row before,
    where that is the only way to come to a row. `landings`: the rows whose numbers are put into RR.
    """

    audited: Audited
    doomed: frozenset[int]
    pushes: bool
    targets: dict[int, tuple[int, ...]]
    calls: dict[int, tuple[int, ...]]
    returns: dict[int, tuple[int, ...]]
    writes: dict[int, frozenset[Location]]
    touches: dict[int, frozenset[Location]]
    callers: dict[int, tuple[int, ...]]
    before: dict[int, int]
    landings: frozenset[int]

    @property
    def byte_cells(self) -> bool:
        """Does a cell of the linear memory hold a byte? The stores of a compiled program see to it."""
        interface = self.audited.program.interface
        return interface is not None and interface.memory is not None and interface.memory.cell_bytes == 1

    def declared(self, row: int) -> bool:
        """Does the text say of this branch that both ways come to the same?"""
        return EITHER_WAY in self.audited.rows[row].text.partition(";")[2]


def structure(audited: Audited) -> Structure:
    """The shape of a program up to its end."""
    rows = audited.rows
    doomed = doomed_rows(rows)
    pushes = any(row.stack_increment and row.memory for row in rows)
    targets: dict[int, tuple[int, ...]] = {}
    calls: dict[int, tuple[int, ...]] = {}
    for row in rows:
        there = tuple(target for target in dict.fromkeys(_targets(rows, row)) if target < len(rows))
        if row.jump.kind == "CALL":
            calls[row.index], there = there, (row.index + 1,)
        targets[row.index] = tuple(target for target in there if target not in doomed and target < len(rows))
    landings = _landings(rows)
    _land(targets, rows, audited.end, landings)
    bodies: dict[int, list[int]] = {}
    own_cells: dict[int, frozenset[Location]] = {}
    callees: dict[int, frozenset[int]] = {}
    for entry in sorted({MAIN, *(target for called in calls.values() for target in called)}):
        reached = _reached(entry, targets, audited.end)
        own_cells[entry] = frozenset(place for row in reached for place in _accessed(rows[row], pushes))
        callees[entry] = frozenset(callee for row in reached for callee in calls.get(row, ()))
        bodies[entry] = _body(reached, rows)
    touches = _with_callees(own_cells, callees)
    returns = {entry: tuple(r for r in body if rows[r].jump.kind == "RETURN") for entry, body in bodies.items()}
    writes = _writes(bodies, calls, rows, pushes)
    callers = {entry: tuple(c for c in sorted(calls) if entry in calls[c]) for entry in bodies}
    before = _before(targets, calls, bodies)
    return Structure(audited, doomed, pushes, targets, calls, returns, writes, touches, callers, before, landings)


def _landings(rows: tuple[DecodedRow, ...]) -> frozenset[int]:
    constants = (row.constant[0] for row in rows if "RR" in row.destinations and not row.terms and not row.free)
    return frozenset(number for number in constants if 0 < number < len(rows))


def _land(
    targets: dict[int, tuple[int, ...]], rows: tuple[DecodedRow, ...], end: int, landings: frozenset[int]
) -> None:
    """Let the RETURNs that are reached from the first row without a CALL go to the landings."""
    reached, work = {MAIN}, [MAIN]
    while work:
        row = work.pop()
        if rows[row].jump.kind == "RETURN":
            targets[row] = tuple(sorted(landings))
        for target in targets[row] if row != end else ():
            if target not in reached:
                reached.add(target)
                work.append(target)


def _before(
    targets: dict[int, tuple[int, ...]], calls: dict[int, tuple[int, ...]], bodies: dict[int, list[int]]
) -> dict[int, int]:
    comes_from: dict[int, set[int]] = {}
    for row, there in targets.items():
        for target in there:
            comes_from.setdefault(target, set()).add(row)
    return {
        row: row - 1
        for row, origins in comes_from.items()
        if origins == {row - 1} and row - 1 not in calls and row not in bodies
    }


def _reached(entry: int, targets: dict[int, tuple[int, ...]], end: int) -> dict[int, list[int]]:
    """The rows that a function comes to, each with those before it."""
    comes_from: dict[int, list[int]] = {entry: []}
    work = [entry]
    while work:
        row = work.pop()
        for target in targets[row] if row != end else ():
            if target not in comes_from:
                comes_from[target] = []
                work.append(target)
            comes_from[target].append(row)
    return comes_from


def _body(reached: dict[int, list[int]], rows: tuple[DecodedRow, ...]) -> list[int]:
    """The rows of a function that lie on a way to a RETURN; what traps leaves the function for good."""
    work = [row for row in reached if rows[row].jump.kind == "RETURN"]
    found = set(work)
    while work:
        fresh = [row for row in reached[work.pop()] if row not in found]
        found.update(fresh)
        work += fresh
    return sorted(found)


def _writes(
    bodies: dict[int, list[int]], calls: dict[int, tuple[int, ...]], rows: tuple[DecodedRow, ...], pushes: bool
) -> dict[int, frozenset[Location]]:
    own = {
        entry: frozenset(place for row in body for place in written(rows[row], pushes) if not place.startswith("slot "))
        for entry, body in bodies.items()
    }
    callees = {
        entry: frozenset(callee for row in body for callee in calls.get(row, ())) for entry, body in bodies.items()
    }
    return _with_callees(own, callees)


def _with_callees(
    own: dict[int, frozenset[Location]], callees: dict[int, frozenset[int]]
) -> dict[int, frozenset[Location]]:
    """What is said of functions, with what is said of those that they call."""
    found = dict(own)
    grew = True
    while grew:
        grew = False
        for entry, called in callees.items():
            more = found[entry].union(*(found[callee] for callee in called))
            if more != found[entry]:
                found[entry], grew = more, True
    return found


def _accessed(row: DecodedRow, pushes: bool) -> Iterator[Location]:
    """The cell with a fixed address that a row reads or writes, limb by limb."""
    form = row.address
    if row.memory is not None and form is not None and form.fixed and not form.context:
        place = region(form, form.base + form.offset, pushes=pushes)
        yield from (limb(place, 0), limb(place, 1))


def written(row: DecodedRow, pushes: bool) -> Iterator[Location]:
    """The locations that a row writes, as far as its fixed address tells."""
    for name in row.destinations:
        yield from register_limbs(name)
    if row.stack_increment:
        yield "SP"
    if row.jump.kind == "CALL":
        yield "RR"
    if row.repeat:
        yield "RCX"
    if row.memory == "write" and row.address is not None:
        form = row.address
        fixed = form.base + form.offset if form.fixed and not form.context else None
        place = region(form, fixed, pushes=pushes)
        yield from (limb(place, 0), limb(place, 1))


# Where rows go


def _targets(rows: tuple[DecodedRow, ...], row: DecodedRow) -> Iterator[int]:
    jump = row.jump
    if jump.kind not in ("JMP", "CALL", "RETURN") and isinstance(jump.otherwise, int):
        yield jump.otherwise
    if jump.kind in ("next", "RETURN"):
        return
    if isinstance(jump.target, int):
        yield jump.target
    elif jump.target is None and row.address is not None:
        yield from _table(rows, row)


def _table(rows: tuple[DecodedRow, ...], row: DecodedRow) -> Iterator[int]:
    """The rows that a computed jump may go to: those that the bound of its index allows, else a table of jumps, which
    are the rows around its base that do not lead to the next one. Where a CALL goes to rows that return at once, all of
    its table does: what lies before the table is none of it, even where the bound has room for one row more."""
    assert row.address is not None
    base, index = row.address.offset, "RR" if row.address.index_rr else "E"
    returns = row.jump.kind == "CALL" and base > 0 and rows[base - 1].jump.kind == "RETURN"
    for before in reversed(rows[max(0, row.index - LOOK_BACK) : row.index]):
        if index in before.destinations:
            count = -signed(before.constant[0])
            below = before.jump.kind == "JMPN" and before.jump.target == before.index + 1
            if below and 0 < count <= base:
                table = range(base - count, base)
                yield from (place for place in table if not returns or rows[place].jump.kind == "RETURN")
                return
            break
    for step in (-1, 1):
        place = base - 1 if step < 0 else base
        while 0 <= place < len(rows) and _leaves(rows[place]) and (not returns or rows[place].jump.kind == "RETURN"):
            yield place
            place += step


def _leaves(row: DecodedRow) -> bool:
    """Does a row never lead to the next one, as its operations say it?"""
    jump = row.jump
    if jump.kind in ("JMP", "RETURN"):
        return True
    conditional = jump.kind not in ("next", "CALL")
    return conditional and row.index + 1 not in (jump.target, jump.otherwise) and isinstance(jump.otherwise, int)


def doomed_rows(rows: tuple[DecodedRow, ...]) -> frozenset[int]:
    """The rows from which no proof can end: an assertion that cannot hold comes on every path."""
    doomed = {row.index for row in rows if _cannot_hold(rows, row)}
    grew = True
    while grew:
        grew = False
        for row in rows:
            computed = row.jump.kind == "RETURN" or (row.jump.kind != "next" and row.jump.target is None)
            following = list(_targets(rows, row))
            if row.index not in doomed and not computed and following and doomed.issuperset(following):
                doomed.add(row.index)
                grew = True
    return frozenset(doomed)


def _cannot_hold(rows: tuple[DecodedRow, ...], row: DecodedRow) -> bool:
    """Does this row load a constant into A of which the next one asserts that it is another?"""
    if row.index + 1 >= len(rows) or "A" not in row.destinations or row.jump.kind != "next":
        return False
    following = rows[row.index + 1]
    constants = not (row.terms or row.free or following.terms or following.free)
    return constants and following.assertion and following.constant != row.constant
