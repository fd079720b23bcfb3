"""Tree cover: which rule makes each SSA value, and in which representation it lives.

In: a legalised function and the representations in which parameters and results cross calls. Out: a `Cover` that names
the cheapest `Match` of every value. The values of a block form trees: a pure value with one use, in its own block, is
computed where it is used and may be folded into its user's rule. Costs are summed from the leaves up (Fraser, Hanson,
Proebsting, "Engineering a simple, efficient code-generator generator", 1992); conversions are counted where a leaf
needs them. Block parameters start in the best representation and fall until every argument serves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import permutations

from zkwasm_compiler.analysis.order import reverse_postorder
from zkwasm_compiler.analysis.references import CALLS
from zkwasm_compiler.ir.function import Block, Function, Type, Value, constant_bits
from zkwasm_compiler.ir.integers import signed
from zkwasm_compiler.ir.ops import OPS, quotient_offset
from zkwasm_compiler.lowering.legalize import COMPARISONS, index_of
from zkwasm_compiler.lowering.signature import Signature, best, called_signature, meet, worst
from zkwasm_compiler.machine.allocation import VALUE_REGISTERS
from zkwasm_compiler.rules.affine import (
    POWER_TABLES,
    PRIME,
    affine_rule,
    branch_rule,
    exact_rule,
    field_coefficient,
    power_rule,
)
from zkwasm_compiler.rules.catalogue import BY_OP, conversion
from zkwasm_compiler.rules.hosts import HOST_RESULTS
from zkwasm_compiler.rules.i32 import has_quotient_above
from zkwasm_compiler.rules.representation import CLEAN, INDEX, LONG, TIDY, TIDY_INDEX, WORD, Representation
from zkwasm_compiler.rules.rule import CONSTANT_COST, Immediate, Leaf, Pattern, Rule
from zkwasm_compiler.rules.rule import leaves as leaves_of

MAXIMUM_TERMS = len(VALUE_REGISTERS) - 1
"""Operands of one sum: the step that checks it reads them and the result."""

EXACT = ("zk.add_nw", "zk.sub_nw", "zk.neg_nz", "zk.mul_nw_32", "zk.div_exact", "zk.multiple")
"""Ops that are sums in the field too, without a reduction."""

EXACT_TESTS = {
    "i32.lt_u": ("JMPN", False, False),
    "i32.ge_u": ("JMPN", True, False),
    "i32.gt_u": ("JMPN", False, True),
    "i32.le_u": ("JMPN", True, True),
    "i32.eq": ("JMPZ", False, False),
    "i32.ne": ("JMPZ", True, False),
    "i32.eqz": ("JMPZ", False, False),
}
"""Comparisons as tests of left minus right: the jump, whether it is taken where the comparison fails, and whether the
difference is right minus left. Other conditions hold where they are not zero."""


STRUCTURAL = {
    "global.get": None,
    "zk.load_word": WORD,
    "zk.memory_words": CLEAN,
    "zk.segment_word": CLEAN,
    "zk.dropped": CLEAN,
    "zk.locate": INDEX,
    "zk.misalignment": WORD,
    "zk.unchecked_index": TIDY_INDEX,
    "zk.load_bytes": TIDY,
    "zk.entry_index": INDEX,
    "zk.load_entry": WORD,
    "zk.table_size": CLEAN,
    **HOST_RESULTS,
}
"""What selection makes without a rule, and its representation (None: the worst of its type)."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule and what its pattern binds. `folded` are the values inside the pattern, which need no register."""

    rule: Rule
    leaves: dict[str, tuple[Value, Representation]]
    constants: dict[str, int]
    folded: tuple[Value, ...]
    cost: float


@dataclass(slots=True)
class _Bindings:
    leaves: dict[str, tuple[Value, Representation]] = field(default_factory=dict)
    immediates: dict[str, int] = field(default_factory=dict)
    folded: list[Value] = field(default_factory=list)

    def copy(self) -> _Bindings:
        return _Bindings(dict(self.leaves), dict(self.immediates), list(self.folded))


