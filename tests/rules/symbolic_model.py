"""The machine's constraints on the steps of a lowering rule as integer formulas for z3.

Limbs are polynomials over bounded integer variables. A field equation ``E = w`` becomes ``E - w = p*k`` over the
integers, with k in the range that the bounds of the variables leave; as multiplying both sides by a power of two
changes nothing, the multiple with the smallest range is taken (-F*x = 2^-32*x, so multiplied by 2^32 many checks have
k = 0). Products of variables are variables of their own, with the facts about products that rules need.
Everything here only ever forgets facts: what z3 refutes from the formulas cannot happen on the machine.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import gcd

import z3

from tests.rules.machine_model import FAIL, FALLTHROUGH, RETURNS, returned
from tests.rules.polynomials import WORD, P, Polynomial
from zkwasm_compiler.machine.step import BINARY, NEXT
from zkwasm_compiler.rules.template import OperationTemplate, StepTemplate

Limbs = tuple[Polynomial, Polynomial]


class WildJumpError(Exception):
    """A computed jump whose index is not proved to be inside of its table."""


@dataclass(slots=True)
class Facts:
    """What is known on a path: bounds of variables and formulas. Copied where the path forks."""

    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)
    formulas: list[z3.BoolRef] = field(default_factory=list)
    products: dict[tuple[str, str], None] = field(default_factory=dict)
    abstractions: dict[object, Polynomial] = field(default_factory=dict)
    halves: dict[object, Limbs] = field(default_factory=dict)
    quotients: dict[object, tuple[Polynomial, Polynomial]] = field(default_factory=dict)

    def fork(self) -> Facts:
        return Facts(
            dict(self.bounds),
            list(self.formulas),
            dict(self.products),
            dict(self.abstractions),
            dict(self.halves),
            dict(self.quotients),
        )

    # -- variables and bounds

    def fresh(self, hint: str, low: int, high: int) -> Polynomial:
        """A new variable in [low, high]."""
        name = f"{hint}.{len(self.bounds)}"
        self.bounds[name] = low, high
        return Polynomial.variable(name)

    def interval(self, polynomial: Polynomial) -> tuple[int, int]:
        """Bounds of a polynomial, from those of its variables (which are not negative where they are multiplied)."""
        low = high = 0
        for monomial, coefficient in polynomial.terms.items():
            below = above = 1
            for name in monomial:
                corners = [x * y for x in (below, above) for y in self.bounds[name]]
                below, above = min(corners), max(corners)
            corners = [coefficient * below, coefficient * above]
            low, high = low + min(corners), high + max(corners)
        return low, high

    def expression(self, polynomial: Polynomial) -> z3.ArithRef:
        """The polynomial for z3; a product of variables is a variable of its own."""
        parts = []
        for monomial, coefficient in polynomial.terms.items():
            if len(monomial) > 1 and " * ".join(monomial) not in self.bounds:
                self.bounds[" * ".join(monomial)] = self.interval(Polynomial({monomial: 1}))
            parts.append(coefficient * (z3.Int(" * ".join(monomial)) if monomial else z3.IntVal(1)))
        return z3.Sum(parts) if parts else z3.IntVal(0)

    def say(self, *formulas: z3.BoolRef | bool) -> None:
        self.formulas += [z3.BoolVal(formula) if isinstance(formula, bool) else formula for formula in formulas]

    def say_equal(self, x: Polynomial, y: Polynomial) -> None:
        """Over the integers."""
        self.say(self.expression(x - y) == 0)

    def refine(self, polynomial: Polynomial, low: int, high: int) -> None:
        """Note that a polynomial is in [low, high]: for z3 and, when it is ±variable + constant, in the bounds."""
        expression = self.expression(polynomial)
        self.say(expression >= low, expression <= high)
        constant = polynomial.terms.get((), 0)
        match [*(polynomial - constant).terms.items()]:
            case [((name,), 1 | -1 as sign)]:
                ends = sorted((sign * (low - constant), sign * (high - constant)))
                old = self.bounds[name]
                self.bounds[name] = max(old[0], ends[0]), min(old[1], ends[1])

    # -- the field

    def congruent(self, x: Polynomial, y: Polynomial) -> z3.BoolRef:
        """x = y in the field, in the form with the smallest range of the quotient by P."""
        best, room = None, 0
        difference = x - y
        inverses = {pow(number, -1, P) for number in difference.terms.values() if number % P}
        for factor in (*(1 << shift for shift in range(96)), *sorted(inverses)):  # 2^96 = -1
            candidate = difference.modulo_p(factor)
            low, high = self.interval(candidate)
            if best is None or high - low < room:
                best, room = candidate, high - low
        assert best is not None
        low, high = self.interval(best)
        first, last = -(-low // P), high // P
        if first > last:
            return z3.BoolVal(False)
        quotient = self.fresh("k", first, last) if first != last else Polynomial.constant(first)
        return self.expression(best - quotient * P) == 0

    def in_range(self, polynomial: Polynomial, low: int, high: int) -> Polynomial:
        """Say that the field element is (congruent to) one in [low, high]; returns that one."""
        for candidate in (polynomial, polynomial.modulo_p(1)):
            bounds = self.interval(candidate)
            if low <= bounds[0] and bounds[1] <= high:
                return candidate
        bounds = self.interval(polynomial)
        if bounds[0] + P > high and bounds[1] - P < low:  # no other representative can be in the range
            self.refine(polynomial, low, high)
            return polynomial
        value = self.fresh("w", low, high)
        self.say(self.congruent(polynomial, value))
        return value

    def say_nonzero(self, polynomial: Polynomial) -> None:
        """In the field."""
        low, high = self.interval(polynomial)
        if low > -P and high < P:
            self.say(self.expression(polynomial) != 0)
        else:
            self.in_range(polynomial, 1, P - 1)

    def word(self, limb: Polynomial) -> Polynomial:
        """Say that the limb is normalised; returns the word."""
        return self.in_range(limb, 0, WORD - 1)

    def pair(self, limbs: Limbs) -> Limbs:
        return self.word(limbs[0]), self.word(limbs[1])

    # -- integers

    def divide(self, x: Polynomial, divisor: int) -> tuple[Polynomial, Polynomial]:
        """Floored quotient and remainder by a positive constant."""
        if x.number is not None:
            return Polynomial.constant(x.number // divisor), Polynomial.constant(x.number % divisor)
        factor = gcd(divisor, *x.terms.values())
        if factor > 1:  # so the remainder is a multiple of it
            quotient, remainder = self.divide(
                Polynomial({key: number // factor for key, number in x.terms.items()}), divisor // factor
            )
            return quotient, remainder * factor
        low, high = self.interval(x)
        if low >= 0 and high < divisor:
            return Polynomial.constant(0), x
        if (x.key, divisor) not in self.quotients:
            quotient, remainder = self.fresh("q", low // divisor, high // divisor), self.fresh("r", 0, divisor - 1)
            self.say_equal(x, quotient * divisor + remainder)
            self.quotients[x.key, divisor] = quotient, remainder
        return self.quotients[x.key, divisor]

    def value(self, low: Polynomial, high: Polynomial) -> Polynomial:
        """low + 2^32*high as one variable or constant, so that products of values are products of two variables."""
        total = low + high * WORD
        match [*total.terms.items()]:
            case [] | [((), _)] | [((_,), 1)]:
                return total
        if total.key not in self.abstractions:
            variable = self.fresh("v", *self.interval(total))
            self.say_equal(variable, total)
            self.abstractions[total.key] = variable
        return self.abstractions[total.key]

    def split(self, value: Polynomial) -> Limbs:
        """The halves of a 64-bit value."""
        if value.key not in self.halves:
            quotient, remainder = self.divide(value, WORD)
            self.halves[value.key] = remainder, quotient
            self.abstractions[(remainder + quotient * WORD).key] = value
        return self.halves[value.key]

    def product(self, x: Polynomial, y: Polynomial) -> Polynomial:
        """The product of two values that are not negative; one of variables gets the facts of `product_facts`."""
        assert min(self.interval(x)[0], self.interval(y)[0]) >= 0, "the facts about products are for these"
        x, y = self.value(x, Polynomial()), self.value(y, Polynomial())
        if x.number is None and y.number is None:
            (a,), (b,) = *x.terms, *y.terms
            self.products[min(a, b), max(a, b)] = None
        return x * y

    def product_facts(self) -> Iterator[z3.BoolRef]:
        """True statements about the products of (not negative) variables: monotony, and comparison in one factor."""
        for a, b in self.products:
            x, y = z3.Int(a), z3.Int(b)
            product = self.expression(Polynomial({(a, b): 1}))
            yield z3.Implies(x == 0, product == 0)
            yield z3.Implies(y == 0, product == 0)
            yield z3.Implies(y >= 1, product >= x)
            yield z3.Implies(x >= 1, product >= y)
        for first, second in itertools.combinations(self.products, 2):
            for i, j in itertools.product((0, 1), repeat=2):
                if first[i] != second[j]:
                    continue
                factor, x, y = z3.Int(first[i]), z3.Int(first[1 - i]), z3.Int(second[1 - j])
                px, py = (self.expression(Polynomial({key: 1})) for key in (first, second))
                yield z3.Implies(x == y, px == py)
                yield z3.Implies(x >= y + 1, px >= py + factor)
                yield z3.Implies(y >= x + 1, py >= px + factor)
            if first[0] == first[1] and second[0] == second[1]:
                x, y = z3.Int(first[0]), z3.Int(second[0])
                px, py = (self.expression(Polynomial({key: 1})) for key in (first, second))
                yield z3.Implies(x == y, px == py)
                yield z3.Implies(x >= y + 1, px >= py + x + y)
                yield z3.Implies(y >= x + 1, py >= px + x + y)

    def bitwise(self, name: str, x: Polynomial, y: Polynomial) -> Polynomial:
        """AND, OR or XOR of two words as an unknown function of them, but for constants."""
        if x.number is not None and y.number is not None:
            i, j = x.number, y.number
            return Polynomial.constant({"AND": i & j, "OR": i | j, "XOR": i ^ j}[name])
        x, y = sorted((x, y), key=lambda polynomial: (polynomial.number is None, polynomial.key))  # the constant first
        if x.number == 0:
            return Polynomial() if name == "AND" else y
        if name == "AND" and x.number is not None and x.number & (x.number + 1) == 0:
            return self.divide(y, x.number + 1)[1]
        if name == "AND" and x.number is not None and (exact := self.masked(y, x.number)) is not None:
            return exact
        key = name, x.key, y.key
        if key not in self.abstractions:
            self.abstractions[key] = result = self.fresh(name, 0, WORD - 1)
            if name == "AND":
                self.say(*(self.expression(result) <= self.expression(operand) for operand in (x, y)))
        return self.abstractions[key]

    def masked(self, x: Polynomial, mask: int) -> Polynomial | None:
        """x AND mask where the variables of x do not cross the borders of the mask's runs of ones, otherwise None."""
        result: Polynomial | None = Polynomial()
        for run in re.finditer("1+", f"{mask:b}"[::-1]):
            below, above = self.cut(x, run.start()), self.cut(x, run.end())
            if result is None or below is None or above is None:
                return None
            result += above - below
        return result

    def cut(self, x: Polynomial, bits: int) -> Polynomial | None:
        """x modulo 2^bits if it is a part of the terms of x, otherwise None."""
        low = Polynomial({key: number for key, number in x.terms.items() if number % (1 << bits)})
        below, above = self.interval(low)
        return low if below >= 0 and above < 1 << bits else None

    def indicator(self, condition: z3.BoolRef) -> Polynomial:
        """1 when the condition holds, otherwise 0."""
        flag = self.fresh("flag", 0, 1)
        self.say((self.expression(flag) == 1) == condition)
        return flag

    def signed(self, value: Polynomial, bits: int) -> Polynomial:
        """The two's-complement value of a pattern."""
        negative = self.indicator(self.expression(value) >= 1 << (bits - 1))
        return value - negative * (1 << bits)

    # -- questions

    def check(self) -> tuple[z3.CheckSatResult, z3.ModelRef | None]:
        """Whether everything said can hold, with a model. Arithmetic without products is decidable, but a search may
        take a bad turn: short attempts with other seeds come before a long one."""
        for seed, milliseconds in ((0, 1_500), (1, 1_500), (2, 1_500), (3, 120_000)):
            solver = z3.SolverFor("QF_LIA")
            solver.set("timeout", milliseconds)
            solver.set("random_seed", seed)
            solver.add(*self.formulas, *self.product_facts())
            for name, (low, high) in self.bounds.items():
                solver.add(z3.Int(name) >= low, z3.Int(name) <= high)
            verdict = solver.check()
            if verdict != z3.unknown:
                break
        return verdict, solver.model() if verdict == z3.sat else None

    def refutes(self, *formulas: z3.BoolRef) -> bool:
        """Whether the formulas cannot hold too."""
        facts = self.fork()
        facts.say(*formulas)
        return facts.check()[0] == z3.unsat


