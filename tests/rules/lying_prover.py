"""A prover who lies at one place: wrong advice must violate a constraint, or change nothing that is promised."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.rules.advice_evaluator import evaluate
from tests.rules.honest_prover import MACHINE, Meaning, Values, immediates_of, placed, right, vectors
from tests.rules.machine_model import FAIL, VIOLATED, Advise, Limbs, Operands
from tests.rules.polynomials import WORD, P
from zkwasm_compiler.rules.rule import Rule
from zkwasm_compiler.rules.template import StepTemplate


class ForgedError(Exception):
    """A wrong result can be proved."""


def as_honest_as_possible(constants: Values) -> Advise:
    """The honest advice for operands that need not be normalised: from their limbs modulo 2^32."""

    def advise(step: StepTemplate, operands: Operands) -> Limbs:
        def leaf(name: str) -> int:
            if name.startswith("%"):
                return constants[name[1:]]
            low, high = operands[name]
            return low % WORD + (high % WORD << 32)

        assert step.advice is not None
        try:
            return MACHINE.split(evaluate(step.advice, leaf))
        except ZeroDivisionError:
            return 0, 0

    return advise


def lies(honest: Limbs, constants: Values, chance: random.Random) -> Iterator[Limbs]:
    """Limbs to put in instead of the honest ones: neighbours, field quotients, limbs out of range, swapped, random."""
    low, high = honest
    factors = {2, WORD, *(number for number in constants.values() if number % P)}
    shifts = [1, WORD, WORD - 1, 1 << 31, P // 2, *(pow(factor, -1, P) for factor in factors)]
    for shift in shifts:
        for sign in (1, -1):
            yield (low + sign * shift) % P, high
            yield low, (high + sign * shift) % P
    for factor in factors:
        yield low * factor % P, high
        yield low * pow(factor, -1, P) % P, high
    for limb in (0, 1, (1 << 31) - 1, 1 << 31, WORD - 1, WORD, P - 1, P - WORD, chance.getrandbits(32)):
        yield limb, high
        yield low, limb
        yield limb, limb
    yield high, low
    yield -low % P, -high % P
    for borrow in (1, -1):  # the same number in other limbs
        yield (low + borrow * WORD) % P, (high - borrow) % P
    yield chance.randrange(P), chance.randrange(P)


def check_lies(rule: Rule, count: int, limit: int = 8, meaning: Meaning | None = None) -> int:
    """Lie at each advice of the rule for `count` operands and at most `limit` immediates; returns the number of lies.

    *Raises:* ForgedError.
    """
    chance = random.Random(rule.name)
    places = [step for step in rule.steps if step.advice is not None]
    tried = list(immediates_of(rule))
    runs = 0
    for immediates in tried if len(tried) <= limit else chance.sample(tried, limit):
        constants = rule.solve(immediates)
        assert constants is not None
        for values in vectors(rule, immediates, count, meaning):
            operands = placed(rule, values, chance, honest=False)
            for place in places or (None,):
                runs += _lie(rule, place, values, constants, operands, chance, meaning)
    return runs


def _lie(
    rule: Rule,
    place: StepTemplate | None,
    values: Values,
    constants: Values,
    operands: Operands,
    chance: random.Random,
    meaning: Meaning | None,
) -> int:
    """Run with every lie at one step (None: only with operands that the prover chose badly)."""
    honest = as_honest_as_possible(constants)
    truth: list[Limbs] = []
    lie: Limbs | None = None

    def advise(step: StepTemplate, operands: Operands) -> Limbs:
        told = honest(step, operands)
        if step is not place:
            return told
        truth.append(told)
        return lie or told

    def run() -> None:
        outcome = MACHINE.run(rule.steps, operands, constants, advise)
        if outcome.path not in (VIOLATED, FAIL) and not right(rule, outcome, values, meaning):
            where = f"{rule.name} with {dict(values)} in {operands}"
            raise ForgedError(f"{where}: {lie} instead of {truth[:1]} ends at {outcome.path} with {outcome.operands}")

    run()
    if not truth:
        return 1
    told = list(lies(truth[0], constants, chance))
    for lie in told:  # noqa: B007 - advise tells it
        run()
    return len(told)
