"""What a path says about values: which are open, and what the constraints so far make of them.

Constraints on `symbols` are equations and `windows`, products and implications (“when these are known, those are”);
`Knowledge.settle` closes over them, so that open symbols become *pinned*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from zkwasm_simulator.audit.static.bounds import groupings
from zkwasm_simulator.audit.static.forms import (
    NEGATIVE_WINDOW,
    ZERO_FORM,
    Form,
    Terms,
    Window,
    quotient,
    variable,
    width,
)
from zkwasm_simulator.audit.static.symbols import NOWHERE, Location
from zkwasm_simulator.audit.static.uniqueness import one_value, zeros
from zkwasm_simulator.audit.static.windows import Pair, Product, Windows


@dataclass(frozen=True, slots=True)
class Implication:
    """When all of `premises` are known, so are all of `conclusions`."""

    premises: tuple[Form, ...]
    conclusions: tuple[Form, ...]


@dataclass(slots=True)
class Knowledge(Windows):
    """What is known on a path. `copy` before the path forks.

    `smaller` are words of which the first is less than the second, `not_smaller` those of which it is not, `doubled`
    words with what is added up of two of the first modulo 2^64.
    """

    pinned: dict[int, frozenset[Location]] = field(default_factory=dict)
    implications: list[Implication] = field(default_factory=list)
    smaller: list[tuple[Pair, Pair]] = field(default_factory=list)
    not_smaller: list[tuple[Pair, Pair]] = field(default_factory=list)
    doubled: list[tuple[Pair, Pair]] = field(default_factory=list)
    nonzero: list[Form] = field(default_factory=list)

    def copy(self) -> Knowledge:
        return replace(
            self,
            solved=dict(self.solved),
            windows=dict(self.windows),
            likely=dict(self.likely),
            products=list(self.products),
            choices=dict(self.choices),
            negative=set(self.negative),
            fresh=dict(self.fresh),
            pinned=dict(self.pinned),
            implications=list(self.implications),
            smaller=list(self.smaller),
            not_smaller=list(self.not_smaller),
            doubled=list(self.doubled),
            nonzero=list(self.nonzero),
        )

    # Questions

    def open_symbols(self, form: Form) -> list[int]:
        """The symbols of a form that provers may still choose."""
        symbols = self.form(form).symbols
        return [s for s in symbols if self.symbols.locations(s) is None and s not in self.pinned]

    def known(self, *forms: Form) -> bool:
        return not any(self.open_symbols(form) for form in forms)

    def locations(self, *forms: Form) -> frozenset[Location]:
        """The locations that determine known forms; what has one value needs none."""
        found: set[Location] = set()
        for form in forms:
            window = self.window(form, likely=False)
            if window is not None and width(window) == 0:
                continue
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
            self.solve_for(symbol, rest.times(quotient(-1, coefficient)))

    def decompose(self, form: Form, parts: Form) -> None:
        """A known form is the sum `parts` of new symbols: from now on it is written so."""
        symbol, coefficient = self.form(form).terms[0]
        rest = parts - self.form(form) + variable(symbol).times(coefficient)
        self.solve_for(symbol, rest.times(quotient(1, coefficient)))

    def require_nonzero(self, form: Form) -> None:
        """The form is not 0."""
        form = self.form(form)
        self.contradictory |= form == ZERO_FORM
        if form.terms:
            self.nonzero.append(form)

    # Closing

    def settle(self) -> None:
        """Pin what the constraints pin."""
        self.narrow()
        while not self.contradictory and (self._solve() or self._imply() or self._multiply() or self._bound()):
            pass

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
        return any(self._bounded(terms, self.values(terms) or window) for terms, window in self.windows.items())

    def _bounded(self, terms: Terms, window: Window) -> bool:
        """Pin what the window of a sum pins, given the windows of its summands."""
        form = Form(terms)
        open_ones = self.open_symbols(form)
        if not open_ones or (terms == ((open_ones[0], 1),) and width(window) > 0):
            return False
        if len(open_ones) == 1:
            return self._one_value(form, open_ones[0], window) and self.pin(form)
        held = self.all_values((((symbol, 1),) for symbol in open_ones), likely=True)
        if held is None:
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
        values = self.values(((symbol, 1),))
        if values is None:
            return False
        coefficient = dict(form.terms)[symbol]
        rest = form - variable(symbol).times(coefficient)
        for grouping in groupings(rest.terms, self.windows):
            windows = self.all_values((terms for terms, _ in grouping), likely=True)
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
