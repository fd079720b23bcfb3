"""What a path says about values: which are open, and what the constraints so far make of them.

A symbol is a field element. *Given* ones are the same for every prover: what the registers and cells held where the
path began. *Open* ones are free inputs and what comes of them. Constraints are equations, windows and implications
(“when these are known, those are”); `Knowledge.settle` closes over them, so that open symbols become *pinned*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zkwasm_simulator.audit.static.forms import (
    ZERO_FORM,
    Form,
    Terms,
    Window,
    canonical,
    intersection,
    quotient,
    scaled,
    signed,
    substituted,
    variable,
    width,
)
from zkwasm_simulator.audit.static.uniqueness import one_value, zeros
from zkwasm_simulator.field import LIMB_MASK, PRIME

Location = str
"""A limb of a register, a cell or a region: what a given symbol is the value of."""
Pair = tuple[Form, Form]
"""A word: its low and its high limb."""

LIMB_WINDOW: Window = (0, LIMB_MASK)
NEGATIVE_WINDOW: Window = (-LIMB_MASK - 1, -1)
NOWHERE: frozenset[Location] = frozenset()


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


NOWHERE_OPEN: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Implication:
    """When all of `premises` are known, so are all of `conclusions`."""

    premises: tuple[Form, ...]
    conclusions: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """a·b + c = d·2^64 + result, all of them words."""

    a: Pair
    b: Pair
    c: Pair
    d: Pair
    result: Pair


@dataclass(slots=True)
class Knowledge:
    """What is known on a path. `copy` before the path forks.

    `smaller` are words of which the first is less than the second, `not_smaller` those of which it is not, `doubled`
    words with what is added up of two of the first modulo 2^64, `negative` given symbols that may be.
    """

    symbols: Symbols
    solved: dict[int, Form] = field(default_factory=dict)
    windows: dict[Terms, Window] = field(default_factory=dict)
    pinned: dict[int, frozenset[Location]] = field(default_factory=dict)
    implications: list[Implication] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    smaller: list[tuple[Pair, Pair]] = field(default_factory=list)
    not_smaller: list[tuple[Pair, Pair]] = field(default_factory=list)
    doubled: list[tuple[Pair, Pair]] = field(default_factory=list)
    nonzero: list[Form] = field(default_factory=list)
    negative: set[int] = field(default_factory=set)
    contradictory: bool = False

    def copy(self) -> Knowledge:
        return Knowledge(
            self.symbols,
            dict(self.solved),
            dict(self.windows),
            dict(self.pinned),
            list(self.implications),
            list(self.products),
            list(self.smaller),
            list(self.not_smaller),
            list(self.doubled),
            list(self.nonzero),
            set(self.negative),
            self.contradictory,
        )

    # Questions

    def form(self, form: Form) -> Form:
        """`form` without symbols that equations give."""
        return substituted(form, self.solved)

    def open_symbols(self, form: Form) -> list[int]:
        """The symbols of a form that provers may still choose."""
        symbols = self.form(form).symbols
        return [s for s in symbols if self.symbols.locations(s) is None and s not in self.pinned]

    def known(self, *forms: Form) -> bool:
        return not any(self.open_symbols(form) for form in forms)

    def locations(self, *forms: Form) -> frozenset[Location]:
        """The locations that determine known forms."""
        found: set[Location] = set()
        for form in forms:
            for symbol in self.form(form).symbols:
                found |= self.symbols.locations(symbol) or self.pinned.get(symbol, NOWHERE)
        return frozenset(found)

    def bases(self, form: Form) -> frozenset[int]:
        """The free inputs that an open form comes of."""
        return frozenset().union(*(self.symbols.bases(symbol) for symbol in self.open_symbols(form)))

    def linked(self, form: Form) -> frozenset[int]:
        """The free inputs that an open form comes of, and all that constraints tie to them."""
        relations = [[form for pair in (p.a, p.b, p.c, p.d, p.result) for form in pair] for p in self.products]
        relations += [[*one.premises, *one.conclusions] for one in self.implications]
        relations += [[Form(terms)] for terms in self.windows if len(terms) > 1]
        groups = [frozenset().union(*(self.bases(one) for one in relation)) for relation in relations]
        found = self.bases(form)
        while found:
            more = found.union(*(group for group in groups if group & found))
            if more == found:
                break
            found = more
        return found

    def window(self, form: Form) -> Window | None:
        """Between which integers a form is, if that is known."""
        terms, (low, high) = canonical(self.form(form), (0, 0))
        if not terms:
            return -low, -low
        known = self.windows.get(terms)
        if known is None:
            return None
        # canonical: ±form − constant; (low, high) is what 0 becomes
        mirrored = terms != self.form(form).terms
        window = known[0] - low, known[1] - high
        return (-window[1], -window[0]) if mirrored else window

    # Constraints

    def derived(self, premises: Sequence[Form]) -> Form:
        """A new value that the premises determine."""
        if self.known(*premises):
            return self.symbols.known(self.locations(*premises))
        value = self.symbols.open(frozenset().union(*(self.bases(premise) for premise in premises)))
        self.implications.append(Implication(tuple(premises), (value,)))
        return value

    def require_zero(self, form: Form) -> None:
        """The form is 0."""
        form = self.form(form)
        open_ones = self.open_symbols(form)
        if not form.terms:
            self.contradictory |= form.constant != 0
        elif not open_ones:
            self.require_window(form, (0, 0))
        else:
            symbol = open_ones[-1]
            coefficient = dict(form.terms)[symbol]
            rest = form - variable(symbol).times(coefficient)
            self._solve_for(symbol, rest.times(quotient(-1, coefficient)))

    def decompose(self, form: Form, parts: Form) -> None:
        """A known form is the sum `parts` of new symbols: from now on it is written so."""
        symbol, coefficient = self.form(form).terms[0]
        rest = parts - self.form(form) + variable(symbol).times(coefficient)
        self._solve_for(symbol, rest.times(quotient(1, coefficient)))

    def _solve_for(self, symbol: int, value: Form) -> None:
        self.solved[symbol] = value
        held = [(terms, window) for terms, window in self.windows.items() if symbol in dict(terms)]
        for terms, window in held:
            del self.windows[terms]
            self.require_window(Form(terms), window)

    def require_window(self, form: Form, window: Window) -> None:
        """The form is an integer of the window, modulo p."""
        terms, window = canonical(self.form(form), window)
        found = intersection(window, self.windows.get(terms, window if terms else (0, 0)))
        if found is None:
            self.contradictory = True
        elif terms:
            self.windows[terms] = found

    def require_nonzero(self, form: Form) -> None:
        """The form is not 0."""
        form = self.form(form)
        self.contradictory |= form == ZERO_FORM
        if form.terms:
            self.nonzero.append(form)

    def require_limbs(self, *forms: Form) -> None:
        """The forms are below 2^32."""
        for form in forms:
            self.require_window(form, LIMB_WINDOW)

    # Closing

    def settle(self) -> None:
        """Pin what the constraints pin."""
        self._narrow()
        while not self.contradictory and (self._solve() or self._imply() or self._multiply() or self._bound()):
            pass

    def _narrow(self) -> None:
        """The window of a multiple of one symbol narrows its own, where the multiple cannot reach p."""
        for terms, window in list(self.windows.items()):
            factor = signed(terms[0][1])
            own = self.windows.get(((terms[0][0], 1),))
            if len(terms) > 1 or factor == 1 or own is None or width(scaled(own, factor)) >= PRIME // 2:
                continue
            found = intersection(scaled(own, factor), window)
            if found is not None:
                self.require_window(Form(((terms[0][0], 1),)), (-(-found[0] // factor), found[1] // factor))

    def pin(self, form: Form, premises: Sequence[Form] = ()) -> bool:
        """A form is known as the premises are: when one of its symbols is open, that is pinned. Did that change it?"""
        open_ones = self.open_symbols(form)
        if len(open_ones) != 1:
            return False
        self.pinned[open_ones[0]] = self.locations(form, *premises)
        return True

    def _solve(self) -> bool:
        found = False
        for symbol, form in self.solved.items():
            if symbol not in self.pinned and self.known(form):
                self.pinned[symbol] = self.locations(form)
                found = True
        return found

    def _imply(self) -> bool:
        fired = [one for one in self.implications if self.known(*one.premises)]
        changed = sum(self._pin_all(one.conclusions, one.premises) for one in fired) > 0
        if fired:
            self.implications = [one for one in self.implications if not self.known(*one.conclusions)]
        return changed

    def _pin_all(self, conclusions: Iterable[Form], premises: Sequence[Form]) -> bool:
        return sum(self.pin(form, premises) for form in conclusions) > 0

    def _bound(self) -> bool:
        return any(self._bounded(terms, window) for terms, window in self.windows.items())

    def _bounded(self, terms: Terms, window: Window) -> bool:
        """Pin what the window of a sum pins, given the windows of its summands."""
        form = Form(terms)
        open_ones = self.open_symbols(form)
        if not open_ones or (terms == ((open_ones[0], 1),) and width(window) > 0):
            return False
        if len(open_ones) == 1:
            return self._one_value(form, open_ones[0], window) and self.pin(form)
        held = [self.windows[((symbol, 1),)] for symbol in open_ones if ((symbol, 1),) in self.windows]
        if len(held) < len(open_ones):
            return False
        coefficients = dict(form.terms)
        zero = zeros([coefficients[symbol] for symbol in open_ones], [width(one) for one in held], width(window))
        for number in zero:
            self.pinned[open_ones[number]] = self.locations(*(variable(s) for s in coefficients if s not in open_ones))
        return bool(zero)

    def _one_value(self, form: Form, symbol: int, window: Window) -> bool:
        """Does the window of a sum leave one value of its only open symbol?"""
        if width(window) == 0:
            return True
        values = self.windows.get(((symbol, 1),))
        if values is None:
            return False
        coefficient = dict(form.terms)[symbol]
        rest = form - variable(symbol).times(coefficient)
        return one_value(coefficient, values, window, list(self._summands(rest)), rest.constant)

    def _summands(self, rest: Form) -> Iterator[tuple[int, Window]]:
        """A sum of known values as few summands, coefficients with windows."""
        for terms, window in self.windows.items():
            coefficients = dict(rest.terms)
            if len(terms) < 2 or not dict(terms).keys() <= coefficients.keys():
                continue
            ratios = [quotient(coefficients[symbol], known) for symbol, known in terms]
            ratio = min(ratios, key=lambda one: len((rest - Form(terms).times(one)).terms))
            fewer = rest - Form(terms).times(ratio)
            if len(fewer.terms) + 1 < len(rest.terms):
                yield ratio, window
                rest = fewer
        for symbol, coefficient in rest.terms:
            window = self.windows.get(((symbol, 1),), LIMB_WINDOW)
            if symbol not in self.negative:  # known limbs are taken to be below 2^32: see docs/decisions/0011
                window = intersection(window, LIMB_WINDOW) or window
            yield coefficient, window

    def _multiply(self) -> bool:
        return any(self._multiplied(product) for product in self.products)

    def _multiplied(self, product: Product) -> bool:
        """Pin what a product pins."""
        a, b, c, d, result = product.a, product.b, product.c, product.d, product.result
        low = (a[0], b[0], c[0])
        if self.known(*low) and self._pin_all((result[0],), low):
            return True
        if self.known(*a, *b, *c):
            return self._pin_all((*d, *result), (*a, *b, *c))
        if self.known(*a, *b, *result):
            return self._pin_all((*c, *d), (*a, *b, *result))
        if self._same(a, b) and self.known(*d, *result) and self._is_rest_of_root(c, a):
            return self._pin_all((*a, *c), (*d, *result))
        return any(self._factor(one, other, product) for one, other in ((a, b), (b, a)) if self.known(*other, *result))

    def _is_rest_of_root(self, rest: Pair, root: Pair) -> bool:
        """Is a word at most twice another? Of root² + rest = n there is one root then: the next square is larger. Twice
        the root modulo 2^64 allows fewer rests."""
        return any(
            self._same(root, once) and self._same(twice, a) and self._same(rest, b)
            for once, twice in self.doubled
            for a, b in self.not_smaller
        )

    def _factor(self, one: Pair, other: Pair, product: Product) -> bool:
        """Pin the factor `one`, the other one and the result being known."""
        c, d, result = product.c, product.d, product.result
        premises = (*other, *result)
        if self.known(*c, *d):
            return self._pin_all(one, (*premises, *c, *d))
        if self.known(*d) and self._is_smaller(c, other):
            return self._pin_all((*one, *c), (*premises, *d))
        odd = self.form(other[0])
        if self.known(*c) and not odd.terms and odd.constant & 1:
            return self._pin_all((*one, *d), (*premises, *c))  # an odd number has one inverse modulo 2^64
        return False

    def _is_smaller(self, one: Pair, other: Pair) -> bool:
        """Is a word known to be less than another? Where low limbs are compared, the high limbs are taken to be 0."""
        window = self.window(one[0] - other[0])
        if window is not None and window[1] < 0 and window[0] >= NEGATIVE_WINDOW[0]:
            return True
        return any(self._same(one, a) and self._same(other, b) for a, b in self.smaller)

    def _same(self, one: Pair, other: Pair) -> bool:
        return all(self.form(x - y) == ZERO_FORM for x, y in zip(one, other, strict=True))
