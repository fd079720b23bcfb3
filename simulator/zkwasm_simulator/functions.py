"""The functions of a program: which rows belong together, and what they are called in WebAssembly.

A function lies between its label and that of the next one. Labels within the function f that the compiler writes are
`f$1`, `f$2`, … and `f_edge1`, … behind either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm.program import Program

START = "start"
"""What the rows before the first label are called."""

_EDGE = re.compile(r"_edge\d+$")


@dataclass(frozen=True, slots=True)
class Function:
    """Rows `start` to `end - 1`; `wasm_name` is the name of the WebAssembly function, empty where there is none."""

    label: str
    wasm_name: str
    start: int
    end: int

    @property
    def name(self) -> str:
        return self.wasm_name or self.label


def functions_of(program: Program) -> Sequence[Function]:
    """The functions of a program, in its order; every row is in one."""
    names = dict(program.interface.functions) if program.interface is not None else {}
    at: dict[int, str] = {}
    for label, row in sorted(program.labels.items(), key=lambda item: (item[1], item[0] not in names, item[0])):
        outer = label.partition("$")[0]
        if names and outer not in names:
            outer = _EDGE.sub("", outer)
        if label == outer or outer not in program.labels:
            at.setdefault(row, label)
    at.setdefault(0, START)
    starts = sorted(row for row in at if row < len(program.rows))
    return [
        Function(at[start], names.get(at[start], ""), start, end)
        for start, end in zip(starts, [*starts[1:], len(program.rows)], strict=True)
    ]
