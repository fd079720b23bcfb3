"""What instantiation does besides the start function: initial globals, and the bounds of active segments."""

from __future__ import annotations

from collections.abc import Iterator

from zkwasm_compiler.errors import Problem
from zkwasm_compiler.frontend.unsupported import CODE, number_type, unsupported
from zkwasm_compiler.ir.function import Data, Global, Memory
from zkwasm_compiler.wasm.module import Expression, ExternalKind, Module, SegmentMode
from zkwasm_compiler.wasm.types import PAGE_BYTES


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
    """The memory and the data segments. *Raises:* UnsupportedError for an imported memory or a computed position."""
    for imported in module.imports:
        if imported.kind is ExternalKind.MEMORY:
            raise unsupported(f"imported memory {imported.module}.{imported.name}: not supported", imported.offset)
    exports = {export.index: export.name for export in module.exports if export.kind is ExternalKind.MEMORY}
    memory = None
    for index, declared in enumerate(module.memories):
        limits = declared.type.limits
        memory = Memory(limits.minimum, limits.maximum, exports.get(index))
    data = []
    for index, segment in enumerate(module.data):
        position = _constant(segment.position) if segment.mode is SegmentMode.ACTIVE else None
        data.append(Data(index, bytes(segment.data), position))
    return memory, data


def check_segments(module: Module) -> Iterator[Problem]:
    """The active segments that trap at instantiation, or may. Passive ones matter only to code that uses them."""
    for index, data in enumerate(module.data):
        if data.mode is SegmentMode.ACTIVE:
            size = module.memory_types[data.memory].limits.minimum * PAGE_BYTES
            yield from _check(f"data segment {index}", data.position, len(data.data), size, data.offset)
    for index, element in enumerate(module.elements):
        if element.mode is SegmentMode.ACTIVE:
            size = module.table_types[element.table].limits.minimum
            yield from _check(f"element segment {index}", element.position, len(element.entries), size, element.offset)


def _check(where: str, position: Expression, length: int, size: int, offset: int) -> Iterator[Problem]:
    start = _constant(position)
    if start is None:
        message = f"{where}: placed by {position[0].name}: only constants are supported"
    elif start + length > size:
        message = f"{where}: it ends at {start + length} of {size}: a trap at instantiation is not supported"
    else:
        return
    yield Problem(message, byte_offset=offset, code=CODE)


def _constant(expression: Expression) -> int | None:
    """The bits that a constant expression of one number gives."""
    instruction = expression[0]
    return int(instruction.immediates[0]) if instruction.name.endswith(".const") else None
