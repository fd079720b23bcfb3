"""The module `spectest` of the host of the specification's tests, as far as other modules import from it.

*Source:* the interpreter of the specification, README.md, "Spectest Host Module".
"""

from __future__ import annotations

from collections.abc import Sequence

from zkwasm_compiler import wasm
from zkwasm_compiler.wasm.module import Import
from zkwasm_compiler.wasm.text import wat_to_wasm

SPECTEST = "spectest"
PRINTS = {
    "print": "",
    "print_i32": "i32",
    "print_i64": "i64",
    "print_f32": "f32",
    "print_f64": "f64",
    "print_i32_f32": "i32 f32",
    "print_f64_f64": "f64 f64",
}
DEFINITIONS = {
    **{name: f'(func (export "{name}") (param {types}))' for name, types in PRINTS.items()},
    "global_i32": '(global (export "global_i32") i32 (i32.const 666))',
    "global_i64": '(global (export "global_i64") i64 (i64.const 666))',
    "global_f32": '(global (export "global_f32") f32 (f32.const 666.6))',
    "global_f64": '(global (export "global_f64") f64 (f64.const 666.6))',
    "table": '(table (export "table") 10 20 funcref)',
    "memory": '(memory (export "memory") 1 2)',
}


def spectest(imports: Sequence[Import]) -> wasm.Module:
    """The module with what is imported from it; the rest does not matter."""
    names = dict.fromkeys(imported.name for imported in imports if imported.module == SPECTEST)
    text = " ".join(DEFINITIONS[name] for name in names if name in DEFINITIONS)
    return wasm.load(wat_to_wasm(f"(module {text})", SPECTEST))
