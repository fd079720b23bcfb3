"""Operations in wasmtime: its own, and the routines that this compiler has for them, on many operands at once.

A driver module compares the two on operands in its memory, so that millions take seconds. The sign and the payload of
a NaN that wasmtime makes are its own affair: there the canonical NaN is what is wanted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import cache
from typing import Any

import wasmtime

from tests.floats.operands import BITS, FORMATS
from tests.floats.operations import OPERATIONS, Operation
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.runtime.float_routines import FILES, module_text

PAGES = 64
BATCH = PAGES * 65536 // 16
_CARRIERS = {"f32": "i32", "f64": "i64", "i32": "i32", "i64": "i64"}
_TRAPS = {
    wasmtime.TrapCode.INTEGER_OVERFLOW: Trap.INTEGER_OVERFLOW,
    wasmtime.TrapCode.BAD_CONVERSION_TO_INTEGER: Trap.INVALID_CONVERSION_TO_INTEGER,
}


class Engine:
    """The routines and the driver."""

    def __init__(self) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        for file in FILES:
            module = wasmtime.Module(engine, wasmtime.wat2wasm(module_text(file)))
            routines: Any = wasmtime.Instance(self.store, module, []).exports(self.store)
            for export in module.exports:
                linker.define(self.store, "routines", str(export.name), routines[export.name])
        driver = wasmtime.Module(engine, wasmtime.wat2wasm(_driver()))
        self.exports: Any = linker.instantiate(self.store, driver).exports(self.store)

    def first_difference(self, operation: Operation, operands: Iterable[tuple[int, ...]]) -> tuple[int, ...] | None:
        """The first operands for which the routine does not give what wasmtime gives."""
        rows = list(operands)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            words = array("Q", (word for row in batch for word in (row[0], row[-1])))
            self.exports["memory"].write(self.store, words.tobytes(), 0)
            place = self.exports[f"compare {operation.op}"](self.store, 16 * len(batch))
            if place >= 0:
                return batch[place // 16]
        return None

    def native(self, operation: Operation, operands: tuple[int, ...]) -> int | Trap:
        """What wasmtime's own instruction gives."""
        return self._call(f"native {operation.op}", operation, operands)

    def routine(self, operation: Operation, operands: tuple[int, ...]) -> int | Trap | None:
        """What the routine gives; None for the trap of its text, where there is no other."""
        try:
            return self._call(f"routine {operation.op}", operation, operands)
        except KeyError:
            return None

    def _call(self, name: str, operation: Operation, operands: tuple[int, ...]) -> int | Trap:
        values = [_signed(value, BITS[type_]) for value, type_ in zip(operands, operation.operands, strict=True)]
        try:
            return int(self.exports[name](self.store, *values)) & (1 << BITS[operation.result]) - 1
        except wasmtime.Trap as trap:
            return _TRAPS[trap.trap_code]


@cache
def engine() -> Engine:
    return Engine()


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


def _driver() -> str:
    imports, functions = [], []
    for number, operation in enumerate(OPERATIONS):
        types = [_CARRIERS[type_] for type_ in operation.operands]
        result = _CARRIERS[operation.result]
        signature = f"(param {' '.join(types)}) (result {result})"
        imports.append(f'(import "routines" "{operation.op}" (func $routine{number} {signature}))')
        given = [f"(local.get {position})" for position in range(len(types))]
        functions.append(f'(func $native{number} (export "native {operation.op}") {signature} {_native(operation)})')
        functions.append(
            f'(func (export "routine {operation.op}") {signature} (call $routine{number} {" ".join(given)}))'
        )
        loads = " ".join(
            f"({type_}.load offset={8 * position} (local.get $at))" for position, type_ in enumerate(types)
        )
        functions.append(
            f"""(func (export "compare {operation.op}") (param $end i32) (result i32) (local $at i32)
              (loop $next
                (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const -1))))
                (if ({result}.ne (call $native{number} {loads}) (call $routine{number} {loads}))
                  (then (return (local.get $at))))
                (local.set $at (i32.add (local.get $at) (i32.const 16)))
                (br $next))
              (unreachable))"""
        )
    return "\n".join(["(module", *imports, f'(memory (export "memory") {PAGES})', *functions, ")"])


def _native(operation: Operation) -> str:
    """The instruction between bit patterns, with the canonical NaN for any."""
    operands = " ".join(
        f"({type_}.reinterpret_{_CARRIERS[type_]} (local.get {position}))"
        if type_ in FORMATS
        else f"(local.get {position})"
        for position, type_ in enumerate(operation.operands)
    )
    value = f"({operation.instruction} {operands})"
    if operation.result not in FORMATS:
        return value
    type_, carrier = operation.result, _CARRIERS[operation.result]
    nan = FORMATS[type_].nan
    return f"""(local $value {type_})
      (local.set $value {value})
      (select ({carrier}.reinterpret_{type_} (local.get $value)) ({carrier}.const {nan})
        ({type_}.eq (local.get $value) (local.get $value)))"""
