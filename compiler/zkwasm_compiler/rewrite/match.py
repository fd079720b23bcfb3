"""Applying rules to values: `RuleSet.find` matches, `build` makes the replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from zkwasm_compiler.ir.function import Type, Value, constant_bits
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.rewrite.rule import Rule, commuted
from zkwasm_compiler.rewrite.terms import Apply, Literal, Term, Variable, evaluate, folds

Bindings: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards may ask: the bits of a value that may be one, and whether it has one use."""

    possible: Callable[[Value], int]
    used_once: Callable[[Value], bool]


class RuleSet:
    """Rules by the op at the root of their pattern; the first that fits is taken."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._by_op: dict[str, list[tuple[Apply, Rule]]] = {}
        names: set[str] = set()
        for rule in self.rules:
            if rule.name in names:
                raise ValueError(f"two rules are named {rule.name}")
            names.add(rule.name)
            for pattern in commuted(rule.pattern):
                self._by_op.setdefault(pattern.op, []).append((pattern, rule))

    def find(self, value: Value, facts: Facts) -> tuple[Rule, Bindings] | None:
        """The first rule whose pattern and guard fit `value`, with what its variables stand for."""
        for pattern, rule in self._by_op.get(value.op, ()):
            bindings: Bindings = {}
            if (
                value.type is pattern.type
                and _match_args(pattern, value, bindings, rule.once, facts)
                and _guard_holds(rule, bindings, facts)
            ):
                return rule, bindings
        return None


def build(term: Term, bindings: Bindings, make: Callable[[str, Type, list[Value], int | None], Value]) -> Value:
    """The value of a replacement; `make` adds a value to the function. Terms of constants become constants."""
    if isinstance(term, Variable):
        return bindings[term.name]
    folded = folds(term, _constants(bindings))
    if folded is not None:
        return make(f"{term.type.value}.const", term.type, [], folded)
    assert isinstance(term, Apply)
    return make(term.op, term.type, [build(arg, bindings, make) for arg in term.args], None)


def _match(term: Term, value: Value, bindings: Bindings, once: bool, facts: Facts) -> bool:
    match term:
        case Literal():
            return value.type is term.type and constant_bits(value) == term.bits
        case Variable():
            return value.type is term.type and _bind(term, value, bindings)
        case Apply():
            return (
                value.op == term.op
                and value.type is term.type
                and (not once or facts.used_once(value))
                and _match_args(term, value, bindings, once, facts)
            )


def _match_args(pattern: Apply, value: Value, bindings: Bindings, once: bool, facts: Facts) -> bool:
    for term, arg in zip(pattern.args, value.args, strict=True):  # noqa: SIM110 - half the time of all()
        if not _match(term, arg, bindings, once, facts):
            return False
    return True


def _bind(variable: Variable, value: Value, bindings: Bindings) -> bool:
    bits = constant_bits(value)
    if variable.constant and bits is None:
        return False
    bound = bindings.setdefault(variable.name, value)
    return bound is value or (bits is not None and constant_bits(bound) == bits)


def _guard_holds(rule: Rule, bindings: Bindings, facts: Facts) -> bool:
    if rule.guard is None:
        return True
    try:
        return bool(evaluate(rule.guard, _constants(bindings), lambda name: facts.possible(bindings[name])))
    except TrapError:
        return False


def _constants(bindings: Bindings) -> dict[str, int]:
    return {name: bits for name, value in bindings.items() if (bits := constant_bits(value)) is not None}
