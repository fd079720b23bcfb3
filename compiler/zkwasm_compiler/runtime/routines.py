"""The routines of `routines.wat`: functions that legalisation adds to a module when something calls them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from zkwasm_compiler import wasm
from zkwasm_compiler.analysis.memory_size import grows
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Function, Module, Type
from zkwasm_compiler.ir.linear_memory import MAXIMUM_PAGES
from zkwasm_compiler.ir.memory_layout import WORDS_A_PAGE
from zkwasm_compiler.runtime.word_loops import FILL, MOVES
from zkwasm_compiler.wasm.text import wat_to_wasm

FIRST_INDEX = 1 << 24
"""Routines are numbered from here, above every function of a module."""

OPS_BY_NAME = {
    "count_inside": ("zk.check_count", None),
    "inside": ("zk.check_bytes", None),
    FILL: ("zk.fill_words", None),
    **{label: ("zk.move_words", rest) for rest, label in enumerate(MOVES)},
}
"""What calls of the functions that `routines.wat` only declares become: ops and their immediates."""


class Routines:
    """The memory of a module as its accesses need to know it, and the routines that it has by now.

    `growing`: the number of words is in a cell, because some function grows the memory (or it begins empty).
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        memory = module.memory
        self.minimum_words = memory.minimum * WORDS_A_PAGE if memory else 0
        self.maximum_pages = MAXIMUM_PAGES if memory is None or memory.maximum is None else memory.maximum
        self.growing = memory is not None and (self.minimum_words == 0 or grows(module))

    def function(self, name: str) -> Function:
        """The routine called `name`, added to the module with those that it calls."""
        index = _exports()[name]
        self._add(index)
        return self.module.functions[FIRST_INDEX + index]

    def _add(self, index: int) -> None:
        if FIRST_INDEX + index in self.module.functions:
            return
        function = _library().functions[index]
        ops = {_exports()[name]: op for name, op in OPS_BY_NAME.items()}
        function.index = FIRST_INDEX + index
        function.name = f"memory.{function.name}"
        self.module.functions[function.index] = function
        for block in function.blocks:
            for value in block.body:
                if value.op == "call" and isinstance(value.immediate, int):
                    if value.immediate in ops:
                        value.type = Type.NONE
                        value.op, value.immediate = ops[value.immediate]
                    else:
                        self._add(value.immediate)
                        value.immediate += FIRST_INDEX


@cache
def _binary() -> bytes:
    text = resources.files("zkwasm_compiler.runtime").joinpath("routines.wat").read_text(encoding="utf-8")
    return wat_to_wasm(text, "routines.wat")


@cache
def _exports() -> dict[str, int]:
    return _library().exports


def _library() -> Module:
    """A fresh copy of the routines: what is added to a module is changed there."""
    return translate(wasm.load(_binary()))
