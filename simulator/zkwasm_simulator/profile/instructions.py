"""The instructions of a WebAssembly module as text, by their byte offset: what stands beside the rows of a profile."""

from __future__ import annotations

from collections.abc import Mapping

from zkwasm_compiler import wasm
from zkwasm_compiler.wasm.module import Instruction


def instructions_of(module: bytes) -> Mapping[int, str]:
    """The instructions of all functions. *Raises:* InputError."""
    bodies = (function.body for function in wasm.load(module).functions)
    return {instruction.offset: _text(instruction) for body in bodies for instruction in body}


def _text(instruction: Instruction) -> str:
    """Name and plain immediates: types of blocks and tables of labels are left out."""
    numbers = [str(immediate) for immediate in instruction.immediates if isinstance(immediate, int)]
    return " ".join([instruction.name, *numbers])
