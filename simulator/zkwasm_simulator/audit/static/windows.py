"""What the sums of symbols are: equations, and windows that narrow each other.

In come equations and windows that constraints say; `Windows.narrow` closes over them. What is pinned by them is the
business of `knowledge`, how bounds follow from bounds that of `bounds`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zkwasm_simulator.audit.static.bounds import Choices, Limbs, groupings, narrowed, product_windows
from zkwasm_simulator.audit.static.forms import (
    LIMB_WINDOW,
    Form,
    Terms,
    Window,
    canonical,
    constant,
    intersection,
    quotient,
    substituted,
    width,
)
from zkwasm_simulator.audit.static.symbols import Symbols
from zkwasm_simulator.field import PRIME

MOST_ROUNDS = 4
"""How often the windows of one sum are narrowed between two rows."""

Pair = tuple[Form, Form]
"""A word: its low and its high limb."""


@dataclass(frozen=True, slots=True)
class Product:
    """a·b + c = d·2^64 + result, all of them words."""

    a: Pair
    b: Pair
    c: Pair
    d: Pair
    result: Pair


@dataclass(slots=True)
class Windows:
    """Equations, in `solved`, and windows of sums without a constant.

    `likely` are narrower windows, which hold when given limbs are below 2^32 (docs/decisions/0011). They pin, but rule
    out no path. `choices` are given words that are one of a few, `negative` given symbols that may be, `fresh` the sums
    whose windows are news.
    """

    symbols: Symbols
    solved: dict[int, Form] = field(default_factory=dict)
    windows: dict[Terms, Window] = field(default_factory=dict)
    likely: dict[Terms, Window] = field(default_factory=dict)
    products: list[Product] = field(default_factory=list)
    choices: dict[Pair, Choices] = field(default_factory=dict)
    negative: set[int] = field(default_factory=set)
    fresh: dict[Terms, None] = field(default_factory=dict)
    contradictory: bool = False

    # Questions

    def form(self, form: Form) -> Form:
        """`form` without symbols that equations give."""
        return substituted(form, self.solved)

    def window(self, form: Form, *, likely: bool = True) -> Window | None:
        """Between which integers a form is, if that is known."""
        form = self.form(form)
        terms, (low, high) = canonical(form, (0, 0))
        if not terms:
            return -low, -low
        known = self.values(terms, likely=likely)
        if known is None:
            return None
        # canonical: ±form − constant; (low, high) is what 0 becomes
        window = known[0] - low, known[1] - high
        return (-window[1], -window[0]) if terms != form.terms else window

    def values(self, terms: Terms, *, likely: bool = True) -> Window | None:
        """The window of a canonical sum."""
        window = self.windows.get(terms)
        if not likely:
            return window
        narrower = [self.likely[terms]] if terms in self.likely else []
        symbol, coefficient = terms[0]
        given = self.symbols.locations(symbol) is not None and symbol not in self.negative
        if len(terms) == 1 and coefficient == 1 and given:
            narrower.append(LIMB_WINDOW)
        for one in narrower:
            window = one if window is None else intersection(window, one) or window
        return window

    # Constraints

    def solve_for(self, symbol: int, value: Form) -> None:
        self.solved[symbol] = value
        for kind, note in ((self.windows, self.require_window), (self.likely, self._expect)):
            held = [(terms, window) for terms, window in kind.items() if symbol in dict(terms)]
            for terms, _ in held:
                del kind[terms]
            for terms, window in held:
                note(Form(terms), window)

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
                self.solve_for(terms[0][0], constant(quotient(found[0], terms[0][1])))

    def _expect(self, form: Form, window: Window) -> None:
        """The form is an integer of the window when given limbs are below 2^32."""
        terms, window = canonical(self.form(form), window)
        known = self.values(terms) if terms else None
        found = window if known is None else intersection(window, known)
        if terms and found is not None and found != known:
            self.likely[terms] = found
            self.fresh[terms] = None

    def require_limbs(self, *forms: Form) -> None:
        """The forms are below 2^32."""
        for form in forms:
            self.require_window(form, LIMB_WINDOW)

    # Closing

    def narrow(self) -> None:
        """Narrow what windows and products say of each other."""
        self._narrow_products()
        self._narrow_sums()

    def _narrow_sums(self) -> None:
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
            tried = None
            for likely in (False, True):
                if terms not in self.windows or self.contradictory:
                    return
                old = self.all_values((*(one for one, _ in grouping), terms), likely=likely)
                if old is not None and old != tried:
                    new = narrowed((*(coefficient for _, coefficient in grouping), PRIME - 1), old)
                    parts = [Form(one) for one, _ in grouping]
                    self._note([*parts, Form(terms)], old, new, likely=likely)
                tried = old

    def all_values(self, summands: Iterable[Terms], *, likely: bool) -> tuple[Window, ...] | None:
        """The windows of sums, when all are known."""
        windows = [self.values(terms, likely=likely) for terms in summands]
        found = tuple(window for window in windows if window is not None)
        return found if len(found) == len(windows) else None

    def _note(
        self, forms: Sequence[Form], old: Sequence[Window | None], new: Sequence[Window] | None, *, likely: bool
    ) -> None:
        """Forms have new windows; None when they cannot have any."""
        if new is None:
            self.contradictory |= not likely
            return
        for form, was, now in zip(forms, old, new, strict=True):
            if was != now and likely:
                self._expect(form, now)
            elif was != now:
                self.require_window(form, now)

    def _narrow_products(self) -> None:
        """The limbs of a product and its factors narrow each other."""
        for product in self.products:
            for one, other in ((product.a, product.b), (product.b, product.a)):
                pairs = (one, other, product.c, product.d, product.result)
                forms = [*(form for pair in pairs for form in pair), product.result[0] + product.result[1]]
                for likely in (False, True):
                    old = [self._limbs(pair, likely=likely) for pair in pairs]
                    new = product_windows(self._choices(other, likely=likely), *old)
                    windows = [*(window for limbs in old for window in limbs), self.window(forms[-1], likely=likely)]
                    self._note(forms, windows, new, likely=likely)

    def _limbs(self, pair: Pair, *, likely: bool) -> Limbs:
        known = [self.window(form, likely=likely) or LIMB_WINDOW for form in pair]
        low, high = (intersection(window, LIMB_WINDOW) or LIMB_WINDOW for window in known)
        return low, high

    def _choices(self, pair: Pair, *, likely: bool) -> Choices | None:
        """The words that a word is one of, when it is a constant or given as one of a few."""
        low, high = self._limbs(pair, likely=likely)
        if low[0] == low[1] and high[0] == high[1]:
            return frozenset({(low[0], high[0])})
        known = self.choices.get(pair)
        if known is None:
            return None
        return frozenset(one for one in known if low[0] <= one[0] <= low[1] and high[0] <= one[1] <= high[1])
