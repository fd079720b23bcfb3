"""The types of WebAssembly 2.0 as data: value, function, limits, table, memory and global types.

Nothing here is checked; `validate` does that. *Source:* WebAssembly Core Specification 2.0, sections 2.3 and 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PAGE_BYTES = 65536


class ValueType(Enum):
    """A number or reference type; the value is the specification's spelling."""

    I32 = "i32"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    FUNCREF = "funcref"
    EXTERNREF = "externref"

    @property
    def is_reference(self) -> bool:
        return self in (ValueType.FUNCREF, ValueType.EXTERNREF)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class FunctionType:
    """Parameters and results of a function or a block."""

    parameters: tuple[ValueType, ...] = ()
    results: tuple[ValueType, ...] = ()

    def __str__(self) -> str:
        return f"{spell_types(self.parameters)} -> {spell_types(self.results)}"


@dataclass(frozen=True, slots=True)
class Limits:
    """A size range; the unit is pages for memories and entries for tables. `maximum` is None when there is none."""

    minimum: int
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class TableType:
    """A table of references."""

    element: ValueType
    limits: Limits


@dataclass(frozen=True, slots=True)
class MemoryType:
    """A linear memory; the limits count pages of `PAGE_BYTES`."""

    limits: Limits


@dataclass(frozen=True, slots=True)
class GlobalType:
    """The type of a global and whether code may set it."""

    value: ValueType
    mutable: bool = False


def spell_types(types: tuple[ValueType, ...]) -> str:
    """A sequence of types as the specification writes it: ``[i32 i64]``."""
    return f"[{' '.join(str(type_) for type_ in types)}]"
