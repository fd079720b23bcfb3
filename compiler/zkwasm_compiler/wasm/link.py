"""Linking: several modules become one, in which imports are what they name.

`link` joins a module with those that it imports from, each instantiated once, in their order, before it. `join` can
make a function of each instantiation instead (`staged`), for those who run something in between. The joined module
has one memory at most, as a module has; several memories that are used are parts of it (`regions`).

*Source:* WebAssembly 2.0, section 4.5.4 (instantiation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from zkwasm_compiler.errors import InputError, Problem, UnsupportedError
from zkwasm_compiler.wasm.decode import decode
from zkwasm_compiler.wasm.imports import Item, Part, Resolution, Sizes, imports_of
from zkwasm_compiler.wasm.module import (
    DataSegment,
    ElementSegment,
    Export,
    Expression,
    ExternalKind,
    Function,
    Global,
    Import,
    Instruction,
    Memory,
    Module,
    Names,
    SegmentMode,
    Source,
)
from zkwasm_compiler.wasm.opcodes import OPCODES, Immediates
from zkwasm_compiler.wasm.regions import GROWING, PLACING_LOCALS, Regions, Used, is_placed
from zkwasm_compiler.wasm.types import FunctionType, Limits, MemoryType
from zkwasm_compiler.wasm.validate import validate

FUNCTION, TABLE, MEMORY, GLOBAL = ExternalKind.FUNCTION, ExternalKind.TABLE, ExternalKind.MEMORY, ExternalKind.GLOBAL


def link(module: Module, libraries: Mapping[str, Module]) -> Module:
    """The module with what it imports from `libraries`, which have names in the order in which they are instantiated;
    each may import from those before it. Its exports are those of `module`.

    *Raises:* LinkError for imports that a library does not have, or not so; UnsupportedError for memories that are too
    large together.
    """
    if not libraries:
        return module
    links: dict[str, int] = {}
    parts = []
    for name, library in libraries.items():
        parts.append(Part(library, name, dict(links)))
        links[name] = len(parts) - 1
    parts.append(Part(module, "the module", links))
    return join(parts, exports=((len(parts) - 1, ""),))


def load_library(name: str, data: bytes) -> Module:
    """Decode and validate a module that is linked; problems name it. *Raises:* as `wasm.load`."""
    try:
        module = decode(data)
        validate(module)
    except InputError as error:
        raise type(error)(*(replace(problem, file=f"linked module {name}") for problem in error.problems)) from None
    return module


def join(
    parts: Sequence[Part],
    *,
    exports: Sequence[tuple[int, str]],
    staged: str = "",
    sizes: Sizes = lambda part, kind, index: None,
) -> Module:
    """One module of all parts. `exports` are the parts whose exports it has, with what is put before their names.

    With `staged`, nothing is placed or started at first: an exported function for each part does that, called `staged`
    with the number of the part behind it. *Raises:* as `link`.
    """
    return _Joiner(parts, Resolution(parts, sizes)).join(exports, staged)


class _Joiner:
    def __init__(self, parts: Sequence[Part], resolution: Resolution) -> None:
        self.parts = parts
        self.resolution = resolution
        self.order = {kind: resolution.order(kind) for kind in ExternalKind}
        self.order[MEMORY] = self._memories()
        self.index = {kind: {item: n for n, item in enumerate(items)} for kind, items in self.order.items()}
        self.first_type = _starts([len(part.module.types) for part in parts])
        self.first_element = _starts([len(part.module.elements) for part in parts])
        self.first_data = _starts([len(part.module.data) for part in parts])
        self.first_offset = [(number + 1) % len(parts) * OFFSETS for number in range(len(parts))]  # 0: the last part
        self.start_type = sum(len(part.module.types) for part in parts)
        self.regions = self._regions()
        self.added: list[Function] = [] if self.regions is None else list(self.regions.growers())

    def join(self, exports: Sequence[tuple[int, str]], staged: str) -> Module:
        growing = () if self.regions is None else (GROWING,)
        moved = dict.fromkeys(range(len(self.parts)), True) if staged else self._moved()
        starts = [self._instantiation(number, moved[number]) for number in range(len(self.parts))]
        rows = [
            Export(f"{prefix}{e.name}", e.kind, self.at(n, e.kind, e.index), e.offset + self.first_offset[n])
            for n, prefix, e in self._named(exports)
        ]
        start: int | None = None
        if staged:
            for number, body in enumerate(starts):
                rows.append(Export(f"{staged}{number}", FUNCTION, self._add(body, f"instantiate {number}"), 0))
        elif calls := [instruction for body in starts for instruction in body]:
            alone = len(calls) == 1 and calls[0].name == "call"
            start = calls[0].immediates[0] if alone else self._add(calls, "instantiate")
        return Module(
            types=(*(type_ for part in self.parts for type_ in part.module.types), FunctionType(), *growing),
            imports=tuple(self._imports()),
            functions=(*self._functions(), *self.added),
            tables=tuple(self._module(item).tables[self._own(TABLE, item)] for item in self._defined(TABLE)),
            memories=tuple(self._declared_memories()),
            globals=(
                *(self._global(item) for item in self._defined(GLOBAL)),
                *(self.regions.counters() if self.regions is not None else ()),
            ),
            exports=tuple(rows),
            start=start,
            elements=tuple(self._element(number, e, moved[number]) for number, e in self._each("elements")),
            data=tuple(self._data(number, d, moved[number]) for number, d in self._each("data")),
            names=Names(functions=dict(self._names())),
            region=None if self.regions is None else self.regions.visible(),
            sources=tuple(sorted(self._sources(), key=lambda source: source.start)),
        )

    def _sources(self) -> Iterator[Source]:
        for part, start in zip(self.parts, self.first_offset, strict=True):
            yield Source(start, part.name if start else "", part.module)

    # What there is

    def at(self, part: int, kind: ExternalKind, index: int) -> int:
        """The index in the joined module of what has an index in a part."""
        return self.index[kind][self.resolution.items[part, kind][index]]

    def _memories(self) -> list[Item]:
        """The memories that something uses: first that of the last part, if it is one."""
        used = set()
        for number, part in enumerate(self.parts):
            names = {instruction.name for function in part.module.functions for instruction in function.body}
            active = any(data.mode is SegmentMode.ACTIVE for data in part.module.data)
            unlinked = any(i.kind is FUNCTION and i.module not in part.links for i in part.module.imports)
            if (
                active
                or unlinked  # functions of the host, which may work on it
                or imports_of(part.module, MEMORY)
                or any(OPCODES[name].immediates in _ON_MEMORY for name in names)
            ):
                used.update(self.resolution.items[number, MEMORY])
        own = self.resolution.items[len(self.parts) - 1, MEMORY]
        return sorted(used, key=lambda item: (item not in own, item)) or own or self.resolution.order(MEMORY)[:1]

    def _regions(self) -> Regions | None:
        """Where several memories are. *Raises:* UnsupportedError when there is no room for them."""
        if len(self.order[MEMORY]) < 2:
            return None
        growing = {
            item
            for number, part in enumerate(self.parts)
            if any(one.name == "memory.grow" for function in part.module.functions for one in function.body)
            for item in self.resolution.items[number, MEMORY]
        }
        memories = [self._used(item, item in growing) for item in self.order[MEMORY]]
        try:
            return Regions(memories, len(self.order[GLOBAL]), len(self.order[FUNCTION]), self.start_type + 1)
        except ValueError as error:
            raise UnsupportedError(Problem(f"{error}: let modules import the memory of another", code="link")) from None

    def _used(self, item: Item, grows: bool) -> Used:
        module = self._module(item)
        names: tuple[str, str] | None = None
        if self.resolution.is_import(MEMORY, item):
            imported = imports_of(module, MEMORY)[item.index]
            names = imported.module, imported.name
        return Used(module.memory_types[item.index], grows, names)

    def _declared_memories(self) -> Iterator[Memory]:
        if self.regions is not None:
            pages = self.regions.pages
            yield Memory(MemoryType(Limits(pages, pages)), 0)
            return
        for item in self._defined(MEMORY):
            yield self._module(item).memories[self._own(MEMORY, item)]

    def _memory(self, part: int) -> int:
        """The number of the memory of a part that has one."""
        return self.at(part, MEMORY, 0)

    def _defined(self, kind: ExternalKind) -> list[Item]:
        return [item for item in self.order[kind] if not self.resolution.is_import(kind, item)]

    def _module(self, item: Item) -> Module:
        return self.parts[item.part].module

    def _own(self, kind: ExternalKind, item: Item) -> int:
        """The position of a definition among those of its module."""
        return item.index - len(imports_of(self.parts[item.part].module, kind))

    def _imports(self) -> Iterator[Import]:
        for kind in ExternalKind:
            for item in self.order[kind]:
                if self.resolution.is_import(kind, item) and not (kind is MEMORY and self.regions is not None):
                    imported = imports_of(self.parts[item.part].module, kind)[item.index]
                    type_ = imported.type
                    yield replace(
                        imported,
                        type=type_ + self.first_type[item.part] if isinstance(type_, int) else type_,
                        offset=imported.offset + self.first_offset[item.part],
                    )

    def _functions(self) -> Iterator[Function]:
        for item in self._defined(FUNCTION):
            module = self.parts[item.part].module
            function = module.functions[self._own(FUNCTION, item)]
            new = replace(
                function,
                index=self.index[FUNCTION][item],
                type_index=function.type_index + self.first_type[item.part],
                body=self.rewritten(item.part, function.body),
                offset=function.offset + self.first_offset[item.part],
            )
            if self.regions is not None and self._on_memory(item.part):
                new = self.regions.rewrite(new, module.types[function.type_index].parameters, self._memory(item.part))
            yield new

    def _on_memory(self, part: int) -> bool:
        """Whether a part has a memory that something uses."""
        return any(item in self.index[MEMORY] for item in self.resolution.items[part, MEMORY])

    def _global(self, item: Item) -> Global:
        global_ = self.parts[item.part].module.globals[self._own(GLOBAL, item)]
        offset = global_.offset + self.first_offset[item.part]
        return replace(global_, initial=self.rewritten(item.part, global_.initial), offset=offset)

    def _element(self, part: int, element: ElementSegment, moved: bool) -> ElementSegment:
        active = element.mode is SegmentMode.ACTIVE
        return replace(
            element,
            entries=tuple(self.rewritten(part, entry) for entry in element.entries),
            mode=SegmentMode.PASSIVE if moved and active else element.mode,
            table=self.at(part, TABLE, element.table) if active else 0,
            position=self.rewritten(part, element.position),
            offset=element.offset + self.first_offset[part],
        )

    def _data(self, part: int, data: DataSegment, moved: bool) -> DataSegment:
        mode = SegmentMode.PASSIVE if moved and data.mode is SegmentMode.ACTIVE else data.mode
        position = self.rewritten(part, data.position)
        if self.regions is not None and mode is SegmentMode.ACTIVE:
            position = self.regions.position(self._memory(part), data)
        return replace(data, mode=mode, position=position, offset=data.offset + self.first_offset[part])

    def _each(self, name: str) -> Iterator[tuple[int, Any]]:
        for number, part in enumerate(self.parts):
            for segment in getattr(part.module, name):
                yield number, segment

    def _named(self, exports: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str, Export]]:
        for number, prefix in exports:
            for export in self.parts[number].module.exports:
                if (
                    export.kind is not MEMORY
                    or self.resolution.items[number, MEMORY][export.index] in self.order[MEMORY][:1]
                ):
                    yield number, prefix, export

    def _names(self) -> Iterator[tuple[int, str]]:
        for item in self.order[FUNCTION]:
            part = self.parts[item.part]
            name = part.module.function_name(item.index)
            last = item.part == len(self.parts) - 1
            if name:
                yield self.index[FUNCTION][item], name if last else f"{part.name}.{name}"

    # Code

    def rewritten(self, part: int, expression: Expression) -> Expression:
        """An expression of a part with the indexes of the joined module."""
        return tuple(self._instruction(part, instruction) for instruction in expression)

    def _instruction(self, part: int, instruction: Instruction) -> Instruction:
        given = instruction.immediates
        new: tuple[Any, ...]
        match OPCODES[instruction.name].immediates:
            case Immediates.FUNCTION:
                new = (self.at(part, FUNCTION, given[0]),)
            case Immediates.CALL_INDIRECT:
                new = given[0] + self.first_type[part], self.at(part, TABLE, given[1])
            case Immediates.BLOCK_TYPE if isinstance(given[0], int):
                new = (given[0] + self.first_type[part],)
            case Immediates.GLOBAL:
                new = (self.at(part, GLOBAL, given[0]),)
            case Immediates.TABLE:
                new = (self.at(part, TABLE, given[0]),)
            case Immediates.TABLE_COPY:
                new = tuple(self.at(part, TABLE, index) for index in given)
            case Immediates.TABLE_INIT:
                new = given[0] + self.first_element[part], self.at(part, TABLE, given[1])
            case Immediates.ELEMENT:
                new = (given[0] + self.first_element[part],)
            case Immediates.DATA | Immediates.MEMORY_INIT:
                new = (given[0] + self.first_data[part],)
            case _:
                new = given
        return instruction._replace(immediates=new, offset=instruction.offset + self.first_offset[part])

    # Instantiation

    def _moved(self) -> dict[int, bool]:
        """Whether the active segments of each part must be placed by code: where a start function has run before that
        may see what they write to, or have written there itself. In regions also where their places are not known; what
        comes after them may write to the same."""
        moved, started = {}, False
        for number, part in enumerate(self.parts):
            tables, memories = imports_of(part.module, TABLE), imports_of(part.module, MEMORY)
            segments = [e.table < len(tables) for e in part.module.elements if e.mode is SegmentMode.ACTIVE]
            segments += [bool(memories) for data in part.module.data if data.mode is SegmentMode.ACTIVE]
            unplaced = self.regions is not None and any(
                data.mode is SegmentMode.ACTIVE and not is_placed(data) for data in part.module.data
            )
            moved[number] = unplaced or (started and any(segments))
            started |= unplaced or part.module.start is not None
        return moved

    def _instantiation(self, part: int, moved: bool) -> list[Instruction]:
        """The code that instantiates a part, as far as that is not done before any code runs."""
        module = self.parts[part].module
        body: list[Instruction] = []
        if moved:
            for number, element in enumerate(module.elements):
                if element.mode is SegmentMode.ACTIVE:
                    at = element.offset + self.first_offset[part]
                    segment = number + self.first_element[part]
                    init = Instruction("table.init", (segment, self.at(part, TABLE, element.table)), at)
                    body += self._placed(part, element, len(element.entries), init, "elem.drop")
            for number, data in enumerate(module.data):
                if data.mode is SegmentMode.ACTIVE:
                    at = data.offset + self.first_offset[part]
                    init = Instruction("memory.init", (number + self.first_data[part],), at)
                    placed = self._placed(part, data, len(data.data), init, "data.drop")
                    body += placed if self.regions is None else self.regions.placing(placed, self._memory(part))
        if module.start is not None:
            body.append(
                Instruction(
                    "call", (self.at(part, FUNCTION, module.start),), module.start_offset + self.first_offset[part]
                )
            )
        return body

    def _placed(
        self, part: int, segment: ElementSegment | DataSegment, count: int, init: Instruction, drop: str
    ) -> list[Instruction]:
        numbers = [Instruction("i32.const", (number,), init.offset) for number in (0, count)]
        dropped = Instruction(drop, init.immediates[:1], init.offset)
        return [*self.rewritten(part, segment.position)[:-1], *numbers, init, dropped]

    def _add(self, body: Sequence[Instruction], name: str) -> int:
        """A function without parameters and results; gives its index."""
        index = len(self.order[FUNCTION]) + len(self.added)
        code = (*body, Instruction("end", (), 0))
        locals_ = () if self.regions is None else PLACING_LOCALS
        self.added.append(Function(index, self.start_type, locals_, code, 0, 0, name))
        return index


OFFSETS = 1 << 32
"""No module has so many bytes: those of each begin at a multiple of this."""
_ON_MEMORY = frozenset({Immediates.MEMORY, Immediates.MEMORY_ACCESS, Immediates.MEMORY_COPY, Immediates.MEMORY_INIT})


def _starts(counts: Sequence[int]) -> list[int]:
    """Where each run begins when runs of these lengths follow one another."""
    return [sum(counts[:number]) for number in range(len(counts))]
