"""The operations that become calls of routines: their instructions and types."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.ir.ops import FLOAT_OPS, OPS


@dataclass(frozen=True, slots=True)
class Operation:
    """A `float.` op or a conversion: `instruction` is WebAssembly's name."""

    op: str
    instruction: str
    operands: tuple[str, ...]
    result: str

    @property
    def traps(self) -> bool:
        return OPS[self.op].traps


def _operation(op: str) -> Operation:
    type_, _, name = op.partition(".")
    if type_ == "float":
        name, _, type_ = name.partition("_")
        result = "i32" if name in ("eq", "lt", "le") else type_
        return Operation(op, f"{type_}.{name}", (type_,) * len(OPS[op].operands or ()), result)
    source = name.removesuffix("_s").removesuffix("_u").rpartition("_")[2]
    return Operation(op, op, (source,), type_)


OPERATIONS = tuple(_operation(op) for op in sorted(FLOAT_OPS))
