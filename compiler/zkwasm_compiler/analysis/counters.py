"""Loop counters: block parameters that a loop steps by a constant until they equal a limit.

A loop that ends on ``next != limit`` says nothing about the order of counter and limit; that the counter starts on one
side of the limit and cannot step over it does. Intervals alone do not see this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from zkwasm_compiler.analysis.interval import Range, constant
from zkwasm_compiler.ir.function import Block, Target, Value
from zkwasm_compiler.ir.integers import ctz

ORDERS = ("lt_u", "lt_s", "gt_u", "gt_s")
MAXIMUM_DEPTH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """`parameter`, at `position` of its block, becomes ``parameter + step`` on every back edge, where that sum is not
    `limit` plus `shift`. `step` is a signed number; `limit` is a constant or made before the loop, None for 0."""

    parameter: Value
    position: int
    step: int
    limit: Value | None
    shift: int = 0

    def limit_range(self, *known: Mapping[Value, Range]) -> Range:
        """The range of the limit; of several maps the first that has it counts."""
        limit, bits = self.limit, self.parameter.type.bits
        if limit is None or (limit.op.endswith(".const") and isinstance(limit.immediate, int)):
            number = limit.immediate if limit is not None and isinstance(limit.immediate, int) else 0
            return constant(bits, (number + self.shift) % (1 << bits))
        return next(ranges[limit] for ranges in known if limit in ranges)

    def meets_limit(self, start: Value, first: Range, limit: Range, order: str) -> bool:
        """Whether a counter that begins with `start`, in `first`, and has its limit ahead cannot step over it."""
        if (self.step > 0) != order.startswith("lt") or (self.shift and limit.single is None):
            return False
        if abs(self.step) == 1:
            return True
        if first.single is not None and limit.single is not None:
            distance = limit.u_low - first.u_low if order[-1] == "u" else limit.s_low - first.s_low
            return distance % self.step == 0
        power = abs(self.step)
        if power & (power - 1) or self.shift % power:
            return False
        return all(x is None or 1 << trailing_zeros(x) >= power for x in (start, self.limit))


def trailing_zeros(value: Value, depth: int = 0) -> int:
    """How many low bits of a value are zero for certain."""
    bits = value.type.bits
    if value.op.endswith(".const") and isinstance(value.immediate, int):
        return ctz(value.immediate, bits)
    if depth >= MAXIMUM_DEPTH or len(value.args) != 2:
        return 0
    left, right = (trailing_zeros(arg, depth + 1) if arg.type.bits == bits else 0 for arg in value.args)
    match value.op.partition(".")[2]:
        case "and":
            return max(left, right)
        case "add" | "sub" | "or" | "xor":
            return min(left, right)
        case "mul":
            return min(left + right, bits)
        case "shl" if value.args[1].op.endswith(".const") and isinstance(value.args[1].immediate, int):
            return min(left + value.args[1].immediate % bits, bits)
    return 0


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
    if y is not None and (y is following or y is parameter):
        x, y = y, x
    if y is not None and not made_before(y):
        return None
    if x is following:
        return Counter(parameter, position, step, y)
    return Counter(parameter, position, step, y, step) if x is parameter else None


def _step(parameter: Value, following: Value) -> int | None:
    """The constant that is added to the parameter, as a signed number."""
    if following.op.partition(".")[2] != "add" or following.args[0] is not parameter:
        return None
    bits = following.args[1].immediate
    if not following.args[1].op.endswith(".const") or not isinstance(bits, int) or bits == 0:
        return None
    width = parameter.type.bits
    return bits - (1 << width) if bits >> (width - 1) else bits


def _unequal(source: Block, target: Target) -> tuple[Value, Value | None] | None:
    """The two values that differ where the edge is taken; None for zero."""
    terminator = source.terminator
    if terminator is None or terminator.op != "br_if":
        return None
    taken = terminator.targets[0] is target
    condition = terminator.args[0]
    while condition.op == "i32.eqz" and condition.args[0].op.partition(".")[2] in ("eq", "ne", "eqz"):
        condition, taken = condition.args[0], not taken
    name = condition.op.partition(".")[2]
    if name == ("ne" if taken else "eq"):
        return condition.args[0], condition.args[1]
    if name == "eqz":
        return None if taken else (condition.args[0], None)
    return (condition, None) if taken else None