@dataclass(slots=True)
class Path:
    """One way through the steps: its end, the operands there, what the prover chose, and what holds."""

    facts: Facts
    operands: dict[str, Limbs]
    constants: Mapping[str, Polynomial]
    advice: tuple[Limbs, ...] = ()
    end: str = NEXT


def paths(steps: Sequence[StepTemplate], start: Path) -> Iterator[Path]:
    """Every way through the steps."""
    alive = [start]
    for step in steps:
        following: list[Path] = []
        for path in alive:
            for branch in _step(step, path):
                if branch.end == NEXT:
                    following.append(branch)
                else:
                    yield branch
        alive = following
    for path in alive:
        yield replace(path, end=FALLTHROUGH)


def _step(step: StepTemplate, path: Path) -> Iterable[Path]:
    facts = path.facts
    result: Limbs | None = None
    carry: z3.BoolRef | None = None
    for operation in step.operations:
        if operation.name in BINARY:
            a, b = (facts.pair(_read(path, name)) for name in operation.operands)
            result, carry = _binary(facts, operation.name, a, b)
    op = _sum(step, path)
    if step.defined:
        assert result is not None, f"{step.text}: no operation defines $"
        op = result
    else:
        if step.advice is not None:
            limbs = facts.fresh("advice", 0, P - 1), facts.fresh("advice", 0, P - 1)
            path.advice = (*path.advice, limbs)
            op = op[0] + limbs[0], op[1] + limbs[1]
        if result is not None:
            for mine, right in zip(facts.pair(op), result, strict=True):
                facts.say_equal(mine, right)
    jumps = []
    for operation in step.operations:
        match operation.name:
            case "ARITH":
                _arith(facts, [facts.pair(_read(path, name)) for name in operation.operands], facts.pair(op))
            case "ASSERT":
                for mine, right in zip(op, _read(path, operation.operands[0]), strict=True):
                    facts.say(facts.congruent(mine, right))
            case name if name not in BINARY:
                jumps.append(operation)
    for name in step.destinations:
        path.operands[name] = op
    assert len(jumps) <= 1, f"{step.text}: two jumps"
    return _jump(step, jumps[0], path, op, carry) if jumps else [path]


