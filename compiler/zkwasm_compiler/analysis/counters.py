"""Loop counters: block parameters that a loop steps by a constant until they equal a limit.

A loop that ends on ``next != limit`` says nothing about the order of counter and limit; that the counter starts on one
side of the limit and cannot step over it does. Intervals alone do not see this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zkwasm_compiler.ir.function import Block, Target, Value


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """`parameter`, at `position` of its block, becomes ``parameter + step`` on every back edge, where that sum is not
    `limit` plus `shift`. `step` is a signed number; `limit` is a constant or made before the loop."""

    parameter: Value
    position: int
    step: int
    limit: Value
    shift: int = 0


def counters_of(
    block: Block,
    back_edges: Iterable[tuple[Block, Target]],
    made_before: Callable[[Value], bool],
) -> list[Counter]:
    """The counters among the parameters of a loop header; `made_before` says what the loop cannot change."""
    edges = list(back_edges)
    found = []
    for position, parameter in enumerate(block.parameters):
        counters = [_counter(parameter, position, source, target, made_before) for source, target in edges]
        first = counters[0] if counters else None
        if first is None or any(
            other is None or (other.step, other.limit, other.shift) != (first.step, first.limit, first.shift)
            for other in counters
        ):
            continue
        found.append(first)
    return found


def _counter(
    parameter: Value, position: int, source: Block, target: Target, made_before: Callable[[Value], bool]
) -> Counter | None:
    """The counter as one back edge shows it."""
    following = target.args[position]
    step = _step(parameter, following)
    differs = _unequal(source, target)
    if step is None or differs is None:
        return None
    x, y = differs
    if y is following or y is parameter:
        x, y = y, x
    if x is following and made_before(y):
        return Counter(parameter, position, step, y)
    if x is parameter and made_before(y):
        return Counter(parameter, position, step, y, step)
    return None


def _step(parameter: Value, following: Value) -> int | None:
    """The constant that is added to the parameter, as a signed number."""
    if following.op.partition(".")[2] != "add" or following.args[0] is not parameter:
        return None
    bits = following.args[1].immediate
    if not following.args[1].op.endswith(".const") or not isinstance(bits, int) or bits == 0:
        return None
    width = parameter.type.bits
    return bits - (1 << width) if bits >> (width - 1) else bits


def _unequal(source: Block, target: Target) -> tuple[Value, Value] | None:
    """The two values that differ where the edge is taken."""
    terminator = source.terminator
    if terminator is None or terminator.op != "br_if":
        return None
    taken = terminator.targets[0] is target
    condition = terminator.args[0]
    while condition.op == "i32.eqz" and condition.args[0].type.bits == 32 and _is_truth(condition.args[0]):
        condition, taken = condition.args[0], not taken
    if condition.op in (("i32.ne", "i64.ne") if taken else ("i32.eq", "i64.eq")):
        return condition.args[0], condition.args[1]
    return None


def _is_truth(value: Value) -> bool:
    return value.op.partition(".")[2] in ("eq", "ne", "eqz")
