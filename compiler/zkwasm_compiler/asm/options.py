"""Options of the assembler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Define:
    """A constant given from outside; it replaces the source's definition of that name."""

    value: int
    long: bool = False


@dataclass(frozen=True, slots=True)
class AssembleOptions:
    """`dialect` picks the machine, None has it chosen (`asm.dialect`); the `allow_…` options make errors warnings."""

    defines: Mapping[str, Define | int] = field(default_factory=dict)
    allow_undefined_labels: bool = False
    allow_overwrite_labels: bool = False
    allow_undefined_variables: bool = False
    dialect: str | None = None
