"""Soundness of one lowering rule: whatever satisfies the constraints along a path gives the op's value, or its trap.

The generic proof serves for every rule: operands are any limbs that their representation allows, immediates any number
(or, where the rule computes constants from them, each of a list), the specification is stated first, and for each path
through the steps z3 refutes that the promise is broken at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import z3

from tests.rules import machine_model
from tests.rules.polynomials import WORD, P, Polynomial
from tests.rules.specification import BY_BITS, CASES, MEANINGS, PRECONDITIONS, traps
from tests.rules.symbolic_model import Facts, Limbs, Path, WildJumpError, paths
from zkwasm_compiler.ir.function import Trap, Type
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Immediate, Leaf, Node, Pattern, Rule

DIVISORS = (1, 2, 3, 5, 7, 10, 255, 256, 641, 65537, 1 << 31, (1 << 31) + 1, WORD - 2, WORD - 1)


@dataclass(frozen=True, slots=True)
class Forgery:
    """What z3 found instead of a proof; it may fail on the machine where the formulas forget facts."""

    values: Mapping[str, int]
    operands: machine_model.Operands
    advice: tuple[tuple[int, int], ...]


class UnprovedError(Exception):
    """The rule is wrong, or there is no proof of it."""

    def __init__(self, message: str, forgery: Forgery | None = None) -> None:
        super().__init__(message)
        self.forgery = forgery


@dataclass(frozen=True, slots=True)
class Operand:
    """A leaf or an immediate of a pattern with the type that the op wants there."""

    name: str
    type: Type
    representation: Representation | None
    cases: tuple[int, ...] = ()
    by_bits: bool = False


def operands_of(pattern: Pattern, wanted: Type = Type.I32) -> Iterator[Operand]:
    """The operands of a pattern from left to right."""
    match pattern:
        case Leaf(name, representation):
            yield Operand(name, wanted, representation)
        case Immediate(name):
            yield Operand(name, wanted, None)
        case Node(op, children):
            types = OPS[op].operands if op in OPS else (Type.I32,) * len(children)
            assert types is not None
            position, cases = CASES.get(op, (-1, ()))
            for number, (child, type_) in enumerate(zip(children, types, strict=True)):
                for operand in operands_of(child, type_):
                    operand = replace(operand, by_bits=op in BY_BITS)
                    yield replace(operand, cases=cases) if number == position else operand


def result_type(rule: Rule) -> Type:
    """The type of the value that the rule gives."""
    op = OPS.get(rule.pattern.op)
    if op is None:  # a sum, or a function of one
        return Type.I64 if rule.result is Representation.LONG else Type.I32
    return op.result or Type.I32


def instances(rule: Rule) -> Iterator[dict[str, int]]:
    """The immediates to prove the rule for; empty for symbolic ones."""
    immediates = [operand for operand in operands_of(rule.pattern) if operand.representation is None]
    if not immediates or (not rule.constants and rule.pattern.op not in ("zk.fill_ones",)):
        yield {}
        return
    bits = OPS[rule.pattern.op].operands[0].bits  # type: ignore[index]
    amounts = (*range(bits), bits, bits + 1, bits + bits // 2, 2 * bits - 1, WORD - 1)
    for numbers in product(*(amounts if immediate.name == "s" else _numbers(immediate) for immediate in immediates)):
        chosen = {immediate.name: number for immediate, number in zip(immediates, numbers, strict=True)}
        if rule.solve(chosen) is not None:
            yield chosen


def _numbers(immediate: Operand) -> tuple[int, ...]:
    return DIVISORS if immediate.type is Type.I32 else (*DIVISORS, *(divisor * WORD for divisor in DIVISORS))


def prove(rule: Rule, meaning: Callable[..., Polynomial] | None = None) -> int:
    """Prove the rule sound; returns the number of paths. *Raises:* UnprovedError."""
    count = 0
    for immediates in instances(rule):
        for case in _cases(rule):
            count += _prove_instance(rule, immediates, case, meaning)
    if not count:
        raise UnprovedError(f"{rule.name}: no immediates for which the rule holds")
    return count


def _cases(rule: Rule) -> Iterator[dict[str, int]]:
    chosen = [operand for operand in operands_of(rule.pattern) if operand.cases]
    if not chosen:
        yield {}
        return
    (operand,) = chosen
    for value in operand.cases:
        yield {operand.name: value}


def start(rule: Rule, immediates: Mapping[str, int], case: Mapping[str, int]) -> tuple[Path, dict[str, Polynomial]]:
    """The path before the first step, and the values of operands and immediates."""
    facts = Facts()
    values: dict[str, Polynomial] = {}
    limbs: dict[str, Limbs] = {}
    constants: dict[str, Polynomial] = {}
    for operand in operands_of(rule.pattern):
        name = operand.name
        if operand.representation is None:
            size = 1 << operand.type.bits
            symbol = Polynomial.constant(immediates[name]) if name in immediates else facts.fresh(name, 0, size - 1)
            values[name] = constants[name] = symbol
        elif name in case:
            values[name] = Polynomial.constant(case[name])
            limbs[name] = facts.split(values[name])
        else:
            limbs[name] = _limbs(facts, operand)
            values[name] = limbs[name][0] + limbs[name][1] * (WORD if operand.type.bits == 64 else 0)
            if operand.type.bits == 64:
                facts.halves[values[name].key] = limbs[name]
    if immediates or not constants:
        solved = rule.solve(immediates)
        assert solved is not None
        constants |= {name: Polynomial.constant(number) for name, number in solved.items()}
    elif rule.guard is not None:
        facts.say(rule.guard({name: facts.expression(value) for name, value in constants.items()}))  # type: ignore[misc]
    return Path(facts, limbs, constants), values


def _limbs(facts: Facts, operand: Operand) -> Limbs:
    if operand.representation in (Representation.TIDY_INDEX, Representation.INDEX):
        return facts.fresh(f"{operand.name}.lo", -WORD, WORD - 1), facts.fresh(f"{operand.name}.hi", 0, P - 1)
    low = _word(facts, f"{operand.name}.lo", operand.by_bits)
    match operand.representation, operand.type.bits:
        case Representation.CLEAN, _:
            return low, Polynomial()
        case Representation.LONG, 64:
            return low, _word(facts, f"{operand.name}.hi", operand.by_bits)
        case ((Representation.TIDY | Representation.WORD), 32):
            return low, facts.fresh(f"{operand.name}.hi", 0, P - 1)
    raise UnprovedError(f"{operand.name} is {operand.representation} where the op wants {operand.type}")


def _word(facts: Facts, name: str, by_bits: bool) -> Polynomial:
    if not by_bits:
        return facts.fresh(name, 0, WORD - 1)
    return sum((facts.fresh(f"{name}.{bit}", 0, 1) * (1 << bit) for bit in range(32)), Polynomial())


def evaluate(
    facts: Facts, pattern: Pattern, values: Mapping[str, Polynomial], meaning: Callable[..., Polynomial] | None
) -> tuple[Polynomial, dict[Trap, z3.BoolRef]]:
    """The value of a pattern by the specification, and when it traps. States what the ops' promises say."""
    if not isinstance(pattern, Node):
        return values[pattern.name], {}
    arguments: list[Polynomial] = []
    trapping: dict[Trap, z3.BoolRef] = {}
    for child in pattern.children:
        value, below = evaluate(facts, child, values, None)
        arguments.append(value)
        trapping |= below
    expressions = [facts.expression(argument) for argument in arguments]
    if pattern.op == "br_if":
        return arguments[0], trapping
    if meaning is None:
        if pattern.op not in MEANINGS:
            raise UnprovedError(f"{pattern.op} has no meaning in tests/rules/specification.py")
        meaning = MEANINGS[pattern.op]
    if pattern.op in PRECONDITIONS:
        numbers = [e if a.number is None else a.number for a, e in zip(arguments, expressions, strict=True)]
        facts.say(PRECONDITIONS[pattern.op](*numbers))
    return meaning(facts, *arguments), trapping | traps(pattern.op, *expressions)


