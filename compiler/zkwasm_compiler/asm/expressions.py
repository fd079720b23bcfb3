"""The parser of constant expressions."""

from __future__ import annotations

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.lexer import CONSTANT, LONG_NUMBER, NUMBER
from zkwasm_compiler.asm.source import Lines
from zkwasm_compiler.asm.syntax import Binary, Conditional, ConstantName, Default, Expression, Number, Unary
from zkwasm_compiler.asm.token_reader import TokenReader

NESTING_LIMIT = 100
"""The most operators and parentheses inside each other in a constant expression."""

CHAIN_LIMIT = 200
"""The most operators one after the other."""

# Binary operators of constant expressions and how tightly they bind; all are left-associative.
BINARY_PRECEDENCE = {
    "||": 3,
    "&&": 4,
    "|": 5,
    "^": 6,
    "&": 7,
    "==": 8,
    "!=": 8,
    "<": 9,
    "<=": 9,
    ">": 9,
    ">=": 9,
    "<<": 10,
    ">>": 10,
    "+": 11,
    "-": 11,
    "**": 12,
    "*": 12,
    "/": 12,
    "%": 12,
}
CONDITIONAL_PRECEDENCE = 1
DEFAULT_PRECEDENCE = 2
MINUS_PRECEDENCE = 11  # `-2*3` is -(2*3)
NOT_PRECEDENCE = 13


class ExpressionReader(TokenReader):
    """Reads constant expressions by precedence."""

    __slots__ = ("_depth",)

    def __init__(self, tokens: lexer.Tokens, lines: Lines, file_name: str) -> None:
        super().__init__(tokens, lines, file_name)
        self._depth = 0

    def _expression(self, least: int) -> Expression:
        """An expression whose operators all bind at least as tightly as `least`."""
        self._depth += 1
        left = self._operand()
        chained = 0
        while True:
            operator = self._kinds[self._index]
            if operator == "?" and least <= CONDITIONAL_PRECEDENCE:
                left = self._conditional(left)
            elif (precedence := BINARY_PRECEDENCE.get(operator, 0)) >= max(least, 1):
                self._index += 1
                right = self._expression(precedence + 1)
                left = Binary(operator, left, right, start=left.start, end=right.end)
            else:
                break
            chained += 1
            self._check_size("chained", chained, CHAIN_LIMIT)
        self._depth -= 1
        return left

    def _check_size(self, how: str, size: int, limit: int) -> None:
        if size > limit:
            message = f"the expression has more than {limit} {how} operators; split it into several constants"
            raise self._fail(message, self._index)

    def _conditional(self, condition: Expression) -> Expression:
        self._index += 1
        then = self._expression(CONDITIONAL_PRECEDENCE)
        self._take(":", "`:` of the conditional expression")
        otherwise = self._expression(CONDITIONAL_PRECEDENCE)
        return Conditional(condition, then, otherwise, start=condition.start, end=otherwise.end)

    def _operand(self) -> Expression:
        self._check_size("nested", self._depth, NESTING_LIMIT)
        index = self._index
        kind, start = self._kinds[index], self._starts[index]
        if kind in (NUMBER, LONG_NUMBER):
            self._index += 1
            return self._number(index)
        if kind == CONSTANT:
            constant = self._constant_name()
            if self._kinds[self._index] != "??":
                return constant
            self._index += 1
            otherwise = self._expression(DEFAULT_PRECEDENCE + 1)
            return Default(constant, otherwise, start=start, end=otherwise.end)
        if kind in ("-", "!"):
            self._index += 1
            operand = self._expression((MINUS_PRECEDENCE if kind == "-" else NOT_PRECEDENCE) + 1)
            return Unary(kind, operand, start=start, end=operand.end)
        if kind == "(":
            self._index += 1
            inner = self._expression(CONDITIONAL_PRECEDENCE)
            self._take(")")
            return inner
        raise self._unexpected("a number, a `%constant`, `-`, `!` or `(`")

    def _constant_name(self) -> ConstantName:
        index = self._index
        self._index = index + 1
        start, text = self._starts[index], self._texts[index]
        return ConstantName(text[1:], start=start, end=start + len(text))

    def _number(self, index: int, power: int | None = None) -> Number:
        text, start = self._texts[index], self._starts[index]
        return Number(self._value(index), self._kinds[index] == LONG_NUMBER, power, start=start, end=start + len(text))
