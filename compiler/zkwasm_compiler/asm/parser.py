"""The parser: text to syntax tree, all syntax errors at once.

Recursive descent over the token lists. After an error it goes on at the next line, so every well-formed statement of a
broken file is in the tree. Operand syntax is not written here: a trie of token kinds is built from the operand forms of
the machine's rows (`_OperandNode`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.expressions import CONDITIONAL_PRECEDENCE, ExpressionReader
from zkwasm_compiler.asm.lexer import CONSTANT, LINE_END, NAME, NUMBER, REFERENCE
from zkwasm_compiler.asm.source import Lines, SourceFile
from zkwasm_compiler.asm.syntax import (
    CommandStatement,
    ConstantName,
    ConstantStatement,
    Factor,
    FreeInput,
    IncludeStatement,
    LabelStatement,
    Name,
    Number,
    Operand,
    OperationCall,
    Reference,
    RegisterName,
    Statement,
    StepStatement,
    Term,
    Tree,
    VariableStatement,
)
from zkwasm_compiler.asm.token_reader import ReadError, shown_kind
from zkwasm_compiler.isa import MACHINES
from zkwasm_compiler.isa.machine import Machine


@dataclass(slots=True)
class _OperandNode:
    """A state while reading an operand: the tokens that may follow, and the form if it may end here."""

    following: dict[str, _OperandNode] = field(default_factory=dict)
    shape: str | None = None


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What the parser needs of a machine."""

    operands: dict[str, _OperandNode | None]
    sources: frozenset[str]
    destinations: frozenset[str]
    array_size_may_be_constant: bool


@lru_cache
def _grammar(machine: Machine) -> _Grammar:
    operands: dict[str, _OperandNode | None] = {}
    for operation in machine.operations:
        root = _OperandNode()
        for form in operation.forms:
            node = root
            for symbol in form.symbols:
                node = node.following.setdefault(symbol, _OperandNode())
            node.shape = form.shape
        operands[operation.name] = root if root.following else None
    registers = frozenset(machine.register_table)
    sources = registers | frozenset(machine.counter_table)
    return _Grammar(operands, sources, registers, machine.dialect.array_size_may_be_constant)


def parse_source(text: str, file_name: str, machine: Machine, *, origin: int = 0) -> SourceFile:
    """Parse one file; it never raises, `SourceFile.problems` has every syntax error.

    Offsets count from `origin`: an editor parses a changed line of a file alone and says where it belongs.
    """
    tokens = lexer.tokenize(text, machine)
    lines = Lines.of(text)
    if origin:
        tokens, lines = tokens.moved(origin), lines.moved(origin)
    parser = _Parser(tokens, lines, file_name, machine)
    tree = Tree(tuple(parser.statements()), start=origin, end=origin + len(text))
    return SourceFile(file_name, text, tree, tokens, tuple(parser.problems), lines)


