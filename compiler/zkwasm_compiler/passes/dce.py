"""Dead code elimination: values, block parameters and blocks that nothing needs."""

from __future__ import annotations

from zkwasm_compiler.analysis.order import incoming_edges, reverse_postorder
from zkwasm_compiler.ir.function import Function, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.parameters import drop_parameters
from zkwasm_compiler.passes.context import Context


def dce(function: Function, context: Context) -> bool:
    """Keep what effects, possible traps and terminators need, and nothing else."""
    changed = remove_unreachable_blocks(function)
    live = _live_values(function)
    for block in function.blocks:
        kept = [value for value in block.body if value in live]
        changed |= len(kept) < len(block.body)
        block.body = kept
    for block, edges in list(incoming_edges(function).items())[1:]:
        dead = [position for position, parameter in enumerate(block.parameters) if parameter not in live]
        if dead:
            drop_parameters(block, [target for _, target in edges], dead)
            changed = True
    return changed


def remove_unreachable_blocks(function: Function) -> bool:
    """Drop the blocks that the entry does not reach."""
    reached = set(reverse_postorder(function))
    if len(reached) == len(function.blocks):
        return False
    function.blocks = [block for block in function.blocks if block in reached]
    return True


def cannot_trap(value: Value) -> bool:
    """Whether an op that may trap provably does not: its divisor is a constant that is neither 0 nor, signed, -1."""
    if not OPS[value.op].traps:
        return True
    divisor = constant_bits(value.args[1]) if "div_" in value.op or "rem_" in value.op else None
    if divisor is None or divisor == 0:
        return False
    # only the quotient of the lowest number and -1 overflows; the remainder is 0
    return not (value.op.endswith("div_s") and divisor == (1 << value.type.bits) - 1)


def _must_stay(value: Value) -> bool:
    row = OPS[value.op]
    if row.pure or value.op == "global.get":
        return False
    return not (row.traps and cannot_trap(value))


def _live_values(function: Function) -> set[Value]:
    """What must stay, and everything that it reads; an edge's argument is read if the parameter is."""
    sources: dict[Value, list[Value]] = {}
    for block, edges in incoming_edges(function).items():
        for position, parameter in enumerate(block.parameters):
            sources[parameter] = [target.args[position] for _, target in edges]
    live: set[Value] = set()
    work = [value for block in function.blocks for value in block.body if _must_stay(value)]
    work += [block.terminator for block in function.blocks if block.terminator is not None]
    while work:
        value = work.pop()
        if value not in live:
            live.add(value)
            work += value.args
            work += sources.get(value, ())
    return live
