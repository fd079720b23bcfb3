"""Several memories of linked modules in the one memory of the joined module: `Regions`.

Each has a *region* with room for what it may grow to. Code that uses it is rewritten: an address that is inside goes to
the region, any other becomes one that is outside of the joined memory, so that the access traps as it should. The size
of a memory that grows is counted in a global, in words of four bytes. The joined memory itself does not grow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zkwasm_compiler.wasm.module import (
    DataSegment,
    Expression,
    Function,
    Global,
    Instruction,
    MemoryRegion,
)
from zkwasm_compiler.wasm.opcodes import OPCODES, Immediates
from zkwasm_compiler.wasm.types import PAGE_BYTES, FunctionType, GlobalType, MemoryType, ValueType

WORDS_A_PAGE = 1 << 14
MOST_PAGES = (1 << 15) - 1
"""Pages of all regions together: what every layout of the memory can address."""
OUTSIDE = 0xFFFFFFFF
"""As an address: outside of every memory."""
PLACING_LOCALS = ((3, ValueType.I32),)
GROWING = FunctionType((ValueType.I32,), (ValueType.I32,))

Code = list[Instruction]


@dataclass(frozen=True, slots=True)
class Used:
    """A memory that linked modules use: its type, whether code grows it, and the names of the import that it is, if it
    is one."""

    type: MemoryType
    grows: bool
    imported: tuple[str, str] | None = None


class Regions:
    """The regions of memories, in their order; the first is what a reader of the program sees as its memory.

    `first_global` is the index of the first global that counts words, `first_function` that of the first function that
    grows a memory. *Raises:* ValueError when there is no room for their minimums.
    """

    def __init__(self, memories: Sequence[Used], first_global: int, first_function: int, growing_type: int) -> None:
        self.memories = memories
        self.growing_type = growing_type
        growing = [number for number, memory in enumerate(memories) if memory.grows]
        self.globals = {number: first_global + position for position, number in enumerate(growing)}
        self.functions = {number: first_function + position for position, number in enumerate(growing)}
        self.rooms = _rooms(memories)
        self.bases = [sum(self.rooms[:number]) for number in range(len(memories))]

    @property
    def pages(self) -> int:
        """The pages of the joined memory."""
        return sum(self.rooms)

    def visible(self) -> MemoryRegion:
        """The memory that readers see."""
        first = self.memories[0]
        limits = first.type.limits
        return MemoryRegion(limits.minimum, limits.maximum, self.globals.get(0), first.imported)

    def counters(self) -> Iterator[Global]:
        """The globals that count the words of what grows."""
        for number in self.globals:
            words = self.minimum(number) * WORDS_A_PAGE
            yield Global(GlobalType(ValueType.I32, True), (_const(words, 0), Instruction("end", (), 0)), 0)

    def growers(self) -> Iterator[Function]:
        """The functions that grow memories: pages to pages before, or -1."""
        for number, index in self.functions.items():
            body = _grow(self.globals[number], self.rooms[number])
            yield Function(index, self.growing_type, (), tuple(body), 0, 0, "memory.grow")

    # Segments

    def position(self, memory: int, data: DataSegment) -> Expression:
        """The position of such a segment in the joined memory."""
        first, end = data.position
        address = first.immediates[0] & 0xFFFFFFFF
        inside = address + len(data.data) <= self.minimum(memory) * PAGE_BYTES
        return first._replace(immediates=(self.base(memory) + address if inside else OUTSIDE,)), end

    # Code

    def rewrite(self, function: Function, parameters: Sequence[ValueType], memory: int) -> Function:
        """A function of a module whose memory is `memory`, by its number."""
        rewriter = _Rewriter(self, memory, len(parameters) + len(function.local_types))
        body = tuple(new for instruction in function.body for new in rewriter.instruction(instruction))
        more = ((1, type_) for type_ in rewriter.types)
        return replace(function, locals=(*function.locals, *more), body=body)

    def placing(self, code: Code, memory: int) -> Code:
        """Code that places segments, in a function that has but the `PLACING_LOCALS`."""
        rewriter = _Rewriter(self, memory, 0)
        return [new for one in code for new in rewriter.instruction(one)]

    def minimum(self, memory: int) -> int:
        """The pages of a new instance."""
        return self.memories[memory].type.limits.minimum

    def base(self, memory: int) -> int:
        """The first address of a region."""
        return self.bases[memory] * PAGE_BYTES


def is_placed(data: DataSegment) -> bool:
    """Whether an active segment says itself where it goes."""
    return [instruction.name for instruction in data.position] == ["i32.const", "end"]


def _rooms(memories: Sequence[Used]) -> list[int]:
    """The pages of each region: what a memory may grow to, or its share of what is left."""
    minimums = [memory.type.limits.minimum for memory in memories]
    free = MOST_PAGES - sum(minimums)
    if free < 0:
        raise ValueError(f"the memories of linked modules have {sum(minimums)} pages; supported: {MOST_PAGES}")
    growing = sum(memory.grows for memory in memories)
    rooms = []
    for memory, minimum in zip(memories, minimums, strict=True):
        most = memory.type.limits.maximum
        share = minimum + free // growing if memory.grows else minimum
        rooms.append(share if most is None else min(share, most))
    return rooms


class _Rewriter:
    """The code of a function that uses one memory. `types` are the locals that it needs, from `first_local` on."""

    def __init__(self, regions: Regions, memory: int, first_local: int) -> None:
        self.regions = regions
        self.memory = memory
        self.first_local = first_local
        self.names: dict[str, int] = {}
        self.types: list[ValueType] = []

    def instruction(self, instruction: Instruction) -> Code:
        """What stands for an instruction."""
        name, at = instruction.name, instruction.offset
        match OPCODES[name].immediates:
            case Immediates.MEMORY_ACCESS:
                return self._access(instruction)
            case Immediates.MEMORY if name == "memory.size":
                return self._size(at, 14)
            case Immediates.MEMORY if name == "memory.grow":
                return [Instruction("call", (self.regions.functions[self.memory],), at)]
            case Immediates.MEMORY | Immediates.MEMORY_COPY | Immediates.MEMORY_INIT:
                return self._bulk(instruction)
        return [instruction]

    def _access(self, instruction: Instruction) -> Code:
        at = instruction.offset
        row = OPCODES[instruction.name]
        moved = self._moved(instruction.immediates[1] + row.access_bytes, at)
        if row.results:
            return [*moved, instruction]
        assert row.operands is not None
        stored = row.operands[1]
        value = self._local(f"value {stored}", stored)
        return [Instruction("local.set", (value,), at), *moved, _get(value, at), instruction]

    def _moved(self, end: int, at: int) -> Code:
        """An address on the stack becomes that of the region if the bytes before address + `end` are inside."""
        address = self._local("address")
        first = [Instruction("local.tee", (address,), at), *_sum(self.regions.base(self.memory), at)]
        return [*first, _const(OUTSIDE, at), *self._inside(address, end, at), Instruction("select", (), at)]

    def _inside(self, address: int, end: int, at: int) -> Code:
        """Whether address + `end` is no more than the size."""
        get = Instruction("local.get", (address,), at)
        least, most = (
            pages * PAGE_BYTES for pages in (self.regions.minimum(self.memory), self.regions.rooms[self.memory])
        )
        if end > most:
            return [_const(0, at)]
        if self.memory not in self.regions.globals:
            return [get, _const(least - end, at), Instruction("i32.le_u", (), at)]
        test = [
            get,
            *self._size(at, 0),
            _const(end, at),
            Instruction("i32.sub", (), at),
            Instruction("i32.le_u", (), at),
        ]
        if end <= least:
            return test
        enough = [_const(end, at), *self._size(at, 0), Instruction("i32.le_u", (), at)]
        return [*test, *enough, Instruction("i32.and", (), at)]

    def _size(self, at: int, shift: int) -> Code:
        """The size now, in bytes (shift 0), or in pages (shift 14: words are counted)."""
        words = self.regions.globals.get(self.memory)
        if words is None:
            return [_const(self.regions.minimum(self.memory) * (1 if shift else PAGE_BYTES), at)]
        operation, amount = ("i32.shr_u", shift) if shift else ("i32.shl", 2)
        return [Instruction("global.get", (words,), at), _const(amount, at), Instruction(operation, (), at)]

    def _bulk(self, instruction: Instruction) -> Code:
        """memory.fill, memory.copy, memory.init: target, source or value, count."""
        at = instruction.offset
        target, source, count = (self._local(name) for name in ("address", "source", "count"))
        code = [Instruction("local.set", (local,), at) for local in (count, source, target)]
        code += self._start(target, count, at)
        code += self._start(source, count, at) if instruction.name == "memory.copy" else [_get(source, at)]
        return [*code, _get(count, at), instruction]

    def _start(self, address: int, count: int, at: int) -> Code:
        """The address of a range of bytes, moved into the region if it is inside."""
        size, and_, at_most = self._size(at, 0), Instruction("i32.and", (), at), Instruction("i32.le_u", (), at)
        short = [_get(count, at), *size, at_most]
        before_end = [_get(address, at), *size, _get(count, at), Instruction("i32.sub", (), at), at_most]
        moved = [_get(address, at), *_sum(self.regions.base(self.memory), at)]
        return [*moved, _const(OUTSIDE, at), *short, *before_end, and_, Instruction("select", (), at)]

    def _local(self, name: str, type_: ValueType = ValueType.I32) -> int:
        if name not in self.names:
            self.names[name] = self.first_local + len(self.types)
            self.types.append(type_)
        return self.names[name]


def _grow(words: int, room: int) -> Code:
    """The body of a function that grows a memory by as many pages as its parameter says."""
    end = Instruction("end", (), 0)
    counted, shift = Instruction("global.get", (words,), 0), _const(14, 0)
    pages = [counted, shift, Instruction("i32.shr_u", (), 0)]
    left = [_const(room, 0), *pages, Instruction("i32.sub", (), 0)]
    more = [counted, _get(0, 0), shift, Instruction("i32.shl", (), 0), Instruction("i32.add", (), 0)]
    return [
        *[_get(0, 0), *left, Instruction("i32.gt_u", (), 0)],
        *[Instruction("if", (None,), 0), _const(-1, 0), Instruction("return", (), 0), end],
        *pages,
        *[*more, Instruction("global.set", (words,), 0), end],
    ]


def _const(number: int, at: int) -> Instruction:
    return Instruction("i32.const", (number & 0xFFFFFFFF,), at)


def _get(local: int, at: int) -> Instruction:
    return Instruction("local.get", (local,), at)


def _sum(base: int, at: int) -> Code:
    """What adds the first address of a region."""
    return [_const(base, at), Instruction("i32.add", (), at)] if base else []
