"""Keccak-256 streams: byte strings that HASHK builds piece by piece.

A stream is written at positions; writing a position again, or reading it with a bare `$`, must give the same bytes in
pieces of the same size. HASHKLEN fixes the length and makes the digest known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zkwasm_simulator.faults import ExecutionFault

PIECE_LIMIT = 8
BLOCK_BYTES = 136


@dataclass(slots=True)
class HashStream:
    """One keccak stream. `data` maps positions to bytes, `pieces` the start of each piece to its size."""

    id: int
    data: dict[int, int] = field(default_factory=dict)
    pieces: dict[int, int] = field(default_factory=dict)
    length: int = 0
    digest: int | None = None
    length_called: bool = False
    digest_called: bool = False

    @property
    def content(self) -> bytes:
        """The bytes that are defined, in the order of their positions."""
        return bytes(self.data[position] for position in sorted(self.data))

    @property
    def permutations(self) -> int:
        """How many keccak-f permutations the digest takes."""
        return self.length // BLOCK_BYTES + 1

    def read(self, position: int, size: int) -> int:
        """The piece at `position` as a big-endian number: the value of a bare `$`."""
        self._check_place(position, size)
        if position + size > self.length:
            raise ExecutionFault(
                "hash_bounds",
                f"reads bytes {position} to {position + size - 1} of stream {self.id} of {self.length} bytes",
            )
        value = 0
        for place in range(position, position + size):
            if place not in self.data:
                raise ExecutionFault("hash_hole", f"reads byte {place} of stream {self.id}, which was never written")
            value = value << 8 | self.data[place]
        return value

    @property
    def open(self) -> bool:
        """May the next byte be appended, whatever it is?"""
        return self.length not in self.pieces

    def append(self, content: bytes) -> None:
        """Put bytes behind the end of an open stream, in pieces of one byte."""
        places = range(self.length, self.length + len(content))
        self.data.update(zip(places, content, strict=True))
        self.pieces.update(dict.fromkeys(places, 1))
        self.length += len(content)

    def write(self, position: int, size: int, value: int) -> None:
        """Put the piece `value`, `size` bytes big endian, at `position`; bytes that are there already must be equal."""
        self._check_place(position, size)
        for place in range(position, position + size):
            byte = value >> 8 * (position + size - 1 - place) & 0xFF
            known = self.data.setdefault(place, byte)
            if known != byte:
                raise ExecutionFault(
                    "hash_data",
                    f"byte {place} of stream {self.id} is {known:#04x}, but the step's value has {byte:#04x}",
                )
        if value >> 8 * size:
            raise ExecutionFault(
                "hash_padding", f"the step's value {value:#x} does not fit into a piece of {size} bytes"
            )
        known = self.pieces.setdefault(position, size)
        if known != size:
            raise ExecutionFault(
                "hash_read_sizes", f"stream {self.id} has a piece of {known} bytes at {position}, not one of {size}"
            )
        if size:
            self.length = max(self.length, position + size)

    def _check_place(self, position: int, size: int) -> None:
        if position < 0:
            raise ExecutionFault("hash_bounds", f"HASHPOS is {position}, but it is a position in stream {self.id}")
        if not 0 <= size <= PIECE_LIMIT:
            raise ExecutionFault("hash_size", f"D is {size}, but it is the size of the piece: 0 to {PIECE_LIMIT} bytes")

    def finish(self, length: int) -> None:
        """HASHKLEN: `length` must be the stream's; the digest is known from here on."""
        if length != self.length:
            raise ExecutionFault("hash_length", f"stream {self.id} has {self.length} bytes, but the step says {length}")
        if self.length_called:
            raise ExecutionFault("hash_len_twice", f"HASHKLEN was used on stream {self.id} before; once is enough")
        for place in range(self.length):
            if place not in self.data:
                raise ExecutionFault(
                    "hash_hole", f"byte {place} of stream {self.id} was never written; its digest is unknown"
                )
        self.length_called = True
        self.digest = keccak256(self.content)

    def known_digest(self) -> int:
        """The digest as a number. *Raises:* ExecutionFault before HASHKLEN."""
        if self.digest is None:
            raise missing_digest(self.id)
        return self.digest

    def check_digest(self, found: int) -> None:
        """HASHKDIGEST: `found` must be the digest."""
        digest = self.known_digest()
        if self.digest_called:
            raise ExecutionFault(
                "hash_digest_twice", f"HASHKDIGEST was used on stream {self.id} before; once is enough"
            )
        if found != digest:
            raise ExecutionFault(
                "hash_digest",
                f"the digest of stream {self.id} is {digest:#066x}, but C, B, A and the value give {found:#066x}",
            )
        self.digest_called = True


def missing_digest(stream: int) -> ExecutionFault:
    return ExecutionFault("hash_digest_missing", f"stream {stream} has no digest yet; HASHKLEN({stream}) makes it")


def check_streams(streams: dict[int, HashStream]) -> None:
    """At the end of a run the streams must be numbered 0, 1, 2 … without a gap."""
    for number in range(max(streams, default=-1) + 1):
        if number not in streams:
            above = min(stream for stream in streams if stream > number)
            raise ExecutionFault(
                "hash_end", f"stream {number} was never used, but stream {above} was; number them from 0"
            )


def keccak256(data: bytes) -> int:
    """The keccak-256 digest of `data` as a big-endian number."""
    from Crypto.Hash import keccak

    return int.from_bytes(keccak.new(digest_bits=256, data=data).digest(), "big")