class _Parser(ExpressionReader):
    __slots__ = ("_grammar", "_machine")

    def __init__(self, tokens: lexer.Tokens, lines: Lines, file_name: str, machine: Machine) -> None:
        super().__init__(tokens, lines, file_name)
        self._machine = machine
        self._grammar = _grammar(machine)

    def _hint(self, text: str) -> str:
        if text not in lexer.keywords(self._machine):
            for machine in MACHINES.values():
                if text in lexer.keywords(machine):
                    return f"; `{text}` is a word of the dialect {machine.dialect.name}"
        return ""

    # Statements

    def statements(self) -> list[Statement]:
        """All statements; a line with an error contributes those before the error."""
        statements: list[Statement] = []
        kinds = self._kinds
        while (kind := kinds[self._index]) != lexer.END:
            if kind == LINE_END:
                self._index += 1
                continue
            try:
                statements.append(self._statement(kind))
            except ReadError:
                while kinds[self._index] not in (LINE_END, lexer.END):
                    self._index += 1
        return statements

    def _statement(self, kind: str) -> Statement:
        self._depth = 0
        match kind:
            case lexer.NAME:
                return self._label()
            case "CONST" | "CONSTL":
                return self._constant(kind == "CONSTL")
            case "VAR":
                return self._variable()
            case lexer.COMMAND:
                index = self._take(kind)
                return CommandStatement(self._texts[index][3:-1], start=self._starts[index], end=self._end())
            case "INCLUDE":
                index = self._take(kind)
                path = self._take(lexer.STRING, "the path in double quotes")
                return IncludeStatement(self._texts[path][1:-1], start=self._starts[index], end=self._end())
            case _:
                return self._step(kind)

    def _label(self) -> LabelStatement:
        index = self._take(NAME)
        self._take(":", "`:` after the label")
        return LabelStatement(self._texts[index], start=self._starts[index], end=self._end())

    def _variable(self) -> VariableStatement:
        index = self._take("VAR")
        scope = self._kinds[self._index]
        if scope not in ("GLOBAL", "CTX"):
            raise self._unexpected("`GLOBAL` or `CTX`")
        self._index += 1
        name = self._take(NAME, "the name of the variable")
        size: Number | ConstantName | None = None
        if self._kinds[self._index] == "[":
            self._index += 1
            size = self._array_size()
            self._take("]")
        return VariableStatement(scope, self._texts[name], size, start=self._starts[index], end=self._end())

    def _array_size(self) -> Number | ConstantName:
        if self._kinds[self._index] == CONSTANT and self._grammar.array_size_may_be_constant:
            return self._constant_name()
        return self._number(self._take(NUMBER, "the number of cells"))

    def _constant(self, long: bool) -> ConstantStatement:
        start = self._starts[self._index]
        self._index += 1
        name = self._take(CONSTANT, "the `%name` of the constant")
        self._take("=")
        value = self._expression(CONDITIONAL_PRECEDENCE)
        return ConstantStatement(self._texts[name][1:], value, long, start=start, end=self._end())

    # Steps

    def _step(self, kind: str) -> StepStatement:
        kinds = self._kinds
        start = self._starts[self._index]
        terms: tuple[Term, ...] = ()
        destinations: tuple[RegisterName, ...] = ()
        operations: tuple[OperationCall, ...] = ()
        if kind != ":":
            terms = self._terms()
            if kinds[self._index] == "=>":
                destinations = self._destinations()
        if kinds[self._index] == ":":
            operations = self._operations()
        end = self._end()
        if kinds[self._index] != LINE_END:
            raise self._unexpected(_after_step(terms, destinations, operations))
        self._index += 1
        return StepStatement(terms, destinations, operations, start=start, end=end)

    def _terms(self) -> tuple[Term, ...]:
        kinds = self._kinds
        terms: list[Term] = []
        sign = kinds[self._index]
        start = self._starts[self._index]
        negative = sign == "-"
        if negative:
            self._index += 1
        while True:
            factors = [self._factor(not terms and not negative)]
            while kinds[self._index] == "*":
                self._index += 1
                factors.append(self._factor(False))
            terms.append(Term(tuple(factors), negative, start=start, end=factors[-1].end))
            sign = kinds[self._index]
            if sign != "+" and sign != "-":
                return tuple(terms)
            negative = sign == "-"
            start = self._starts[self._index]
            self._index += 1

    def _factor(self, begins_step: bool) -> Factor:
        index = self._index
        kind, text, start = self._kinds[index], self._texts[index], self._starts[index]
        self._index = index + 1
        if kind in self._grammar.sources:
            return RegisterName(text, start=start, end=start + len(text))
        match kind:
            case lexer.NUMBER | lexer.LONG_NUMBER:
                if self._kinds[index + 1] == "**":
                    return self._power(index)
                return self._number(index)
            case lexer.FREE_INPUT:
                return FreeInput(text[2:-1], start=start, end=start + len(text))
            case lexer.CONSTANT:
                return ConstantName(text[1:], start=start, end=start + len(text))
            case lexer.REFERENCE:
                return Reference(text[1:], start=start, end=start + len(text))
            case lexer.LOW_FREE_INPUT:
                return FreeInput(text[3:-1], True, start=start, end=start + len(text))
            case _:
                self._index = index
                what = "a register, a number, `%constant`, `@reference`, `$` or `${advice}`"
                raise self._unexpected(f"a statement or {what}" if begins_step else what)

    def _power(self, index: int) -> Number:
        self._index = index + 2
        kind = self._kinds[index]
        exponent = self._take(kind, "an exponent of the same kind of literal")
        base = self._number(index, self._value(exponent))
        return Number(base.value, base.long, base.power, start=base.start, end=self._end())

    def _destinations(self) -> tuple[RegisterName, ...]:
        destinations = []
        while True:
            self._index += 1
            index = self._index
            name, start = self._kinds[index], self._starts[index]
            if name not in self._grammar.destinations:
                raise self._unexpected("a register")
            destinations.append(RegisterName(name, start=start, end=start + len(name)))
            self._index = index + 1
            if self._kinds[index + 1] != ",":
                return tuple(destinations)

    def _operations(self) -> tuple[OperationCall, ...]:
        operations = []
        while True:
            self._index += 1
            operations.append(self._operation())
            if self._kinds[self._index] != ",":
                return tuple(operations)

    def _operation(self) -> OperationCall:
        index = self._index
        name, start = self._kinds[index], self._starts[index]
        if name not in self._grammar.operands:
            raise self._unexpected("an operation")
        root = self._grammar.operands[name]
        self._index = index + 1
        if root is None:
            return OperationCall(name, start=start, end=start + len(name))
        self._take("(", f"`(` after {name}")
        operand = self._operand_of(root)
        return OperationCall(name, operand, start=start, end=self._end())

    def _operand_of(self, node: _OperandNode) -> Operand:
        names: tuple[Name, ...] = ()
        number = None
        first = self._starts[self._index]
        while True:
            index = self._index
            kind = self._kinds[index]
            if kind == ")" and node.shape is not None:
                operand = Operand(node.shape, names, number, start=first, end=self._end())
                self._index = index + 1
                return operand
            following = node.following.get(kind)
            if following is None:
                allowed = [*node.following, *([")"] if node.shape is not None else [])]
                raise self._unexpected(" or ".join(shown_kind(symbol) for symbol in allowed))
            if kind == NAME:
                text, start = self._texts[index], self._starts[index]
                names = (*names, Name(text, start=start, end=start + len(text)))
            elif kind == REFERENCE:
                text, start = self._texts[index], self._starts[index]
                names = (*names, Name(text[1:], start=start, end=start + len(text)))
            elif kind == NUMBER:
                number = self._value(index)
            self._index = index + 1
            node = following


def _after_step(
    terms: tuple[Term, ...], destinations: tuple[RegisterName, ...], operations: tuple[OperationCall, ...]
) -> str:
    """What may come where a step did not end."""
    if operations:
        return "`,` or the end of the line"
    if destinations:
        return "`,`, `:` or the end of the line"
    return "an operator, `=>`, `:` or the end of the line" if terms else "`:`"
