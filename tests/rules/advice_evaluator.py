"""The honest prover's advice language, as far as rules use it; independent of the assembler's and the simulator's.

Unbounded integers. Unary ``+ - ~ !``; ``+ -``; and one left-associative level that binds tighter than ``+ -`` for all
other operators. ``/`` and ``%`` truncate toward zero.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType


def _quotient(x: int, y: int) -> int:
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


def _comparison(compare: Callable[[int, int], bool]) -> Callable[[int, int], int]:
    return lambda x, y: int(compare(x, y))


TIGHT: Mapping[str, Callable[[int, int], int]] = {
    "*": operator.mul,
    "/": _quotient,
    "%": lambda x, y: x - y * _quotient(x, y),
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": _comparison(operator.eq),
    "!=": _comparison(operator.ne),
    "<": _comparison(operator.lt),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
}
LOOSE: Mapping[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub}
UNARY: Mapping[str, Callable[[int], int]] = {
    "+": operator.pos,
    "-": operator.neg,
    "~": operator.invert,
    "!": lambda x: int(x == 0),
}
_TOKEN = re.compile(r"\s*(0x[0-9a-fA-F]+|\d+|%?[a-z_]\w*|<<|>>|==|!=|>=|[-+*/%&|^<>~!()])")


def evaluate(text: str, leaf: Callable[[str], int], literals: Mapping[int, int] = MappingProxyType({})) -> int:
    """The value of an advice text; `leaf` gives the values of operands and of constants (``%name``).

    `literals` replaces literals, for the scale model.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", ""):
        raise ValueError(f"cannot read the advice {text!r}")
    tokens.reverse()  # a stack

    def primary() -> int:
        token = tokens.pop()
        if token in UNARY:
            return UNARY[token](primary())
        if token == "(":
            value = loose()
            if tokens.pop() != ")":
                raise ValueError(f"unbalanced parentheses in the advice {text!r}")
            return value
        if token[0].isdigit():
            return literals.get(int(token, 0), int(token, 0))
        return leaf(token)

    def tight() -> int:
        value = primary()
        while tokens and tokens[-1] in TIGHT:
            value = TIGHT[tokens.pop()](value, primary())
        return value

    def loose() -> int:
        value = tight()
        while tokens and tokens[-1] in LOOSE:
            value = LOOSE[tokens.pop()](value, tight())
        return value

    value = loose()
    if tokens:
        raise ValueError(f"cannot read {tokens[-1]!r} in the advice {text!r}")
    return value
