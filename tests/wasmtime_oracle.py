"""What wasmtime makes of a module: the judge of everything that runs WebAssembly here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import wasmtime

from zkwasm_compiler.ir.function import Trap
from zkwasm_simulator.values import from_bits, to_bits

UNPROVABLE = "unprovable"
"""The outcome of a call in which an assertion fails."""

TRAPS = {
    wasmtime.TrapCode.UNREACHABLE: Trap.UNREACHABLE,
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: Trap.INTEGER_DIVIDE_BY_ZERO,
    wasmtime.TrapCode.INTEGER_OVERFLOW: Trap.INTEGER_OVERFLOW,
    wasmtime.TrapCode.STACK_OVERFLOW: Trap.CALL_STACK_EXHAUSTED,
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: Trap.OUT_OF_BOUNDS_MEMORY_ACCESS,
    wasmtime.TrapCode.TABLE_OUT_OF_BOUNDS: Trap.UNDEFINED_ELEMENT,
    wasmtime.TrapCode.INDIRECT_CALL_TO_NULL: Trap.UNINITIALIZED_ELEMENT,
    wasmtime.TrapCode.BAD_SIGNATURE: Trap.INDIRECT_CALL_TYPE_MISMATCH,
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: Trap.INVALID_CONVERSION_TO_INTEGER,
}

SAME_IN_WASMTIME = {Trap.OUT_OF_BOUNDS_TABLE_ACCESS: Trap.UNDEFINED_ELEMENT}
"""Traps that are told apart here, but not there."""

_ASSERTIONS = ("assert_eq", "assert_eq_i32", "assert_eq_i64")
_ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gave: the results as unsigned patterns, or why there are none; globals and memory afterwards."""

    results: tuple[int, ...] | Trap | str
    globals: tuple[int, ...]
    memory: bytes | None = field(default=b"", repr=False)


class _AssertionError(Exception):
    pass


class _AbortedError(Exception):
    pass


class Oracle:
    """An instance in wasmtime, and those of modules that it imports from by name. Their state is kept from call to
    call."""

    def __init__(self, module: bytes | str, links: Mapping[str, bytes] | None = None) -> None:
        self._engine = wasmtime.Engine()
        self._store = wasmtime.Store(self._engine)
        self._linked: dict[str, Any] = {}
        for name, library in (links or {}).items():
            self._linked[name] = self._instantiate(library).exports(self._store)
        self._instance = self._instantiate(wasmtime.wat2wasm(module) if isinstance(module, str) else module)

    def call(self, name: str, args: Sequence[int], globals_: Iterable[str] = (), memory: str = "") -> Outcome:
        """Call an exported function with unsigned patterns. Of a signaling f32 NaN wasmtime may see a quiet one.

        `globals_` are exported names to look at, `memory` is that of the memory to read, if any.
        """
        exports: Any = self._instance.exports(self._store)
        function = exports[name]
        types = function.type(self._store)
        results: tuple[int, ...] | Trap | str
        try:
            given = [_given(arg, str(type_)) for arg, type_ in zip(args, types.params, strict=True)]
            got = function(self._store, *given)
            values = [got] if len(types.results) == 1 else list(got or ())
            results = tuple(_pattern(value, str(type_)) for value, type_ in zip(values, types.results, strict=True))
        except wasmtime.Trap as trap:
            results = TRAPS[trap.trap_code]
        except _AbortedError:
            results = Trap.UNREACHABLE
        except _AssertionError:
            results = UNPROVABLE
        content = self.memory(memory) if memory else b""
        return Outcome(results, tuple(self._global(exports[name]) for name in globals_), content)

    def memory(self, name: str) -> bytes:
        """The bytes of an exported memory now."""
        memory: Any = self._instance.exports(self._store)[name]
        return bytes(memory.read(self._store, 0, memory.data_len(self._store)))

    def _instantiate(self, wasm: Any) -> wasmtime.Instance:
        compiled = wasmtime.Module(self._engine, wasm)
        return wasmtime.Instance(self._store, compiled, [self._import(import_) for import_ in compiled.imports])

    def _import(self, import_: Any) -> Any:
        if import_.module in self._linked:
            return self._linked[import_.module][import_.name]
        if import_.name == _ABORT:
            return wasmtime.Func(self._store, import_.type, _abort)
        assert import_.name in _ASSERTIONS, f"the oracle has no import {import_.module}.{import_.name}"
        return wasmtime.Func(self._store, import_.type, _assert_equal)

    def _global(self, global_: Any) -> int:
        return _pattern(global_.value(self._store), str(global_.type(self._store).content))


def _assert_equal(left: int, right: int) -> None:
    if left != right:
        raise _AssertionError


def _abort(*_: int) -> None:
    raise _AbortedError


def _given(bits: int, type_: str) -> Any:
    """An argument as wasmtime takes it; no other reference than null is given."""
    return None if type_.endswith("ref") else from_bits(type_, bits)


def _pattern(value: Any, type_: str) -> int:
    if type_.endswith("ref"):
        value = value.value if isinstance(value, wasmtime.Val) else value  # a null global is wrapped
        return int(value is not None)  # which function it is does not matter
    return to_bits(type_, value, "a value of wasmtime")
