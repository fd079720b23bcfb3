"""The routines of `floats/*.wat`, as SSA: what the `float.` ops and the conversions become calls of.

In the text, a function named after an op stands for the op, and one named ``trap.`` after a trap for that. An exported
function is one of its own in a program that needs it, the others are part of those that call them. `primitives.wat`
goes in front of each file and says in plain WebAssembly what the ops are, so that the files are modules by themselves.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from zkwasm_compiler import wasm
from zkwasm_compiler.frontend.translate import exported_functions, translate
from zkwasm_compiler.ir.function import Block, Module, Trap
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.wasm.text import wat_to_wasm

FILES = ("f64.wat", "f32.wat", "conversions.wat")
FIRST_INDEX = 3 << 24
"""The functions of the first file are numbered from here, those of each further file from 2^24 more on."""


def module_text(file: str) -> str:
    """A file with the primitives as a module in text, which any engine can run."""
    folder = resources.files("zkwasm_compiler.runtime").joinpath("floats")
    texts = [folder.joinpath(name).read_text(encoding="utf-8") for name in ("primitives.wat", file)]
    return "(module\n" + "\n".join(texts) + ")\n"


def routine_index(op: str) -> int:
    """The number of the routine that an op becomes a call of."""
    position, index = _places()[op]
    return FIRST_INDEX + (position << 24) + index


def translate_routine(op: str) -> Module:
    """A fresh module with the routine of an op, as its export, and the functions that it calls."""
    position, _ = _places()[op]
    source = _loaded(FILES[position])
    module = translate(source, exports=[op])
    exports = exported_functions(source)
    names = {index: str(source.function_name(index)) for index in module.functions if index not in exports.values()}
    ops = {index: name for index, name in names.items() if name in OPS}
    traps = {index: Trap[name[5:].upper()] for index, name in names.items() if name.startswith("trap.")}
    first = FIRST_INDEX + (position << 24)
    kept = {index: function for index, function in module.functions.items() if index not in ops and index not in traps}
    for function in kept.values():
        for block in function.blocks:
            _put_traps(block, traps)
            _put_ops(block, ops)
            for value in block.values():
                value.offset = None  # of no module that the user has
                if value.op == "call" and isinstance(value.immediate, int):
                    value.immediate += first
        function.index += first
    return Module(
        functions={function.index: function for function in kept.values()},
        exports={name: first + index for name, index in exports.items() if index in kept},
    )


def _put_traps(block: Block, traps: dict[int, Trap]) -> None:
    """A call of a trap, which the text has in front of ``unreachable``, becomes it."""
    last = block.body[-1] if block.body else None
    if last is not None and last.op == "call" and isinstance(last.immediate, int) and last.immediate in traps:
        assert block.terminator is not None
        assert block.terminator.op == "trap"
        block.terminator.immediate = traps[last.immediate]
        block.body.pop()


def _put_ops(block: Block, ops: dict[int, str]) -> None:
    """Results of calls that stand for ops become them."""
    calls = {value: ops[value.immediate] for value in block.body if value.op == "call" and value.immediate in ops}
    for value in block.body:
        if value.op == "result" and value.args[0] in calls:
            value.op, value.args, value.immediate = calls[value.args[0]], value.args[0].args, None
    block.body = [value for value in block.body if value not in calls]


@cache
def _loaded(file: str) -> wasm.Module:
    return wasm.load(wat_to_wasm(module_text(file), file))


@cache
def _places() -> dict[str, tuple[int, int]]:
    """The file, by its position, and the function of each exported name."""
    return {
        name: (position, index)
        for position, file in enumerate(FILES)
        for name, index in exported_functions(_loaded(file)).items()
    }