def _read(path: Path, name: str) -> Limbs:
    if not name.startswith("#"):
        return path.operands[name]
    constant = Polynomial.constant(int(name[1:])) if name[1:].isdigit() else path.constants[name[1:]]
    return path.facts.split(constant)


def _sum(step: StepTemplate, path: Path) -> Limbs:
    low, high = Polynomial(), Polynomial()
    if step.long is not None:
        low, high = path.facts.split(path.constants[step.long])
    for term in step.terms:
        coefficient = Polynomial.constant(1)
        for factor in term.factors:
            coefficient = coefficient * (factor if isinstance(factor, int) else path.constants[factor])
        limbs = (Polynomial.constant(1), Polynomial()) if term.operand is None else _read(path, term.operand)
        if term.rotated:
            limbs = limbs[1], limbs[0]
        if coefficient.number is None:
            limbs = path.facts.product(coefficient, limbs[0]), path.facts.product(coefficient, limbs[1])
        else:
            limbs = coefficient * limbs[0], coefficient * limbs[1]
        sign = -1 if term.negative else 1
        low, high = low + sign * limbs[0], high + sign * limbs[1]
    return low, high


def _binary(facts: Facts, name: str, a: Limbs, b: Limbs) -> tuple[Limbs, z3.BoolRef]:
    """Result and carry."""
    if name in ("AND", "OR", "XOR"):
        low, high = (facts.bitwise(name, x, y) for x, y in zip(a, b, strict=True))
        return (low, high), facts.expression(low + high) != 0 if name == "AND" else z3.BoolVal(False)
    x, y = a[0] + a[1] * WORD, b[0] + b[1] * WORD
    if name in ("ADD", "SUB"):
        total = x + y if name == "ADD" else x - y
        quotient, remainder = facts.divide(total, WORD * WORD)
        return facts.split(remainder), facts.expression(quotient) != 0
    if name == "SLT":
        x, y = facts.signed(x, 64), facts.signed(y, 64)
    difference = facts.expression(x - y)
    condition = difference == 0 if name == "EQ" else difference < 0
    return (facts.indicator(condition), Polynomial()), condition


