"""The printer: syntax tree to zkASM text, one statement a line. Parsing the text gives the tree back."""

from __future__ import annotations

import re
from typing import assert_never

from zkwasm_compiler.asm.expressions import (
    BINARY_PRECEDENCE,
    CONDITIONAL_PRECEDENCE,
    DEFAULT_PRECEDENCE,
    MINUS_PRECEDENCE,
    NOT_PRECEDENCE,
)
from zkwasm_compiler.asm.syntax import (
    Binary,
    CommandStatement,
    CommentStatement,
    Conditional,
    ConstantName,
    ConstantStatement,
    Default,
    Expression,
    Factor,
    FreeInput,
    IncludeStatement,
    LabelStatement,
    Number,
    Operand,
    OperationCall,
    Reference,
    RegisterName,
    Statement,
    StepStatement,
    Term,
    Tree,
    Unary,
    VariableStatement,
)
from zkwasm_compiler.errors import InternalError

INDENT = "    "
_ATOM = NOT_PRECEDENCE + 1
_LINE_END = re.compile(r"\r\n?|\n")


def print_tree(tree: Tree) -> str:
    """The text of a file."""
    return lay_out(tree)[0]


def lay_out(tree: Tree) -> tuple[str, list[int]]:
    """The text of a file and the 1-based line on which each statement starts."""
    texts = []
    numbers = []
    line = 1
    for statement in tree.statements:
        text = show_statement(statement)
        texts.append(text)
        numbers.append(line)
        line += 1 if "\n" not in text and "\r" not in text else 1 + len(_LINE_END.findall(text))
    texts.append("")
    return "\n".join(texts), numbers


def show_statement(statement: Statement) -> str:
    """The line of a statement."""
    match statement:
        case StepStatement():
            return _commented(INDENT + show_step(statement), statement.comment)
        case LabelStatement(name):
            return _commented(f"{name}:", statement.comment)
        case VariableStatement(scope, name, size):
            count = "" if size is None else f"[{show_expression(size)}]"
            return _commented(f"VAR {scope} {name}{count}", statement.comment)
        case ConstantStatement(name, value, long):
            keyword = "CONSTL" if long else "CONST"
            return _commented(f"{keyword} %{name} = {show_expression(value)}", statement.comment)
        case IncludeStatement(path):
            return f'INCLUDE "{path}"'
        case CommandStatement(text):
            return INDENT + _braced("$$", text)
        case CommentStatement(text):
            return text if text.startswith(";") else f"; {text}"
        case _:
            assert_never(statement)


def _commented(text: str, comment: str) -> str:
    return f"{text}  ; {comment}" if comment else text


def show_step(step: StepStatement) -> str:
    """A step without indentation and comment."""
    parts = []
    if step.terms:
        parts.append(_sum(step.terms))
    if step.destinations:
        parts.append("=> " + ", ".join([register.name for register in step.destinations]))
    if step.operations:
        parts.append(":" + ", ".join([show_operation(operation) for operation in step.operations]))
    return " ".join(parts)


def show_operation(operation: OperationCall) -> str:
    """An operation with its operand."""
    operand = operation.operand
    return operation.name if operand is None else f"{operation.name}({show_operand(operand)})"


def show_operand(operand: Operand) -> str:
    """An operand: its shape with names and number put in."""
    names = iter(operand.names)
    shown = []
    for symbol in operand.shape.split():
        match symbol:
            case "name":
                shown.append(next(names).text)
            case "@name":
                shown.append("@" + next(names).text)
            case "number":
                shown.append(_literal(operand.number or 0))
            case "+" | "-" if len(shown) != 0:
                shown.append(f" {symbol} ")
            case ",":
                shown.append(", ")
            case _:
                shown.append(symbol)
    return "".join(shown)


def _sum(terms: tuple[Term, ...]) -> str:
    shown = []
    for position, term in enumerate(terms):
        if position:
            shown.append(" - " if term.negative else " + ")
        elif term.negative:
            shown.append("-")
        shown.append("*".join([_factor(factor) for factor in term.factors]))
    return "".join(shown)


def _factor(factor: Factor) -> str:
    match factor:
        case RegisterName(name):
            return name
        case Number(value, long, power):
            return _literal(value, long) if power is None else f"{_literal(value, long)}**{_literal(power, long)}"
        case FreeInput(text, low_limb_only):
            sign = "$0" if low_limb_only else "$"
            return _braced(sign, text) if text or low_limb_only else "$"
        case ConstantName(name):
            return f"%{name}"
        case Reference(name):
            return f"@{name}"
        case _:
            assert_never(factor)


def show_expression(expression: Expression, least: int = CONDITIONAL_PRECEDENCE) -> str:
    """A constant expression, parenthesised where only operators of `least` or tighter may stand."""
    if isinstance(expression, Binary):
        return _chain(expression, least)
    match expression:
        case Number(value, long):
            return _literal(value, long)
        case ConstantName(name):
            return f"%{name}"
        case Unary(operator, operand):
            own = MINUS_PRECEDENCE if operator == "-" else NOT_PRECEDENCE
            return _closed(operator + show_expression(operand, _ATOM), own, least)
        case Conditional(condition, then, otherwise):
            shown = f"{show_expression(condition, DEFAULT_PRECEDENCE)} ? {show_expression(then)}"
            return _closed(f"{shown} : {show_expression(otherwise)}", CONDITIONAL_PRECEDENCE, least)
        case Default(constant, otherwise):
            shown = f"%{constant.name} ?? {show_expression(otherwise, DEFAULT_PRECEDENCE + 1)}"
            return _closed(shown, DEFAULT_PRECEDENCE, least)
        case _:
            assert_never(expression)


def _chain(expression: Binary, least: int) -> str:
    """A chain of left-associative operators, whose left spine is walked in a loop because it may be long."""
    spine: list[Binary] = []
    left: Expression = expression
    while isinstance(left, Binary):
        spine.append(left)
        left = left.left
    innermost = BINARY_PRECEDENCE[spine[-1].operator]
    shown, own = show_expression(left, innermost), innermost
    for node in reversed(spine):
        precedence = BINARY_PRECEDENCE[node.operator]
        shown = _closed(shown, own, precedence)
        own = precedence
        shown = f"{shown} {node.operator} {show_expression(node.right, own + 1)}"
    return _closed(shown, own, least)


def _braced(sign: str, text: str) -> str:
    """Advice or a command. *Raises:* InternalError for a text that the braces cannot hold."""
    if "}" in text:
        raise InternalError(f"the advice of a built syntax tree contains a brace: {text}")
    return f"{sign}{{{text}}}"


def _literal(value: int, long: bool = False) -> str:
    """A literal, which has no sign of its own. *Raises:* InternalError for a negative one."""
    if value < 0:
        raise InternalError(f"the literal {value} of a built syntax tree is negative; negate its term or use `Unary`")
    return f"{value}n" if long else str(value)


def _closed(text: str, own: int, least: int) -> str:
    return f"({text})" if own < least else text
