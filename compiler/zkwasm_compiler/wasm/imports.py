"""What the imports of linked modules are: `Resolution` finds the definition behind each, and checks that it matches.

Modules are *parts*, in the order in which they are instantiated; each names earlier parts by the module names of its
imports. An import of a name that is no part stays one. *Source:* WebAssembly 2.0, sections 3.4.10 and 4.5.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zkwasm_compiler.errors import LinkError, Problem
from zkwasm_compiler.wasm.module import ExternalKind, Import, Module
from zkwasm_compiler.wasm.types import FunctionType, GlobalType, Limits, MemoryType, TableType

ExternalType = FunctionType | GlobalType | MemoryType | TableType
Sizes = Callable[[int, ExternalKind, int], int | None]
"""The size that a memory or table has by now: of a part, by kind and index; None: that of its definition."""


@dataclass(frozen=True, slots=True)
class Part:
    """A module that is linked: `name` is for messages, `links` has the parts that its imports come from, by the module
    names of the imports."""

    module: Module
    name: str
    links: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """An import that stays, or a definition: of a part, with its index there."""

    part: int
    index: int


class Resolution:
    """Where each function, table, memory and global of the parts comes from. *Raises:* LinkError with every import that
    is unknown or does not match."""

    def __init__(self, parts: Sequence[Part], sizes: Sizes = lambda part, kind, index: None) -> None:
        self.parts = parts
        self.sizes = sizes
        self.items: dict[tuple[int, ExternalKind], list[Item]] = {}
        problems: list[Problem] = []
        for number, part in enumerate(parts):
            for kind in ExternalKind:
                imports = imports_of(part.module, kind)
                found = [self._imported(number, index, imported, problems) for index, imported in enumerate(imports)]
                defined = range(len(imports), len(imports) + definition_count(part.module, kind))
                self.items[number, kind] = [*found, *(Item(number, index) for index in defined)]
        if problems:
            raise LinkError(*problems)

    def _imported(self, part: int, index: int, imported: Import, problems: list[Problem]) -> Item:
        source = self.parts[part].links.get(imported.module)
        if source is None:
            return Item(part, index)
        name = f"import {imported.module}.{imported.name} of {self.parts[part].name}"
        exports = [export for export in self.parts[source].module.exports if export.name == imported.name]
        if not exports:
            offered = ", ".join(export.name for export in self.parts[source].module.exports) or "nothing"
            problems.append(_problem(f"unknown import: {name}: the linked module exports {offered}", imported))
            return Item(part, index)
        export = exports[0]
        wanted = type_of(self.parts[part].module, imported.kind, index)
        if export.kind is not imported.kind:
            found = f"a {export.kind.name.lower()}"
            message = f"incompatible import type: {name} is a {imported.kind.name.lower()}; what is exported is {found}"
            problems.append(_problem(message, imported))
            return Item(part, index)
        item = self.items[source, export.kind][export.index]
        type_ = self.type_of(export.kind, item)
        if not matches(type_, wanted):
            message = f"incompatible import type: {name} is {spell(wanted)}; what is exported is {spell(type_)}"
            problems.append(_problem(message, imported))
        return item

    def type_of(self, kind: ExternalKind, item: Item) -> ExternalType:
        """The type of an item, with the size that it has by now."""
        type_ = type_of(self.parts[item.part].module, kind, item.index)
        size = self.sizes(item.part, kind, item.index)
        if size is not None and isinstance(type_, TableType):
            return TableType(type_.element, Limits(size, type_.limits.maximum))
        if size is not None and isinstance(type_, MemoryType):
            return MemoryType(Limits(size, type_.limits.maximum))
        return type_

    def is_import(self, kind: ExternalKind, item: Item) -> bool:
        """Whether nothing that is linked defines an item."""
        return item.index < len(imports_of(self.parts[item.part].module, kind))

    def order(self, kind: ExternalKind) -> list[Item]:
        """All items of a kind: imports first, then definitions, part by part."""
        items = sorted({item for (_, one), found in self.items.items() if one is kind for item in found})
        return sorted(items, key=lambda item: not self.is_import(kind, item))


def imports_of(module: Module, kind: ExternalKind) -> list[Import]:
    """The imports of a kind, in the order of their indexes."""
    return [imported for imported in module.imports if imported.kind is kind]


def definition_count(module: Module, kind: ExternalKind) -> int:
    """How many a module defines itself."""
    match kind:
        case ExternalKind.FUNCTION:
            return len(module.functions)
        case ExternalKind.TABLE:
            return len(module.tables)
        case ExternalKind.MEMORY:
            return len(module.memories)
        case ExternalKind.GLOBAL:
            return len(module.globals)


def type_of(module: Module, kind: ExternalKind, index: int) -> ExternalType:
    """The type in an index space, with the limits as they are declared."""
    match kind:
        case ExternalKind.FUNCTION:
            return module.function_type(index)
        case ExternalKind.TABLE:
            return module.table_types[index]
        case ExternalKind.MEMORY:
            return module.memory_types[index]
        case ExternalKind.GLOBAL:
            return module.global_types[index]


def matches(found: ExternalType, wanted: ExternalType) -> bool:
    """Whether something of one type may be imported as the other."""
    if isinstance(found, TableType) and isinstance(wanted, TableType):
        return found.element is wanted.element and _within(found.limits, wanted.limits)
    if isinstance(found, MemoryType) and isinstance(wanted, MemoryType):
        return _within(found.limits, wanted.limits)
    return found == wanted


def _within(found: Limits, wanted: Limits) -> bool:
    if found.minimum < wanted.minimum:
        return False
    return wanted.maximum is None or (found.maximum is not None and found.maximum <= wanted.maximum)


def spell(type_: ExternalType) -> str:
    """A type for messages."""
    match type_:
        case FunctionType():
            return f"a function {type_}"
        case GlobalType():
            return f"a global {f'(mut {type_.value})' if type_.mutable else type_.value}"
        case TableType():
            return f"a table of {_spell_limits(type_.limits)} {type_.element}"
        case MemoryType():
            return f"a memory of {_spell_limits(type_.limits)} pages"


def _spell_limits(limits: Limits) -> str:
    return f"{limits.minimum}" if limits.maximum is None else f"{limits.minimum} to {limits.maximum}"


def _problem(message: str, imported: Import) -> Problem:
    return Problem(message, byte_offset=imported.offset, code="link")