class Cover:
    """The cheapest cover of one function. `representation` and `choice` are complete after construction."""

    def __init__(self, function: Function, signatures: dict[int, Signature]) -> None:
        self.function = function
        self.signatures = signatures
        self.representation: dict[Value, Representation] = {}
        self.choice: dict[Value, Match] = {}
        self.cost: dict[Value, float] = {}
        self.trees = _trees(function)
        tests = [block.terminator for block in function.blocks if block.terminator is not None]
        self.located = {test.args[0]: test for test in tests if test.op == "zk.by_bounds"}
        self.above: dict[Value, Value] = {}
        self.order = reverse_postorder(function)
        for value, representation in zip(function.entry.parameters, signatures[function.index].parameters, strict=True):
            self.representation[value] = representation
        for block in self.order[1:]:
            for value in block.parameters:
                self.representation[value] = best(value.type)
        while self._sweep():
            pass

    def is_tree_child(self, value: Value) -> bool:
        """Whether the value is computed where its one use is."""
        return value in self.trees

    def branch(self, condition: Value) -> Match:
        """The cheapest rule for a branch on `condition`."""
        fold = condition in self.trees or condition.op in COMPARISONS
        cheapest = self._cheapest("br_if", [condition], {condition} if fold else set())
        for match in self._tests(condition):
            if _better(match, cheapest):
                cheapest = match
        return cheapest

    # The sweep

    def _sweep(self) -> bool:
        """Cover every block once; True when a block parameter had to fall, so that another sweep is needed."""
        changed = False
        for block in self.order:
            for value in block.body:
                self._cover_value(value)
        for block in self.order:
            for target in block.targets:
                for parameter, arg in zip(target.block.parameters, target.args, strict=True):
                    met = meet(self.representation[parameter], self.representation[arg])
                    if met is not self.representation[parameter]:
                        self.representation[parameter] = met
                        changed = True
        return changed

    def _cover_value(self, value: Value) -> None:
        bits = constant_bits(value)
        if bits is not None:
            self.representation[value] = CLEAN if bits < 1 << 32 else LONG
        elif value.op == "result":
            callee = self.signatures[called_signature(value.args[0])]
            self.representation[value] = callee.results[index_of(value)]
        elif value.op == "zk.word_index":
            self.representation[value] = self._index(value.args[2::2])
        elif value.op == "zk.locate" and value in self.located:
            self.representation[value] = self._index(self.located[value].args[3::2])
        elif value.op in STRUCTURAL:
            self.representation[value] = STRUCTURAL[value.op] or worst(value.type)
        elif OPS[value.op].result not in (None, Type.NONE) and value.op not in COMPARISONS and value.op not in CALLS:
            match = self._cheapest(value.op, value.args, {arg for arg in value.args if arg in self.trees}, value)
            self.choice[value] = match
            self.cost[value] = match.cost
            self.representation[value] = self._result(match)
            if value in self.trees and _divisor(value) is not None:
                self._cover_above(value)

    def _index(self, terms: list[Value]) -> Representation:
        """The representation of an index that is made of these terms."""
        known = (self.representation.get(term, WORD) for term in terms)
        return TIDY_INDEX if all(have.serves(TIDY) or have is TIDY_INDEX for have in known) else INDEX

    def _cover_above(self, value: Value) -> None:
        """Beside a quotient or a remainder by a constant: the quotient with its offset, which sums can begin with."""
        x = value.args[0]
        if value not in self.above:
            divisor = self.function.new_value("i32.const", Type.I32, immediate=_divisor(value))
            self.above[value] = self.function.new_value("zk.div_u_above", Type.I32, [x, divisor])
        above = self.above[value]
        match = self._cheapest(above.op, above.args, {x} & self.trees)
        shared = self.cost.get(x, 0.0) if value.op == "i32.rem_u" and x in self.trees else 0.0  # x is in the sum too
        self.trees.add(above)
        self.choice[above] = match
        self.cost[above] = match.cost - shared
        self.representation[above] = self._result(match)

    def _result(self, match: Match) -> Representation:
        assert match.rule.result is not None
        return match.rule.result

    def _cheapest(self, op: str, args: list[Value], foldable: set[Value], value: Value | None = None) -> Match:
        best_match: Match | None = None
        for rule in BY_OP.get(op, ()):
            for bindings in self._match_children(rule.pattern.children, args, op, _Bindings(), foldable):
                constants = rule.solve(bindings.immediates)
                if constants is None:
                    continue
                match = self._priced(rule, bindings, constants)
                if match is not None and (best_match is None or _better(match, best_match)):
                    best_match = match
        if value is not None:
            for match in self._sums(value):
                if best_match is None or _better(match, best_match):
                    best_match = match
        assert best_match is not None, f"no rule covers {op}({', '.join(arg.op for arg in args)})"
        return best_match

    def _match_children(
        self, patterns: tuple[Pattern, ...], args: list[Value], op: str, bindings: _Bindings, foldable: set[Value]
    ) -> Iterator[_Bindings]:
        """Every way to bind the sub-patterns to the arguments; commutative ops try both orders."""
        commutative = op in OPS and OPS[op].commutative and len(args) == 2
        for order in permutations(args) if commutative else [tuple(args)]:
            partial = [bindings.copy()]
            for pattern, arg in zip(patterns, order, strict=True):
                partial = [found for one in partial for found in self._match(pattern, arg, one, foldable)]
            yield from partial

    def _match(self, pattern: Pattern, value: Value, bindings: _Bindings, foldable: set[Value]) -> Iterator[_Bindings]:
        if isinstance(pattern, Leaf):
            if value.op not in COMPARISONS:
                bindings.leaves[pattern.name] = (value, pattern.representation)
                yield bindings
        elif isinstance(pattern, Immediate):
            bits = constant_bits(value)
            if bits is not None:
                bindings.immediates[pattern.name] = bits
                yield bindings
        elif value.op == pattern.op and value in foldable:
            bindings.folded.append(value)
            inner = {arg for arg in value.args if arg in self.trees}
            yield from self._match_children(pattern.children, value.args, value.op, bindings, inner)

    def _priced(self, rule: Rule, bindings: _Bindings, constants: dict[str, int]) -> Match | None:
        """The match with its cost, or None when a leaf cannot be had in its representation."""
        cost = rule.cost
        for value, wanted in bindings.leaves.values():
            price = self._leaf_cost(value, wanted)
            if price is None:
                return None
            cost += price
        return Match(rule, bindings.leaves, constants, tuple(bindings.folded), cost)

    def _leaf_cost(self, value: Value, wanted: Representation) -> float | None:
        have = self.representation[value]
        if constant_bits(value) is not None:
            return CONSTANT_COST if have.serves(wanted) else None
        cost = self.cost.get(value, 0.0) if value in self.trees else 0.0
        if have.serves(wanted):
            return cost
        return cost + conversion(have).cost if value.type.bits == 32 else None

    # Sums

    def _sums(self, value: Value) -> Iterator[Match]:
        """The value as a sum: everything that folds into it, or its own arguments only."""
        if value.op in ("i32.add", "i32.sub", "i32.mul", "i32.shl", *EXACT):
            for deep in (True, False):
                terms: dict[Value, int] = {}
                folded: list[Value] = []
                constant = self._collect(value, 1, terms, folded, deep, top=True)
                terms = {term: k & 0xFFFFFFFF for term, k in terms.items() if k & 0xFFFFFFFF}
                rule = affine_rule(tuple(terms.values()), constant) if len(terms) <= MAXIMUM_TERMS else None
                yield from self._sum_match(rule, terms, folded, value)
        if value.op in POWER_TABLES:
            for deep in (True, False):
                terms, constant, folded = self._exact_sum([(value.args[0], 1)], deep)
                if len(terms) <= MAXIMUM_TERMS:
                    for rotated in ([None] if folded else []) + self._highs(terms):
                        rule = power_rule(value.op, tuple(terms.values()), constant, rotated)
                        yield from self._sum_match(rule, terms, [value, *folded], value)
        if value.op in EXACT:
            for deep in (True, False):
                terms, constant, folded = self._exact_sum([(value, 1)], deep, value)
                if not folded or len(terms) > MAXIMUM_TERMS:
                    continue
                for operands in self._exact_operands(terms):
                    # What is carried round a loop is small by induction; the check costs nothing and says so at once.
                    rule = exact_rule(tuple(terms.values()), constant, operands, value.op == "zk.multiple")
                    yield from self._sum_match(rule, terms, folded, value)

    def _exact_operands(self, terms: dict[Value, int]) -> Iterator[tuple[Representation, ...]]:
        """The representations to try for the operands of an exact sum: alike, or one as it is when that is a WORD; LONG
        for one that is the high word of an argument of its own."""
        indexes = {term for term in terms if term.type is Type.INDEX}
        words = [term for term in terms if term not in indexes and not self.representation[term].serves(TIDY)]
        wanted = dict.fromkeys(terms, TIDY) | dict.fromkeys(indexes, TIDY_INDEX)
        if not indexes:
            yield (CLEAN,) * len(terms)
        yield tuple(wanted.values())
        if len(words) == 1:
            yield tuple((wanted | {words[0]: WORD}).values())
            if self._highs(words):
                yield tuple((wanted | {words[0]: LONG}).values())

    def _highs(self, terms: Iterable[Value]) -> list[int]:
        """The positions of terms that are high words and which only the sum wants."""
        return [n for n, term in enumerate(terms) if term.op in ("zk.high", "zk.upper") and term in self.trees]

    def _sum_match(
        self, rule: Rule | None, terms: dict[Value, int], folded: list[Value], value: Value
    ) -> Iterator[Match]:
        if rule is not None and value not in terms:
            wanted = [leaf.representation for leaf in leaves_of(rule.pattern)]
            match = self._priced_sum(rule, dict(zip(terms, wanted, strict=True)), folded[1:])
            if match is not None:
                yield match

    def _priced_sum(self, rule: Rule, terms: dict[Value, Representation], folded: list[Value]) -> Match | None:
        """The match of a rule for a sum of these terms; where it wants a LONG, the term is the high word of that."""
        highs = [term for term, wanted in terms.items() if wanted is LONG]
        leaves = {
            f"x{number}": (term.args[0] if wanted is LONG else term, wanted)
            for number, (term, wanted) in enumerate(terms.items())
        }
        return self._priced(rule, _Bindings(leaves, {}, [*folded, *highs]), {})

    def _tests(self, condition: Value) -> Iterator[Match]:
        """A branch on an exact sum, or on the difference of two, that needs no register."""
        jump, inverted, swapped = EXACT_TESTS.get(condition.op, ("JMPZ", True, False))
        operands = condition.args if condition.op in EXACT_TESTS else [condition]
        parts = list(zip(operands[::-1] if swapped else operands, (1, -1), strict=False))
        for deep in (True, False):
            terms, constant, folded = self._exact_sum(parts, deep)
            if jump == "JMPZ" and len(terms) == 1 and not constant:
                terms = dict.fromkeys(terms, 1)
            if len(terms) > MAXIMUM_TERMS:
                continue
            for rotated in ([None] if folded else []) + self._highs(terms):
                rule = branch_rule(tuple(terms.values()), constant, jump, inverted, rotated)
                wanted = {
                    term: LONG if number == rotated else INDEX if term.type is Type.INDEX else WORD
                    for number, term in enumerate(terms)
                }
                match = self._priced_sum(rule, wanted, folded)
                if match is not None:
                    yield match

    def _exact_sum(
        self, parts: list[tuple[Value, int]], deep: bool, made: Value | None = None
    ) -> tuple[dict[Value, int], int, list[Value]]:
        """The terms, the constant and the folded values of a sum with coefficients in the field, of which the exact ops
        fold that nothing else uses, and `made`."""
        terms: dict[Value, int] = {}
        folded: list[Value] = []
        constant = 0
        work = [(value, scale, made is None) for value, scale in parts]
        while work:
            value, scale, outermost = work.pop()
            bits = constant_bits(value)
            folds = value is made or ((deep or outermost) and value in self.trees)
            inner = self._exact_terms(value) if folds else None
            if bits is not None:
                constant += scale * bits
            elif inner is None:
                terms[value] = terms.get(value, 0) + scale
            else:
                folded.append(value)
                constant += scale * inner[1]
                work += [(term, scale * k, False) for term, k in inner[0]]
        terms = {term: field_coefficient(k) for term, k in terms.items() if k % PRIME}
        return terms, field_coefficient(constant), folded

    def _collect(
        self, value: Value, scale: int, terms: dict[Value, int], folded: list[Value], deep: bool, *, top: bool = False
    ) -> int:
        """Add `scale * value` to `terms`; the constant part is returned."""
        bits = constant_bits(value)
        if bits is not None:
            return scale * bits
        if top or (deep and value in self.trees):
            factor = constant_bits(value.args[1]) if value.args and len(value.args) == 2 else None
            match value.op:
                case "i32.add" | "i32.sub" | "zk.add_nw" | "zk.sub_nw":
                    folded.append(value)
                    sign = -1 if "sub" in value.op else 1
                    left = self._collect(value.args[0], scale, terms, folded, deep)
                    return left + self._collect(value.args[1], sign * scale, terms, folded, deep)
                case "zk.neg_nz":
                    folded.append(value)
                    return self._collect(value.args[0], -scale, terms, folded, deep)
                case "i32.mul" | "i32.shl" | "zk.mul_nw_32" if factor is not None:
                    folded.append(value)
                    factor = 1 << (factor % 32) if value.op == "i32.shl" else factor
                    return self._collect(value.args[0], scale * factor, terms, folded, deep)
                case "i32.shr_u" | "i32.div_u" | "i32.rem_u" if value in self.above:
                    folded.append(value)
                    parts, constant = self._above_terms(value)
                    return scale * constant + sum(
                        self._collect(term, scale * k, terms, folded, deep) for term, k in parts
                    )
        terms[value] = terms.get(value, 0) + scale
        return 0

    def _exact_terms(self, value: Value) -> tuple[list[tuple[Value, int]], int] | None:
        """An exact op as a sum: the terms with their coefficients, and the constant."""
        x = value.args[0] if value.args else value
        factor = constant_bits(value.args[-1]) if len(value.args) == 2 else None
        if value in self.above:
            return self._above_terms(value)
        match value.op:
            case "zk.add_nw":
                return [(x, 1), (value.args[1], 1)], 0
            case "zk.sub_nw":
                return [(x, 1), (value.args[1], -1)], 0
            case "zk.neg_nz":
                return [(x, -1)], 1 << 32
            case "zk.mul_nw_32" if factor is not None:
                return [(x, factor)], 0
            case "zk.multiple":
                times, offset, divisor = (signed(index_of(arg), 64) for arg in value.args[1:])
                inverse = pow(divisor, -1, PRIME)
                return [(x, times * inverse)], offset * inverse
            case "zk.div_exact" if factor:
                return [(x, pow(factor, -1, PRIME))], 0
        return None

    def _above_terms(self, value: Value) -> tuple[list[tuple[Value, int]], int]:
        """The same for a quotient or a remainder, from the quotient with its offset."""
        divisor = _divisor(value)
        assert divisor is not None
        offset, above = quotient_offset(divisor), self.above[value]
        if value.op == "i32.rem_u":
            return [(value.args[0], 1), (above, -divisor)], divisor * offset
        return [(above, 1)], -offset


