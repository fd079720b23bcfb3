"""The routines of `routines.wat` and `byte_routines.wat`: what legalisation adds to a module that calls them."""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import cache
from importlib import resources

from zkwasm_compiler import wasm
from zkwasm_compiler.analysis.memory_size import grows
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Function, Immediate, Module, Type
from zkwasm_compiler.ir.linear_memory import MAXIMUM_PAGES
from zkwasm_compiler.ir.memory_layout import BYTES, WORDS_A_PAGE
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.runtime.word_loops import FILL, MOVES
from zkwasm_compiler.wasm.text import wat_to_wasm

FIRST_INDEX = 1 << 24
"""The routines of the first file are numbered from here, above every function of a module, those of the next from
twice as much."""
FILES = {"byte_routines.wat": BYTES.name, "routines.wat": None}
"""The layout that a file is made for (None: all), those first that are made for one."""
MISALIGNED = 1 << 30
"""Accesses to words that are not aligned are numbered from here, in the order of the ops."""
SEGMENT_WORD = "segment_word"
"""The routine whose calls become `zk.segment_word`."""

OPS_BY_NAME = {
    "count_inside": ("zk.check_count", None),
    "inside": ("zk.check_bytes", None),
    FILL: ("zk.fill_words", None),
    **{label: ("zk.move_words", rest) for rest, label in enumerate(MOVES)},
}
"""What calls of the functions that `routines.wat` only declares become: ops and their immediates."""


class Routines:
    """The memory of a module as its accesses need to know it, and the routines that it has by now.

    `calls_misaligned`: what its functions do at an address that is not aligned is a call. `growing`: the number of
    words is in a cell, because some function grows the memory (or it begins empty). `droppable`: the segments that
    some function drops and some function copies.
    """

    def __init__(self, module: Module, *, calls_misaligned: bool = False) -> None:
        self.module = module
        self.calls_misaligned = calls_misaligned
        memory = module.memory
        self.minimum_words = memory.minimum * WORDS_A_PAGE if memory else 0
        declared = MAXIMUM_PAGES if memory is None or memory.maximum is None else memory.maximum
        self.maximum_pages = min(declared, module.memory_layout.maximum_pages)
        self.growing = memory is not None and (self.minimum_words == 0 or grows(module))
        self.droppable = _uses(module, {"data.drop"}) & _uses(module, {"memory.init", "table.init"})

    def function(self, name: str) -> Function:
        """The routine called `name`, added to the module with those that it calls."""
        layout = self.module.memory_layout.name
        files = [file for file, made_for in FILES.items() if made_for in (layout, None)]
        file = next(file for file in files if name in _exports(file))
        return self._add(file, _exports(file)[name])

    def misaligned(self, op: str, build: Callable[[Function], None]) -> Function:
        """What a load or store calls where its address is not a multiple of four: of one less than the rest, what is
        stored, and the index of the word that it begins in. `build` makes its body, once.
        """
        index = MISALIGNED + list(ACCESS_BYTES).index(op)
        if index not in self.module.functions:
            _, *stored = OPS[op].operands or ()
            results = tuple(result for result in [OPS[op].result] if result not in (None, Type.NONE))
            function = Function(f"memory.{op}", index, (Type.I32, *stored, Type.INDEX), results)
            entry = function.new_block()
            for type_ in function.parameters:
                function.add_parameter(entry, type_)
            self.module.functions[index] = function
            build(function)
        return self.module.functions[index]

    def _add(self, file: str, index: int) -> Function:
        first = FIRST_INDEX * (1 + list(FILES).index(file))
        if first + index in self.module.functions:
            return self.module.functions[first + index]
        function = _library(file).functions[index]
        exports = _exports(file)
        ops = {exports[name]: op for name, op in OPS_BY_NAME.items() if name in exports}
        function.index = first + index
        function.name = f"memory.{function.name}"
        self.module.functions[function.index] = function
        _read_segments(function, exports.get(SEGMENT_WORD))
        for block in function.blocks:
            for value in block.body:
                if value.op == "call" and isinstance(value.immediate, int):
                    if value.immediate in ops:
                        value.type = Type.NONE
                        value.op, value.immediate = ops[value.immediate]
                    else:
                        value.immediate = self._add(file, value.immediate).index
        return function


def _uses(module: Module, ops: Set[str]) -> frozenset[Immediate | None]:
    """The segments of the ops that functions of the module have."""
    return frozenset(
        value.immediate[1] if isinstance(value.immediate, tuple) else value.immediate
        for function in module.functions.values()
        for block in function.blocks
        for value in block.body
        if value.op in ops
    )


def _read_segments(function: Function, index: int | None) -> None:
    """Calls of the routine with this index, which stand for `zk.segment_word`, become it."""
    for block in function.blocks:
        calls = [value for value in block.body if value.op == "call" and value.immediate == index]
        for value in block.body:
            if value.op == "result" and value.args[0] in calls:
                value.op, value.args, value.immediate = "zk.segment_word", value.args[0].args, None
        block.body = [value for value in block.body if value not in calls]


@cache
def _binary(file: str) -> bytes:
    text = resources.files("zkwasm_compiler.runtime").joinpath(file).read_text(encoding="utf-8")
    return wat_to_wasm(text, file)


@cache
def _exports(file: str) -> dict[str, int]:
    return _library(file).exports


def _library(file: str) -> Module:
    """A fresh copy of a file's routines: what is added to a module is changed there. Their byte offsets are those of
    another module."""
    library = translate(wasm.load(_binary(file)))
    for function in library.functions.values():
        for block in function.blocks:
            for value in block.values():
                value.offset = None
    return library
