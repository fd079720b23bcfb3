"""Bytes that are loaded one by one and put together by shifts become one load, the bytes swapped where they must be.

In memory of four bytes a cell each byte costs five steps or more, a word three where it is aligned, and swapping its
bytes eight. The loads must stand in one block with nothing but loads and pure values between them, at offsets next to
each other from one base: then the wider load traps exactly when one of them does. Where it is known that the word is
not aligned, or that the half straddles words, they stay. *Source:* "load combining" in LLVM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from zkwasm_compiler.analysis.alignment import Alignment
from zkwasm_compiler.analysis.memory_dependence import is_load
from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.ir.function import Block, Function, Type, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context

MAXIMUM_LEAVES = 64
SUMS = ("i32.add", "i64.add")
_LOADS = frozenset({"i32.load8_u", "i32.load8_s", "i64.load8_u", "i64.load8_s"})


@dataclass(frozen=True, slots=True)
class _Byte:
    """A term of a sum: `load`, which loads one byte, times 2^shift. `term` is the value that is added."""

    term: Value
    load: Value
    shift: int

    @property
    def values(self) -> list[Value]:
        """The term, the load and what is between them."""
        found = [self.term]
        while found[-1] is not self.load:
            found.append(found[-1].args[0])
        return found

    @property
    def offset(self) -> int:
        assert isinstance(self.load.immediate, int)
        return self.load.immediate


def fuse_loads(function: Function, context: Context) -> bool:
    """Replace sums of neighbouring bytes by loads of halves, words and, of i64, eight bytes."""
    if not any(value.op in _LOADS for block in function.blocks for value in block.body):
        return False
    uses = count_uses(function)
    replacements = Replacements()
    alignment: Alignment | None = None
    for block in function.blocks:
        run, inner = _runs(block), _inner_sums(block, uses)
        before: dict[Value, list[Value]] = {}
        gone: set[Value] = set()
        for value in block.body:
            if value.op not in SUMS or value in inner:
                continue
            terms = [byte for byte in _bytes(value, uses) if byte.load in run]
            for group in _groups(terms, run):
                alignment = alignment or Alignment(context.module)
                if _known_to_straddle(group, alignment):
                    continue
                first = min((byte.load for byte in group), key=block.body.index)
                _fuse(function, group, before.setdefault(first, []), replacements)
                for byte in group:
                    gone.update(byte.values)
        if gone:
            body: list[Value] = []
            for value in block.body:
                body += before.get(value, ())
                if value not in gone:
                    body.append(value)
            block.body = body
    replacements.apply(function)
    return bool(replacements)


def _runs(block: Block) -> dict[Value, int]:
    """For each load of a byte which run of loads without an effect between them it belongs to."""
    number = 0
    found: dict[Value, int] = {}
    for value in block.body:
        if value.op in _LOADS:
            found[value] = number
        elif not OPS[value.op].pure and not is_load(value):
            number += 1
    return found


def _inner_sums(block: Block, uses: Counter[Value]) -> set[Value]:
    """The sums of the block that are only terms of another sum there."""
    sums = [value for value in block.body if value.op in SUMS]
    return {arg for value in sums for arg in value.args if arg.op == value.op and uses[arg] == 1}


def _bytes(root: Value, uses: Counter[Value]) -> Iterator[_Byte]:
    """The terms of a sum that are bytes; what else uses a term would need it still."""
    work, seen = list(root.args), 0
    while work and seen < MAXIMUM_LEAVES:
        term = work.pop()
        seen += 1
        if uses[term] != 1:
            continue
        if term.op == root.op:
            work += term.args
            continue
        load, shift = term, 0
        if term.op == f"{root.type.value}.shl":
            amount = constant_bits(term.args[1])
            load, shift = term.args[0], -1 if amount is None else amount
        if load.op == "i64.extend_i32_u" and uses[load] == 1:
            load = load.args[0]
        top = shift + 8 == load.type.bits == root.type.bits  # a sign above the byte is shifted out
        if uses[load] == 1 and (load.op.endswith("load8_u") or (load.op.endswith("load8_s") and top)):
            yield _Byte(term, load, shift)


def _groups(terms: list[_Byte], run: dict[Value, int]) -> Iterator[list[_Byte]]:
    """Bytes that make up a wider number, the lowest first, the largest groups first; each byte in one group."""
    at = {(byte.load.args[0], byte.offset, byte.shift, run[byte.load]): byte for byte in terms}
    taken: set[Value] = set()
    for count in (8, 4, 2):
        for byte in sorted(terms, key=lambda byte: (byte.shift, byte.offset)):
            for direction in (1, -1):
                where = [
                    (byte.load.args[0], byte.offset + direction * k, byte.shift + 8 * k, run[byte.load])
                    for k in range(count)
                ]
                group = [at[key] for key in where if key in at and at[key].load not in taken]
                if len(group) == count and _can_be_loaded(group, direction):
                    taken.update(byte.load for byte in group)
                    yield group


def _can_be_loaded(group: list[_Byte], direction: int) -> bool:
    """Words start at the lowest bit, halves may be moved up; eight bytes are not swapped."""
    count = len(group)
    return (count == 2 or group[0].shift == 0) and (count < 8 or direction == 1)


def _known_to_straddle(group: list[_Byte], alignment: Alignment) -> bool:
    """Whether two bytes are known to lie in two words, or more of them known not to be whole words."""
    rest = alignment.modulo(group[0].load.args[0], 2)
    if rest is None:
        return False
    start = (rest + min(byte.offset for byte in group)) % 4
    return start == 3 if len(group) == 2 else start != 0


def _fuse(function: Function, group: list[_Byte], made: list[Value], replacements: Replacements) -> None:
    """Let the lowest byte's term stand for all, and the others be zero."""
    lowest, count = group[0], len(group)
    offset = min(byte.offset for byte in group)
    type_ = Type.I64 if count == 8 else Type.I32

    def make(op: str, type_: Type, *args: Value, immediate: int | None = None) -> Value:
        made.append(function.new_value(op, type_, list(args), immediate, offset=lowest.load.offset))
        return made[-1]

    def constant(bits: int, type_: Type = Type.I32) -> Value:
        return make(f"{type_.value}.const", type_, immediate=bits)

    op = {8: "i64.load", 4: "i32.load", 2: "i32.load16_u"}[count]
    number = make(op, type_, lowest.load.args[0], immediate=offset)
    if offset != lowest.offset and count == 4:  # b0 is the highest byte
        outer = make("i32.and", type_, make("i32.rotl", type_, number, constant(8)), constant(0x00FF00FF))
        inner = make("i32.and", type_, make("i32.rotl", type_, number, constant(24)), constant(0xFF00FF00))
        number = make("i32.add", type_, outer, inner)
    elif offset != lowest.offset:
        low = make("i32.shr_u", type_, number, constant(8))
        high = make("i32.shl", type_, make("i32.and", type_, number, constant(0xFF)), constant(8))
        number = make("i32.add", type_, low, high)
    wanted = lowest.term.type
    if wanted is not type_:
        number = make("i64.extend_i32_u", wanted, number)
    if lowest.shift:
        number = make(f"{wanted.value}.shl", wanted, number, constant(lowest.shift, wanted))
    replacements.add(lowest.term, number)
    for byte in group[1:]:
        replacements.add(byte.term, constant(0, wanted))