def _arith(facts: Facts, operands: list[Limbs], op: Limbs) -> None:
    """A*B + C = D*2^64 + op for normalised D and op: they are quotient and remainder, limb by limb."""
    a, b, c, d = operands
    x, y = a[0] + a[1] * WORD, b[0] + b[1] * WORD
    parts = facts.divide(x * y + c[0] + c[1] * WORD, WORD * WORD)
    for limbs, part in zip((d, op), parts, strict=True):
        for limb, half in zip(limbs, facts.split(part), strict=True):
            facts.say_equal(limb, half)
    if x.number is None and y.number is None:
        total = facts.product(facts.value(*a), facts.value(*b)) + c[0] + c[1] * WORD
        facts.say_equal(total, (d[0] + d[1] * WORD) * WORD * WORD + op[0] + op[1] * WORD)


def _jump(
    step: StepTemplate, operation: OperationTemplate, path: Path, op: Limbs, carry: z3.BoolRef | None
) -> Iterator[Path]:
    if operation.name == "CALL":
        yield from _call(step, operation, path)
        return
    taken, other = (*operation.targets, NEXT)[:2]
    if operation.name == "JMP":
        yield replace(path, end=taken)
        return
    for outcome, target in ((True, taken), (False, other)):
        facts, operands = path.facts.fork(), dict(path.operands)
        match operation.name:
            case "JMPN":
                limb = facts.in_range(op[0], *((-WORD, -1) if outcome else (0, WORD - 1)))
                operands.update(dict.fromkeys(step.destinations, (limb, op[1])))  # the same element of the field
            case "JMPZ" | "JMPNZ" if outcome == (operation.name == "JMPZ"):
                facts.say(facts.congruent(op[0], Polynomial()))
            case "JMPZ" | "JMPNZ":
                facts.say_nonzero(op[0])
            case "JMPC" | "JMPNC" if carry is not None:
                facts.say(carry if outcome == (operation.name == "JMPC") else z3.Not(carry))
            case _:
                raise ValueError(f"{step.text}: no model of {operation.name}")
        yield replace(path, facts=facts, end=target, operands=operands)


def _call(step: StepTemplate, operation: OperationTemplate, path: Path) -> Iterator[Path]:
    """One path an entry of the table; the index must be inside of it for whatever the prover does."""
    table = operation.targets[0]
    entries = RETURNS[table] * 32
    index = path.operands[operation.operands[0]][0]
    inside = path.facts.fork()
    low, high = inside.interval(index)
    if not (-entries <= low and high <= -1):
        outside = z3.Or(inside.expression(index) < -entries, inside.expression(index) > -1)
        if not (low > -P // 2 and high < P // 2 and inside.refutes(outside)):
            raise WildJumpError(f"{step.text}: the index can be outside of the table")
    assert operation.result is not None
    for entry in range(-entries, 0):
        facts = path.facts.fork()
        facts.refine(index, entry, entry)
        value = returned(table, entries, entry)
        if value >= WORD * WORD:
            yield replace(path, facts=facts, end=FAIL)
        else:
            limbs = facts.split(Polynomial.constant(value))
            yield replace(path, facts=facts, operands={**path.operands, operation.result: limbs})
