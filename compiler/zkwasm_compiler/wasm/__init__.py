"""WebAssembly 2.0 without SIMD: decode and validate modules.

`load` gives a valid `module.Module`. `opcodes.OPCODES` describes the instructions, `text` reads text modules.
"""

from __future__ import annotations

from zkwasm_compiler.wasm.decode import decode
from zkwasm_compiler.wasm.module import Module
from zkwasm_compiler.wasm.validate import validate

__all__ = ["Module", "decode", "load", "validate"]


def load(data: bytes) -> Module:
    """Decode and validate a binary module.

    *Raises:* DecodeError, ValidationError or UnsupportedError, each with byte offsets.
    """
    module = decode(data)
    validate(module)
    return module
