"""Decode a WebAssembly binary: `decode(data) -> Module`.

First the module is cut into sections, then each section is read by its reader in the table at the end; the name
section comes first so that messages about code can name the function.
*Source:* WebAssembly Core Specification 2.0, section 5.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from zkwasm_compiler.errors import InputError, Problem, UnsupportedError
from zkwasm_compiler.wasm import module as m
from zkwasm_compiler.wasm.expressions import decode_expression, decode_reference_type, decode_value_type
from zkwasm_compiler.wasm.names import SECTION_NAME, decode_names
from zkwasm_compiler.wasm.proposals import EXCEPTIONS, MEMORY64, PAGE_SIZES, THREADS, TYPE_FORMS, refuse
from zkwasm_compiler.wasm.reader import Reader
from zkwasm_compiler.wasm.types import FunctionType, GlobalType, Limits, MemoryType, TableType, ValueType

MAGIC = b"\0asm"
VERSION = b"\1\0\0\0"
MAX_LOCALS = 50_000  # an implementation limit, the one of the JavaScript embedding

T = TypeVar("T")


@dataclass(slots=True)
class _Parts:
    """What the sections read so far gave."""

    types: tuple[FunctionType, ...] = ()
    imports: tuple[m.Import, ...] = ()
    type_indexes: tuple[int, ...] = ()
    functions: tuple[m.Function, ...] = ()
    tables: tuple[m.Table, ...] = ()
    memories: tuple[m.Memory, ...] = ()
    globals: tuple[m.Global, ...] = ()
    exports: tuple[m.Export, ...] = ()
    start: int | None = None
    start_offset: int = 0
    elements: tuple[m.ElementSegment, ...] = ()
    data_count: int | None = None
    data: tuple[m.DataSegment, ...] = ()
    custom_sections: list[m.CustomSection] = field(default_factory=list)
    names: m.Names = field(default_factory=m.Names)


def decode(data: bytes) -> m.Module:
    """The module in `data`.

    *Raises:* DecodeError for what is malformed, UnsupportedError for features beyond 2.0 without SIMD; both with the
    byte offset.
    """
    reader = Reader(bytes(data), 0, "the module")
    _decode_header(reader)
    parts = _Parts()
    sections = _split_sections(reader, parts)
    for section in parts.custom_sections:
        if section.name == SECTION_NAME:
            parts.names = decode_names(section.data, section.offset)
    for kind, content in sections:
        kind.read(content, parts)
        content.expect_end()
    _check_counts(parts, reader)
    return m.Module(
        types=parts.types,
        imports=parts.imports,
        functions=parts.functions,
        tables=parts.tables,
        memories=parts.memories,
        globals=parts.globals,
        exports=parts.exports,
        start=parts.start,
        elements=parts.elements,
        data=parts.data,
        custom_sections=tuple(parts.custom_sections),
        names=parts.names,
        start_offset=parts.start_offset,
        code_offset=next((content.base for kind, content in sections if kind.name == "code"), 0),
    )


def _decode_header(reader: Reader) -> None:
    magic = reader.data[:4]
    if magic != MAGIC:
        found = f"the bytes {magic.hex(' ')}" if magic else "nothing"
        raise reader.error(
            f"found {found} where a WebAssembly binary starts with 00 61 73 6d; a text module has to end in .wat"
        )
    reader.position = 4
    version = reader.take(4, "the version")
    if version[2:] == b"\1\0":
        raise reader.error(
            "this is a WebAssembly component, only core modules are supported; extract the core module", 4
        )
    if version != VERSION:
        raise reader.error(
            f"version {int.from_bytes(version, 'little')} of the binary format; only version 1 is known", 4
        )


def _split_sections(reader: Reader, parts: _Parts) -> list[tuple[_Section, Reader]]:
    """The sections with the readers of their content, in order; custom sections go to `parts`."""
    sections: list[tuple[_Section, Reader]] = []
    while reader.remaining:
        start = reader.offset
        code = reader.byte("a section")
        if code == 0:
            content = reader.part(reader.u32("the size of a custom section"), "a custom section")
            name = content.name("the name of a custom section")
            offset = content.offset
            parts.custom_sections.append(m.CustomSection(name, content.take(content.remaining, "content"), offset))
            continue
        if code == 13:
            raise refuse("the tag section", EXCEPTIONS, start)
        if code not in _SECTIONS:
            raise reader.error(f"unknown section {code}; sections are numbered 0 to 12", start)
        section = _SECTIONS[code]
        if sections and section.order <= sections[-1][0].order:
            previous = sections[-1][0].name
            wrong = "stands twice" if previous == section.name else f"comes after the {previous} section"
            raise reader.error(
                f"the {section.name} section {wrong}; each section comes at most once, in the fixed order", start
            )
        size = reader.u32(f"the size of the {section.name} section")
        sections.append((section, reader.part(size, f"the {section.name} section")))
    return sections


def _check_counts(parts: _Parts, reader: Reader) -> None:
    declared, defined = len(parts.type_indexes), len(parts.functions)
    if declared != defined:
        raise reader.error(f"the function section declares {declared} functions, the code section has {defined}")
    if parts.data_count is not None and parts.data_count != len(parts.data):
        segments = f"{parts.data_count} segments, the data section has {len(parts.data)}"
        raise reader.error(f"the data count section announces {segments}")


def _vector(reader: Reader, what: str, decode_item: Callable[[Reader], T]) -> tuple[T, ...]:
    return tuple(decode_item(reader) for _ in range(reader.count(what)))


def _decode_function_type(reader: Reader) -> FunctionType:
    start = reader.offset
    form = reader.byte("a type")
    if form in TYPE_FORMS:
        name, feature = TYPE_FORMS[form]
        raise refuse(f"a {name} type", feature, start)
    if form != 0x60:
        raise reader.error(f"byte {form:#04x} where a function type starts with 0x60", start)
    parameters = _vector(reader, "parameters", lambda r: decode_value_type(r, "a parameter"))
    return FunctionType(parameters, _vector(reader, "results", lambda r: decode_value_type(r, "a result")))


def _decode_limits(reader: Reader, what: str) -> Limits:
    start = reader.offset
    flags = reader.byte(f"the limits of {what}")
    if flags in (0, 1):
        minimum = reader.u32(f"the minimum of {what}")
        return Limits(minimum, reader.u32(f"the maximum of {what}") if flags else None)
    features = {3: THREADS, 4: MEMORY64, 5: MEMORY64, 7: MEMORY64}
    if flags in features:
        raise refuse(f"{what} with flags {flags:#04x}", features[flags], start)
    if what == "a memory" and 8 <= flags < 16:
        raise refuse(f"{what} with flags {flags:#04x}", PAGE_SIZES, start)
    raise reader.error(f"flags {flags:#04x} of {what}; only 0x00 (no maximum) and 0x01 (a maximum) are allowed", start)


def _decode_table_type(reader: Reader) -> TableType:
    element = decode_reference_type(reader, "the type of a table")
    return TableType(element, _decode_limits(reader, "a table"))


def _decode_memory_type(reader: Reader) -> MemoryType:
    return MemoryType(_decode_limits(reader, "a memory"))


def _decode_global_type(reader: Reader) -> GlobalType:
    value = decode_value_type(reader, "the type of a global")
    start = reader.offset
    mutability = reader.byte("the mutability of a global")
    if mutability > 1:
        raise reader.error(f"byte {mutability:#04x} as mutability of a global; 0x00 is constant, 0x01 mutable", start)
    return GlobalType(value, mutability == 1)


_KINDS = (m.ExternalKind.FUNCTION, m.ExternalKind.TABLE, m.ExternalKind.MEMORY, m.ExternalKind.GLOBAL)


def _decode_kind(reader: Reader, what: str) -> m.ExternalKind:
    start = reader.offset
    code = reader.byte(f"the kind of {what}")
    if code >= len(_KINDS):
        message = f"kind {code:#04x} of {what}; 0 is a function, 1 a table, 2 a memory, 3 a global"
        if code == 4:
            message += f" (4 is a tag: '{EXCEPTIONS}' is not supported)"
        raise reader.error(message, start)
    return _KINDS[code]


def _decode_import(reader: Reader) -> m.Import:
    start = reader.offset
    module = reader.name("the module name of an import")
    name = reader.name("the name of an import")
    kind = _decode_kind(reader, "an import")
    type_: int | TableType | MemoryType | GlobalType
    if kind is m.ExternalKind.FUNCTION:
        type_ = reader.u32("the type index of an import")
    elif kind is m.ExternalKind.TABLE:
        type_ = _decode_table_type(reader)
    elif kind is m.ExternalKind.MEMORY:
        type_ = _decode_memory_type(reader)
    else:
        type_ = _decode_global_type(reader)
    return m.Import(module, name, kind, type_, start)


def _decode_table(reader: Reader) -> m.Table:
    start = reader.offset
    return m.Table(_decode_table_type(reader), start)


def _decode_memory(reader: Reader) -> m.Memory:
    start = reader.offset
    return m.Memory(_decode_memory_type(reader), start)


def _decode_global(reader: Reader) -> m.Global:
    start = reader.offset
    type_ = _decode_global_type(reader)
    return m.Global(type_, decode_expression(reader), start)


def _decode_export(reader: Reader) -> m.Export:
    start = reader.offset
    name = reader.name("the name of an export")
    kind = _decode_kind(reader, "an export")
    return m.Export(name, kind, reader.u32("the index of an export"), start)


def _decode_element_segment(reader: Reader) -> m.ElementSegment:
    """Bits of the flags: 0 not active, 1 explicit table (active) or declarative, 2 entries are expressions."""
    start = reader.offset
    flags = reader.u32("the flags of an element segment")
    if flags > 7:
        raise reader.error(f"flags {flags:#x} of an element segment; 0 to 7 are allowed", start)
    inactive, explicit, expressions = bool(flags & 1), bool(flags & 2), bool(flags & 4)
    mode, table = m.SegmentMode.ACTIVE, 0
    position: m.Expression = ()
    if inactive:
        mode = m.SegmentMode.DECLARATIVE if explicit else m.SegmentMode.PASSIVE
    else:
        table = reader.u32("the table of an element segment") if explicit else 0
        position = decode_expression(reader)
    type_ = ValueType.FUNCREF
    if inactive or explicit:
        if expressions:
            type_ = decode_reference_type(reader, "the type of an element segment")
        else:
            _decode_element_kind(reader)
    decode_entry = decode_expression if expressions else _decode_function_entry
    return m.ElementSegment(type_, _vector(reader, "entries", decode_entry), mode, table, position, start)


def _decode_element_kind(reader: Reader) -> None:
    start = reader.offset
    if kind := reader.byte("the kind of an element segment"):
        raise reader.error(f"kind {kind:#04x} of an element segment; only 0x00 (functions) is allowed", start)


def _decode_function_entry(reader: Reader) -> m.Expression:
    start = reader.offset
    index = reader.u32("a function index")
    return (m.Instruction("ref.func", (index,), start), m.Instruction("end", (), start))


def _decode_data_segment(reader: Reader) -> m.DataSegment:
    start = reader.offset
    flags = reader.u32("the flags of a data segment")
    if flags > 2:
        raise reader.error(f"flags {flags:#x} of a data segment; 0 to 2 are allowed", start)
    mode, memory = m.SegmentMode.PASSIVE, 0
    position: m.Expression = ()
    if flags != 1:
        mode = m.SegmentMode.ACTIVE
        memory = reader.u32("the memory of a data segment") if flags else 0
        position = decode_expression(reader)
    data = reader.take(reader.u32("the length of a data segment"), "a data segment")
    return m.DataSegment(data, mode, memory, position, start)


def _decode_locals(reader: Reader) -> tuple[tuple[int, ValueType], ...]:
    start = reader.offset
    groups: list[tuple[int, ValueType]] = []
    total = 0
    for _ in range(reader.count("groups of locals")):
        count = reader.u32("a number of locals")
        groups.append((count, decode_value_type(reader, "the type of locals")))
        total += count
    if total >> 32:
        raise reader.error(f"{total} locals; the format allows fewer than 2**32", start)
    if total > MAX_LOCALS:
        message = f"{total} locals; hatch-zkwasm supports at most {MAX_LOCALS} in a function: split the function"
        raise UnsupportedError(Problem(message, byte_offset=start))
    return tuple(groups)


def _decode_code(reader: Reader, parts: _Parts) -> None:
    imported = sum(imported.kind is m.ExternalKind.FUNCTION for imported in parts.imports)
    declared = len(parts.type_indexes)
    start = reader.offset
    count = reader.count("function bodies")
    if count != declared:
        raise reader.error(f"the code section has {count} functions, the function section declares {declared}", start)
    functions: list[m.Function] = []
    for position, type_index in enumerate(parts.type_indexes):
        index = imported + position
        size = reader.u32("the size of a function body")
        body = reader.part(size, "the function body")
        try:
            functions.append(_decode_function(body, index, type_index, parts))
        except InputError as error:
            described = m.Module(imports=parts.imports, exports=parts.exports, names=parts.names).describe_function(
                index
            )
            problems = (replace(problem, message=f"{described}: {problem.message}") for problem in error.problems)
            raise type(error)(*problems) from None
    parts.functions = tuple(functions)


def _decode_function(reader: Reader, index: int, type_index: int, parts: _Parts) -> m.Function:
    offset = reader.base
    locals_ = _decode_locals(reader)
    body = decode_expression(reader)
    reader.expect_end()
    if parts.data_count is None:
        _require_no_data_index(reader, body)
    name = parts.names.functions.get(index, "")
    return m.Function(index, type_index, locals_, body, offset, len(reader.data), name)


def _require_no_data_index(reader: Reader, body: m.Expression) -> None:
    for instruction in body:
        if instruction.name in _NEED_DATA_COUNT:
            raise reader.error(
                f"{instruction.name} needs a data count section, the module has none", instruction.offset
            )


_NEED_DATA_COUNT = frozenset({"memory.init", "data.drop"})


@dataclass(frozen=True, slots=True)
class _Section:
    """A section's place in the order and its reader."""

    order: int
    name: str
    read: Callable[[Reader, _Parts], None]


