"""What passes share: `Context`, and the shape of a pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from zkwasm_compiler.analysis.ranges import LARGEST_MEMORY
from zkwasm_compiler.ir.function import Function, Module


@dataclass(slots=True)
class Context:
    """The module that is optimised, the level, and whether the verifier runs after every pass.

    `fired` counts the rewrite rules that were applied, by name. `memory_bytes` is the most that the memory can have.
    """

    module: Module
    level: int = 2
    verify: bool = False
    fired: Counter[str] = field(default_factory=Counter)
    memory_bytes: int = LARGEST_MEMORY


FunctionPass: TypeAlias = Callable[[Function, Context], bool]
ModulePass: TypeAlias = Callable[[Module, Context], bool]
