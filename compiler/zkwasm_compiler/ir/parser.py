"""The reader of the SSA's text, for file tests: `parse_module` and `parse_function` undo `ir.printer`.

Ids are kept as they are written, so that printing again gives the same text. ``;`` starts a comment. Values and blocks
may be used before the line that defines them; whether a use is allowed is the verifier's business.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from zkwasm_compiler.errors import InputError, Problem
from zkwasm_compiler.ir.function import (
    Block,
    Function,
    Global,
    Immediate,
    Module,
    Signature,
    Table,
    Target,
    Trap,
    Type,
    Value,
)
from zkwasm_compiler.ir.ops import OPS

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?(?:0x[0-9a-fA-F]+|[0-9]+)(?![A-Za-z_$.]))"""
    r"""|(?P<word>[A-Za-z_$.][A-Za-z0-9_$.\-]*)|(?P<mark>->|[(){}:,=\#]))"""
)


def parse_module(text: str) -> Module:
    """Read what `printer.format_module` writes. *Raises:* InputError with the line."""
    return _Parser(text).module()


def parse_function(text: str) -> Function:
    """Read one function. *Raises:* InputError with the line."""
    functions = list(parse_module(text).functions.values())
    if len(functions) != 1:
        raise InputError(f"one function was expected, found {len(functions)}")
    return functions[0]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass(slots=True)
