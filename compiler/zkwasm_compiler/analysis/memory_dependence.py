"""What loads and stores have to do with each other: which bytes they share, and whose bounds check says what.

An access is at `base + offset`, the base an unsigned i32, without wrapping; it traps exactly when its last byte is
beyond the memory, which has at most 2^32 bytes and never shrinks. So an access that did not trap is where its address
modulo 2^32 says, and forms of `analysis.addresses` tell how far two of them are apart, although their sums may wrap.
Whether an access that has not happened yet will trap needs more: `implied` knows when it cannot.

The values in an address must be the same ones for both accesses: who asks must not have gone past a definition of
one, to the round of a loop before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from zkwasm_compiler.analysis.addresses import WORD, Addresses, Linear
from zkwasm_compiler.analysis.bits import PossibleBits
from zkwasm_compiler.analysis.callgraph import call_graph
from zkwasm_compiler.analysis.interval import Range
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.ir.function import PAGE_BYTES, Block, Module, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES

BULK_WRITES = frozenset({"memory.fill", "memory.copy", "memory.init"})


UNKNOWN = frozenset({"i32.load", "result", "global.get"})
"""What may be anything, as a rule: ranges need not be found to learn that."""


def is_store(value: Value) -> bool:
    """Whether it is one of the store ops."""
    return value.op in ACCESS_BYTES and "store" in value.op


def is_load(value: Value) -> bool:
    """Whether it is one of the load ops."""
    return value.op in ACCESS_BYTES and "load" in value.op


def memory_writers(module: Module) -> frozenset[int]:
    """The functions that may change bytes of the memory, themselves or by what they call."""
    graph = call_graph(module)
    direct = {
        index
        for index, function in module.functions.items()
        if any(is_store(value) or value.op in BULK_WRITES for block in function.blocks for value in block.body)
    }
    return frozenset(index for index in module.functions if graph.reachable([index]) & direct)


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes of the memory: `bytes` of them from `address` on; `block` is where its values are asked for."""

    address: Linear
    bytes: int
    block: Block


@dataclass(frozen=True, slots=True)
class Access:
    """A load or store: its place, and its static offset, which its address is never below. A block parameter that has
    what is in a place counts as one."""

    value: Value
    place: Place
    offset: int


class MemoryDependence:
    """The accesses of one function. `ranges` gives the ranges of its values as it was in the beginning; it is called
    when something asks for one first, and until then the function must stay as it is."""

    def __init__(self, module: Module, addresses: Addresses, ranges: Callable[[], Ranges]) -> None:
        self._find_ranges = ranges
        self.addresses = addresses
        self.bits = PossibleBits()
        self.initial_bytes = module.memory.minimum * PAGE_BYTES if module.memory else 0

    @cached_property
    def ranges(self) -> Ranges:
        return self._find_ranges()

    def access(self, value: Value, block: Block) -> Access:
        """What is known of a load or store in `block`."""
        assert isinstance(value.immediate, int)
        address = self.addresses.linear(value.args[0]).shifted(value.immediate)
        return Access(value, Place(address, ACCESS_BYTES[value.op], block), value.immediate)

    def base(self, access: Access) -> tuple[int, int]:
        """The bounds of the base of an access, as an unsigned number."""
        if access.value.op not in ACCESS_BYTES:
            return 0, WORD - 1
        known = self.ranges.at(access.value.args[0], access.place.block)
        return known.u_low, known.u_high

    def always_inside(self, access: Access) -> bool:
        """Whether the access cannot trap, since the memory is large enough from the start."""
        room = self.initial_bytes - access.offset - access.place.bytes
        return room >= 0 and (room >= WORD - 1 or self.base(access)[1] <= room)

    def implied(self, done: Access, place: Place, access: Access) -> bool:
        """Whether `access`, which is at `place` in values of the time of `done`, cannot trap after `done` has not."""
        return implied(done, place, access, self.base)

    def may_overlap(self, one: Place, other: Place) -> bool:
        """Whether accesses to the two places, neither of which traps, may share a byte."""
        apart = other.address.plus(one.address, -1)
        if not apart.terms:
            return -other.bytes < apart.signed_constant < one.bytes
        step = min(self._alignment(value, coefficient) for value, coefficient in apart.terms)
        rest = apart.constant % step
        if one.bytes <= rest and rest + other.bytes <= step:
            return False
        return self._may_be_close(apart, one, other)

    def _alignment(self, value: Value, coefficient: int) -> int:
        """The largest power of two, up to 2^32, that divides coefficient·value."""
        possible = self.bits.possible(value)
        return min((coefficient & -coefficient) * (possible & -possible or WORD), WORD)

    def _may_be_close(self, apart: Linear, one: Place, other: Place) -> bool:
        """Whether the ranges leave room for a distance at which the places meet."""
        if any(value.op in UNKNOWN for value, _ in apart.terms):
            return True
        low = high = apart.constant
        own = {value for value, _ in one.address.terms}
        for value, coefficient in apart.terms:
            bounds = _bounds(self.ranges.at(value, one.block if value in own else other.block))
            factor = coefficient - WORD if coefficient >> 31 else coefficient
            products = [factor * bound for bound in bounds]
            low, high = low + min(products), high + max(products)
        first = (low + other.bytes - 1) % WORD  # the places meet when the distance plus other.bytes - 1 is this small:
        return first <= one.bytes + other.bytes - 2 or first + (high - low) >= WORD


def _bounds(range_: Range) -> tuple[int, int]:
    """The narrower of the two intervals."""
    if range_.u_high - range_.u_low <= range_.s_high - range_.s_low:
        return range_.u_low, range_.u_high
    return range_.s_low, range_.s_high


def distance(one: Place, other: Place) -> int | None:
    """How many bytes `other` begins after `one`, where that is a known number."""
    apart = other.address.plus(one.address, -1)
    return None if apart.terms else apart.signed_constant


def implied(done: Access, place: Place, access: Access, base: Callable[[Access], tuple[int, int]]) -> bool:
    """Whether `access` cannot trap after `done` has not. `place` is where it is, in values of the time of `done`;
    `base` gives bounds of the bases.

    The last byte must not be beyond that of `done`, and base + offset must not pass 2^32. With b, the address of
    `done`, and d, the distance to it: base + offset ≡ b + d (mod 2^32), and it is b + d if b + d >= offset, as the
    base is then (b + d - offset) mod 2^32 = b + d - offset.
    """
    apart = distance(done.place, place)
    if apart is None or apart + place.bytes > done.place.bytes:
        return False
    least = done.offset + apart
    if least >= access.offset:
        return True
    least += base(done)[0]
    return least >= access.offset or (least >= 0 and base(access)[1] + access.offset < WORD)
