"""A decoded WebAssembly module as data: `Module`, its parts, and `Instruction`.

`decode` builds it, `validate` checks it, `frontend` translates it. Index spaces put imports first, as the specification
does; the properties of `Module` named after an index space cover imports and definitions. Properties and methods that
take an index expect a validated module unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from zkwasm_compiler.wasm.types import FunctionType, GlobalType, MemoryType, TableType, ValueType

BlockType: TypeAlias = int | ValueType | None
"""A block's type as encoded: a type index, one result, or nothing. `Module.block_type` resolves it."""


class Instruction(NamedTuple):
    """One instruction. `name` has a row in `opcodes.OPCODES`, whose `Immediates` kind says what `immediates` holds.

    `offset` is the byte offset of the opcode in the module. A plain tuple, because modules hold hundreds of thousands.
    """

    name: str
    immediates: tuple[Any, ...]
    offset: int


Expression: TypeAlias = tuple[Instruction, ...]
"""Instructions in binary order, `else` and `end` included; the last one is the `end` that closes the expression."""


class ExternalKind(Enum):
    """What an import or an export is; the value is the specification's word."""

    FUNCTION = "func"
    TABLE = "table"
    MEMORY = "memory"
    GLOBAL = "global"


class SegmentMode(Enum):
    """When a segment is copied: at instantiation, on demand, or never (it only declares functions)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    DECLARATIVE = "declarative"


@dataclass(frozen=True, slots=True)
class Import:
    """`type` is a type index for functions, otherwise the type itself."""

    module: str
    name: str
    kind: ExternalKind
    type: int | TableType | MemoryType | GlobalType
    offset: int


@dataclass(frozen=True, slots=True)
class Export:
    """`index` counts in the index space of `kind`."""

    name: str
    kind: ExternalKind
    index: int
    offset: int


@dataclass(frozen=True, slots=True)
class Table:
    type: TableType
    offset: int


@dataclass(frozen=True, slots=True)
class Memory:
    type: MemoryType
    offset: int


@dataclass(frozen=True, slots=True)
class Global:
    type: GlobalType
    initial: Expression
    offset: int


@dataclass(frozen=True, slots=True)
class ElementSegment:
    """`table` and `position` (the expression of the first entry) have a meaning only in active mode."""

    type: ValueType
    entries: tuple[Expression, ...]
    mode: SegmentMode
    table: int
    position: Expression
    offset: int


@dataclass(frozen=True, slots=True)
class DataSegment:
    """`memory` and `position` (the expression of the first byte address) have a meaning only in active mode."""

    data: bytes
    mode: SegmentMode
    memory: int
    position: Expression
    offset: int


@dataclass(frozen=True, slots=True)
class Function:
    """A defined function. `index` counts imports. `locals` is run-length coded and excludes the parameters.

    `name` comes from the name section, empty without. `offset` and `size` (bytes) delimit locals and body.
    """

    index: int
    type_index: int
    locals: tuple[tuple[int, ValueType], ...]
    body: Expression
    offset: int
    size: int
    name: str = ""

    @property
    def local_types(self) -> tuple[ValueType, ...]:
        """The declared locals one by one, without the parameters."""
        return tuple(type_ for count, type_ in self.locals for _ in range(count))


@dataclass(frozen=True, slots=True)
class CustomSection:
    name: str
    data: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Names:
    """What the name section tells: the module's name, functions by index, locals by function index and local index."""

    module: str = ""
    functions: Mapping[int, str] = field(default_factory=dict)
    locals: Mapping[int, Mapping[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryRegion:
    """The part of a joined memory, from its first byte on, that a reader takes for the memory of the module: pages at
    first and at most, the global that counts its words where it grows, and the names of the import that it is, if it is
    one."""

    minimum: int
    maximum: int | None
    words_global: int | None = None
    imported: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A module that was joined: its byte offsets are those from `start` on. The name of the main module is empty."""

    start: int
    name: str
    module: Module


@dataclass(frozen=True)  # without slots: the index spaces are cached
class Module:
    """A whole module. `functions`, `tables`, `memories` and `globals` hold the definitions, without imports."""

    types: tuple[FunctionType, ...] = ()
    imports: tuple[Import, ...] = ()
    functions: tuple[Function, ...] = ()
    tables: tuple[Table, ...] = ()
    memories: tuple[Memory, ...] = ()
    globals: tuple[Global, ...] = ()
    exports: tuple[Export, ...] = ()
    start: int | None = None
    elements: tuple[ElementSegment, ...] = ()
    data: tuple[DataSegment, ...] = ()
    custom_sections: tuple[CustomSection, ...] = ()
    names: Names = Names()
    start_offset: int = 0
    code_offset: int = 0
    """Where the content of the code section begins."""
    region: MemoryRegion | None = None
    """Set where linked modules have several memories, which are parts of the one that is declared."""
    sources: tuple[Source, ...] = ()
    """The modules that were joined, by where their byte offsets begin; empty when none were."""

    @cached_property
    def imported_functions(self) -> tuple[Import, ...]:
        """The imports that come first in the function index space."""
        return tuple(i for i in self.imports if i.kind is ExternalKind.FUNCTION)

    @cached_property
    def imported_globals(self) -> tuple[Import, ...]:
        """The imports that come first in the global index space."""
        return tuple(i for i in self.imports if i.kind is ExternalKind.GLOBAL)

    @cached_property
    def function_type_indexes(self) -> tuple[int, ...]:
        """The type index of every function, not validated."""
        imported = tuple(i.type for i in self.imports if isinstance(i.type, int))
        return imported + tuple(function.type_index for function in self.functions)

    @cached_property
    def table_types(self) -> tuple[TableType, ...]:
        """The type of every table."""
        imported = tuple(i.type for i in self.imports if isinstance(i.type, TableType))
        return imported + tuple(table.type for table in self.tables)

    @cached_property
    def memory_types(self) -> tuple[MemoryType, ...]:
        """The type of every memory."""
        imported = tuple(i.type for i in self.imports if isinstance(i.type, MemoryType))
        return imported + tuple(memory.type for memory in self.memories)

    @cached_property
    def global_types(self) -> tuple[GlobalType, ...]:
        """The type of every global."""
        imported = tuple(i.type for i in self.imports if isinstance(i.type, GlobalType))
        return imported + tuple(global_.type for global_ in self.globals)

    @cached_property
    def signatures(self) -> tuple[FunctionType, ...]:
        """The different function types, each once."""
        return tuple(dict.fromkeys(self.types))

    def function_type(self, index: int) -> FunctionType:
        """The type of a function, imported or defined."""
        return self.types[self.function_type_indexes[index]]

    def defined_function(self, index: int) -> Function | None:
        """The definition of a function, None when it is imported."""
        position = index - len(self.imported_functions)
        return self.functions[position] if position >= 0 else None

    def block_type(self, block_type: BlockType) -> FunctionType:
        """Resolve the immediate of `block`, `loop` or `if`. *Raises:* IndexError if the type index is unknown."""
        if isinstance(block_type, int):
            return self.types[block_type]
        return FunctionType() if block_type is None else FunctionType((), (block_type,))

    def describe_function(self, index: int) -> str:
        """A function for messages: ``function 3 (gcd)``, named by the name section, else by its export or import."""
        name = self.function_name(index)
        return f"function {index} ({name})" if name else f"function {index}"

    def function_name(self, index: int) -> str:
        """The name in the name section, else the first exported name, else ``module.name`` of an import, else empty."""
        if index in self.names.functions:
            return self.names.functions[index]
        if index in self._exported_function_names:
            return self._exported_function_names[index]
        if index < len(self.imported_functions):
            imported = self.imported_functions[index]
            return f"{imported.module}.{imported.name}"
        return ""

    @cached_property
    def _exported_function_names(self) -> dict[int, str]:
        functions = [export for export in self.exports if export.kind is ExternalKind.FUNCTION]
        return {export.index: export.name for export in reversed(functions)}