def _prove_instance(
    rule: Rule, immediates: Mapping[str, int], case: Mapping[str, int], meaning: Callable[..., Polynomial] | None
) -> int:
    first, values = start(rule, immediates, case)
    limbs = dict(first.operands)
    expected, trapping = evaluate(first.facts, rule.pattern, values, meaning)
    count = 0
    try:
        for path in paths(rule.steps, first):
            count += 1
            for what, facts in broken_promises(rule, path, expected, trapping):
                verdict, model = facts.check()
                if verdict != z3.unsat:
                    forgery = None if model is None else _forgery(model, facts, values, limbs, path.advice)
                    where = f"{rule.name} {dict(immediates)} {dict(case)}"
                    raise UnprovedError(f"{where}: {what} ({verdict})\n{forgery}", forgery)
    except WildJumpError as error:
        raise UnprovedError(f"{rule.name}: {error}") from error
    return count


def _forgery(
    model: z3.ModelRef,
    facts: Facts,
    values: Mapping[str, Polynomial],
    limbs: Mapping[str, Limbs],
    advice: tuple[Limbs, ...],
) -> Forgery:
    def number(polynomial: Polynomial) -> int:
        return int(str(model.eval(facts.expression(polynomial), model_completion=True)))

    return Forgery(
        {name: number(value) for name, value in values.items()},
        {name: (number(low), number(high)) for name, (low, high) in limbs.items()},
        tuple((number(low), number(high)) for low, high in advice),
    )


