"""The compiler core of hatch-zkwasm: WebAssembly to zkASM, and the zkASM assembler.

    program = zkwasm_compiler.compile_module(wasm)     # WebAssembly binary -> Program
    program = zkwasm_compiler.assemble(source)         # zkASM text -> Program

The parts are imported when they are first used, so that `import zkwasm_compiler` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkwasm_compiler.asm import AssembleOptions, assemble, load_rom
    from zkwasm_compiler.asm.program import Program
    from zkwasm_compiler.driver import CompileOptions, compile_module
    from zkwasm_compiler.frontend.hosts import HostOptions

_HOMES = {
    "AssembleOptions": "zkwasm_compiler.asm",
    "CompileOptions": "zkwasm_compiler.driver",
    "HostOptions": "zkwasm_compiler.frontend.hosts",
    "Program": "zkwasm_compiler.asm.program",
    "assemble": "zkwasm_compiler.asm",
    "compile_module": "zkwasm_compiler.driver",
    "load_rom": "zkwasm_compiler.asm",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


__all__ = ["AssembleOptions", "CompileOptions", "HostOptions", "Program", "assemble", "compile_module", "load_rom"]
