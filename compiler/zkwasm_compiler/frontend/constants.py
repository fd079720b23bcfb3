"""Constant expressions: what they give when the module is instantiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.wasm.module import Expression


def evaluate(expression: Expression, globals_: Sequence[int | None]) -> int | None:
    """The unsigned bits that a valid constant expression gives; of a reference to function n, n + 1.

    `globals_` are the globals before it, None for those that are not known; nor is then what is made of them.
    """
    stack: list[int | None] = []
    for instruction in expression[:-1]:
        match instruction.name:
            case "global.get":
                stack.append(globals_[instruction.immediates[0]])
            case "ref.null":
                stack.append(0)
            case "ref.func":
                stack.append(1 + instruction.immediates[0])
            case name if name.endswith(".const"):
                stack.append(int(instruction.immediates[0]))
            case name:
                compute = OPS[name].evaluate
                assert compute is not None
                right, left = stack.pop(), stack.pop()
                stack.append(_computed(compute, left, right))
    return stack[-1]


def _computed(compute: Callable[..., int], left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else compute(left, right)
