"""Completeness of one lowering rule: the honest advice satisfies all constraints and gives what the rule promises.

Operands are edge values and random ones in their honest representations; nothing here knows how a rule works.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

from tests.rules.machine_model import ELSE, FALLTHROUGH, THEN, DishonestAdviceError, Limbs, Machine, Outcome
from tests.rules.prover import DIVISORS, Operand, instances, operands_of, result_type
from tests.rules.specification import ENFORCED, PRECONDITIONS
from tests.rules.symbolic_model import WORD, P
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Node, Pattern, Rule

MACHINE = Machine()
EDGES_32 = (0, 1, 2, 3, 31, 32, 33, 63, 255, (1 << 31) - 1, 1 << 31, (1 << 31) + 1, WORD - 2, WORD - 1)
EDGES_64 = (*EDGES_32, WORD, WORD + 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - WORD, (1 << 64) - 1)
Meaning = Callable[..., int]
Values = Mapping[str, int]


class IncompleteError(Exception):
    """The honest prover fails, or does not give what the rule promises of him."""


class UnwantedError(Exception):
    """The arguments break what whoever makes the op promises."""


def evaluate(pattern: Pattern, values: Values, meaning: Meaning | None = None) -> int:
    """The value of a pattern. *Raises:* TrapError, UnwantedError."""
    if not isinstance(pattern, Node):
        return values[pattern.name]
    arguments = [evaluate(child, values) for child in pattern.children]
    if pattern.op == "br_if" or (pattern.op == "convert" and meaning is None):
        return arguments[0]
    for promises in (PRECONDITIONS, ENFORCED):
        if pattern.op in promises and not promises[pattern.op](*arguments):
            raise UnwantedError
    meaning = meaning or OPS[pattern.op].evaluate
    assert meaning is not None
    return meaning(*arguments)


def immediates_of(rule: Rule) -> Iterator[dict[str, int]]:
    """The immediates to try."""
    symbolic = [operand for operand in operands_of(rule.pattern) if operand.representation is None]
    for immediates in instances(rule):
        if immediates or not symbolic:
            yield immediates
            continue
        (operand,) = symbolic
        numbers = EDGES_32 if operand.type.bits == 32 else EDGES_64
        for number in dict.fromkeys((*numbers, *DIVISORS)):
            if rule.solve({operand.name: number}) is not None:
                yield {operand.name: number}


def vectors(rule: Rule, immediates: Values, count: int, meaning: Meaning | None = None) -> Iterator[dict[str, int]]:
    """At most `count` assignments of operands that the op wants: edge values, then random ones."""
    chance = random.Random(f"{rule.name} {immediates}")
    operands = [operand for operand in operands_of(rule.pattern) if operand.representation is not None]
    tried: list[dict[str, int]] = []
    for attempt in range(60 * count):
        if len(tried) == count:
            return
        edge = 3 * attempt < 2 * count or attempt > 30 * count
        values = {
            operand.name: chance.choice(_numbers(operand)) if edge else _random(operand, chance) for operand in operands
        }
        values |= immediates
        try:
            evaluate(rule.pattern, values, meaning)
        except UnwantedError:
            continue
        except TrapError:
            pass
        if values not in tried:
            tried.append(values)
            yield values


def _numbers(operand: Operand) -> tuple[int, ...]:
    if operand.cases:
        return operand.cases
    wide = operand.type.bits == 64 and operand.representation is Representation.LONG
    return EDGES_64 if wide else EDGES_32


def _random(operand: Operand, chance: random.Random) -> int:
    if operand.cases:
        return chance.choice(operand.cases)
    wide = operand.type.bits == 64 and operand.representation is Representation.LONG
    bits = chance.randint(1, 64 if wide else 32)
    number = chance.getrandbits(bits)
    if wide and chance.random() < 0.3:
        number &= ~((number >> 32) & 0xFFFFFFFF)  # no bit in common
    return number << chance.randint(0, 64 - bits) if wide and chance.random() < 0.3 else number


def limbs(operand: Operand, value: int, chance: random.Random, *, honest: bool = True) -> Limbs:
    """The value in the operand's representation."""
    match operand.representation:
        case Representation.LONG | Representation.CLEAN:
            return MACHINE.split(value)
        case Representation.TIDY if honest:
            return value, 0
        case _ if honest:
            return value, chance.choice((0, 1, WORD - 1, chance.getrandbits(32)))
    return value, chance.choice((0, 1, WORD - 1, WORD, P - 1, chance.randrange(P)))


def placed(rule: Rule, values: Values, chance: random.Random, *, honest: bool = True) -> dict[str, Limbs]:
    """The operands of a rule in registers."""
    return {
        operand.name: limbs(operand, values[operand.name], chance, honest=honest)
        for operand in operands_of(rule.pattern)
        if operand.representation is not None
    }


def right(rule: Rule, outcome: Outcome, values: Values, meaning: Meaning | None = None) -> bool:
    """Whether a path that can be proved is what the op says; high limbs as proved, not as honest."""
    try:
        expected = evaluate(rule.pattern, values, meaning)
    except TrapError as trap:
        return outcome.path == f"trap_{trap.trap.name.lower()}"
    if rule.output is None:
        return outcome.path == (THEN if expected else ELSE)
    if outcome.path != FALLTHROUGH:
        return False
    low, high = outcome.operands[rule.output]
    if rule.result in (Representation.LONG, Representation.CLEAN):
        return (low, high) == MACHINE.split(expected) and (high == 0 or rule.result is Representation.LONG)
    return low == expected


def check_complete(rule: Rule, count: int = 60, meaning: Meaning | None = None) -> int:
    """Try the rule with honest operands and advice; returns the number of runs. *Raises:* IncompleteError."""
    chance = random.Random(rule.name)
    runs = 0
    for immediates in immediates_of(rule):
        constants = rule.solve(immediates)
        assert constants is not None
        for values in vectors(rule, immediates, count, meaning):
            runs += 1
            outcome = _run(rule, values, constants, placed(rule, values, chance))
            if not right(rule, outcome, values, meaning):
                where = f"{rule.name} with {values}: {outcome.path} {outcome.reason} {outcome.operands}"
                raise IncompleteError(where)
            _check_high_limb(rule, outcome, values)
    if not runs:
        raise IncompleteError(f"{rule.name}: no operands found that the op wants")
    return runs


def _run(rule: Rule, values: Values, constants: Values, operands: dict[str, Limbs]) -> Outcome:
    try:
        return MACHINE.run(rule.steps, operands, constants, MACHINE.honest(constants))
    except (DishonestAdviceError, ZeroDivisionError, ValueError) as error:
        raise IncompleteError(f"{rule.name} with {values}: {error}") from error


def _check_high_limb(rule: Rule, outcome: Outcome, values: Values) -> None:
    if outcome.path != FALLTHROUGH or rule.output is None:
        return
    high = outcome.operands[rule.output][1]
    allowed = 0 if rule.result is Representation.TIDY else WORD - 1
    if high > allowed or (rule.result is Representation.WORD and result_type(rule).bits == 64):
        raise IncompleteError(
            f"{rule.name} with {values}: the honest high limb is {high:#x}, at most {allowed:#x} allowed"
        )
