"""`Reader`: a cursor over bytes that reads what the WebAssembly binary format is made of and refuses the rest.

Everything raises DecodeError with the byte offset in the module, where the item that is wrong starts.
*Source:* WebAssembly Core Specification 2.0, sections 5.1 and 5.2.
"""

from __future__ import annotations

from zkwasm_compiler.errors import DecodeError, Problem


class Reader:
    """A cursor over `data`, which starts at byte `base` of the module. `context` says what it is, for messages."""

    __slots__ = ("base", "context", "data", "position")

    def __init__(self, data: bytes, base: int, context: str) -> None:
        self.data = data
        self.base = base
        self.context = context
        self.position = 0

    @property
    def offset(self) -> int:
        """The byte offset in the module of what is read next."""
        return self.base + self.position

    @property
    def remaining(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.position

    def error(self, message: str, offset: int | None = None) -> DecodeError:
        """The error to raise for `offset` of the module, by default for where the reader stands."""
        return DecodeError(Problem(message, byte_offset=self.offset if offset is None else offset))

    def expect_end(self) -> None:
        """Refuse bytes that are left over."""
        if self.remaining:
            raise self.error(
                f"{self.context} has {self.remaining} bytes more than its content; its size and its content must agree"
            )

    def byte(self, what: str) -> int:
        """One byte."""
        try:
            value = self.data[self.position]
        except IndexError:
            raise self._ended(what) from None
        self.position += 1
        return value

    def take(self, count: int, what: str) -> bytes:
        """The next `count` bytes."""
        if count > self.remaining:
            left = f"only {self.remaining} are left in {self.context}"
            raise self.error(f"{what} takes {count} bytes, but {left}")
        self.position += count
        return self.data[self.position - count : self.position]

    def part(self, count: int, context: str) -> Reader:
        """A reader over the next `count` bytes, which this one skips."""
        base = self.offset
        return Reader(self.take(count, context), base, context)

    def u32(self, what: str) -> int:
        """An unsigned 32-bit number in LEB128."""
        try:
            value = self.data[self.position]
        except IndexError:
            raise self._ended(what) from None
        if value < 0x80:  # nearly always
            self.position += 1
            return value
        value, groups = self._groups(5, what)
        if value >> 32:
            raise self.error(
                f"{what} is a number larger than 32 bits; at most {0xFFFFFFFF:#x} is allowed", self.offset - groups
            )
        return value

    def signed(self, bits: int, what: str) -> int:
        """A signed number of `bits` bits in LEB128."""
        value, groups = self._groups((bits + 6) // 7, what)
        width = 7 * groups
        if value >> (width - 1):
            value -= 1 << width
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            raise self.error(f"{what} is a number that does not fit in {bits} signed bits", self.offset - groups)
        return value

    def count(self, what: str) -> int:
        """The length of a vector whose items take at least one byte each."""
        start = self.offset
        count = self.u32(f"the number of {what}")
        if count > self.remaining:
            raise self.error(
                f"{count} {what} are announced, but only {self.remaining} bytes are left in {self.context}", start
            )
        return count

    def name(self, what: str) -> str:
        """A length and as many bytes of UTF-8."""
        length = self.u32(f"the length of {what}")
        start = self.offset
        try:
            return self.take(length, what).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.error(f"{what} is not valid UTF-8: {error.reason}", start + error.start) from None

    def _groups(self, limit: int, what: str) -> tuple[int, int]:
        """The value and the number of up to `limit` groups of seven bits, the lowest first."""
        data, position = self.data, self.position
        value = 0
        for group in range(limit):
            try:
                byte = data[position + group]
            except IndexError:
                raise self._ended(what) from None
            value |= (byte & 0x7F) << (7 * group)
            if byte < 0x80:
                self.position = position + group + 1
                return value, group + 1
        raise self.error(f"{what} is a number of more than {limit} bytes; at most {limit} are allowed")

    def _ended(self, what: str) -> DecodeError:
        end = self.base + len(self.data)
        return self.error(f"{self.context} ends where {what} is expected", end)
