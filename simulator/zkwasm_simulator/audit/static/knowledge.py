"""What a path says about values: which are open, and what the constraints so far make of them.

Constraints on `symbols` are equations, windows and implications (“when these are known, those are”);
`Knowledge.settle` closes over them, so that open symbols become *pinned*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zkwasm_simulator.audit.static.bounds import groupings, narrowed, narrowed_product
from zkwasm_simulator.audit.static.forms import (
    LIMB_WINDOW,
    NEGATIVE_WINDOW,
    ZERO_FORM,
    Form,
    Terms,
    Window,
    canonical,
    constant,
    intersection,
    quotient,
    substituted,
    variable,
    width,
)
from zkwasm_simulator.audit.static.symbols import NOWHERE, Location, Symbols
from zkwasm_simulator.audit.static.uniqueness import one_value, zeros
from zkwasm_simulator.field import PRIME

MOST_ROUNDS = 4
"""How often the windows of one sum are narrowed between two rows."""

Pair = tuple[Form, Form]
"""A word: its low and its high limb."""


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
    words with what is added up of two of the first modulo 2^64, `negative` given symbols that may be, `fresh` the sums
    whose windows are news.
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
    fresh: dict[Terms, None] = field(default_factory=dict)
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
            dict(self.fresh),
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
        for terms, _ in held:
            del self.windows[terms]
        for terms, window in held:
            self.require_window(Form(terms), window)

    def require_window(self, form: Form, window: Window) -> None:
        """The form is an integer of the window, modulo p."""
        terms, window = canonical(self.form(form), window)
        found = intersection(window, self.windows.get(terms, window if terms else (0, 0)))
        if found is None:
            self.contradictory = True
        elif terms and found != self.windows.get(terms):
            self.windows[terms] = found
            self.fresh[terms] = None
            if len(terms) == 1 and width(found) == 0:
                self._solve_for(terms[0][0], constant(quotient(found[0], terms[0][1])))

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
        self._narrow_products()
        self._narrow()
        while not self.contradictory and (self._solve() or self._imply() or self._multiply() or self._bound()):
            pass

    def _narrow(self) -> None:
        """Windows narrow the windows of sums that they are part of, and the other way round."""
        rounds: Counter[Terms] = Counter()
        while self.fresh and not self.contradictory:
            changed = next(iter(self.fresh))
            del self.fresh[changed]
            symbols = dict(changed).keys()
            for terms in [terms for terms in self.windows if symbols <= dict(terms).keys()]:
                rounds[terms] += 1
                if rounds[terms] <= MOST_ROUNDS and terms in self.windows:
                    self._narrow_sum(terms)

    def _narrow_sum(self, terms: Terms) -> None:
        for grouping in groupings(terms, self.windows):
            if terms not in self.windows or self.contradictory:
                return
            windows = self._all_values(one for one, _ in grouping)
            if windows is None:
                continue
            old = (*windows, self.windows[terms])
            new = narrowed((*(coefficient for _, coefficient in grouping), PRIME - 1), old)
            self.contradictory |= new is None
            for (one, _), was, now in zip((*grouping, (terms, 1)), old, new or old, strict=True):
                if was != now:
                    self.require_window(Form(one), now)

    def _all_values(self, summands: Iterable[Terms]) -> tuple[Window, ...] | None:
        """The windows of sums, when all are known."""
        windows = [self._values(terms) for terms in summands]
        found = tuple(window for window in windows if window is not None)
        return found if len(found) == len(windows) else None

    def _values(self, terms: Terms) -> Window | None:
        """The window of a sum; known limbs are taken to be below 2^32: see docs/decisions/0011."""
        window = self.windows.get(terms)
        symbol, coefficient = terms[0]
        if len(terms) > 1 or coefficient != 1 or symbol in self.negative or self.symbols.locations(symbol) is None:
            return window
        return LIMB_WINDOW if window is None else intersection(window, LIMB_WINDOW) or window

    def _narrow_products(self) -> None:
        """The limbs of a product and its factors narrow each other."""
        for product in self.products:
            pairs = (product.a, product.b, product.c, product.d, product.result)
            old = tuple((self._limb_values(low), self._limb_values(high)) for low, high in pairs)
            new = narrowed_product(*old)
            self.contradictory |= new is None
            for pair, before, after in zip(pairs, old, new or old, strict=True):
                for form, was, now in zip(pair, before, after, strict=True):
                    if was != now:
                        self.require_window(form, now)

    def _limb_values(self, form: Form) -> Window:
        window = self.window(form) or LIMB_WINDOW
        return intersection(window, LIMB_WINDOW) or LIMB_WINDOW

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
        for grouping in groupings(rest.terms, self.windows):
            windows = self._all_values(terms for terms, _ in grouping)
            if windows is not None:
                summands = tuple((factor, one) for (_, factor), one in zip(grouping, windows, strict=True))
                if one_value(coefficient, values, window, summands, rest.constant):
                    return True
        return False

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
