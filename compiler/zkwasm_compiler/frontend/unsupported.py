"""What the frontend refuses, said with its place."""

from __future__ import annotations

from zkwasm_compiler.errors import Problem, UnsupportedError
from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.wasm.types import ValueType

CODE = "unsupported"
_TYPES = {ValueType.I32: Type.I32, ValueType.I64: Type.I64, ValueType.F32: Type.F32, ValueType.F64: Type.F64}


def unsupported(message: str, offset: int | None = None) -> UnsupportedError:
    """An error with one problem at a byte offset."""
    return UnsupportedError(Problem(message, byte_offset=offset, code=CODE))


def number_type(type_: ValueType, where: str, offset: int | None) -> Type:
    """The SSA type of a number type. *Raises:* UnsupportedError for references."""
    if type_ not in _TYPES:
        raise unsupported(f"{where}: type {type_}: references are not supported", offset)
    return _TYPES[type_]


def refuse_instruction(name: str, where: str, offset: int) -> UnsupportedError:
    """An instruction that has no translation."""
    return unsupported(f"{where}: instruction {name}: {_feature(name)} not supported", offset)


def _feature(name: str) -> str:
    operation = name.partition(".")[2]
    if name.startswith(("memory.", "data.")) or operation.startswith(("load", "store")):
        return "memory is"
    if name == "call_indirect":
        return "indirect calls are"
    if name.startswith(("table.", "elem.")):
        return "tables are"
    if name.startswith("ref."):
        return "references are"
    return "it is"
