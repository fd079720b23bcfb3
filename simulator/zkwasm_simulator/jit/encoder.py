"""WebAssembly in binary form: expressions and statements as bytes, and the module around them.

WebAssembly is a stack machine, so the code of an expression is the code of its operands followed by its own byte:
`Code` is bytes, and joining codes composes them. The opcodes come from the decoder's table; wasmtime validates what
comes out. *Source:* WebAssembly Core Specification 2.0, section 5; the wide-arithmetic proposal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from zkwasm_compiler.wasm.opcodes import OPCODES

Code = bytes
"""Instructions: an expression leaves its values on the stack, a statement nothing."""

I32, I64 = 0x7F, 0x7E
FUNCREF = 0x70
EMPTY = b"\x40"
MASK_64 = (1 << 64) - 1
PAGE_BYTES = 1 << 16

_WIDE = {"i64.add128": 19, "i64.sub128": 20, "i64.mul_wide_s": 21, "i64.mul_wide_u": 22}
"""The wide-arithmetic proposal, behind the prefix 0xFC: 128-bit numbers as two i64, the low one first."""


def unsigned(value: int) -> Code:
    """`value` in LEB128."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int) -> Code:
    """`value` in signed LEB128."""
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


@cache
def op(name: str) -> Code:
    """The instruction `name`, which has no immediates."""
    if name in _WIDE:
        return b"\xfc" + unsigned(_WIDE[name])
    row = OPCODES[name]
    return bytes((row.code,)) if row.prefix is None else bytes((row.prefix,)) + unsigned(row.code)


@lru_cache(1 << 14)
def i64(value: int) -> Code:
    """A constant, given as a signed or an unsigned number."""
    value &= MASK_64
    return b"\x42" + signed(value if value < 1 << 63 else value - (1 << 64))


@lru_cache(1 << 14)
def i32(value: int) -> Code:
    """A constant, given as a signed number."""
    return b"\x41" + signed(value)


@cache
def get(local: int) -> Code:
    return b"\x20" + unsigned(local)


@cache
def put(local: int) -> Code:
    """Takes a value from the stack into a local (`local.set`)."""
    return b"\x21" + unsigned(local)


@cache
def tee(local: int) -> Code:
    return b"\x22" + unsigned(local)


@cache
def global_get(index: int) -> Code:
    return b"\x23" + unsigned(index)


@cache
def global_put(index: int) -> Code:
    return b"\x24" + unsigned(index)


@cache
def call(function: int) -> Code:
    return b"\x10" + unsigned(function)


def branch(depth: int) -> Code:
    return b"\x0c" + unsigned(depth)


def branch_if(depth: int) -> Code:
    return b"\x0d" + unsigned(depth)


def branch_table(depths: Sequence[int], otherwise: int) -> Code:
    return b"\x0e" + unsigned(len(depths)) + b"".join(map(unsigned, depths)) + unsigned(otherwise)


@cache
def access(name: str, offset: int = 0, memory: int = 0) -> Code:
    """A load or store in memory number `memory`; `offset` is in bytes."""
    row = OPCODES[name]
    if memory == 0:
        return bytes((row.code, row.natural_alignment)) + unsigned(offset)
    return bytes((row.code, row.natural_alignment | 0x40, memory)) + unsigned(offset)


BLOCK, LOOP, IF = b"\x02" + EMPTY, b"\x03" + EMPTY, b"\x04" + EMPTY
ELSE, END = op("else"), op("end")


def vector(items: Iterable[bytes]) -> bytes:
    """A sequence with its length in front."""
    listed = list(items)
    return unsigned(len(listed)) + b"".join(listed)


def _sized(content: bytes) -> bytes:
    return unsigned(len(content)) + content


@dataclass(slots=True)
class ModuleWriter:
    """A module that grows part by part. Imported functions come first; every index is what its method gives."""

    types: list[bytes] = field(default_factory=list)
    imports: list[bytes] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    table: list[int] = field(default_factory=list)
    memories: list[bytes] = field(default_factory=list)
    globals: list[bytes] = field(default_factory=list)
    exports: list[bytes] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    def type(self, parameters: Sequence[int], results: Sequence[int]) -> int:
        text = b"\x60" + _sized(bytes(parameters)) + _sized(bytes(results))
        if text not in self.types:
            self.types.append(text)
        return self.types.index(text)

    def import_function(self, name: str, type_: int) -> int:
        self.imports.append(_name("host") + _name(name) + b"\x00" + unsigned(type_))
        return len(self.imports) - 1

    def memory(self, name: str, pages: int, most: int) -> int:
        """An exported memory of `pages` that may grow to `most`."""
        self.memories.append(b"\x01" + unsigned(pages) + unsigned(most))
        self.exports.append(_name(name) + b"\x02" + unsigned(len(self.memories) - 1))
        return len(self.memories) - 1

    def global_variable(self, type_: int, initial: Code) -> int:
        self.globals.append(bytes((type_, 1)) + initial + END)
        return len(self.globals) - 1

    def function(self, type_: int, locals_: Sequence[tuple[int, int]], body: Code) -> int:
        """A function with `locals_` (count, type) besides its parameters."""
        self.functions.append(type_)
        declared = vector(unsigned(count) + bytes((kind,)) for count, kind in locals_)
        self.bodies.append(_sized(declared + body + END))
        return len(self.imports) + len(self.functions) - 1

    def export_function(self, name: str, index: int) -> None:
        self.exports.append(_name(name) + b"\x00" + unsigned(index))

    def put_data(self, memory: int, address: int, content: bytes) -> None:
        kind = b"\x00" if memory == 0 else b"\x02" + unsigned(memory)
        self.data.append(kind + i32(address) + END + _sized(content))

    def finish(self) -> bytes:
        """The module in binary form."""
        count = unsigned(len(self.table))
        sections = {
            1: vector(self.types),
            2: vector(self.imports),
            3: vector(map(unsigned, self.functions)),
            4: vector([bytes((FUNCREF, 1)) + count + count]) if self.table else b"",
            5: vector(self.memories) if self.memories else b"",
            6: vector(self.globals) if self.globals else b"",
            7: vector(self.exports),
            9: vector([b"\x00" + i32(0) + END + vector(map(unsigned, self.table))]) if self.table else b"",
            10: vector(self.bodies),
            11: vector(self.data) if self.data else b"",
        }
        return b"\0asm\x01\0\0\0" + b"".join(
            bytes((number,)) + _sized(content) for number, content in sections.items() if content
        )


def _name(text: str) -> bytes:
    return _sized(text.encode())
