"""What a load gives, in terms of the value that put the bytes there: wraps, shifts, masks and extensions."""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.ir.function import Type, Value, constant_bits
from zkwasm_compiler.ir.ops import ACCESS_BYTES

Make = Callable[[str, Type, list[Value], int | None], Value]
"""Adds a value of an op, a type, arguments and an immediate to the function."""


def read_back(make: Make, load: Value, stored: Value, shift: int) -> Value:
    """The result of `load` when the bytes that it reads are those of `stored` from bit `shift` on."""
    bits = 8 * ACCESS_BYTES[load.op]
    if shift == 0 and (stored.op == load.op or (stored.type is load.type and bits == load.type.bits)):
        return stored
    return _extended(make, _cut(make, stored, shift, bits), bits, load.type, signed=load.op.endswith("_s"))


def _cut(make: Make, value: Value, shift: int, bits: int) -> Value:
    """An integer whose low `bits` bits are those of `value` from `shift` on; an i32 where that is wide enough."""
    if value.type is Type.I64 and shift >= 32:  # the upper half is there for nothing
        value = _shift_right(make, value, 32)
        shift -= 32
    if value.type is Type.I64 and shift + bits <= 32:
        value = make("i32.wrap_i64", Type.I32, [value], None)
    return _shift_right(make, value, shift)


def _extended(make: Make, value: Value, bits: int, wanted: Type, *, signed: bool) -> Value:
    """The low `bits` bits of `value` as a number of the type `wanted`."""
    if value.type is Type.I64 and wanted is Type.I32:
        value = make("i32.wrap_i64", Type.I32, [value], None)
    if value.type is Type.I32 and wanted is Type.I64 and bits == 32:
        return make(f"i64.extend_i32_{'s' if signed else 'u'}", Type.I64, [value], None)
    if value.type is Type.I32 and wanted is Type.I64:
        value = make("i64.extend_i32_u", Type.I64, [value], None)
    if bits == wanted.bits:
        return value
    if signed:
        return make(f"{wanted.value}.extend{bits}_s", wanted, [value], None)
    mask = make(f"{wanted.value}.const", wanted, [], (1 << bits) - 1)
    return make(f"{wanted.value}.and", wanted, [value, mask], None)


def _shift_right(make: Make, value: Value, count: int) -> Value:
    if count == 0:
        return value
    amount = make(f"{value.type.value}.const", value.type, [], count)
    return make(f"{value.type.value}.shr_u", value.type, [value, amount], None)


def stores_same(store: Value, stored: Value, known: Value, shift: int) -> bool:
    """Whether the bytes that `store` writes, of `stored`, are those of `known` from bit `shift` on."""
    if shift == 0 and stored is known:
        return True
    new, old = constant_bits(stored), constant_bits(known)
    return new is not None and old is not None and (new ^ (old >> shift)) % (1 << 8 * ACCESS_BYTES[store.op]) == 0
