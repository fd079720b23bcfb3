"""Decode instructions: function bodies and constant expressions.

The grammar of blocks is checked here (every `end` and `else` has its block), types are checked by `validate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zkwasm_compiler.wasm.module import BlockType, Expression, Instruction
from zkwasm_compiler.wasm.opcodes import AFTER_FC, ONE_BYTE, OPCODES, PREFIX_FC, Immediates, Opcode
from zkwasm_compiler.wasm.proposals import INSTRUCTIONS, MULTI_MEMORY, VALUE_TYPES, refuse
from zkwasm_compiler.wasm.reader import Reader
from zkwasm_compiler.wasm.types import ValueType

VALUE_TYPE_BYTES: dict[int, ValueType] = {
    0x7F: ValueType.I32,
    0x7E: ValueType.I64,
    0x7D: ValueType.F32,
    0x7C: ValueType.F64,
    0x70: ValueType.FUNCREF,
    0x6F: ValueType.EXTERNREF,
}
EMPTY_BLOCK_TYPE = 0x40
_PREFIXES = frozenset({prefix for prefix, _ in INSTRUCTIONS if prefix is not None})
_OPENERS = frozenset({"block", "loop", "if"})


def decode_expression(reader: Reader) -> Expression:
    """The instructions up to and including the `end` that closes the expression.

    *Raises:* DecodeError for what is malformed, UnsupportedError for an instruction beyond 2.0 without SIMD.
    """
    instructions: list[Instruction] = []
    open_blocks: list[str] = []  # the instruction that opened each block, `else` after an if's `else`
    data, base = reader.data, reader.base
    while True:
        position = reader.position
        row_reader = _ROW_READERS.get(data[position]) if position < len(data) else None
        if row_reader is None:
            row = _decode_opcode(reader)
            read = _READERS[row.immediates]
            name = row.name
        else:
            name, read = row_reader
            reader.position = position + 1
        instructions.append(Instruction(name, read(reader) if read else (), base + position))
        if name in _OPENERS:
            open_blocks.append(name)
        elif name == "else":
            if not open_blocks or open_blocks[-1] != "if":
                raise reader.error("else stands outside an if, or after another else of the same if", base + position)
            open_blocks[-1] = name
        elif name == "end":
            if not open_blocks:
                return tuple(instructions)
            open_blocks.pop()


def _decode_opcode(reader: Reader) -> Opcode:
    """The row of an opcode that is prefixed, unknown, or missing because the reader is at its end."""
    start = reader.offset
    first = reader.byte("an instruction (every function body and expression ends with end)")
    if first in ONE_BYTE:
        return ONE_BYTE[first]
    if first not in _PREFIXES:
        if (None, first) in INSTRUCTIONS:
            name, feature = INSTRUCTIONS[None, first]
            raise refuse(f"instruction {name}", feature, start)
        raise reader.error(f"unknown opcode {first:#04x}", start)
    code = reader.u32("the second part of an opcode")
    if first == PREFIX_FC and code in AFTER_FC:
        return AFTER_FC[code]
    if (first, code) in INSTRUCTIONS:
        name, feature = INSTRUCTIONS[first, code]
        raise refuse(f"instruction {name}", feature, start)
    raise reader.error(f"unknown opcode {first:#04x} {code:#04x}", start)


def decode_value_type(reader: Reader, what: str) -> ValueType:
    """One value type. *Raises:* UnsupportedError for those of SIMD and of proposals."""
    start = reader.offset
    code = reader.byte(what)
    if code in VALUE_TYPE_BYTES:
        return VALUE_TYPE_BYTES[code]
    if code in VALUE_TYPES:
        name, feature = VALUE_TYPES[code]
        raise refuse(f"value type {name} as {what}", feature, start)
    allowed = ", ".join(f"{byte:#04x} ({type_})" for byte, type_ in VALUE_TYPE_BYTES.items())
    raise reader.error(f"byte {code:#04x} is not a value type, as {what}; value types are {allowed}", start)


def decode_reference_type(reader: Reader, what: str) -> ValueType:
    """One reference type."""
    start = reader.offset
    type_ = decode_value_type(reader, what)
    if not type_.is_reference:
        raise reader.error(f"{type_} is not a reference type, as {what}; use funcref or externref", start)
    return type_


def _block_type(reader: Reader) -> tuple[BlockType]:
    start = reader.position
    first = reader.byte("a block type")
    if first == EMPTY_BLOCK_TYPE:
        return (None,)
    if first in VALUE_TYPE_BYTES:
        return (VALUE_TYPE_BYTES[first],)
    reader.position = start
    if first in VALUE_TYPES:
        return (decode_value_type(reader, "a block type"),)
    index = reader.signed(33, "a block type")
    if index < 0:
        raise reader.error(f"block type {index} is neither a value type nor a type index", reader.base + start)
    return (index,)


def _label(reader: Reader) -> tuple[int]:
    return (reader.u32("a label"),)


def _labels(reader: Reader) -> tuple[tuple[int, ...], int]:
    labels = tuple(reader.u32("a label") for _ in range(reader.count("labels")))
    return labels, reader.u32("the default label")


def _index(what: str) -> Callable[[Reader], tuple[int]]:
    return lambda reader: (reader.u32(what),)


def _two_indexes(first: str, second: str) -> Callable[[Reader], tuple[int, int]]:
    return lambda reader: (reader.u32(first), reader.u32(second))


def _select_types(reader: Reader) -> tuple[tuple[ValueType, ...]]:
    return (tuple(decode_value_type(reader, "a type of select") for _ in range(reader.count("types of select"))),)


def _zero_bytes(count: int) -> Callable[[Reader], tuple[()]]:
    def read(reader: Reader) -> tuple[()]:
        for _ in range(count):
            start = reader.offset
            if index := reader.byte("the memory index"):
                raise reader.error(f"memory index {index:#04x} in an instruction, where the byte must be 0x00", start)
        return ()

    return read


def _memory_init(reader: Reader) -> tuple[int]:
    index = reader.u32("a data segment index")
    _zero_bytes(1)(reader)
    return (index,)


def _memory_access(reader: Reader) -> tuple[int, int]:
    start = reader.offset
    alignment = reader.u32("an alignment")
    if alignment >= 32:
        message = f"alignment field {alignment} of a memory access; it has to be below 32"
        if 64 <= alignment < 128:
            message += f" (from 64 on it announces a memory index: '{MULTI_MEMORY}' are not supported)"
        raise reader.error(message, start)
    return alignment, reader.u32("the offset of a memory access")


def _integer(bits: int) -> Callable[[Reader], tuple[int]]:
    mask, what = (1 << bits) - 1, f"an i{bits} constant"
    return lambda reader: (reader.signed(bits, what) & mask,)


def _float(bits: int) -> Callable[[Reader], tuple[int]]:
    size, what = bits // 8, f"an f{bits} constant"
    return lambda reader: (int.from_bytes(reader.take(size, what), "little"),)


_READERS: dict[Immediates, Callable[[Reader], tuple[Any, ...]] | None] = {
    Immediates.NONE: None,
    Immediates.BLOCK_TYPE: _block_type,
    Immediates.LABEL: _label,
    Immediates.LABELS: _labels,
    Immediates.FUNCTION: _index("a function index"),
    Immediates.CALL_INDIRECT: _two_indexes("a type index", "a table index"),
    Immediates.SELECT_TYPES: _select_types,
    Immediates.LOCAL: _index("a local index"),
    Immediates.GLOBAL: _index("a global index"),
    Immediates.TABLE: _index("a table index"),
    Immediates.MEMORY_ACCESS: _memory_access,
    Immediates.MEMORY: _zero_bytes(1),
    Immediates.MEMORY_COPY: _zero_bytes(2),
    Immediates.MEMORY_INIT: _memory_init,
    Immediates.DATA: _index("a data segment index"),
    Immediates.TABLE_INIT: _two_indexes("an element segment index", "a table index"),
    Immediates.TABLE_COPY: _two_indexes("a table index", "a table index"),
    Immediates.ELEMENT: _index("an element segment index"),
    Immediates.REFERENCE_TYPE: lambda reader: (decode_reference_type(reader, "the type of ref.null"),),
    Immediates.I32: _integer(32),
    Immediates.I64: _integer(64),
    Immediates.F32: _float(32),
    Immediates.F64: _float(64),
}
if missing := {row.immediates for row in OPCODES.values()} - set(_READERS):
    raise ValueError(f"no reader for the immediates {missing}")

_ROW_READERS = {code: (row.name, _READERS[row.immediates]) for code, row in ONE_BYTE.items()}
