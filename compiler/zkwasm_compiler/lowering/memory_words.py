"""Loads and stores with four bytes a cell: byte addresses become word indexes, parts of words become words.

A cell of the memory region holds four bytes in its low limb; what its high limb holds does not matter. An access whose
alignment is known takes one step for scaling and bounds check and one for the access. Otherwise the prover names the
word, `zk.by_rest` proves it and branches on the two lowest bits of the address. `memory_parts` has what an access does
with the bytes of its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zkwasm_compiler.ir.function import Target, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.expansions import F
from zkwasm_compiler.lowering.memory_parts import load_parts, store_parts, words_of
from zkwasm_compiler.lowering.memory_results import always_outside
from zkwasm_compiler.lowering.versions import last_word

if TYPE_CHECKING:
    from zkwasm_compiler.lowering.legalize import Legalizer

LARGEST_ADDRESS = F


class Access:
    """One load or store: its address, its offset and what is known of them."""

    def __init__(self, build: Legalizer, value: Value) -> None:
        assert isinstance(value.immediate, int)
        self.build = build
        self.value = value
        self.address = build.resolve(value.args[0])
        self.offset = value.immediate
        self.bytes = ACCESS_BYTES[value.op]
        self.words = build.memory_words
        constant = self.address.immediate if self.address.op == "i32.const" else None
        self.constant = constant + self.offset if isinstance(constant, int) else None

    def known_rest(self) -> int | None:
        """The byte address modulo 4, where that is known."""
        if self.constant is not None:
            return self.constant % 4
        return self.build.addresses.rest(self.value, self.build.home)

    def index(self, word: int) -> tuple[Value, int]:
        """A checked index and how many words beyond it the word is at the effective address plus `word` bytes (4
        divides that)."""
        build = self.build
        if self.constant is not None and self.words and self.constant + word + 4 <= 4 * self.words:
            return build.constant(self.constant + word), 0
        return build.addresses.index(self.value, self.offset + word, build.following)


def expand_access(build: Legalizer, value: Value) -> Value:
    """A load or store as control flow and word accesses; gives what a load loads."""
    access = Access(build, value)
    if access.offset + access.bytes > LARGEST_ADDRESS + 1 or (
        build.memory_words and access.offset + access.bytes > 4 * build.memory_words
    ):
        return always_outside(build, value)
    rest = access.known_rest()
    if rest is None:
        return _dispatched(build, access)
    index, beyond = access.index(last_word(access.bytes, rest))
    return _parts(build, value, index, beyond + 1 - words_of(access.bytes, rest), rest)


def _dispatched(build: Legalizer, access: Access) -> Value:
    """Branch on the address modulo 4. The first word is known to be inside in each arm; the last one must be too."""
    value, located = access.value, build.emit("zk.locate", Type.INDEX)
    calls = build.routines.calls_misaligned and access.bytes >= 4 and build.function.is_of_module
    arms = [build.function.new_block() for _ in range(2 if calls else 4)]
    join = build.function.new_block()
    loads = value.type is not Type.NONE
    result = build.function.add_parameter(join, value.type) if loads else value
    build.current.terminator = build.function.new_value(
        "zk.by_whole" if calls else "zk.by_rest",
        Type.NONE,
        [access.address, located],
        access.offset,
        targets=[Target(arm) for arm in arms],
        offset=build.offset,
    )
    for rest, arm in enumerate(arms):
        build.current = arm
        misalignment = build.i32("zk.misalignment", access.address, located) if calls and rest else None
        following = words_of(access.bytes, rest) - 1
        if following:
            build.emit("zk.check_index", Type.NONE, located).immediate = following
        if misalignment is None:
            made = _parts(build, value, located, 0, rest)
        else:
            misalignment.immediate = access.offset
            routine = build.routines.misaligned(value.op, lambda function: _misaligned(build.of(function), value.op))
            made = build.call_function(routine, misalignment, *map(build.resolve, value.args[1:]), located)
        build.jump(Target(join, [made] if loads else []))
    build.current = join
    return result


def _misaligned(build: Legalizer, op: str) -> None:
    """The body of the routine for an access that is not aligned."""
    function = build.function
    misalignment, *stored, index = function.entry.parameters
    arms = [function.new_block() for _ in range(3)]
    targets = [Target(arm) for arm in arms]
    function.entry.terminator = function.new_value("zk.by_number", Type.NONE, [misalignment], targets=targets)
    value = function.new_value(op, function.results[0] if function.results else Type.NONE, [misalignment, *stored], 0)
    for number, arm in enumerate(arms, 1):
        build.current = build.home = arm
        made = _parts(build, value, index, 0, number)
        build.current.terminator = function.new_value("return", Type.NONE, [made] if function.results else [])


def _parts(build: Legalizer, value: Value, index: Value, first: int, rest: int) -> Value:
    """The access to `rest` bytes into the word `first` beyond the index, and what follows."""
    return (store_parts if value.type is Type.NONE else load_parts)(build, value, index, first, rest)
