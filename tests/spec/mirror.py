"""A module of a script in wasmtime: what the state is after a call that the compiled program cannot make.

A module that imports nothing depends on its own calls alone. They are made again, with the one that is not supported,
and memory and globals are put into the instance, so that what follows can still be judged.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

import wasmtime

from tests.spec_suite import wasm_tools
from zkwasm_compiler.wasm.module import Module
from zkwasm_simulator import Instance
from zkwasm_simulator.values import from_bits

HIDDEN = ("data.drop", "elem.drop", "table.")
"""Instructions that change what cannot be copied from one instance to the other."""

Call = tuple[str, tuple[int, ...]]


def follow(data: bytes, module: Module, calls: Sequence[Call], instance: Instance) -> bool:
    """Bring the instance to the state after the calls; whether that can be done."""
    names = {instruction.name for function in module.functions for instruction in function.body}
    if module.imports or any(name.startswith(HIDDEN) for name in names):
        return False
    mutable = [index for index, type_ in enumerate(module.global_types) if type_.mutable]
    exports: Any = _after(_exporting(data, bool(module.memories), mutable), calls)
    if module.memories:
        content = exports["mirror memory"]
        if len(content) != len(instance.memory):
            return False  # what grew cannot be copied where nothing grows
        instance.memory.write(0, content)
    for index in mutable:
        instance.globals[index] = exports[index]
    return True


def _exporting(data: bytes, memory: bool, mutable: Sequence[int]) -> bytes:
    """The module with its whole state exported."""
    printed = subprocess.run([wasm_tools(), "print"], input=data, capture_output=True, check=True).stdout.decode()
    exports = [f'(export "mirror {index}" (global {index}))' for index in mutable]
    exports += ['(export "mirror memory" (memory 0))'] if memory else []
    return bytes(wasmtime.wat2wasm(f"{printed.rstrip().removesuffix(')')} {' '.join(exports)})"))


def _after(data: bytes, calls: Sequence[Call]) -> dict[str | int, Any]:
    """What the exported state is after the calls."""
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, data), []).exports(store)
    for name, bits in calls:
        function: Any = exports[name]
        types = function.type(store).params
        try:
            function(store, *(from_bits(str(type_), pattern) for pattern, type_ in zip(bits, types, strict=True)))
        except wasmtime.Trap:
            continue
    state: dict[str | int, Any] = {}
    for name, item in exports.items():
        if name == "mirror memory":
            state[name] = bytes(item.read(store, 0, item.data_len(store)))
        elif name.startswith("mirror "):
            state[int(name.removeprefix("mirror "))] = item.value(store)
    return state
