"""The functions of host modules that a module calls, added to it: `add_hosts`.

Most are in hosts.wat; those that tell a WASI program its arguments and environment are written for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from zkwasm_compiler import wasm
from zkwasm_compiler.frontend.hosts import BY_INDEX, FIRST_INDEX
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Function, Module, Type, Value
from zkwasm_compiler.wasm.text import wat_to_wasm

FIRST_HELPER = FIRST_INDEX + (1 << 21)
"""What the functions of a file call, and nothing else does, is numbered from here."""
SPAN = 1 << 16
"""Indexes of one file."""


@dataclass(frozen=True, slots=True)
class HostStrings:
    """What a WASI program is told: its arguments, the first being its name, and its environment, `NAME=value` each."""

    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


def add_hosts(module: Module, strings: HostStrings) -> None:
    """Give the module the host functions that it calls."""
    files: list[Callable[[], Module]] = [_library, lambda: _strings_library(strings)]
    while missing := _missing(module):
        for index in missing:
            name = str(BY_INDEX[index])
            number, library = next((n, made) for n, file in enumerate(files) if name in (made := file()).exports)
            _add(module, library, library.exports[name], index, FIRST_HELPER + number * SPAN)


def _missing(module: Module) -> list[int]:
    called = {
        value.immediate
        for function in module.functions.values()
        for block in function.blocks
        for value in block.body
        if value.op == "call" and isinstance(value.immediate, int)
    }
    return sorted(index for index in called if index in BY_INDEX and index not in module.functions)


def _add(module: Module, library: Module, number: int, index: int, first: int) -> None:
    """Add function `number` of a library as `index`, and what it calls as `first` and the number."""
    if index in module.functions:
        return
    function = library.functions[number]
    ops = {called: name for name, called in library.exports.items() if name.startswith("host.")}
    function.index = index
    function.name = str(BY_INDEX[index]) if index in BY_INDEX else f"host.{function.name}"
    module.functions[index] = function
    _make_ops(function, ops)
    for block in function.blocks:
        for value in block.body:
            if value.op == "call" and isinstance(value.immediate, int) and value.immediate < FIRST_INDEX:
                called = value.immediate
                value.immediate = first + called
                _add(module, library, called, first + called, first)


def _make_ops(function: Function, ops: dict[int, str]) -> None:
    """Calls of declared functions become the ops that they stand for."""
    for block in function.blocks:
        calls = {v: ops[v.immediate] for v in block.body if v.op == "call" and v.immediate in ops}
        kept: list[Value] = []
        results = {value.args[0]: value for value in block.body if value.op == "result" and value.args[0] in calls}
        for value in block.body:
            if value in calls and value in results:
                continue  # its result becomes the op
            if value in calls:
                _become(value, calls[value], Type.NONE, value.args)
            elif value.op == "result" and value.args[0] in calls:
                _become(value, calls[value.args[0]], value.type, value.args[0].args)
            kept.append(value)
        block.body = kept


def _become(value: Value, name: str, type_: Type, args: list[Value]) -> None:
    op, _, immediate = name.partition(" ")
    value.op, value.type, value.args = op, type_, list(args)
    value.immediate = int(immediate) if immediate else None


@cache
def _binary() -> bytes:
    text = resources.files("zkwasm_compiler.runtime").joinpath("hosts.wat").read_text(encoding="utf-8")
    return wat_to_wasm(text, "hosts.wat")


def _library() -> Module:
    """A fresh copy of the functions: what is added to a module is changed there."""
    return translate(wasm.load(_binary()))


def _strings_library(strings: HostStrings) -> Module:
    kinds = (("args", strings.arguments), ("environ", strings.environment))
    functions = "\n".join(_string_functions(prefix, texts) for prefix, texts in kinds)
    return translate(wasm.load(wat_to_wasm(f"(module (memory 1)\n{functions})", "arguments")))


def _string_functions(prefix: str, texts: Sequence[str]) -> str:
    """`args_sizes_get` and `args_get`, or those of the environment: pointers, and what they point to, one behind the
    other with a 0 behind each."""
    encoded = [text.encode() + b"\0" for text in texts]
    size = sum(map(len, encoded))
    lines = []
    position = 0
    for number, text in enumerate(encoded):
        pointer = f"(i32.add (local.get $buffer) (i32.const {position}))"
        lines.append(f"(i32.store offset={4 * number} (local.get $pointers) {pointer})")
        for place, byte in enumerate(text, position):
            lines.append(f"(i32.store8 offset={place} (local.get $buffer) (i32.const {byte}))")
        position += len(text)
    return f"""
  (func (export "wasi_snapshot_preview1.{prefix}_sizes_get") (param $count i32) (param $size i32) (result i32)
    (i32.store (local.get $count) (i32.const {len(encoded)}))
    (i32.store (local.get $size) (i32.const {size}))
    (i32.const 0))
  (func (export "wasi_snapshot_preview1.{prefix}_get") (param $pointers i32) (param $buffer i32) (result i32)
    {" ".join(lines)}
    (i32.const 0))"""
