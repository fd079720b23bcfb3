"""Random modules of `wasm-tools smith`, restricted to what is covered: `smith_module`."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import wasmtime

from tests.differential.comparison import Case
from tests.floats.operands import FORMATS, random_operands
from tests.generators import interesting_integer
from tests.spec_suite import wasm_tools
from zkwasm_compiler import wasm
from zkwasm_compiler.frontend.translate import exported_functions
from zkwasm_compiler.runtime.skeleton import ARGUMENT_WORDS, RESULT_WORDS
from zkwasm_compiler.wasm.module import ExternalKind, Module

SEED_BYTES = 4000
CALLS = 3
"""Calls of each exported function."""
FUEL = 1000
"""Loop iterations and function calls until a generated module traps."""

CONFIGURATION = {
    "tail-call-enabled": False,
    "allow-floats": False,
    "bulk-memory-enabled": False,
    "compact-imports-enabled": False,
    "custom-page-sizes-enabled": False,
    "exceptions-enabled": False,
    "export-everything": True,
    "extended-const-enabled": False,
    "gc-enabled": False,
    "max-data-segments": 0,
    "max-element-segments": 0,
    "max-funcs": 5,
    "max-globals": 4,
    "max-imports": 0,
    "max-memories": 0,
    "max-tables": 0,
    "max-tags": 0,
    "max-types": 6,
    "memory64-enabled": False,
    "min-funcs": 1,
    "reference-types-enabled": False,
    "relaxed-simd-enabled": False,
    "simd-enabled": False,
    "threads-enabled": False,
    "wide-arithmetic-enabled": False,
}
INSTRUCTIONS = "Numeric,Variable,Control,Parametric"
WITH_MEMORY = {
    "bulk-memory-enabled": True,
    "max-data-segments": 4,
    "max-memories": 1,
    "max-memory32-bytes": 3 << 16,
    "memory-max-size-required": True,
    "memory-offset-choices": [60, 30, 10],
    "min-memories": 1,
}
"""What a memory of up to three pages changes; the choices weigh offsets inside, near the end, and anywhere."""

WITH_TABLES = {
    "bulk-memory-enabled": True,
    "max-element-segments": 5,
    "max-table-elements": 12,
    "max-tables": 3,
    "min-tables": 1,
    "reference-types-enabled": True,
    "table-max-size-required": True,
    "tail-call-enabled": True,
}
"""What up to three tables, references, segments of elements and calls in place of returns change."""

WITH_FLOATS = {"allow-floats": True, "canonicalize-nans": True}
"""Floats; what other NaN than ours an operation gives is made the canonical one in the module itself."""

LIBRARY = """
(module
  (memory (export "memory") 1 3)
  (data (i32.const 65530) "abcdef")
  (table (export "table") 4 6 funcref)
  (elem (i32.const 1) $load $grow)
  (global $count (export "count") (mut i32) (i32.const 5))
  (global (export "ratio") f64 (f64.const 1.5))
  (func $load (export "load") (param i32) (result i64) (i64.load offset=3 (local.get 0)))
  (func (export "byte") (param i32) (result i32) (i32.load8_s (i32.and (local.get 0) (i32.const 0x1ffff))))
  (func (export "store") (param i32 i64)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i64.store32 offset=65000 (local.get 0) (local.get 1)))
  (func $grow (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "mix") (param f64 i32) (result i32 f64)
    (memory.fill (i32.and (local.get 1) (i32.const 0xffff)) (local.get 1) (i32.const 9))
    (i32.add (memory.size) (local.get 1)) (f64.neg (local.get 0))))
"""
"""What modules may import from, as `lib`: its memory is used whether they import it or have one of their own."""
IMPORTED = """
(module
  (import "lib" "memory" (memory 1 3))
  (import "lib" "table" (table 4 6 funcref))
  (import "lib" "count" (global (mut i32)))
  (import "lib" "ratio" (global f64))
  (import "lib" "load" (func (param i32) (result i64)))
  (import "lib" "byte" (func (param i32) (result i32)))
  (import "lib" "store" (func (param i32 i64)))
  (import "lib" "grow" (func (param i32) (result i32)))
  (import "lib" "mix" (func (param f64 i32) (result i32 f64))))