class _Names:
    """The values and blocks of the function that is read, by id."""

    values: dict[int, Value] = field(default_factory=dict)
    blocks: dict[int, Block] = field(default_factory=dict)
    defined: set[int] = field(default_factory=set)

    def value(self, id_: int) -> Value:
        return self.values.setdefault(id_, Value(id_, "", Type.NONE))

    def block(self, id_: int) -> Block:
        return self.blocks.setdefault(id_, Block(id_))


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.position = 0

    def module(self) -> Module:
        module = Module()
        while not self._at("end"):
            match self._word():
                case "global":
                    module.globals.append(self._global())
                case "signature":
                    parameters = self._types()
                    self._expect("->")
                    module.signatures.append(Signature(parameters, self._types()))
                case "table":
                    module.tables.append(self._table())
                case "reference":
                    module.references.append(self._index())
                case "export":
                    name = self._name()
                    module.exports[name] = self._index()
                case "start":
                    module.start = self._index()
                case "function":
                    function = self._function()
                    module.functions[function.index] = function
                case word:
                    raise self._error(
                        f"expected global, signature, table, reference, export, start or function, found {word}"
                    )
        return module

    def _table(self) -> Table:
        index = self._index()
        self._expect(":")
        type_ = self._type()
        minimum = self._number()
        maximum = self._number() if self._peek().kind == "number" and not self._starts_line() else None
        entries: dict[int, int] = {}
        more = not self._starts_line() and self._accept("=")
        while more:
            entry = self._number()
            self._expect(":")
            entries[entry] = self._number()
            more = self._accept(",")
        return Table(index, type_, minimum, maximum, entries)

    def _global(self) -> Global:
        index = self._index()
        self._expect(":")
        mutable = self._accept("mut")
        type_ = self._type()
        self._expect("=")
        initial = self._number() & ((1 << type_.bits) - 1)
        name = self._name() if self._accept("name") else ""
        export = self._name() if not self._starts_line() and self._accept("export") else None
        return Global(index, type_, mutable, initial, name, export)

    def _function(self) -> Function:
        name = self._name()
        index = self._index()
        parameters = self._types()
        self._expect("->")
        function = Function(name, index, parameters, self._types())
        self._expect("{")
        names = _Names()
        while not self._accept("}"):
            function.blocks.append(self._block(names))
        function.next_id = max([*names.values, *names.blocks], default=-1) + 1
        self._number_terminators(function)
        missing = [f"v{id_}" for id_ in sorted(set(names.values) - names.defined)]
        missing += [
            f"b{block.id}" for block in sorted(names.blocks.values(), key=lambda b: b.id) if not block.terminator
        ]
        if missing:
            raise self._error(f"function {name} uses {', '.join(missing)} without a definition")
        return function

    def _number_terminators(self, function: Function) -> None:
        """Values without a name are not printed with their id; they get fresh ones."""
        for block in function.blocks:
            for value in block.values():
                if value.id < 0:
                    value.id = function.next_id
                    function.next_id += 1

    def _block(self, names: _Names) -> Block:
        block = names.block(self._reference("b"))
        if self._accept("("):
            while not self._accept(")"):
                value = self._define(names, self._reference("v"))
                self._expect(":")
                value.op, value.type = "parameter", self._type()
                block.parameters.append(value)
                self._accept(",")
        self._expect(":")
        while block.terminator is None:
            value = self._value(names)
            if OPS[value.op].terminator:
                block.terminator = value
            else:
                block.body.append(value)
        return block

    def _value(self, names: _Names) -> Value:
        value = Value(-1, "", Type.NONE)
        if re.fullmatch(r"v\d+", self._peek().text):
            value = self._define(names, self._reference("v"))
            type_ = self._type() if self._accept(":") else None
            self._expect("=")
        else:
            type_ = Type.NONE
        value.op = self._word()
        if value.op not in OPS:
            raise self._error(f"unknown op {value.op}")
        row = OPS[value.op]
        if row.immediate:
            value.immediate = self._immediate(value.op, row.result)
        value.args = self._list(names)
        while self._peek().kind == "word" and re.fullmatch(r"b\d+", self._peek().text) and not self._starts_line():
            value.targets.append(self._target(names))
        value.type = type_ or row.result or (value.args[0].type if value.args else Type.NONE)
        return value

    def _starts_line(self) -> bool:
        """Whether the next token starts a line: a value's arguments and edges stand on its own line."""
        return self.tokens[self.position].line != self.tokens[self.position - 1].line

    def _immediate(self, op: str, type_: Type | None) -> Immediate:
        if op == "trap":
            name = self._word().upper()
            if name not in Trap.__members__:
                raise self._error(f"unknown trap {name.lower()}")
            return Trap[name]
        if op.endswith(".const"):
            assert type_ is not None
            return self._number() & ((1 << type_.bits) - 1)
        first = self._index()
        return (first, self._index()) if OPS[op].pair else first

    def _target(self, names: _Names) -> Target:
        target = Target(names.block(self._reference("b")))
        if self._accept("("):
            target.args = self._list(names)
            self._expect(")")
        return target

    def _list(self, names: _Names) -> list[Value]:
        """Values separated by commas."""
        values: list[Value] = []
        while re.fullmatch(r"v\d+", self._peek().text) and not self._starts_line():
            values.append(names.value(self._reference("v")))
            if not self._accept(","):
                break
        return values

    def _define(self, names: _Names, id_: int) -> Value:
        if id_ in names.defined:
            raise self._error(f"v{id_} is defined twice")
        names.defined.add(id_)
        return names.value(id_)

    def _types(self) -> tuple[Type, ...]:
        types: list[Type] = []
        self._expect("(")
        while not self._accept(")"):
            types.append(self._type())
            self._accept(",")
        return tuple(types)

    def _type(self) -> Type:
        word = self._word()
        if word not in Type._value2member_map_:
            raise self._error(f"unknown type {word}")
        return Type(word)

    def _reference(self, letter: str) -> int:
        word = self._word()
        if not re.fullmatch(rf"{letter}\d+", word):
            raise self._error(f"expected {letter} and a number, found {word}")
        return int(word[1:])

    def _index(self) -> int:
        self._expect("#")
        return self._number()

    def _name(self) -> str:
        token = self._next()
        if token.kind == "string":
            return str(json.loads(token.text))
        if token.kind != "word":
            raise self._error(f"expected a name, found {token.text}")
        return token.text

    def _number(self) -> int:
        token = self._next()
        if token.kind != "number":
            raise self._error(f"expected a number, found {token.text}")
        return int(token.text, 0)

    def _word(self) -> str:
        token = self._next()
        if token.kind != "word":
            raise self._error(f"expected a word, found {token.text}")
        return token.text

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self.position += 1
            raise self._error(f"expected {text}, found {self.tokens[self.position - 1].text}")

    def _accept(self, text: str) -> bool:
        token = self._peek()
        if token.text != text or token.kind == "string":
            return False
        self.position += 1
        return True

    def _at(self, kind: str) -> bool:
        return self._peek().kind == kind

    def _peek(self) -> _Token:
        return self.tokens[self.position]

    def _next(self) -> _Token:
        self.position += 1
        if self.position > len(self.tokens) - 1:
            raise self._error("the text ends too early")
        return self.tokens[self.position - 1]

    def _error(self, message: str) -> InputError:
        line = self.tokens[min(max(self.position - 1, 0), len(self.tokens) - 1)].line
        return InputError(Problem(message, line=line, code="ssa_text"))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        position = 0
        end = len(line.rstrip())
        while position < end:
            match = _TOKEN.match(line, position)
            if match is None:
                if line[position:].lstrip().startswith(";"):
                    break
                raise InputError(Problem(f"cannot read {line[position:].strip()!r}", line=number, code="ssa_text"))
            assert match.lastgroup is not None
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], number))
            position = match.end()
    return [*tokens, _Token("end", "the end of the text", len(lines))]
