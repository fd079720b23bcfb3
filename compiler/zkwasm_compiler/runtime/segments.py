"""Passive data segments at run time: a table of their words as code, and the cells that say which are dropped.

A computed CALL to ``segments_end + e`` puts the word at e (negative) into B and returns. Like the tables of powers it
costs no step until it is used. The cell ``dropped[k]`` is 0, as cells are that nothing has written, until data.drop.
"""

from __future__ import annotations

from collections.abc import Collection

from zkwasm_compiler.ir.function import Module

END = "segments_end"


def table_words(module: Module) -> int:
    """How many words the table has by now."""
    return sum(_words(module, segment) for segment in module.tabled)


def table_position(module: Module, segment: int) -> int:
    """The index in the table of a segment's first word; the segment is added when it is not there yet."""
    if segment not in module.tabled:
        module.tabled.append(segment)
    before = module.tabled[: module.tabled.index(segment)]
    return sum(_words(module, other) for other in before)


def _words(module: Module, segment: int) -> int:
    return -(-len(module.data[segment].content) // 4)


def segment_table(module: Module, used: Collection[str]) -> list[str]:
    """The lines of the table, if its end is among the `used` labels. Without a word when all copies are of none."""
    if END not in used:
        return []
    lines = [
        f"  {module.data[segment].word(index):#x}n => B :RETURN"
        for segment in module.tabled
        for index in range(_words(module, segment))
    ]
    return [*lines, f"{END}:"]


def dropped_cells(module: Module) -> int:
    """How many cells hold whether segments are dropped: up to the last segment of which the code asks or says it."""
    segments = [
        value.immediate
        for function in module.functions.values()
        for block in function.blocks
        for value in block.body
        if value.op in ("zk.dropped", "data.drop") and isinstance(value.immediate, int)
    ]
    return max(segments, default=-1) + 1
