"""The advice of the rules means the same to the assembler and the simulator as to the honest prover of these tests."""

from __future__ import annotations

import random
import re
from types import SimpleNamespace

import pytest

from tests.rules.advice_evaluator import evaluate
from tests.rules.affine_cases import SUMS, rule_of
from tests.rules.honest_prover import MACHINE, immediates_of
from zkwasm_compiler.asm.advice import parse, to_json
from zkwasm_compiler.rules.catalogue import RULES
from zkwasm_compiler.rules.rule import Rule
from zkwasm_compiler.rules.template import advice_names
from zkwasm_simulator.advice import advice_limbs, compile_advice

REGISTERS = "ABCDE"
EDGES = (0, 1, 2, 5, 31, 32, 63, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 63, (1 << 64) - 1)
ADVISED = [rule for rule in RULES if any(step.advice for step in rule.steps)]


def _check(rule: Rule) -> None:
    chance = random.Random(rule.name)
    tried = list(immediates_of(rule))
    for immediates in chance.sample(tried, min(len(tried), 6)):
        constants = rule.solve(immediates)
        assert constants is not None
        for text in (step.advice for step in rule.steps if step.advice is not None):
            _compare(text, constants, chance)


def _compare(text: str, constants: dict[str, int], chance: random.Random) -> None:
    text = re.sub(r"%([a-z_]+)", lambda match: str(constants[match[1]]), text)
    names = advice_names(text)
    printed = re.sub(r"\b[a-z_]\w*", lambda match: REGISTERS[names.index(match[0])], text)
    expression = compile_advice(dict(to_json(parse(printed))), 0)
    for _ in range(30):
        values = {name: chance.choice((*EDGES, chance.getrandbits(64))) for name in names}
        limbs = {register: MACHINE.split(values[name]) for register, name in zip(REGISTERS, names, strict=False)}
        machine = SimpleNamespace(**{f"{name}{i}": limb for name, pair in limbs.items() for i, limb in enumerate(pair)})
        try:
            expected = MACHINE.split(evaluate(text, values.__getitem__))
        except ZeroDivisionError:
            continue
        assert advice_limbs(expression(machine)) == expected, (printed, values)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ADVISED, ids=lambda rule: rule.name)
def test_advice_of_rules(rule: Rule) -> None:
    _check(rule)


@pytest.mark.parametrize(("coefficients", "constant"), [case for case in SUMS if len(case[0]) <= len(REGISTERS)])
def test_advice_of_sums(coefficients: tuple[int, ...], constant: int) -> None:
    _check(rule_of(coefficients, constant))


@pytest.mark.parametrize(
    ("text", "value"),
    [("7 - 2 * 3", 1), ("2 + 1 << 3", 10), ("0 - 7 / 2", -3), ("(0 - 7) % 4", -3), ("6 & 3 == 2", 1), ("!5 + ~0", -1)],
)
def test_operators_share_one_level(text: str, value: int) -> None:
    assert evaluate(text, lambda name: 0) == value
    assert advice_limbs(compile_advice(dict(to_json(parse(text))), 0)(SimpleNamespace())) == MACHINE.split(value)  # type: ignore[arg-type]
