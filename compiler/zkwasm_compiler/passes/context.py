"""What passes share: `Context`, and the shape of a pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from zkwasm_compiler.analysis.memory_dependence import memory_writers
from zkwasm_compiler.analysis.ranges import LARGEST_MEMORY, Ranges, value_ranges
from zkwasm_compiler.ir.function import Function, Module


@dataclass(slots=True)
class Context:
    """The module that is optimised, the level, and whether the verifier runs after every pass.

    `inlined` is set when functions have been inlined for the first time.

    `fired` counts the rewrite rules that were applied, by name. `memory_bytes` is the most that the memory can have.
    The rest is kept between passes for those that ask.
    """

    module: Module
    level: int = 2
    verify: bool = False
    fired: Counter[str] = field(default_factory=Counter)
    memory_bytes: int = LARGEST_MEMORY
    inlined: bool = False
    _writers: frozenset[int] | None = None
    _ranges: tuple[Function, Ranges] | None = None

    def memory_writers(self) -> frozenset[int]:
        """The functions that may write to the memory, themselves or by calls; passes only take writes away."""
        if self._writers is None:
            self._writers = memory_writers(self.module)
        return self._writers

    def ranges(self, function: Function) -> Ranges:
        """The ranges of a function's values; those of the function asked for last are kept until `changed`."""
        if self._ranges is None or self._ranges[0] is not function:
            self._ranges = function, value_ranges(function, self.memory_bytes)
        return self._ranges[1]

    def changed(self) -> None:
        """A pass has changed something: what it called for before no longer fits."""
        self._ranges = None


FunctionPass: TypeAlias = Callable[[Function, Context], bool]
ModulePass: TypeAlias = Callable[[Module, Context], bool]
