"""The instructions of WebAssembly 2.0 without SIMD, one row each.

Decoder, validator and frontend read these rows. A row with `operands` and `results` has a fixed type; the others are
polymorphic or depend on the module, and `validate_function` has one rule for each of them. Instructions of SIMD and of
later proposals are in `proposals`. *Source:* WebAssembly Core Specification 2.0, sections 3.3 and 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from zkwasm_compiler.wasm.types import ValueType

I32, I64, F32, F64 = ValueType.I32, ValueType.I64, ValueType.F32, ValueType.F64

PREFIX_FC = 0xFC  # saturating conversions, bulk memory and tables


class Immediates(Enum):
    """What follows the opcode; the value says what `Instruction.immediates` holds, in this order."""

    NONE = "()"
    BLOCK_TYPE = "(block type: BlockType,)"
    LABEL = "(label,)"
    LABELS = "(labels: tuple[int, ...], default label)"
    FUNCTION = "(function index,)"
    CALL_INDIRECT = "(type index, table index)"
    SELECT_TYPES = "(types: tuple[ValueType, ...],)"
    LOCAL = "(local index,)"
    GLOBAL = "(global index,)"
    TABLE = "(table index,)"
    MEMORY_ACCESS = "(log2 of the alignment, byte offset)"
    MEMORY = "(), memory 0 is meant"
    MEMORY_COPY = "(), memory 0 is meant twice"
    MEMORY_INIT = "(data segment index,), memory 0 is meant"
    DATA = "(data segment index,)"
    TABLE_INIT = "(element segment index, table index)"
    TABLE_COPY = "(destination table index, source table index)"
    ELEMENT = "(element segment index,)"
    REFERENCE_TYPE = "(ValueType,)"
    I32 = "(unsigned bits of an i32,)"
    I64 = "(unsigned bits of an i64,)"
    F32 = "(unsigned bits of an f32,)"
    F64 = "(unsigned bits of an f64,)"


@dataclass(frozen=True, slots=True)
class Opcode:
    """One row. `operands` and `results` are None when they depend on the context.

    `prefix` is the first byte when there are two; `code` is then the number after it. `access_bytes` is the width of a
    memory access, 0 for other instructions.
    """

    name: str
    prefix: int | None
    code: int
    immediates: Immediates
    operands: tuple[ValueType, ...] | None
    results: tuple[ValueType, ...] | None
    access_bytes: int = 0

    @property
    def natural_alignment(self) -> int:
        """Log2 of the access width, the largest alignment that a memory access may state."""
        return self.access_bytes.bit_length() - 1


OPCODES: dict[str, Opcode] = {}


def _add(
    name: str,
    code: int,
    immediates: Immediates = Immediates.NONE,
    operands: tuple[ValueType, ...] | None = None,
    results: tuple[ValueType, ...] | None = None,
    *,
    prefix: int | None = None,
    access_bytes: int = 0,
) -> None:
    if name in OPCODES:
        raise ValueError(f"instruction {name} has two rows")
    OPCODES[name] = Opcode(name, prefix, code, immediates, operands, results, access_bytes)


def _add_run(first: int, names: str, operands: tuple[ValueType, ...], result: ValueType, prefix: str = "") -> int:
    """Rows of one type with consecutive codes; gives the next code."""
    for name in names.split():
        _add(prefix + name, first, Immediates.NONE, operands, (result,))
        first += 1
    return first


# Control
_add("unreachable", 0x00)
_add("nop", 0x01, Immediates.NONE, (), ())
_add("block", 0x02, Immediates.BLOCK_TYPE)
_add("loop", 0x03, Immediates.BLOCK_TYPE)
_add("if", 0x04, Immediates.BLOCK_TYPE)
_add("else", 0x05)
_add("end", 0x0B)
_add("br", 0x0C, Immediates.LABEL)
_add("br_if", 0x0D, Immediates.LABEL)
_add("br_table", 0x0E, Immediates.LABELS)
_add("return", 0x0F)
_add("call", 0x10, Immediates.FUNCTION)
_add("call_indirect", 0x11, Immediates.CALL_INDIRECT)
# Of the proposal for tail calls, which is part of WebAssembly 3.0
_add("return_call", 0x12, Immediates.FUNCTION)
_add("return_call_indirect", 0x13, Immediates.CALL_INDIRECT)

# Parametric; the specification spells both selects alike, the second one carries its type
_add("drop", 0x1A)
_add("select", 0x1B)
_add("select t", 0x1C, Immediates.SELECT_TYPES)

# Variables and tables
_add("local.get", 0x20, Immediates.LOCAL)
_add("local.set", 0x21, Immediates.LOCAL)
_add("local.tee", 0x22, Immediates.LOCAL)
_add("global.get", 0x23, Immediates.GLOBAL)
_add("global.set", 0x24, Immediates.GLOBAL)
_add("table.get", 0x25, Immediates.TABLE)
_add("table.set", 0x26, Immediates.TABLE)

# Memory: name, type of the value, width in bytes; loads take an address, stores an address and the value
_LOADS = [
    ("i32.load", I32, 4),
    ("i64.load", I64, 8),
    ("f32.load", F32, 4),
    ("f64.load", F64, 8),
    ("i32.load8_s", I32, 1),
    ("i32.load8_u", I32, 1),
    ("i32.load16_s", I32, 2),
    ("i32.load16_u", I32, 2),
    ("i64.load8_s", I64, 1),
    ("i64.load8_u", I64, 1),
    ("i64.load16_s", I64, 2),
    ("i64.load16_u", I64, 2),
    ("i64.load32_s", I64, 4),
    ("i64.load32_u", I64, 4),
]
_STORES = [
    ("i32.store", I32, 4),
    ("i64.store", I64, 8),
    ("f32.store", F32, 4),
    ("f64.store", F64, 8),
    ("i32.store8", I32, 1),
    ("i32.store16", I32, 2),
    ("i64.store8", I64, 1),
    ("i64.store16", I64, 2),
    ("i64.store32", I64, 4),
]
for _code, (_name, _type, _width) in enumerate(_LOADS, 0x28):
    _add(_name, _code, Immediates.MEMORY_ACCESS, (I32,), (_type,), access_bytes=_width)
for _code, (_name, _type, _width) in enumerate(_STORES, 0x36):
    _add(_name, _code, Immediates.MEMORY_ACCESS, (I32, _type), (), access_bytes=_width)
_add("memory.size", 0x3F, Immediates.MEMORY, (), (I32,))
_add("memory.grow", 0x40, Immediates.MEMORY, (I32,), (I32,))

# Numbers
_add("i32.const", 0x41, Immediates.I32, (), (I32,))
_add("i64.const", 0x42, Immediates.I64, (), (I64,))
_add("f32.const", 0x43, Immediates.F32, (), (F32,))
_add("f64.const", 0x44, Immediates.F64, (), (F64,))

_INTEGER_COMPARISONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"
_FLOAT_COMPARISONS = "eq ne lt gt le ge"
_INTEGER_UNARY = "clz ctz popcnt"
_INTEGER_BINARY = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr"
_FLOAT_UNARY = "abs neg ceil floor trunc nearest sqrt"
_FLOAT_BINARY = "add sub mul div min max copysign"

_next = 0x45
for _type in (I32, I64):
    _next = _add_run(_next, "eqz", (_type,), I32, f"{_type}.")
    _next = _add_run(_next, _INTEGER_COMPARISONS, (_type, _type), I32, f"{_type}.")
for _type in (F32, F64):
    _next = _add_run(_next, _FLOAT_COMPARISONS, (_type, _type), I32, f"{_type}.")
for _type in (I32, I64):
    _next = _add_run(_next, _INTEGER_UNARY, (_type,), _type, f"{_type}.")
    _next = _add_run(_next, _INTEGER_BINARY, (_type, _type), _type, f"{_type}.")
for _type in (F32, F64):
    _next = _add_run(_next, _FLOAT_UNARY, (_type,), _type, f"{_type}.")
    _next = _add_run(_next, _FLOAT_BINARY, (_type, _type), _type, f"{_type}.")

# Conversions, by result and operand
for _names, _operand, _type in [
    ("i32.wrap_i64", I64, I32),
    ("i32.trunc_f32_s i32.trunc_f32_u", F32, I32),
    ("i32.trunc_f64_s i32.trunc_f64_u", F64, I32),
    ("i64.extend_i32_s i64.extend_i32_u", I32, I64),
    ("i64.trunc_f32_s i64.trunc_f32_u", F32, I64),
    ("i64.trunc_f64_s i64.trunc_f64_u", F64, I64),
    ("f32.convert_i32_s f32.convert_i32_u", I32, F32),
    ("f32.convert_i64_s f32.convert_i64_u", I64, F32),
    ("f32.demote_f64", F64, F32),
    ("f64.convert_i32_s f64.convert_i32_u", I32, F64),
    ("f64.convert_i64_s f64.convert_i64_u", I64, F64),
    ("f64.promote_f32", F32, F64),
    ("i32.reinterpret_f32", F32, I32),
    ("i64.reinterpret_f64", F64, I64),
    ("f32.reinterpret_i32", I32, F32),
    ("f64.reinterpret_i64", I64, F64),
    ("i32.extend8_s i32.extend16_s", I32, I32),
    ("i64.extend8_s i64.extend16_s i64.extend32_s", I64, I64),
]:
    _next = _add_run(_next, _names, (_operand,), _type)

# References
_add("ref.null", 0xD0, Immediates.REFERENCE_TYPE)
_add("ref.is_null", 0xD1)
_add("ref.func", 0xD2, Immediates.FUNCTION, (), (ValueType.FUNCREF,))

for _code, (_name, _operand, _type) in enumerate(
    [
        ("i32.trunc_sat_f32_s", F32, I32),
        ("i32.trunc_sat_f32_u", F32, I32),
        ("i32.trunc_sat_f64_s", F64, I32),
        ("i32.trunc_sat_f64_u", F64, I32),
        ("i64.trunc_sat_f32_s", F32, I64),
        ("i64.trunc_sat_f32_u", F32, I64),
        ("i64.trunc_sat_f64_s", F64, I64),
        ("i64.trunc_sat_f64_u", F64, I64),
    ]
):
    _add(_name, _code, Immediates.NONE, (_operand,), (_type,), prefix=PREFIX_FC)
_add("memory.init", 8, Immediates.MEMORY_INIT, (I32, I32, I32), (), prefix=PREFIX_FC)
_add("data.drop", 9, Immediates.DATA, (), (), prefix=PREFIX_FC)
_add("memory.copy", 10, Immediates.MEMORY_COPY, (I32, I32, I32), (), prefix=PREFIX_FC)
_add("memory.fill", 11, Immediates.MEMORY, (I32, I32, I32), (), prefix=PREFIX_FC)
_add("table.init", 12, Immediates.TABLE_INIT, (I32, I32, I32), (), prefix=PREFIX_FC)
_add("elem.drop", 13, Immediates.ELEMENT, (), (), prefix=PREFIX_FC)
_add("table.copy", 14, Immediates.TABLE_COPY, (I32, I32, I32), (), prefix=PREFIX_FC)
_add("table.grow", 15, Immediates.TABLE, prefix=PREFIX_FC)
_add("table.size", 16, Immediates.TABLE, (), (I32,), prefix=PREFIX_FC)
_add("table.fill", 17, Immediates.TABLE, prefix=PREFIX_FC)

ONE_BYTE: dict[int, Opcode] = {row.code: row for row in OPCODES.values() if row.prefix is None}
AFTER_FC: dict[int, Opcode] = {row.code: row for row in OPCODES.values() if row.prefix == PREFIX_FC}
