"""The SSA data structures: `Value`, `Block`, `Function`, `Module`.

A function is a list of blocks, the entry first. A block has parameters (instead of phis), a body of values in order and
one terminator. Values with effects keep their order in the body; pure values may move. Ops and their types are rows of
`ir.ops.OPS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from zkwasm_compiler.ir.memory_layout import WORDS, MemoryLayout


class Type(Enum):
    """The type of a value, or of a function's parameters and results and of a global as the module declares them.

    Floats are only declared: no value has the type F32 or F64, their bit patterns are integers (`carrier`). References
    are numbers of which 0 is null; `NONE` is the type of values used only for their effect, `INDEX` that of indexes of
    cells, which legalisation makes.
    """

    I32 = "i32"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    FUNCREF = "funcref"
    EXTERNREF = "externref"
    INDEX = "index"
    NONE = "none"
    TUPLE = "tuple"  # what a call gives; `result` projects it

    @property
    def bits(self) -> int:
        """Width in bits of a number type or a reference."""
        return 32 if self in (Type.I32, Type.F32) or self.is_reference else 64

    @property
    def is_reference(self) -> bool:
        return self in (Type.FUNCREF, Type.EXTERNREF)

    @property
    def carrier(self) -> Type:
        """The type of the values that hold what is declared with this type."""
        return _CARRIERS.get(self, self)


_CARRIERS = {Type.F32: Type.I32, Type.F64: Type.I64}


class Trap(Enum):
    """Why an execution trapped; the value is the public status word. Names are wasmtime's and the specification's."""

    UNREACHABLE = 1
    INTEGER_DIVIDE_BY_ZERO = 2
    INTEGER_OVERFLOW = 3
    CALL_STACK_EXHAUSTED = 4
    OUT_OF_BOUNDS_MEMORY_ACCESS = 5
    OUT_OF_BOUNDS_TABLE_ACCESS = 6
    UNDEFINED_ELEMENT = 7
    UNINITIALIZED_ELEMENT = 8
    INDIRECT_CALL_TYPE_MISMATCH = 9
    INVALID_CONVERSION_TO_INTEGER = 10

    @property
    def message(self) -> str:
        """The specification's words, e.g. ``integer divide by zero``."""
        return self.name.lower().replace("_", " ")


Immediate: TypeAlias = int | tuple[int, int] | Trap


@dataclass(eq=False, slots=True)
class Value:
    """One SSA node: an operation, a block parameter or a terminator.

    `immediate` is what the op's row says: a constant's unsigned bits, one or two indexes, a `Trap`.
    `targets` is empty but for terminators. `offset` is the byte offset in the WebAssembly module that it came from.
    """

    id: int
    op: str
    type: Type
    args: list[Value] = field(default_factory=list)
    immediate: Immediate | None = None
    targets: list[Target] = field(default_factory=list)
    offset: int | None = None

    def __repr__(self) -> str:
        return f"v{self.id}"


def constant_bits(value: Value) -> int | None:
    """The unsigned bit pattern of a constant, None for other values."""
    return value.immediate if value.op.endswith(".const") and isinstance(value.immediate, int) else None


@dataclass(eq=False, slots=True)
class Target:
    """An edge: the block that control goes to and the arguments for its parameters."""

    block: Block
    args: list[Value] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Block:
    """A basic block. `terminator` is None only while the block is being built."""

    id: int
    parameters: list[Value] = field(default_factory=list)
    body: list[Value] = field(default_factory=list)
    terminator: Value | None = None

    def __repr__(self) -> str:
        return f"b{self.id}"

    @property
    def targets(self) -> list[Target]:
        """The outgoing edges, in the terminator's order."""
        return self.terminator.targets if self.terminator else []

    @property
    def successors(self) -> list[Block]:
        """The blocks of the outgoing edges, repeated when several edges go to one."""
        return [target.block for target in self.targets]

    def values(self) -> Iterator[Value]:
        """Body, then terminator."""
        yield from self.body
        if self.terminator is not None:
            yield self.terminator


FIRST_OF_RUNTIME = 1 << 22
"""The functions that compilation adds are numbered from here, above every function of a module."""


