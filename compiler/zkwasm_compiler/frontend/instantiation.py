"""What is there before the start function runs: globals, the memory, tables, and what active segments put into them.

`Instantiation` evaluates it all from a validated module. References to functions are numbered when it is known which
there are (`numbers`, by function index).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from zkwasm_compiler.errors import Problem
from zkwasm_compiler.frontend.constants import evaluate
from zkwasm_compiler.frontend.unsupported import CODE, TYPES, unsupported
from zkwasm_compiler.ir import function as ir
from zkwasm_compiler.wasm.module import (
    DataSegment,
    ElementSegment,
    Expression,
    ExternalKind,
    Import,
    Instruction,
    Module,
    SegmentMode,
)
from zkwasm_compiler.wasm.types import PAGE_BYTES, MemoryType

Numbers = Mapping[int, int]


class Instantiation:
    """A new instance. `problems` are what is not supported; `trap` is why the instantiation ends early, if it does.

    An imported memory or table is a new one of zeros or nulls, as large as the import says.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.problems: list[Problem] = []
        self.values = list(self._global_values())
        self.memory = self._memory()
        self.data = [
            ir.Data(index, bytes(segment.data), self._position(f"data segment {index}", segment))
            for index, segment in enumerate(module.data)
        ]
        self.entries = [dict[int, int]() for _ in module.table_types]  # functions plus 1, by table and entry
        self.trap = self._place_elements() or self._data_trap()

    # Globals

    def _global_values(self) -> Iterator[int | None]:
        """The initial bits of each global; of a reference to function n, n + 1."""
        known: list[int | None] = []
        for imported in self.module.imported_globals:
            self.problems += unsupported(
                f"imported global {imported.module}.{imported.name}: not supported", imported.offset
            ).problems
            known.append(None)
            yield None
        for global_ in self.module.globals:
            known.append(evaluate(global_.initial, known))
            yield known[-1]

    def global_functions(self) -> tuple[Instruction, ...]:
        """The references to functions that initialise globals."""
        expressions = (global_.initial for global_ in self.module.globals)
        return tuple(instruction for one in expressions for instruction in one if instruction.name == "ref.func")

    def globals(self, numbers: Numbers) -> list[ir.Global]:
        """The module's globals, their position being their index."""
        exports = {e.index: e.name for e in self.module.exports if e.kind is ExternalKind.GLOBAL}
        result = []
        for index, (type_, bits) in enumerate(zip(self.module.global_types, self.values, strict=True)):
            type_of_value = TYPES[type_.value]
            if type_of_value is ir.Type.FUNCREF and bits:
                bits = numbers[bits - 1]
            result.append(ir.Global(index, type_of_value, type_.mutable, bits or 0, export=exports.get(index)))
        return result

    # The memory

    def _memory(self) -> ir.Memory | None:
        exports = tuple(export.name for export in self.module.exports if export.kind is ExternalKind.MEMORY)
        for imported in self._imports(ExternalKind.MEMORY):
            assert isinstance(imported.type, MemoryType)
            limits = imported.type.limits
            return ir.Memory(limits.minimum, limits.maximum, exports, (imported.module, imported.name))
        region = self.module.region
        imported_as = None if region is None else region.imported
        visible = None if region is None else ir.VisibleMemory(region.minimum, region.maximum, region.words_global)
        for declared in self.module.memories:
            limits = declared.type.limits
            return ir.Memory(limits.minimum, limits.maximum, exports, imported_as, visible)
        return None

    def _imports(self, kind: ExternalKind) -> list[Import]:
        return [imported for imported in self.module.imports if imported.kind is kind]

    def _data_trap(self) -> ir.Trap | None:
        """A trap where an active data segment does not fit."""
        size = self.memory.minimum * PAGE_BYTES if self.memory else 0
        ends = [data.position + len(data.content) for data in self.data if data.position is not None]
        return ir.Trap.OUT_OF_BOUNDS_MEMORY_ACCESS if max(ends, default=0) > size else None

    # Tables

    def _place_elements(self) -> ir.Trap | None:
        """Put active element segments into their tables, up to one that does not fit."""
        for index, element in enumerate(self.module.elements):
            if element.mode is not SegmentMode.ACTIVE:
                continue
            position = self._position(f"element segment {index}", element)
            if position is None:
                continue
            if position + len(element.entries) > self.module.table_types[element.table].limits.minimum:
                return ir.Trap.OUT_OF_BOUNDS_TABLE_ACCESS
            for number, entry in enumerate(element.entries, position):
                self.entries[element.table][number] = self._reference(entry, f"element segment {index}", element.offset)
        return None

    def _reference(self, entry: Expression, where: str, offset: int) -> int:
        """An entry of an element segment: 0 for null, else the function plus 1."""
        bits = evaluate(entry, self.values)
        if bits is None:
            self.problems.append(_not_constant(f"{where}: an entry given", entry, offset))
        return bits or 0

    def table_functions(self) -> list[list[int]]:
        """The functions in each table."""
        return [[number - 1 for number in entries.values() if number] for entries in self.entries]

    def tables(self, numbers: Numbers) -> list[ir.Table]:
        """The tables, their position being their index. Functions that nothing refers to are left out: nothing reads
        their tables."""
        names: dict[int, tuple[str, ...]] = {}
        for export in self.module.exports:
            if export.kind is ExternalKind.TABLE:
                names[export.index] = (*names.get(export.index, ()), export.name)
        imports = self._imports(ExternalKind.TABLE)
        result = []
        for index, type_ in enumerate(self.module.table_types):
            imported = (imports[index].module, imports[index].name) if index < len(imports) else None
            entries = {
                number: numbers[function - 1]
                for number, function in self.entries[index].items()
                if function - 1 in numbers
            }
            limits = type_.limits
            result.append(
                ir.Table(
                    index, TYPES[type_.element], limits.minimum, limits.maximum, entries, names.get(index, ()), imported
                )
            )
        return result

    def elements(self, used: Collection[int], numbers: Numbers) -> list[ir.Data]:
        """The element segments as rows of the data, four bytes a reference. Active and declarative ones are dropped by
        the instantiation, and what no code copies need not be there."""
        rows = []
        for index, element in enumerate(self.module.elements):
            content = b""
            if element.mode is SegmentMode.PASSIVE and index in used:
                bits = [self._reference(entry, f"element segment {index}", element.offset) for entry in element.entries]
                content = b"".join((numbers[one - 1] if one else 0).to_bytes(4, "little") for one in bits)
            rows.append(ir.Data(len(self.data) + index, content, None))
        return rows

    def _position(self, where: str, segment: DataSegment | ElementSegment) -> int | None:
        """Where an active segment is placed; None for others, and, with a problem, where that is not known."""
        if segment.mode is not SegmentMode.ACTIVE:
            return None
        position = evaluate(segment.position, self.values)
        if position is None:
            self.problems.append(_not_constant(f"{where}: placed", segment.position, segment.offset))
        return position


def _not_constant(what: str, expression: Expression, offset: int) -> Problem:
    message = f"{what} by {expression[0].name} of an imported global: only constants are supported"
    return Problem(message, byte_offset=offset, code=CODE)
