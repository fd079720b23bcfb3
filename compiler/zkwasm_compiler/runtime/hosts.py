"""The functions of host modules that a module calls, added to it: `add_hosts`.

Most are in hosts.wat, those of the clock and of random numbers in clock.wat and random.wat, whose globals become
globals of the module. Those that tell a WASI program its arguments and environment are written for them; so are those
that can do nothing (`_vain_library`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

from zkwasm_compiler import wasm
from zkwasm_compiler.frontend.hosts import (
    BY_INDEX,
    FILES,
    FIRST_INDEX,
    SIGNALS,
    SOCKETS,
    HostFunction,
    HostOptions,
)
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Function, Global, Module, Type, Value
from zkwasm_compiler.wasm.text import wat_to_wasm

FIRST_HELPER = FIRST_INDEX + (1 << 21)
"""What the functions of a file call, and nothing else does, is numbered from here."""
SPAN = 1 << 16
"""Indexes of one file."""
VAIN = frozenset({FILES, SOCKETS, SIGNALS})
"""What no option gives."""
BADF, NOTSOCK = 8, 57
"""Errors of WASI: no such descriptor, and one that is no socket."""


def add_hosts(module: Module, options: HostOptions) -> None:
    """Give the module the host functions that it calls."""
    files: tuple[Callable[[], Module], ...] = (
        lambda: _library("hosts.wat"),
        lambda: _strings_library(options),
        lambda: _vain_library(options.missing),
        lambda: _library("clock.wat"),
        lambda: _library("random.wat"),
    )
    initial = {"host.start": options.clock, "host.now": options.clock, "host.random": options.random_seed}
    while missing := _missing(module):
        for index in missing:
            called = BY_INDEX[index]
            if called.lacks in VAIN | options.missing:
                module.notes[index - FIRST_INDEX] = called.note
            number, library = next((n, made) for n, file in enumerate(files) if str(called) in (made := file()).exports)
            added = _add(module, library, library.exports[str(called)], index, FIRST_HELPER + number * SPAN)
            _share_globals(module, library, added, initial)


def _missing(module: Module) -> list[int]:
    called = {
        value.immediate
        for function in module.functions.values()
        for block in function.blocks
        for value in block.body
        if value.op == "call" and isinstance(value.immediate, int)
    }
    return sorted(index for index in called if index in BY_INDEX and index not in module.functions)


def _add(module: Module, library: Module, number: int, index: int, first: int) -> list[Function]:
    """Add function `number` of a library as `index`, and what it calls as `first` and the number. Gives what is new."""
    if index in module.functions:
        return []
    function = library.functions[number]
    ops = {called: name for name, called in library.exports.items() if name.startswith("host.")}
    function.index = index
    function.name = str(BY_INDEX[index]) if index in BY_INDEX else f"host.{function.name}"
    module.functions[index] = function
    added = [function]
    _make_ops(function, ops)
    for block in function.blocks:
        for value in block.body:
            if value.op == "call" and isinstance(value.immediate, int) and value.immediate < FIRST_INDEX:
                called = value.immediate
                value.immediate = first + called
                added += _add(module, library, called, first + called, first)
    return added


def _share_globals(
    module: Module, library: Module, added: Sequence[Function], initial: Mapping[str, int | None]
) -> None:
    """The globals of a library that `added` uses become globals of the module, called as they are exported."""
    for function in added:
        for block in function.blocks:
            for value in block.body:
                if value.op in ("global.get", "global.set") and isinstance(value.immediate, int):
                    value.immediate = _global(module, library.globals[value.immediate], initial)


def _global(module: Module, wanted: Global, initial: Mapping[str, int | None]) -> int:
    """The index in the module of a library's global; only these have names, not those that the user's module has."""
    name = wanted.export or ""
    for known in module.globals:
        if known.name == name:
            return known.index
    index = len(module.globals)
    module.globals.append(replace(wanted, index=index, name=name, export=None, initial=initial[name] or 0))
    return index


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
def _binary(file: str) -> bytes:
    text = resources.files("zkwasm_compiler.runtime").joinpath(file).read_text(encoding="utf-8")
    return wat_to_wasm(text, file)


def _library(file: str) -> Module:
    """A fresh copy of the functions: what is added to a module is changed there."""
    return translate(wasm.load(_binary(file)))


def _vain_library(missing: Collection[str]) -> Module:
    """The functions that say in the log what they lack, and do what `_answer` says."""
    functions = "\n".join(
        f"""(func (export "{one}") (param {" ".join(t.value for t in one.parameters)})
          (result {" ".join(t.value for t in one.results)})
          (call $note (i32.const {index - FIRST_INDEX})) {_answer(one)})"""
        for index, one in BY_INDEX.items()
        if one.lacks in VAIN or one.lacks in missing
    )
    note = '(func $note (export "host.note") (param i32) (unreachable))'
    return translate(wasm.load(wat_to_wasm(f"(module {note}\n{functions})", "functions in vain")))


def _answer(function: HostFunction) -> str:
    """Without directories every path is below a bad descriptor, and no descriptor is a socket. The others trap."""
    if function.lacks == FILES:
        return f"(i32.const {BADF})"
    if function.lacks == SOCKETS:
        is_open = "(i32.le_u (local.get 0) (i32.const 2))"
        return f"(select (i32.const {NOTSOCK}) (i32.const {BADF}) {is_open})"
    return "(unreachable)"


def _strings_library(options: HostOptions) -> Module:
    kinds = (("args", options.arguments), ("environ", options.environment))
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
