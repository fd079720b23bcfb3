"""Value numbering: equal computations are made once.

`lvn` works within a block. `gvn` walks the dominator tree with a table that every block inherits from its dominators.
*Source:* Briggs, Cooper, Simpson, "Value Numbering", 1997 (the hash-based technique over the dominator tree).
"""

from __future__ import annotations

from typing import TypeAlias

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.ir.function import Block, Function, Type, Value
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context

Key: TypeAlias = tuple[str, Type, object, tuple[int, ...]]
Table: TypeAlias = dict[Key, Value]


def lvn(function: Function, context: Context) -> bool:
    """Share equal values within each block."""
    replacements = Replacements()
    for block in function.blocks:
        _number_block(block, {}, replacements)
    replacements.apply(function)
    return bool(replacements)


def gvn(function: Function, context: Context) -> bool:
    """Share equal values where one dominates the other; constants are made once, in the entry block."""
    moved = _gather_constants(function)
    replacements = Replacements()
    tree = dominator_tree(function)
    table: Table = {}
    work: list[tuple[Block, bool]] = [(function.entry, True)]
    added: dict[Block, list[Key]] = {}
    while work:
        block, arriving = work.pop()
        if arriving:
            added[block] = _number_block(block, table, replacements)
            work.append((block, False))
            work.extend((child, True) for child in reversed(tree.children[block]))
        else:
            for key in added.pop(block):
                del table[key]
    replacements.apply(function)
    return moved or bool(replacements)


def _number_block(block: Block, table: Table, replacements: Replacements) -> list[Key]:
    """Replace what the table has and add the rest; gives the keys that were added."""
    added: list[Key] = []
    kept: list[Value] = []
    for value in block.body:
        replacements.apply_to(value)
        if not _is_shareable(value):
            kept.append(value)
            continue
        key = _key(value)
        known = table.get(key)
        if known is None:
            table[key] = value
            added.append(key)
            kept.append(value)
        else:
            replacements.add(value, known)
    block.body = kept
    return added


def _is_shareable(value: Value) -> bool:
    """Pure values; and those that may trap, since an equal one that comes first has not trapped."""
    row = OPS[value.op]
    return row.pure or (row.traps and row.evaluate is not None)  # what depends on more than its arguments does not


def _key(value: Value) -> Key:
    args = tuple(arg.id for arg in value.args)
    return value.op, value.type, value.immediate, tuple(sorted(args)) if OPS[value.op].commutative else args


def _gather_constants(function: Function) -> bool:
    """Put one value for each constant at the head of the entry block, in order of first use."""
    replacements = Replacements()
    constants: Table = {}
    moved = False
    for block in function.blocks:
        rest: list[Value] = []
        for value in block.body:
            if not value.op.endswith(".const"):
                rest.append(value)
                continue
            moved |= block is not function.entry
            first = constants.setdefault(_key(value), value)
            if first is not value:
                replacements.add(value, first)
        block.body = rest
    function.entry.body[:0] = constants.values()
    replacements.apply(function)
    return moved or bool(replacements)
