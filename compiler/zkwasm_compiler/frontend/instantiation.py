"""What instantiation does besides the start function: initial globals, the memory, the bounds of active segments."""

from __future__ import annotations

from collections.abc import Iterator

from zkwasm_compiler.errors import Problem
from zkwasm_compiler.frontend.unsupported import CODE, number_type, unsupported
from zkwasm_compiler.ir.function import Data, Global, Memory, Trap
from zkwasm_compiler.wasm.module import Expression, ExternalKind, Import, Module, SegmentMode
from zkwasm_compiler.wasm.types import PAGE_BYTES, Limits, MemoryType

HOST_MEMORIES = {("spectest", "memory"): Limits(1, 2)}
"""Memories of hosts whose limits are fixed, whatever an import asks for: that of the specification's tests."""


def translate_globals(module: Module) -> list[Global]:
    """The module's globals, their position being their index. *Raises:* UnsupportedError."""
    for imported in module.imported_globals:
        raise unsupported(f"imported global {imported.module}.{imported.name}: not supported", imported.offset)
    exports = {export.index: export.name for export in module.exports if export.kind is ExternalKind.GLOBAL}
    result = []
    for index, global_ in enumerate(module.globals):
        where = f"global {index}"
        type_ = number_type(global_.type.value, where, global_.offset)
        initial = _constant(global_.initial)
        if initial is None:
            name = global_.initial[0].name
            raise unsupported(f"{where}: initialised by {name}: only constants are supported", global_.offset)
        result.append(Global(index, type_, global_.type.mutable, initial, export=exports.get(index)))
    return result


def translate_memory(module: Module) -> tuple[Memory | None, list[Data]]:
    """The memory and the data segments. An imported memory is a new one of zeros, as large as the import says.

    *Raises:* UnsupportedError for an import that a memory of fixed limits does not match.
    """
    exports = tuple(export.name for export in module.exports if export.kind is ExternalKind.MEMORY)
    memory = None
    for imported in _imported_memories(module):
        limits = _imported_limits(imported)
        memory = Memory(limits.minimum, limits.maximum, exports, (imported.module, imported.name))
    for declared in module.memories:
        limits = declared.type.limits
        memory = Memory(limits.minimum, limits.maximum, exports)
    data = []
    for index, segment in enumerate(module.data):
        position = _constant(segment.position) if segment.mode is SegmentMode.ACTIVE else None
        data.append(Data(index, bytes(segment.data), position))
    return memory, data


def _imported_memories(module: Module) -> list[Import]:
    return [imported for imported in module.imports if imported.kind is ExternalKind.MEMORY]


def _imported_limits(imported: Import) -> Limits:
    """The limits of the memory that an import gets. *Raises:* UnsupportedError."""
    assert isinstance(imported.type, MemoryType)
    wanted = imported.type.limits
    limits = HOST_MEMORIES.get((imported.module, imported.name), wanted)
    too_large = wanted.maximum is not None and (limits.maximum is None or limits.maximum > wanted.maximum)
    if limits.minimum < wanted.minimum or too_large:
        raise unsupported(
            f"imported memory {imported.module}.{imported.name}: the module wants {_pages(wanted)}; "
            f"the host's has {_pages(limits)}",
            imported.offset,
        )
    return limits


def _pages(limits: Limits) -> str:
    return f"{limits.minimum} pages" + ("" if limits.maximum is None else f" and at most {limits.maximum}")


def instantiation_trap(memory: Memory | None, data: list[Data]) -> Trap | None:
    """What becomes of placing the active data segments: a trap where one does not fit."""
    size = memory.minimum * PAGE_BYTES if memory else 0
    outside = any(segment.position is not None and segment.position + len(segment.content) > size for segment in data)
    return Trap.OUT_OF_BOUNDS_MEMORY_ACCESS if outside else None


def check_segments(module: Module) -> Iterator[Problem]:
    """The active segments whose place is not known, and those of tables that trap at instantiation. Passive ones matter
    only to code that uses them."""
    for index, data in enumerate(module.data):
        if data.mode is SegmentMode.ACTIVE and _constant(data.position) is None:
            yield _not_placed(f"data segment {index}", data.position, data.offset)
    for index, element in enumerate(module.elements):
        if element.mode is SegmentMode.ACTIVE:
            size = module.table_types[element.table].limits.minimum
            start = _constant(element.position)
            if start is None:
                yield _not_placed(f"element segment {index}", element.position, element.offset)
            elif (end := start + len(element.entries)) > size:
                message = (
                    f"element segment {index}: it ends at {end} of {size}: a trap at instantiation is not supported"
                )
                yield Problem(message, byte_offset=element.offset, code=CODE)


def _not_placed(where: str, position: Expression, offset: int) -> Problem:
    message = f"{where}: placed by {position[0].name}: only constants are supported"
    return Problem(message, byte_offset=offset, code=CODE)


def _constant(expression: Expression) -> int | None:
    """The bits that a constant expression of one number gives."""
    instruction = expression[0]
    return int(instruction.immediates[0]) if instruction.name.endswith(".const") else None
