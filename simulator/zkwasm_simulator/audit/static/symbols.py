"""The symbols of an exploration: field elements by number, and what determines each.

*Given* symbols are the same for every prover: what the registers and cells held where the path began. *Open* ones are
free inputs and what comes of them. What is known about their values is the business of `knowledge`.
"""

from __future__ import annotations

from collections.abc import Mapping

from zkwasm_simulator.audit.static.forms import Form, variable

Location = str
"""A limb of a register, a cell or a region: what a given symbol is the value of."""

NOWHERE: frozenset[Location] = frozenset()
NOWHERE_OPEN: frozenset[int] = frozenset()


class Symbols:
    """All symbols of an exploration, by number."""

    def __init__(self) -> None:
        self._locations: list[frozenset[Location] | None] = []
        self._bases: list[frozenset[int]] = []
        self._at: dict[Location, int] = {}
        self._given: set[int] = set()

    def __len__(self) -> int:
        return len(self._locations)

    def given(self, location: Location) -> Form:
        """What a location held where the path began."""
        if location not in self._at:
            self._at[location] = self._new(frozenset({location}), NOWHERE_OPEN)
            self._given.add(self._at[location])
        return variable(self._at[location])

    def is_given(self, symbol: int) -> bool:
        """Is the symbol what a location held where the path began?"""
        return symbol in self._given

    def known(self, locations: frozenset[Location]) -> Form:
        """A new value that the contents of these locations determine."""
        return variable(self._new(locations, NOWHERE_OPEN))

    def open(self, bases: frozenset[int] = frozenset()) -> Form:
        """A new open value: a free input, or what comes of open values whose free inputs are `bases`."""
        number = len(self)
        return variable(self._new(None, bases or frozenset({number})))

    def _new(self, locations: frozenset[Location] | None, bases: frozenset[int]) -> int:
        self._locations.append(locations)
        self._bases.append(bases)
        return len(self) - 1

    def rebase(self, held: Mapping[Location, Form]) -> None:
        """From here on known symbols are what these locations hold: the first that holds one alone, else all."""
        alone: dict[int, Location] = {}
        places: dict[int, set[Location]] = {}
        for location, form in held.items():
            for symbol in form.symbols:
                places.setdefault(symbol, set()).add(location)
            if len(form.terms) == 1:
                alone.setdefault(form.terms[0][0], location)
        for symbol, locations in enumerate(self._locations):
            if locations is not None:
                holders = {alone[symbol]} if symbol in alone else places.get(symbol, ())
                self._locations[symbol] = frozenset(holders)

    def locations(self, symbol: int) -> frozenset[Location] | None:
        """The locations that determine a symbol; None when it is open."""
        return self._locations[symbol]

    def bases(self, symbol: int) -> frozenset[int]:
        """The free inputs that an open symbol comes of."""
        return self._bases[symbol]
