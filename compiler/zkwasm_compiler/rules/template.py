"""Steps with named operands: the right side of a lowering rule, written as zkASM.

    ${x / %d} => q :JMPN(fail)
    x - %d*q => y :JMPN(fail)
    y - %d :JMPN(next, fail)

Lower-case names are operands (leaves of the rule's pattern, or temporaries that the steps assign). ``%d`` is a constant
of the rule, usable as literal, factor and in advice; ``#d`` is a register that holds it. ``rot(x)`` is `ROTL_C`, which
needs x in C. Operations name what they read: ``ADD(x, y)``, ``ARITH(a, b, c, d)``, ``ASSERT(x)``. A subroutine through
a table of returns is ``CALL(table, e) -> r``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.machine import step as machine
from zkwasm_compiler.machine.step import DEFINED, Advice, Step, Term

Factor = int | str
"""A literal or the name of a constant of the rule."""


@dataclass(frozen=True, slots=True)
class TermTemplate:
    """Product of constants and at most one operand (None: a constant term); `negative` subtracts it."""

    operand: str | None
    factors: tuple[Factor, ...]
    rotated: bool = False
    negative: bool = False

    def value(self, constants: Mapping[str, int]) -> int:
        """The signed product of the constant factors."""
        number = prod(factor if isinstance(factor, int) else constants[factor] for factor in self.factors)
        return -number if self.negative else number


@dataclass(frozen=True, slots=True)
class OperationTemplate:
    """One operation with operand names; `result` is what a table call gives back."""

    name: str
    operands: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    result: str | None = None


@dataclass(frozen=True, slots=True)
class StepTemplate:
    """One step of a rule. `advice` is the text inside ``${}``; `long` names a 64-bit constant added over both limbs."""

    text: str
    terms: tuple[TermTemplate, ...] = ()
    long: str | None = None
    defined: bool = False
    advice: str | None = None
    destinations: tuple[str, ...] = ()
    operations: tuple[OperationTemplate, ...] = ()

    @property
    def is_copy(self) -> bool:
        """Whether the step only gives an operand another name; allocation makes none of such a step."""
        term = self.terms[0] if self.terms else TermTemplate(None, ())
        plain = TermTemplate(term.operand, term.factors)
        alone = StepTemplate(self.text, (plain,), destinations=self.destinations)
        return term.operand is not None and term.factors in ((), (1,)) and self == alone

    def names(self) -> list[str]:
        """Every operand that the step reads, registers that hold constants (``#k``) included, in order, repeated."""
        names = [term.operand for term in self.terms if term.operand is not None]
        if self.advice is not None:
            names += advice_names(self.advice)
        for operation in self.operations:
            names += operation.operands
        return names

    def constant_names(self) -> set[str]:
        """The constants of the rule that the step is made with."""
        names = {factor for term in self.terms for factor in term.factors if isinstance(factor, str)}
        names.update([] if self.long is None else [self.long])
        names.update(_CONSTANT.findall(self.advice or ""))
        held = [operand[1:] for operation in self.operations for operand in operation.operands if operand[0] == "#"]
        return names.union(name for name in held if not name.isdigit())


_TOKEN = re.compile(r"\s*(\$\{[^}]*\}|\$|=>|->|0x[0-9a-fA-F]+n?|\d+n?|[#%][a-z_0-9]+|[A-Za-z_][A-Za-z_0-9]*|[-+*:,()])")
_NAME = re.compile(r"(?<![%\w])[a-z_][a-z_0-9]*(?![\w(])")
_CONSTANT = re.compile(r"%([a-z_][a-z_0-9]*)")


def advice_names(text: str) -> list[str]:
    """The operands in an advice text, each once, in order."""
    return list(dict.fromkeys(_NAME.findall(text)))


def parse_steps(text: str) -> tuple[StepTemplate, ...]:
    """The steps of a rule, one a line."""
    return tuple(_Parser(line.strip()).step() for line in text.strip().splitlines())


class _Parser:
    def __init__(self, line: str) -> None:
        self.line = line
        self.tokens: list[str] = []
        position = 0
        while position < len(line):
            match = _TOKEN.match(line, position)
            if match is None:
                raise InternalError(f"rule step {line!r}: cannot read {line[position:]!r}")
            self.tokens.append(match[1])
            position = match.end()
        self.index = 0

    def peek(self) -> str:
        return self.tokens[self.index] if self.index < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        if expected and token not in expected:
            raise InternalError(f"rule step {self.line!r}: found {token!r}, expected {' or '.join(expected)}")
        self.index += 1
        return token

    def step(self) -> StepTemplate:
        terms: list[TermTemplate] = []
        advice: str | None = None
        long: str | None = None
        defined = False
        negative = False
        while self.peek() not in ("=>", ":", ""):
            token = self.peek()
            if token in "+-":
                negative = self.take() == "-"
            elif token == "$":
                defined = bool(self.take())
            elif token.startswith("${"):
                advice = self.take()[2:-1]
            elif token.startswith("%") and token.endswith("_long"):
                long = self.take()[1:]
            else:
                terms.append(self.product(negative))
                negative = False
        destinations: list[str] = []
        if self.peek() == "=>":
            self.take()
            destinations.append(self.take())
            while self.peek() == ",":
                self.take()
                destinations.append(self.take())
        operations: list[OperationTemplate] = []
        if self.peek() == ":":
            self.take()
            operations.append(self.operation())
            while self.peek() == ",":
                self.take()
                operations.append(self.operation())
        self.take("")
        return StepTemplate(self.line, tuple(terms), long, defined, advice, tuple(destinations), tuple(operations))

    def product(self, negative: bool) -> TermTemplate:
        operand: str | None = None
        rotated = False
        factors: list[Factor] = []
        while True:
            token = self.take()
            if token.startswith("%"):
                factors.append(token[1:])
            elif token[0].isdigit():
                factors.append(int(token, 0))
            elif token == "rot":
                self.take("(")
                operand, rotated = self.take(), True
                self.take(")")
            else:
                operand = token
            if self.peek() != "*":
                return TermTemplate(operand, tuple(factors), rotated, negative)
            self.take()

    def operation(self) -> OperationTemplate:
        name = self.take()
        words: list[str] = []
        if self.peek() == "(":
            self.take()
            while self.peek() != ")":
                words.append(self.take())
                if self.peek() == ",":
                    self.take()
            self.take(")")
        if name == "CALL":
            self.take("->")
            return OperationTemplate(name, (words[1],), (words[0],), self.take())
        if name in machine.JUMPS:
            return OperationTemplate(name, (), tuple(words))
        return OperationTemplate(name, tuple(words))


_FIXED = {
    **dict.fromkeys(machine.BINARY, ("A", "B")),
    "ARITH": ("A", "B", "C", "D"),
    "ASSERT": ("A",),
    "CALL": ("E",),
}


def instantiate(
    template: StepTemplate,
    operands: Callable[[str], machine.VirtualRegister],
    constants: Mapping[str, int],
) -> Step[machine.VirtualRegister]:
    """The step for given operands (by name; ``#k`` asks for a register that holds constant k) and constants.

    Operands that are constants become literals wherever no register is needed: in sums (but not beside a 64-bit
    constant, the machine has no sum of both kinds) and in advice.
    """
    terms: list[Term[machine.VirtualRegister]] = []
    literal = 0
    for term in template.terms:
        if term.operand is None:
            literal += term.value(constants)
            continue
        register = operands(term.operand)
        short = register.constant is not None and register.constant < machine.LIMB
        if register.constant is not None and short and not term.rotated and template.long is None:
            literal += term.value(constants) * register.constant
        else:
            terms.append(Term(register, term.value(constants), term.rotated))
    return Step(
        terms=tuple(terms),
        constant=literal,
        long_constant=None if template.long is None else constants[template.long],
        free=_free(template, operands, constants),
        destinations=tuple(operands(name) for name in template.destinations),
        operations=tuple(_operation(operation, operands) for operation in template.operations),
    )


def _free(
    template: StepTemplate, operands: Callable[[str], machine.VirtualRegister], constants: Mapping[str, int]
) -> machine.Defined | Advice[machine.VirtualRegister] | None:
    if template.advice is None:
        return DEFINED if template.defined else None
    read: list[machine.VirtualRegister] = []

    def text_of(name: str) -> str:
        register = operands(name)
        if register.constant is not None:
            return str(register.constant)
        if register not in read:
            read.append(register)
        return f"{{{read.index(register)}}}"

    text = _CONSTANT.sub(lambda match: str(constants[match[1]]), template.advice)
    return Advice(_NAME.sub(lambda match: text_of(match[0]), text), tuple(read))


def _operation(
    template: OperationTemplate, operands: Callable[[str], machine.VirtualRegister]
) -> machine.Operation[machine.VirtualRegister]:
    fixed = _FIXED.get(template.name, ())
    read = tuple(operands(name) for name in template.operands)
    if template.name == "CALL":
        assert template.result is not None
        return machine.Operation(
            "CALL", read, fixed, (operands(template.result),), ("B",), ("RR",), targets=template.targets
        )
    return machine.Operation(template.name, read, fixed, targets=template.targets)
