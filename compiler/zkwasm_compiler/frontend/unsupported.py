"""What the frontend refuses, said with its place."""

from __future__ import annotations

from zkwasm_compiler.errors import Problem, UnsupportedError
from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.wasm.types import ValueType

CODE = "unsupported"
TYPES = {type_: Type(type_.value) for type_ in ValueType}
"""The SSA type of each value type; both are spelled alike."""


def unsupported(message: str, offset: int | None = None) -> UnsupportedError:
    """An error with one problem at a byte offset."""
    return UnsupportedError(Problem(message, byte_offset=offset, code=CODE))


def refuse_instruction(name: str, where: str, offset: int) -> UnsupportedError:
    """An instruction that has no translation."""
    return unsupported(f"{where}: instruction {name}: {_feature(name)} not supported", offset)


def _feature(name: str) -> str:
    operation = name.partition(".")[2]
    if name.startswith(("memory.", "data.")) or operation.startswith(("load", "store")):
        return "memory is"
    return "it is"