def broken_promises(
    rule: Rule, path: Path, expected: Polynomial, trapping: Mapping[Trap, z3.BoolRef]
) -> Iterator[tuple[str, Facts]]:
    """What must not hold at the end of a path: a description, and the path's facts with it."""

    def given(*formulas: z3.BoolRef) -> Facts:
        facts = path.facts.fork()
        facts.say(*formulas)
        return facts

    def different(limb: Polynomial, right: Polynomial) -> Facts:
        facts = path.facts.fork()
        facts.say_nonzero(limb - right)
        return facts

    if path.end == machine_model.FAIL:
        return
    if path.end.startswith("trap_"):
        condition = trapping.get(Trap[path.end.removeprefix("trap_").upper()], z3.BoolVal(False))
        yield f"{path.end} without a reason", given(z3.Not(condition))
        return
    for trap, condition in trapping.items():
        yield f"{path.end} where {trap.message} is due", given(condition)
    value = path.facts.expression(expected)
    if path.end in (machine_model.THEN, machine_model.ELSE) and rule.output is None:
        yield f"{path.end} is wrong", given(value == 0 if path.end == machine_model.THEN else value != 0)
        return
    if path.end != machine_model.FALLTHROUGH or rule.output is None:
        raise UnprovedError(f"{rule.name}: a path ends at {path.end}")
    low, high = path.operands[rule.output]
    if rule.result is Representation.LONG:
        if result_type(rule).bits != 64:
            raise UnprovedError(f"{rule.name}: only 64 bits can be long")
        expected_low, expected_high = path.facts.split(expected)
        yield "wrong high limb", different(high, expected_high)
        yield "wrong low limb", different(low, expected_low)
        return
    yield "wrong low limb", different(low, expected)
    yield "value of more than 32 bits", given(z3.Or(value < 0, value >= WORD))
    if rule.result is Representation.CLEAN:
        yield "high limb not 0", different(high, Polynomial())
    elif result_type(rule).bits == 64:
        raise UnprovedError(f"{rule.name}: 64 bits are long or clean")
