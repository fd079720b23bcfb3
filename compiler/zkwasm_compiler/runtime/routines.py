"""The routines of `routines.wat`: functions that legalisation adds to a module when something calls them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from zkwasm_compiler import wasm
from zkwasm_compiler.analysis.memory_size import grows
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Function, Module, Type, Value
from zkwasm_compiler.ir.linear_memory import MAXIMUM_PAGES
from zkwasm_compiler.ir.memory_layout import WORDS_A_PAGE
from zkwasm_compiler.runtime.word_loops import FILL, MOVES
from zkwasm_compiler.wasm.text import wat_to_wasm

FIRST_INDEX = 1 << 24
"""Routines are numbered from here, above every function of a module."""


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
        index = _library().exports[name]
        self._add(index)
        return self.module.functions[FIRST_INDEX + index]

    def _add(self, index: int) -> None:
        if FIRST_INDEX + index in self.module.functions:
            return
        library = _library()
        function = library.functions[index]
        loops = {library.exports[label]: label for label in (FILL, *MOVES)}
        function.index = FIRST_INDEX + index
        function.name = f"memory.{function.name}"
        self.module.functions[function.index] = function
        for block in function.blocks:
            for value in block.body:
                if value.op == "call" and isinstance(value.immediate, int):
                    if value.immediate in loops:
                        _become_loop(value, loops[value.immediate])
                    else:
                        self._add(value.immediate)
                        value.immediate += FIRST_INDEX


def _become_loop(call: Value, label: str) -> None:
    """The call of a function that `routines.wat` only declares becomes the op for a loop of `word_loops`."""
    call.type = Type.NONE
    call.op, call.immediate = ("zk.fill_words", None) if label == FILL else ("zk.move_words", MOVES.index(label))


@cache
def _binary() -> bytes:
    text = resources.files("zkwasm_compiler.runtime").joinpath("routines.wat").read_text(encoding="utf-8")
    return wat_to_wasm(text, "routines.wat")


def _library() -> Module:
    """A fresh copy of the routines: what is added to a module is changed there."""
    return translate(wasm.load(_binary()))
