"""Where a compiled program reads the public words that are arguments of 32 bits: their high limbs are 0.

That is part of the statement: who checks a proof puts in the arguments, an i32 or f32 with a zero high limb
(docs/public-interface.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from zkwasm_compiler.asm.program import Export
from zkwasm_simulator.audit.static.structure import Structure

SHORT = frozenset({"i32", "f32"})


def short_arguments(structure: Structure) -> frozenset[int]:
    """The rows that load such an argument of the export that they belong to."""
    interface = structure.audited.program.interface
    exports = () if interface is None else interface.exports
    return frozenset(row for export in exports for row in _loads(structure, export))


def _loads(structure: Structure, export: Export) -> Iterator[int]:
    program = structure.audited.program
    interface = program.interface
    start = program.labels.get(export.label)
    if interface is None or start is None:
        return
    end = start
    while end in structure.targets and end not in structure.calls:
        end += 1
    before = (row for row, targets in structure.targets.items() if len(targets) == 1 and start <= targets[0] <= end)
    for number in sorted({*range(start, end), *before}):
        row = structure.audited.rows[number]
        address = row.address
        if row.memory == "read" and address is not None and address.fixed and not address.context:
            word = address.base + address.offset - interface.argument_cell
            if 0 <= word < len(export.parameters) and export.parameters[word] in SHORT:
                yield number