@dataclass(eq=False, slots=True)
class Function:
    """One function in SSA. The entry block's parameters are the function's; nothing branches to the entry block.

    `parameters` and `results` are the declared types.
    """

    name: str
    index: int
    parameters: tuple[Type, ...]
    results: tuple[Type, ...]
    blocks: list[Block] = field(default_factory=list)
    next_id: int = 0

    @property
    def is_of_module(self) -> bool:
        """Whether the user's module has it: other functions are the runtime's."""
        return self.index < FIRST_OF_RUNTIME

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    def new_block(self) -> Block:
        """A block appended to the function."""
        block = Block(self._take_id())
        self.blocks.append(block)
        return block

    def new_value(
        self,
        op: str,
        type_: Type,
        args: list[Value] | None = None,
        immediate: Immediate | None = None,
        *,
        targets: list[Target] | None = None,
        offset: int | None = None,
    ) -> Value:
        """A value with a fresh id; the caller puts it into a block."""
        return Value(self._take_id(), op, type_, list(args or ()), immediate, list(targets or ()), offset)

    def add_parameter(self, block: Block, type_: Type) -> Value:
        """A new parameter at the end of `block`'s list."""
        value = self.new_value("parameter", type_)
        block.parameters.append(value)
        return value

    def _take_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1


@dataclass(frozen=True, slots=True)
class Global:
    """A global of the module; `type` is the declared one, `initial` its unsigned bit pattern."""

    index: int
    type: Type
    mutable: bool
    initial: int
    name: str = ""
    export: str | None = None


PAGE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Memory:
    """The linear memory: `minimum` pages at first, at most `maximum` (None: as many as 32-bit addresses reach).

    `imported` are the two names of the import, if it is one. Of a memory that holds those of several linked modules
    readers see what is `visible`.
    """

    minimum: int
    maximum: int | None
    exports: tuple[str, ...] = ()
    imported: tuple[str, str] | None = None
    visible: VisibleMemory | None = None


@dataclass(frozen=True, slots=True)
class VisibleMemory:
    """The first part of a memory: its pages at first and at most, and the global that counts its words if it grows."""

    minimum: int
    maximum: int | None
    words_global: int | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of references of `type`: `minimum` entries at first, at most `maximum` (None: as many as an i32 counts).

    `entries` are those of a new instance that are not null, as numbers of references, by index. `imported` are the two
    names of the import, if it is one.
    """

    index: int
    type: Type
    minimum: int
    maximum: int | None
    entries: Mapping[int, int] = field(default_factory=dict)
    exports: tuple[str, ...] = ()
    imported: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The types that an indirect call expects; a function has another signature exactly if one of them differs."""

    parameters: tuple[Type, ...]
    results: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """A data segment. An active one is put at byte address `position` when the module is instantiated.

    Element segments come behind the data segments, as passive ones: four bytes a reference.
    """

    index: int
    content: bytes
    position: int | None

    @property
    def passive(self) -> bytes:
        """What memory.init can copy before the segment is dropped: an active one is dropped by the instantiation."""
        return self.content if self.position is None else b""

    def word(self, index: int) -> int:
        """Four bytes of the content as a little-endian number, zeros beyond the end."""
        return int.from_bytes(self.content[4 * index : 4 * index + 4], "little")


@dataclass(eq=False, slots=True)
class Module:
    """The functions that are compiled (by WebAssembly function index) and what they share.

    `exports` maps exported names to function indexes; `start` is the start function's index; `trap` is set when the
    instantiation traps before that. `data` are the segments by their index; `tabled` are the segments whose words
    legalised code reads one by one, in the order of their table. `memory_layout` is how the cells of the machine hold
    the memory. `tables`, and the `signatures` that indirect calls expect, are in the order of their indexes. The number
    of a reference to the function `references[n]` is n + 1; the function is not among `functions` if nothing can call
    it. `notes` are the texts of the `host.note`s, by their numbers.
    """

    functions: dict[int, Function] = field(default_factory=dict)
    globals: list[Global] = field(default_factory=list)
    exports: dict[str, int] = field(default_factory=dict)
    start: int | None = None
    trap: Trap | None = None
    memory: Memory | None = None
    memory_layout: MemoryLayout = WORDS
    data: list[Data] = field(default_factory=list)
    tabled: list[int] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