def _fills(attribute: str, what: str, decode_item: Callable[[Reader], object]) -> Callable[[Reader, _Parts], None]:
    """A section that is a vector of items."""

    def read(reader: Reader, parts: _Parts) -> None:
        setattr(parts, attribute, _vector(reader, what, decode_item))

    return read


def _decode_start(reader: Reader, parts: _Parts) -> None:
    parts.start_offset = reader.offset
    parts.start = reader.u32("the index of the start function")


def _decode_data_count(reader: Reader, parts: _Parts) -> None:
    parts.data_count = reader.u32("the number of data segments")


_SECTIONS = {
    code: _Section(order, name, read)
    for order, (code, name, read) in enumerate(
        [
            (1, "type", _fills("types", "types", _decode_function_type)),
            (2, "import", _fills("imports", "imports", _decode_import)),
            (3, "function", _fills("type_indexes", "functions", lambda reader: reader.u32("a type index"))),
            (4, "table", _fills("tables", "tables", _decode_table)),
            (5, "memory", _fills("memories", "memories", _decode_memory)),
            (6, "global", _fills("globals", "globals", _decode_global)),
            (7, "export", _fills("exports", "exports", _decode_export)),
            (8, "start", _decode_start),
            (9, "element", _fills("elements", "element segments", _decode_element_segment)),
            (12, "data count", _decode_data_count),
            (10, "code", _decode_code),
            (11, "data", _fills("data", "data segments", _decode_data_segment)),
        ]
    )
}
