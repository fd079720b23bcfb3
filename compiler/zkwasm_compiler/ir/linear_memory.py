"""Linear memory as WebAssembly means it: the interpreter's state, and what initial bytes a module has.

Source: WebAssembly 2.0, section 4.4.7.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zkwasm_compiler.ir.function import PAGE_BYTES, Module, Trap
from zkwasm_compiler.ir.integers import TrapError, sign_extend

MAXIMUM_PAGES = 1 << 16
REFUSED = 0xFFFFFFFF
"""What memory.grow gives when the memory cannot grow: -1."""


@dataclass(slots=True)
class LinearMemory:
    """The bytes, how far they may grow, and the passive segments that are not dropped yet."""

    content: bytearray
    maximum: int = MAXIMUM_PAGES
    segments: dict[int, bytes] = field(default_factory=dict)

    @staticmethod
    def of(module: Module) -> LinearMemory:
        """The memory of a new instance, active segments in place."""
        declared = module.memory
        pages = declared.minimum if declared else 0
        maximum = declared.maximum if declared and declared.maximum is not None else MAXIMUM_PAGES
        memory = LinearMemory(bytearray(pages * PAGE_BYTES), maximum)
        for data in module.data:
            if data.position is None:
                memory.segments[data.index] = data.content
            else:
                memory.write(data.position, data.content)
        return memory

    @property
    def pages(self) -> int:
        return len(self.content) // PAGE_BYTES

    def check(self, address: int, count: int) -> None:
        """*Raises:* TrapError when a byte of `count` at `address` is outside."""
        if address + count > len(self.content):
            raise TrapError(Trap.OUT_OF_BOUNDS_MEMORY_ACCESS)

    def read(self, address: int, count: int) -> int:
        """The little-endian number of `count` bytes at `address`."""
        self.check(address, count)
        return int.from_bytes(self.content[address : address + count], "little")

    def write(self, address: int, content: bytes) -> None:
        self.check(address, len(content))
        self.content[address : address + len(content)] = content

    def load(self, op: str, address: int, count: int, bits: int) -> int:
        """What a load op gives: `count` bytes, extended as the op's name says."""
        value = self.read(address, count)
        return sign_extend(value, 8 * count, bits) if op.endswith("_s") else value

    def grow(self, pages: int) -> int:
        """The pages before, or -1 when it cannot grow."""
        before = self.pages
        if before + pages > self.maximum:
            return REFUSED
        self.content.extend(bytes(pages * PAGE_BYTES))
        return before

    def bulk(self, op: str, segment: int, target: int, source: int, count: int) -> None:
        """memory.fill (source is the byte), memory.copy and memory.init."""
        self.check(target, count)
        if op == "memory.fill":
            content = bytes([source & 0xFF]) * count
        elif op == "memory.copy":
            self.check(source, count)
            content = bytes(self.content[source : source + count])
        else:
            kept = self.segments.get(segment, b"")
            if source + count > len(kept):
                raise TrapError(Trap.OUT_OF_BOUNDS_MEMORY_ACCESS)
            content = kept[source : source + count]
        self.write(target, content)