"""
CHANGES_OF_PRECISION = {"f32.demote_f64": "f32", "f64.promote_f32": "f64"}

WITH_MORE = {"extended-const-enabled": True, "max-funcs": 10, "max-globals": 8, "max-types": 12}
"""More of everything, for modules in which all features meet."""
WITH_IMPORTS = {"max-imports": 8, "min-memories": 0}
NOT_EMPTY = {"min-funcs": 4, "min-types": 6}
ALL_SEED_BYTES = 20_000


def smith_module(
    seed: int,
    folder: Path,
    max_instructions: int = 100,
    *,
    memory: bool = False,
    floats: bool = False,
    tables: bool = False,
) -> Case:
    """The module of a seed with calls of all its exported functions that a program can publish."""
    generator = random.Random(seed)
    options = CONFIGURATION | {"max-instructions": max_instructions} | (WITH_MEMORY if memory else {})
    options |= WITH_FLOATS if floats else {}
    options |= WITH_TABLES if tables else {}
    instructions = ",".join([INSTRUCTIONS, *["Memory"] * memory, *["Reference,Table"] * tables])
    return _case(_generate(generator.randbytes(SEED_BYTES), options, instructions, folder), generator)


def full_module(seed: int, folder: Path) -> Case:
    """The module of a seed in which everything may occur that is covered: floats, memory, tables, references, bulk
    operations, calls in place of returns, several results, start functions.

    Half of the modules have no instruction that may trap, so that they run until they end or their fuel does; in a
    quarter all calls are made in one instance, and another quarter may have a start function. A third imports from
    `LIBRARY`, which is linked.
    """
    generator = random.Random(seed)
    options = CONFIGURATION | WITH_MEMORY | WITH_FLOATS | WITH_TABLES | WITH_MORE | NOT_EMPTY
    options |= {"allow-start-export": seed % 4 == 0, "disallow-traps": seed % 2 == 1}
    options |= {"max-instructions": generator.choice((40, 80, 160, 300))}
    instructions = f"{INSTRUCTIONS},Memory,Reference,Table"
    linked = seed % 3 == 2
    options |= WITH_IMPORTS if linked else {}
    made = _generate(generator.randbytes(ALL_SEED_BYTES), options, instructions, folder, IMPORTED if linked else "")
    case = _case(_with_one_nan(made), generator)
    links = {"lib": bytes(wasmtime.wat2wasm(LIBRARY))} if linked else {}
    return replace(case, instance_per_call=seed % 4 != 1, links=links)


def _generate(data: bytes, options: dict[str, Any], instructions: str, folder: Path, imported: str = "") -> bytes:
    """The module that wasm-tools makes of random bytes; it may import what the module `imported` imports."""
    configuration = folder / "smith.json"
    configuration.write_text(json.dumps(options))
    command = [wasm_tools(), "smith", "--config", configuration, "--allowed-instructions", instructions]
    command += ["--ensure-termination", "--fuel", str(FUEL)]
    if imported:
        available = folder / "imports.wasm"
        available.write_bytes(wasmtime.wat2wasm(imported))
        command += ["--available-imports", available]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def _with_one_nan(data: bytes) -> bytes:
    """The module with the canonical NaN behind changes of precision too, which wasm-tools leaves as they are."""
    text = subprocess.run([wasm_tools(), "print"], input=data, capture_output=True, check=True).stdout.decode()
    for operation, type_ in CHANGES_OF_PRECISION.items():
        text = text.replace(f"{operation}\n", f"{operation} call ${type_}\n")
        given = "local.get 0 "
        chosen = f"{given}{type_}.const nan {given}{given}{type_}.eq select"
        text = f"{text.rstrip().removesuffix(')')} (func ${type_} (param {type_}) (result {type_}) {chosen}))"
    return bytes(wasmtime.wat2wasm(text))


def _case(data: bytes, generator: random.Random) -> Case:
    """A module with random calls of its exports."""
    module = wasm.load(data)
    exports = _callable(module)
    calls = []
    for _ in range(CALLS):
        for name, index in exports.items():
            types = module.function_type(index).parameters
            calls.append((name, tuple(_argument(str(type_), generator) for type_ in types)))
    names = [export.name for export in module.exports if export.kind is ExternalKind.MEMORY]
    return Case(data, tuple(exports), tuple(calls), _globals(module), names[0] if names else "")


def _callable(module: Module) -> dict[str, int]:
    """The exported functions whose arguments and results fit into the public words."""
    result = {}
    for name, index in exported_functions(module).items():
        type_ = module.function_type(index)
        if len(type_.parameters) <= ARGUMENT_WORDS and len(type_.results) <= RESULT_WORDS:
            result[name] = index
    return result


def _globals(module: Module) -> tuple[str, ...]:
    """The exported names of mutable globals."""
    return tuple(
        export.name
        for export in module.exports
        if export.kind is ExternalKind.GLOBAL and module.global_types[export.index].mutable
    )


def _argument(type_: str, generator: random.Random) -> int:
    """An unsigned pattern of a number, or null."""
    if type_.endswith("ref"):
        return 0
    if type_ in FORMATS:
        (value,) = next(random_operands((type_,), 1, str(generator.random())))
        return FORMATS[type_].nan if FORMATS[type_].is_nan(value) else value
    return interesting_integer(generator.randrange, int(type_.removeprefix("i")))