def _divisor(value: Value) -> int | None:
    """The constant by which an op divides an i32, if the quotient can be had with an offset."""
    number = constant_bits(value.args[1]) if value.op in ("i32.shr_u", "i32.div_u", "i32.rem_u") else None
    if number is None:
        return None
    divisor = 1 << (number % 32) if value.op == "i32.shr_u" else number
    return divisor if has_quotient_above(divisor) else None


_RANK = {CLEAN: 0, TIDY: 1, LONG: 2, WORD: 3, TIDY_INDEX: 4, INDEX: 5, None: 6}


def _better(a: Match, b: Match) -> bool:
    """Cheaper, or as cheap in a better representation."""
    return (round(a.cost, 6), _RANK[a.rule.result]) < (round(b.cost, 6), _RANK[b.rule.result])


def _trees(function: Function) -> set[Value]:
    """The pure values with one use, in their own block, by something that is itself computed in that block."""
    uses: dict[Value, list[Value | None]] = {}
    home: dict[Value, Block] = {}
    for block in function.blocks:
        for value in block.values():
            home[value] = block
            for arg in value.args:
                uses.setdefault(arg, []).append(value)
            for target in value.targets:
                for arg in target.args:
                    uses.setdefault(arg, []).append(None)  # must be in its register before the jump
    result: set[Value] = set()
    for block in function.blocks:
        for value in block.body:
            user = uses[value][0] if len(uses.get(value, ())) == 1 else None
            if user is None or home[user] is not block:
                continue
            pure = OPS[value.op].pure or _divisor(value) is not None
            if pure and constant_bits(value) is None and not _recomputed(user, uses, home):
                result.add(value)
    return result


def _recomputed(user: Value, uses: dict[Value, list[Value | None]], home: dict[Value, Block]) -> bool:
    """Whether `user` is a comparison that is made again at several branches, or in another block."""
    if user.op not in COMPARISONS:
        return False
    branches = uses.get(user, [])
    return len(branches) != 1 or branches[0] is None or home[branches[0]] is not home[user]
