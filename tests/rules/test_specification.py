"""The formulas that say what ops mean agree with `ir.ops`, and z3's model of the machine with the concrete one."""

from __future__ import annotations

import random
from itertools import islice

import pytest
import z3

from tests.rules.honest_prover import MACHINE, immediates_of, placed, vectors
from tests.rules.honest_prover import evaluate as value_of
from tests.rules.prover import evaluate, start
from tests.rules.specification import CASES
from tests.rules.symbolic_model import Facts, Polynomial, paths
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.rules.catalogue import CONVERSIONS, RULES
from zkwasm_compiler.rules.rule import Node, Pattern, Rule


def _first_by_op() -> list[Rule]:
    """One rule for each pattern, whatever the representations."""
    rules: dict[str, Rule] = {}
    for rule in (*RULES, *CONVERSIONS):
        rules.setdefault(_shape(rule.pattern), rule)
    return list(rules.values())


def _shape(pattern: Pattern) -> str:
    if not isinstance(pattern, Node):
        return type(pattern).__name__
    return f"{pattern.op}({','.join(map(_shape, pattern.children))})"


ABSTRACT = (
    *(".mul", ".mul_nw", ".mul_nw_32", ".mul_add_nw", ".mulhi_u", ".mulhi_add", ".mullo_add"),
    *(".div_u", ".rem_u", ".div_u_nz_32", ".rem_u_nz_32", ".div_u_nz_64", ".rem_u_nz_64"),
    *(".div_wide", ".rem_wide", ".sqrt", ".sqrt_rest"),
    *(".and", ".or", ".xor"),
)
"""Ops whose formulas forget something about variables: products, and bits."""


@pytest.mark.parametrize("rule", _first_by_op(), ids=lambda rule: rule.name)
def test_meaning_is_that_of_the_op(rule: Rule) -> None:
    """The formulas have exactly one solution for the result: the op's value. Both for numbers and for variables that
    are equal to them."""
    chance = random.Random(rule.name)
    tried = list(immediates_of(rule))
    for immediates in chance.sample(tried, min(4, len(tried))):
        for values in vectors(rule, immediates, 4):
            numbers = {name: Polynomial.constant(value) for name, value in values.items()}
            _compare(rule, Facts(), numbers, values)
            symbolic = _is_symbolic(rule.pattern)
            if symbolic and not CASES.get(rule.pattern.op) and not rule.constants:
                path, symbols = start(rule, {}, {})
                for name, symbol in symbols.items():
                    path.facts.say(path.facts.expression(symbol) == values[name])
                _compare(rule, path.facts, symbols, values)


def _is_symbolic(pattern: Pattern) -> bool:
    if not isinstance(pattern, Node):
        return True
    return not pattern.op.endswith(ABSTRACT) and all(map(_is_symbolic, pattern.children))


def _outcome(rule: Rule, values: dict[str, int]) -> tuple[int, Trap | None]:
    try:
        return value_of(rule.pattern, values), None
    except TrapError as error:
        return 0, error.trap


def _compare(rule: Rule, facts: Facts, symbols: dict[str, Polynomial], values: dict[str, int]) -> None:
    expected, trapping = evaluate(facts, rule.pattern, symbols, None)
    value, trap = _outcome(rule, values)
    if trap is not None:
        assert facts.refutes(z3.Not(trapping[trap]))
        return
    for name, condition in trapping.items():
        assert facts.refutes(condition), name
    assert facts.check()[0] == z3.sat
    assert facts.refutes(facts.expression(expected) != value), (values, value)


@pytest.mark.parametrize("rule", [*RULES, *CONVERSIONS], ids=lambda rule: rule.name)
def test_formulas_allow_what_the_machine_does(rule: Rule) -> None:
    """A run of the concrete model satisfies the formulas of the path with the same end: they only forget facts."""
    for immediates in islice(immediates_of(rule), 0, None, 17):
        constants = rule.solve(immediates)
        assert constants is not None
        for values in vectors(rule, immediates, 2):
            operands = placed(rule, values, random.Random(1))
            given: list[tuple[int, int]] = []
            honest = MACHINE.honest(constants)

            def advise(step, operands, honest=honest, given=given):  # type: ignore[no-untyped-def]
                given.append(honest(step, operands))
                return given[-1]

            outcome = MACHINE.run(rule.steps, operands, constants, advise)
            case = {name: values[name] for name in operands if CASES.get(rule.pattern.op) and name == "p"}
            first, _ = start(rule, immediates, case)
            limbs = dict(first.operands)
            allowed = False
            for path in paths(rule.steps, first):
                if path.end != outcome.path or len(path.advice) != len(given):
                    continue
                pairs = [(limbs[name], operands[name]) for name in operands] + list(
                    zip(path.advice, given, strict=True)
                )
                equations = [
                    path.facts.expression(symbol) == number
                    for symbols, numbers in pairs
                    for symbol, number in zip(symbols, numbers, strict=True)
                ]
                path.facts.say(*equations)
                allowed = allowed or path.facts.check()[0] == z3.sat
            assert allowed, (values, outcome)


def test_every_op_of_a_rule_is_in_the_op_table() -> None:
    assert {rule.pattern.op for rule in RULES} - {"br_if"} <= OPS.keys()
