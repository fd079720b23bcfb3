"""What a load or store gives besides its bytes, in every layout: the trap that is certain, and the type of a load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Trap, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.expansions import F

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

OUT_OF_BOUNDS = Trap.OUT_OF_BOUNDS_MEMORY_ACCESS


def always_outside(build: Legalizer, value: Value) -> Value:
    """The offset alone is outside: a trap, and a value that nothing sees."""
    build.current.terminator = build.function.new_value("trap", Type.NONE, immediate=OUT_OF_BOUNDS, offset=build.offset)
    build.current = build.function.new_block()
    return value if value.type is Type.NONE else build.constant(0, value.type)


def extended(build: Legalizer, value: Value, loaded: Value) -> Value:
    """A loaded number as the type of the load, sign-extended where the op says so."""
    bits = 8 * ACCESS_BYTES[value.op]
    wide = build.i64("i64.extend_i32_u", loaded) if value.type is Type.I64 else loaded
    if value.op.endswith("_s"):

        def negative() -> Value:
            if value.type is Type.I32:
                return build.i32("zk.add_nw", loaded, build.constant(F << bits))
            if bits == 32:
                return build.i64("zk.high_ones", wide)
            return build.i64("zk.fill_ones", wide, build.constant(64 - bits))

        return build.choose(build.below(loaded, 1 << (bits - 1)), lambda: wide, negative, value.type)
    return wide
