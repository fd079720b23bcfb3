"""Values of globals: reads that are known, and writes that nothing sees."""

from __future__ import annotations

from typing import TypeAlias

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.order import predecessors
from zkwasm_compiler.analysis.references import CALLS
from zkwasm_compiler.ir.function import Block, Function, Value
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import cannot_trap

Known: TypeAlias = dict[int, Value]


def global_values(function: Function, context: Context) -> bool:
    """Forward what globals hold along blocks with one predecessor; drop writes that are overwritten unseen."""
    changed = _read_constants(function, context)
    replacements = Replacements()
    sources = predecessors(function)
    at_end: dict[Block, Known] = {}
    for block in dominator_tree(function).preorder:  # a single predecessor is the dominator and comes first
        before = sources[block]
        known = dict(at_end[before[0]]) if len(before) == 1 else {}
        changed |= _forward(block, known, replacements)
        at_end[block] = known
        changed |= _drop_overwritten(block)
    replacements.apply(function)
    return changed


def _read_constants(function: Function, context: Context) -> bool:
    """A global that nothing may write is its initial value."""
    changed = False
    for block in function.blocks:
        for value in block.body:
            if value.op == "global.get" and isinstance(value.immediate, int):
                global_ = context.module.globals[value.immediate]
                if not global_.mutable:
                    value.op, value.immediate = f"{value.type.value}.const", global_.initial
                    changed = True
    return changed


def _forward(block: Block, known: Known, replacements: Replacements) -> bool:
    """Replace reads by what the global holds and drop writes of just that; leaves in `known` what holds at the end."""
    body: list[Value] = []
    for value in block.body:
        replacements.apply_to(value)
        if value.op in CALLS:
            known.clear()
        elif value.op in ("global.get", "global.set"):
            assert isinstance(value.immediate, int)
            held = known.get(value.immediate)
            stored = value if value.op == "global.get" else value.args[0]
            if held is not None and value.op == "global.get":
                replacements.add(value, held)
                continue
            if held is stored:
                continue
            known[value.immediate] = stored
        body.append(value)
    changed = len(body) < len(block.body)
    block.body = body
    return changed


def _drop_overwritten(block: Block) -> bool:
    """A write is unseen when another follows in the block before any read, call or possible trap."""
    overwritten: set[int] = set()
    body: list[Value] = []
    for value in reversed(block.body):
        if value.op == "global.set":
            assert isinstance(value.immediate, int)
            if value.immediate in overwritten:
                continue
            overwritten.add(value.immediate)
        elif value.op == "global.get":
            assert isinstance(value.immediate, int)
            overwritten.discard(value.immediate)
        elif not OPS[value.op].pure and not (OPS[value.op].traps and cannot_trap(value)):
            overwritten.clear()
        body.append(value)
    changed = len(body) < len(block.body)
    block.body = body[::-1]
    return changed
