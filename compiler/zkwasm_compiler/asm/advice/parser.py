"""The parser of advice.

All binary operators but ``+`` and ``-`` share one left-associative level that binds tighter than those two, so
``a + b == c`` is ``a + (b == c)``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from zkwasm_compiler.asm.advice.nodes import (
    PRODUCTS,
    SUMS,
    UNARY,
    Advice,
    Assignment,
    Binary,
    Call,
    Conditional,
    Data,
    Declaration,
    Empty,
    Number,
    Register,
    Unary,
    VariableName,
)
from zkwasm_compiler.errors import AssemblyError, Problem
from zkwasm_compiler.isa import zkvm64
from zkwasm_compiler.isa.machine import Machine

NESTING_LIMIT = 64
"""The most parentheses, calls and signs inside each other; each takes several frames of the parser."""

HEIGHT_LIMIT = 150
"""The most operators on a path of the tree; everything that walks trees recurs on it."""

DIGIT_LIMIT = 4000


class AdviceSyntaxError(AssemblyError):
    """Advice that does not parse; `offset` is where in its text."""

    def __init__(self, message: str, offset: int) -> None:
        self.message = message
        self.offset = offset
        super().__init__(Problem(message, column=offset + 1, code="tag_syntax"))


_TOKEN = re.compile(
    r"\s*(?:(0x[0-9A-Fa-f][0-9A-Fa-f_]*|[0-9][0-9_]*)|([a-zA-Z_][a-zA-Z$_0-9]*)"
    r"|(\*\*|<<|>>|&&|\|\||==|!=|<=|>=|\.\.|[-+*/%&|^<>?:=~!(),.\[\]])|(\S)|$)"
)
_NUMBER, _NAME, _KEYWORD, _INVALID, _END = "number", "name", "register", "invalid", "end"


@lru_cache
def _registers(machine: Machine) -> frozenset[str]:
    """The words that name registers or counters in advice."""
    return frozenset((*(row.name for row in machine.registers if row.in_advice), *machine.counter_table))


@lru_cache(maxsize=1 << 14)
def parse(text: str, machine: Machine = zkvm64.MACHINE) -> Advice:
    """Parse the text between the braces. *Raises:* AdviceSyntaxError."""
    if not text:
        return Empty(start=0, end=0)
    return _Parser(text, machine).whole()


class _Parser:
    __slots__ = ("_depth", "_height", "_index", "_kinds", "_starts", "_text", "_texts")

    def __init__(self, text: str, machine: Machine) -> None:
        self._text = text
        self._kinds: list[str] = []
        self._texts: list[str] = []
        self._starts: list[int] = []
        self._index = 0
        self._depth = 0
        self._height = 0  # of the node that was parsed last
        self._tokenize(text, _registers(machine))

    def _tokenize(self, text: str, registers: frozenset[str]) -> None:
        position = 0
        while match := _TOKEN.match(text, position):
            number, word, symbol, invalid = match.groups()
            position = match.end()
            if number:
                kind, token = _NUMBER, number
            elif word:
                token = word
                kind = "var" if word == "var" else _KEYWORD if word in registers else _NAME
                start = word.partition("$")[0]
                if kind == _NAME and start != word and (start == "var" or start in registers):
                    kind, token = _INVALID, word[len(start) :]  # the keyword ends before the `$`
            elif symbol:
                kind, token = (_INVALID if symbol == ".." else symbol), symbol
            else:
                kind, token = (_INVALID, invalid) if invalid else (_END, "")
            self._kinds.append(kind)
            self._texts.append(token)
            self._starts.append(position - len(token))
            if kind in (_END, _INVALID):
                return

    def whole(self) -> Advice:
        """The whole text."""
        node = self._assignment()
        if self._kinds[self._index] != _END:
            raise self._unexpected("an operator or `}`")
        return node

    def _end(self) -> int:
        return self._starts[self._index - 1] + len(self._texts[self._index - 1])

    def _unexpected(self, expected: str) -> AdviceSyntaxError:
        kind, token, start = self._kinds[self._index], self._texts[self._index], self._starts[self._index]
        shown = "the end of the advice" if kind == _END else f"`{token[:40]}`"
        return AdviceSyntaxError(f"found {shown} where {expected} was expected", start)

    def _take(self, kind: str, expected: str) -> str:
        if self._kinds[self._index] != kind:
            raise self._unexpected(expected)
        self._index += 1
        return self._texts[self._index - 1]

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            raise self._too_large(NESTING_LIMIT)

    def _grow(self, other: int = 0) -> None:
        """Count an operator on top of the node parsed last and one of height `other`."""
        self._height = max(self._height, other) + 1
        if self._height > HEIGHT_LIMIT:
            raise self._too_large(HEIGHT_LIMIT)

    def _too_large(self, limit: int) -> AdviceSyntaxError:
        message = f"the advice has more than {limit} operators inside each other; use variables"
        return AdviceSyntaxError(message, self._starts[self._index])

    def _assignment(self) -> Advice:
        self._enter()
        kinds, index = self._kinds, self._index
        name = index + 1 if kinds[index] == "var" else index
        if kinds[name] == _NAME and kinds[name + 1] == "=":
            target = self._target()
            self._index += 1
            value = self._assignment()
            self._grow()
            node: Advice = Assignment(target, value, start=self._starts[index], end=self._end())
        else:
            node = self._sum()
        self._depth -= 1
        return node

    def _target(self) -> VariableName | Declaration:
        start = self._starts[self._index]
        if self._kinds[self._index] == "var":
            self._index += 1
            return Declaration(self._take(_NAME, "a name after `var`"), start=start, end=self._end())
        return VariableName(self._take(_NAME, "a name"), start=start, end=self._end())

    def _sum(self) -> Advice:
        left = self._product()
        while (operation := SUMS.get(self._kinds[self._index])) is not None:
            self._index += 1
            height = self._height
            right = self._product()
            self._grow(height)
            left = Binary(operation, left, right, start=left.start, end=self._end())
        return left

    def _product(self) -> Advice:
        left = self._unary()
        while True:
            symbol, height = self._kinds[self._index], self._height
            if symbol == "?":
                self._index += 1
                then = self._unary()
                height = max(height, self._height)
                self._take(":", "`:` (parenthesise a sum)")
                left = Conditional(left, then, self._unary(), start=left.start, end=self._end())
            elif (operation := PRODUCTS.get(symbol)) is not None:
                self._index += 1
                left = Binary(operation, left, self._unary(), start=left.start, end=self._end())
            else:
                return left
            self._grow(height)

    def _unary(self) -> Advice:
        symbol, start = self._kinds[self._index], self._starts[self._index]
        if symbol not in ("+", "-", "~", "!"):
            return self._atom(symbol, start)
        self._index += 1
        self._enter()
        operand = self._unary()
        self._grow()
        self._depth -= 1
        return operand if symbol == "+" else Unary(UNARY[symbol], operand, start=start, end=self._end())

    def _atom(self, kind: str, start: int) -> Advice:
        index = self._index
        self._height = 0
        if kind == _NAME:
            following = self._kinds[index + 1]
            if following == "(":
                return self._call(start)
            if following == ".":
                return self._data(start)
            return self._target()
        if kind == "var":
            return self._target()
        self._index = index + 1
        if kind == _KEYWORD:
            return Register(self._texts[index], start=start, end=self._end())
        if kind == _NUMBER:
            return Number(self._number(index), start=start, end=self._end())
        if kind == "(":
            inner = self._assignment()
            self._take(")", "an operator or `)`")
            return inner
        self._index = index
        raise self._unexpected("a number, a register, a name, a call or `(`")

    def _number(self, index: int) -> int:
        text = self._texts[index]
        if len(text) > DIGIT_LIMIT:
            message = f"a number of {len(text)} characters; at most {DIGIT_LIMIT} are allowed"
            raise AdviceSyntaxError(message, self._starts[index])
        digits = text.replace("_", "")
        return int(digits, 16) if digits.startswith("0x") else int(digits)

    def _call(self, start: int) -> Call:
        name = self._texts[self._index]
        self._index += 2
        arguments: list[Advice] = []
        height = 0
        if self._kinds[self._index] != ")":
            arguments.append(self._assignment())
            while self._kinds[self._index] == ",":
                self._index += 1
                height = max(height, self._height)
                arguments.append(self._assignment())
        self._take(")", "`,` or `)`")
        self._grow(height)
        return Call(name, tuple(arguments), start=start, end=self._end())

    def _data(self, start: int) -> Data:
        module = self._texts[self._index]
        self._index += 2
        name = self._take(_NAME, f"a name after `{module}.`")
        index: Advice | None = None
        if self._kinds[self._index] == "[":
            self._index += 1
            index = self._assignment()
            self._take("]", "an operator or `]`")
            self._grow()
        return Data(module, name, index, start=start, end=self._end())
