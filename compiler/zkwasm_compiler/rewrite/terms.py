"""Terms over SSA ops: both sides of a rewrite rule and its guard, as data read from text.

Text is written like calls: ``add(x, C)``. A lower-case name stands for any value, an upper-case name for a constant, a
number for itself; `BITS` and `SIGN` are the width and the highest bit of the rule's type. An op without a prefix has
the rule's type (``add`` is ``i32.add`` in the rule for i32); `and` and `or` are written ``and_`` and ``or_``, because
Python's own reader is used. ``possible(x)`` stands in guards for the bits of x that may be one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.ops import OPS

POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Variable:
    """Any value, or any constant if `constant`. The same name stands for the same value."""

    name: str
    type: Type
    constant: bool

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant known when the rule is written; `bits` is its unsigned pattern and `text` how it was written."""

    bits: int
    type: Type
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Apply:
    """An op (or `possible`) of terms."""

    op: str
    type: Type
    args: tuple[Term, ...]

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.args))})"


Term: TypeAlias = Variable | Literal | Apply


def parse_term(text: str, type_: Type, expected: Type | None = None) -> Term:
    """Read a term of a rule for `type_`; a variable or number at the top has the type `expected`."""
    return _convert(ast.parse(text, mode="eval").body, type_, expected or type_)


def operand_types(op: str, type_: Type) -> tuple[Type, ...]:
    """What an op of a rule for `type_` takes."""
    if op == "select":
        return (type_, type_, Type.I32)
    if op == POSSIBLE:
        return (type_,)
    operands = OPS[op].operands
    if operands is None:
        raise ValueError(f"{op} cannot be in a rule: its operands vary")
    return operands


def variables(term: Term) -> Iterator[Variable]:
    """The variables from left to right, repeated as they are."""
    match term:
        case Variable():
            yield term
        case Apply():
            for arg in term.args:
                yield from variables(arg)
        case Literal():
            pass


def evaluate(term: Term, constants: dict[str, int], possible: Callable[[str], int]) -> int:
    """The value of a term without other variables than constants. *Raises:* TrapError."""
    match term:
        case Literal():
            return term.bits
        case Variable():
            return constants[term.name]
        case Apply(op="possible", args=(Variable(name=name),)):
            return possible(name)
        case Apply():
            function = OPS[term.op].evaluate
            if function is None:
                raise TypeError(f"{term.op} has no meaning in a guard")
            return function(*(evaluate(arg, constants, possible) for arg in term.args))


def folds(term: Term, constants: dict[str, int]) -> int | None:
    """The value of a term of literals and constants, None when it has other variables or no fixed value."""
    if any(not variable.constant for variable in variables(term)):
        return None
    try:
        return evaluate(term, constants, constants.__getitem__)
    except TrapError:
        return None


def _convert(node: ast.expr, type_: Type, expected: Type) -> Term:
    match node:
        case ast.Constant(value=int(number)):
            return Literal(number & ((1 << expected.bits) - 1), expected, str(number))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return Literal(-number & ((1 << expected.bits) - 1), expected, f"-{number}")
        case ast.Name(id="BITS"):
            return Literal(type_.bits, expected, "BITS")
        case ast.Name(id="SIGN"):
            return Literal(1 << (type_.bits - 1), expected, "SIGN")
        case ast.Name(id=name):
            return Variable(name, expected, constant=name.isupper())
        case ast.Call(func=function, args=args):
            op = _op_name(ast.unparse(function), type_)
            types = operand_types(op, type_)
            result = type_ if op in ("select", POSSIBLE) else OPS[op].result
            if result is None or len(types) != len(args):
                raise ValueError(f"{op} takes {len(types)} operands and must have a result")
            pairs = zip(args, types, strict=True)
            return Apply(op, result, tuple(_convert(arg, type_, wanted) for arg, wanted in pairs))
    raise ValueError(f"not a term: {ast.unparse(node)}")


def _op_name(name: str, type_: Type) -> str:
    name = name.removesuffix("_")  # ``and_`` and ``or_``: Python's reader keeps the plain words for itself
    if name in OPS or name == POSSIBLE:
        return name
    typed = f"{type_.value}.{name}"
    if typed not in OPS:
        raise ValueError(f"unknown op {name} in a rule for {type_.value}")
    return typed
