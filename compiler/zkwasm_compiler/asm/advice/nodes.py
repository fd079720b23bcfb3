"""The nodes of advice expressions and the tables of their operators."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A piece of advice, from offset `start` of its text up to `end`; −1 when it was not parsed."""

    start: int = field(default=-1, compare=False, repr=False)
    end: int = field(default=-1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Empty(Node):
    """No advice: a bare ``$``."""


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal of any size."""

    value: int


@dataclass(frozen=True, slots=True)
class Register(Node):
    """A register or counter of the machine."""

    name: str


@dataclass(frozen=True, slots=True)
class VariableName(Node):
    """A variable of the advice language, read."""

    name: str


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """``var name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """``target = value``."""

    target: VariableName | Declaration
    value: Advice


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``name(arguments)``."""

    name: str
    arguments: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`operation` is the JSON name: ``neg``, ``bitnot`` or ``not``."""

    operation: str
    operand: Advice


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`operation` is the JSON name, for example ``add``."""

    operation: str
    left: Advice
    right: Advice


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """``condition ? then : otherwise``."""

    condition: Advice
    then: Advice
    otherwise: Advice


@dataclass(frozen=True, slots=True)
class Data(Node):
    """``module.name[index]`` as written."""

    module: str
    name: str
    index: Advice | None = None


@dataclass(frozen=True, slots=True)
class MemoryValue(Node):
    """``mem.name`` or ``mem.name[number]``, resolved: the value of `cell`, the index included."""

    name: str
    cell: int
    index: Advice | None = None
    use_context: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryValueAt(Node):
    """``mem.name[expression]``, resolved: the value of the cell at a computed address."""

    address: Advice
    use_context: int | None = None


@dataclass(frozen=True, slots=True)
class NamedNumber(Node):
    """``addr.name`` or ``const.NAME``, resolved. The JSON has `digits` as text, without them the number."""

    module: str
    name: str
    value: int
    index: Advice | None = None
    digits: str | None = None


Advice = (
    Empty
    | Number
    | Register
    | VariableName
    | Declaration
    | Assignment
    | Call
    | Unary
    | Binary
    | Conditional
    | Data
    | MemoryValue
    | MemoryValueAt
    | NamedNumber
)

SUMS = {"+": "add", "-": "sub"}
PRODUCTS = {
    "*": "mul",
    "/": "div",
    "%": "mod",
    "&": "bitand",
    "|": "bitor",
    "^": "bitxor",
    "<<": "shl",
    ">>": "shr",
    "&&": "and",
    "||": "or",
    "**": "exp",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
UNARY = {"-": "neg", "~": "bitnot", "!": "not"}


SYMBOLS = {name: symbol for table in (SUMS, PRODUCTS) for symbol, name in table.items()}
UNARY_SYMBOLS = {name: symbol for symbol, name in UNARY.items()}


def children(node: Advice) -> tuple[Advice, ...]:
    """The nodes directly inside `node`."""
    match node:
        case Assignment(target, value):
            return (target, value)
        case Call(_, arguments):
            return arguments
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Conditional(condition, then, otherwise):
            return (condition, then, otherwise)
        case Data(_, _, index) | NamedNumber(_, _, _, index) | MemoryValue(_, _, index):
            return () if index is None else (index,)
        case MemoryValueAt(address):
            return (address,)
        case _:
            return ()
