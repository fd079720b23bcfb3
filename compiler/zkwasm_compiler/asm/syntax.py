"""The syntax tree of a zkASM file: frozen nodes that compare without their positions.

`start` and `end` are offsets into the source text, −1 in a tree that was built rather than parsed, and
`SourceFile.position` turns them into line and column. The compiler builds these nodes directly and hands them to
`assemble_tree`; the parser makes them from text, the printer text from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A piece of source text, from offset `start` up to `end`."""

    start: int = field(default=-1, compare=False, repr=False)
    end: int = field(default=-1, compare=False, repr=False)


# Constant expressions


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal, exactly as written; `long` is the suffix ``n``. `power` is the exponent of ``a**b`` in a step."""

    value: int
    long: bool = False
    power: int | None = None


@dataclass(frozen=True, slots=True)
class ConstantName(Node):
    """``%name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x`` or ``!x``."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``left operator right``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Default(Node):
    """``%name ?? otherwise``: the constant if it is defined."""

    constant: ConstantName
    otherwise: Expression


Expression = Number | ConstantName | Unary | Binary | Conditional | Default


# Steps


@dataclass(frozen=True, slots=True)
class RegisterName(Node):
    """A register, or on the left side also a counter."""

    name: str


@dataclass(frozen=True, slots=True)
class FreeInput(Node):
    """``$`` (no text) or ``${text}``; `low_limb_only` is ``$0{text}``. The text is advice, parsed by `advice.parse`."""

    text: str = ""
    low_limb_only: bool = False


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """``@name``: the address of a label or the cell of a variable."""

    name: str


Factor = RegisterName | FreeInput | Number | ConstantName | Reference


@dataclass(frozen=True, slots=True)
class Term(Node):
    """A product of the left side with its sign."""

    factors: tuple[Factor, ...]
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A label or variable inside an operand."""

    text: str


@dataclass(frozen=True, slots=True)
class Operand(Node):
    """What stands in the parentheses of an operation: the shape of one of its operand forms, and what fills it."""

    shape: str
    names: tuple[Name, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class OperationCall(Node):
    """One operation after the colon."""

    name: str
    operand: Operand | None = None


@dataclass(frozen=True, slots=True)
class StepStatement(Node):
    """``terms => destinations :operations``; a step without left side has no terms."""

    terms: tuple[Term, ...] = ()
    destinations: tuple[RegisterName, ...] = ()
    operations: tuple[OperationCall, ...] = ()
    comment: str = field(default="", compare=False)


# Other statements


@dataclass(frozen=True, slots=True)
class LabelStatement(Node):
    """``name:``."""

    name: str
    comment: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class VariableStatement(Node):
    """``VAR scope name[size]``; `size` is None for a single cell."""

    scope: str
    name: str
    size: Number | ConstantName | None = None
    comment: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ConstantStatement(Node):
    """``CONST %name = value``, or ``CONSTL`` when `long`."""

    name: str
    value: Expression
    long: bool = False
    comment: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class IncludeStatement(Node):
    """``INCLUDE "path"``."""

    path: str


@dataclass(frozen=True, slots=True)
class CommandStatement(Node):
    """``$${text}``."""

    text: str


@dataclass(frozen=True, slots=True)
class CommentStatement(Node):
    """A comment line of a built tree; the parser keeps comments apart (`SourceFile.comments`)."""

    text: str


Statement = (
    StepStatement
    | LabelStatement
    | VariableStatement
    | ConstantStatement
    | IncludeStatement
    | CommandStatement
    | CommentStatement
)


@dataclass(frozen=True, slots=True)
class Tree(Node):
    """The statements of one file in their order."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """A comment of the source with its delimiters."""

    text: str
