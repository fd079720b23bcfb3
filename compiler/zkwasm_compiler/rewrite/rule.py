"""A rewrite rule: pattern, replacement and guard as terms.

`Template` is what the tables hold, one line an identity; `instantiate` makes the rule for each type that it is for. The
tests prove every rule and want each to fire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.rewrite.terms import Apply, Term, parse_term, variables

INTEGERS = (Type.I32, Type.I64)


@dataclass(frozen=True, slots=True)
class Template:
    """`pattern` may be replaced by `replacement` wherever the guard `when` gives not zero.

    `once`: only where nothing else uses the inner ops of the pattern, because those would stay beside the replacement.
    """

    name: str
    pattern: str
    replacement: str
    when: str = ""
    types: tuple[Type, ...] = INTEGERS
    once: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A template for one type."""

    name: str
    pattern: Apply
    replacement: Term
    guard: Term | None
    once: bool

    def __str__(self) -> str:
        text = f"{self.name}: {self.pattern} => {self.replacement}"
        return f"{text} when {self.guard}" if self.guard is not None else text


def instantiate(templates: Iterable[Template]) -> Iterator[Rule]:
    """The rules of the templates for each of their types, in the order of the table."""
    for template in templates:
        for type_ in template.types:
            yield _instantiate(template, type_)


def commuted(pattern: Apply) -> list[Apply]:
    """The pattern with the operands of commutative ops in every order, each variant once, as written first."""
    choices = [commuted(arg) if isinstance(arg, Apply) else [arg] for arg in pattern.args]
    variants: list[Apply] = []
    for args in product(*choices):
        orders = [args, args[::-1]] if pattern.op in OPS and OPS[pattern.op].commutative else [args]
        variants += [Apply(pattern.op, pattern.type, order) for order in orders]
    return list(dict.fromkeys(variants))


def _instantiate(template: Template, type_: Type) -> Rule:
    name = f"{template.name}.{type_.value}"
    pattern = parse_term(template.pattern, type_)
    if not isinstance(pattern, Apply):
        raise ValueError(f"rule {name}: the pattern must be an op")
    replacement = parse_term(template.replacement, type_, pattern.type)
    guard = parse_term(template.when, type_, Type.I32) if template.when else None
    bound = {variable.name: variable for variable in variables(pattern)}
    for variable in [*variables(pattern), *variables(replacement), *(variables(guard) if guard else ())]:
        if bound.get(variable.name) != variable:
            raise ValueError(f"rule {name}: {variable.name} is not bound by the pattern, or with another type")
    if replacement.type is not pattern.type:
        raise ValueError(f"rule {name}: the replacement has type {replacement.type.value}")
    return Rule(name, pattern, replacement, guard, template.once)
