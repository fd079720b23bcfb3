"""Variables of a loop that a constant moves in every round: pointers, counters, elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zkwasm_compiler.analysis.loops import Loop
from zkwasm_compiler.ir.function import Block, Target, Type, Value, constant_bits
from zkwasm_compiler.ir.integers import signed


@dataclass(eq=False, frozen=True, slots=True)
class LoopVariable:
    """A loop variable: the parameter at `position` of the header becomes ``parameter + step`` on every back edge.

    `following` are those sums; `exact` says that none of them wraps. `start` is what it begins with.
    """

    loop: Loop
    parameter: Value
    position: int
    step: int
    following: tuple[Value, ...]
    exact: bool
    start: Value


def loop_variables(loop: Loop, edges: Mapping[Block, list[tuple[Block, Target]]]) -> Iterator[LoopVariable]:
    """The variables of a loop that a constant moves; `start` is the argument of any edge into the loop."""
    back = [target for source, target in edges[loop.header] if source in loop.blocks]
    entering = [target for source, target in edges[loop.header] if source not in loop.blocks]
    for position, parameter in enumerate(loop.header.parameters):
        if parameter.type is not Type.I32:
            continue
        following = [target.args[position] for target in back]
        steps = {_step(parameter, value) for value in following}
        step = steps.pop()
        if step is not None and not steps:
            exact = all(value.op != "i32.add" for value in following)
            start = entering[0].args[position]
            yield LoopVariable(loop, parameter, position, step, tuple(dict.fromkeys(following)), exact, start)


def _step(parameter: Value, following: Value) -> int | None:
    """What is added to the parameter, as a signed number; None where it is not a constant."""
    if following.op not in ("i32.add", "zk.add_nw", "zk.sub_nw") or len(following.args) != 2:
        return None
    x, amount = following.args
    if x is not parameter and following.op != "zk.sub_nw":
        x, amount = amount, x
    bits = constant_bits(amount)
    if x is not parameter or not bits:
        return None
    step = -bits if following.op == "zk.sub_nw" else bits
    return signed(bits, 32) if following.op == "i32.add" else step
