"""Two versions of a part of a block: one where all accesses to a base are known to be inside and aligned, one for the
rest. Before legalisation; the meaning stays the same.

Several accesses to one base would each be checked where a store stands between them, and each find its word where the
alignment of the base is not known. One test of the farthest word (`zk.by_bounds`), with the alignment if need be
(`zk.by_alignment`), decides for all of them; where it fails, a copy of the part does what it would have done without.
`lowering.addresses` reads what the versions say of bases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from zkwasm_compiler.analysis.alignment import Alignment
from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.analysis.references import CALLS
from zkwasm_compiler.ir.function import Block, Function, Target, Type, Value
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.ir.substitute import Replacements

MAXIMUM_LENGTH = 60
"""Values in a part: the copy is not run, but it is in the program."""
TEST_STEPS = {True: 1, False: 2}
"""What the test takes where the alignment is known, and where it is not."""
FINDING_STEPS = 2
"""What an access to a word takes, besides the access, where the alignment is not known."""
_OVERTAKEN = ("global.get", "memory.size", "result", "parameter")
"""Ops that are not pure and that a trap may overtake."""


@dataclass(slots=True)
class _Group:
    """Accesses to `base` in a part of a block, by position, with the bytes from the base to their last words."""

    base: Value
    aligned: bool
    remainder: int
    words: dict[int, int] = field(default_factory=dict)

    @property
    def farthest(self) -> int:
        return max(self.words.values())


@dataclass(frozen=True, slots=True)
class Version:
    """Entered by the test `terminator` where the word at `farthest` bytes from `base` is inside; `located` is its
    index."""

    block: Block
    terminator: Value
    base: Value
    located: Value
    farthest: int


@dataclass(slots=True)
class Versions:
    """What is known in blocks that were split off: of which bases the remainder by 4, and which words are inside."""

    remainders: dict[Block, dict[Value, int]] = field(default_factory=dict)
    made: list[Version] = field(default_factory=list)


def make_versions(function: Function, alignment: Alignment, ranges: Ranges | None, words: int) -> Versions:
    """Split the blocks of the function where a second version saves steps. `words` is the size of the memory, 0 where
    it grows."""
    return _Splitter(function, alignment, ranges, words).run()


class _Splitter:
    def __init__(self, function: Function, alignment: Alignment, ranges: Ranges | None, words: int) -> None:
        self.function = function
        self.alignment = alignment
        self.ranges = ranges
        self.words = words
        self.versions = Versions()
        self.tree = dominator_tree(function)
        self.inside = {block: self._accessed(block) for block in self.tree.preorder}

    def run(self) -> Versions:
        work = [block for block in reversed(self.function.blocks) if block in self.tree.first]
        origins = {block: block for block in work}
        while work:
            block = work.pop()
            group = self._best(block, origins[block])
            if group is not None:
                fast, after = self._split(block, group)
                origins |= {fast: origins[block], after: origins[block]}
                work += [after, fast]
        return self.versions

    # What to split

    def _accessed(self, block: Block) -> dict[Value, int]:
        """The farthest word of each base that the block accesses at a known alignment."""
        found: dict[Value, int] = {}
        for value in block.body:
            if value.op in ACCESS_BYTES:
                base, distance = place(value.args[0])
                assert isinstance(value.immediate, int)
                word = self._word(value, distance + value.immediate, self.alignment.modulo(base, 2))
                if word is not None:
                    found[base] = max(found.get(base, 0), word)
        return found

    def _word(self, access: Value, distance: int, remainder: int | None) -> int | None:
        """Where the last word of an access begins, in bytes from its base, if that is known and may be inside."""
        if remainder is None:
            return None
        word = distance + last_word(ACCESS_BYTES[access.op], (remainder + distance) % 4)
        return None if self.words and word + 4 > 4 * self.words else word

    def _best(self, block: Block, origin: Block) -> _Group | None:
        """The group of accesses in the block whose test saves the most steps."""
        best, most = None, 0
        for start, end in _windows(block.body):
            for group in self._groups(block, start, end):
                saved = self._saved(block.body, group, self._known_inside(group.base, origin))
                if saved > most:
                    best, most = group, saved
        return best

    def _known_inside(self, base: Value, origin: Block) -> int:
        """The farthest word of the base that blocks above have accessed; -1 for none."""
        farthest, block = -1, self.tree.parent[origin]
        while block is not None:
            farthest = max(farthest, self.inside[block].get(base, -1))
            block = self.tree.parent[block]
        return farthest

    def _groups(self, block: Block, start: int, end: int) -> Iterator[_Group]:
        groups: dict[Value, _Group] = {}
        for position in range(start, end):
            value = block.body[position]
            if value.op not in ACCESS_BYTES:
                continue
            assert isinstance(value.immediate, int)
            base, distance = place(value.args[0])
            distance += value.immediate
            if base.op == "i32.const":
                continue
            if base not in groups:
                known = self.versions.remainders.get(block, {}).get(base, self.alignment.modulo(base, 2))
                if known is None and ACCESS_BYTES[value.op] < 4:
                    continue  # a byte says nothing of the alignment to expect
                groups[base] = _Group(base, known is not None, -distance % 4 if known is None else known)
            word = self._word(value, distance, groups[base].remainder)
            if word is not None:
                groups[base].words[position] = word
        for group in groups.values():
            tested = any(version.base is group.base and version.block is block for version in self.versions.made)
            short = len(group.words) > 1 and max(group.words) - min(group.words) <= MAXIMUM_LENGTH
            if short and group.farthest >= 0 and not tested:
                yield group

    def _saved(self, body: list[Value], group: _Group, known: int) -> int:
        """The steps that the group's accesses save with one test."""
        if not group.aligned:
            return FINDING_STEPS * len(group.words) - TEST_STEPS[False]
        checks, farthest = 0, known
        positions = sorted(group.words)
        for number, position in enumerate(positions):
            if group.words[position] <= farthest:
                continue
            checks += 1
            farthest = group.words[position]
            if body[position].type is Type.NONE:
                continue
            for following in positions[number + 1 :]:  # see `Addresses.farthest`
                if any(bars_traps(value) for value in body[position + 1 : following]):
                    break
                farthest = max(farthest, group.words[following])
        return checks - TEST_STEPS[True]

    # Splitting

    def _split(self, block: Block, group: _Group) -> tuple[Block, Block]:
        """Make the two versions; gives the one where the accesses are inside, and the rest of the block."""
        first, last = min(group.words), max(group.words)
        part = block.body[first : last + 1]
        fast, slow, after = (self.function.new_block() for _ in range(3))
        place_of = self.function.blocks.index(block) + 1
        del self.function.blocks[-3:]
        self.function.blocks[place_of:place_of] = [fast, slow, after]
        fast.body, after.body, after.terminator = part, block.body[last + 1 :], block.terminator
        del block.body[first:]
        copies = self._copied(part, slow)
        self._test(block, group, fast, slow)
        live = self._live_out(part, fast)
        replacements = Replacements()
        for value in live:
            parameter = self.function.add_parameter(after, value.type)
            self._same(parameter, value)
            replacements.add(value, parameter)
        for other in self.function.blocks:
            if other is not fast:
                for value in other.values():
                    replacements.apply_to(value)
        offset = part[-1].offset
        for version, values in ((fast, live), (slow, [copies[value] for value in live])):
            version.terminator = self.function.new_value(
                "br", Type.NONE, targets=[Target(after, values)], offset=offset
            )
        for version in (fast, slow, after):
            self.versions.remainders[version] = dict(self.versions.remainders.get(block, {}))
            if self.ranges is not None:
                self.ranges.place(version, block)
        self.versions.remainders[fast][group.base] = group.remainder
        return fast, after

    def _copied(self, part: list[Value], slow: Block) -> dict[Value, Value]:
        copies: dict[Value, Value] = {}
        for value in part:
            args = [copies.get(arg, arg) for arg in value.args]
            copy = self.function.new_value(value.op, value.type, args, value.immediate, offset=value.offset)
            self._same(copy, value)
            copies[value] = copy
            slow.body.append(copy)
        return copies

    def _test(self, block: Block, group: _Group, fast: Block, slow: Block) -> None:
        """End the block with the test."""
        offset = fast.body[0].offset
        located = self.function.new_value("zk.locate", Type.INDEX, offset=offset)
        block.body.append(located)
        test = block.terminator = self.function.new_value(
            "zk.by_bounds" if group.aligned else "zk.by_alignment",
            Type.NONE,
            [located, group.base],
            targets=[Target(fast), Target(slow)],
            offset=offset,
        )
        self.versions.made.append(Version(fast, test, group.base, located, group.farthest))

    def _live_out(self, part: list[Value], fast: Block) -> list[Value]:
        """What the part makes and others use."""
        made = {value for value in part if value.type is not Type.NONE}
        used = {
            arg
            for block in self.function.blocks
            if block is not fast
            for value in block.values()
            for arg in [*value.args, *(arg for target in value.targets for arg in target.args)]
        }
        return [value for value in part if value in made and value in used]

    def _same(self, new: Value, value: Value) -> None:
        """What is known of `value` holds of `new`."""
        if self.ranges is not None:
            self.ranges.same(new, value)
        if value in self.alignment.values:
            self.alignment.values[new] = self.alignment.values[value]


def place(address: Value, resolve: Callable[[Value], Value] = lambda value: value) -> tuple[Value, int]:
    """The base of an address, which is left when additions that do not wrap are taken off, and the distance from it."""
    value, distance = resolve(address), 0
    while value.op in ("zk.add_nw", "zk.sub_nw"):
        left, right = map(resolve, value.args)
        if value.op == "zk.add_nw" and left.op == "i32.const":
            left, right = right, left
        if right.op != "i32.const":
            break
        assert isinstance(right.immediate, int)
        distance += right.immediate if value.op == "zk.add_nw" else -right.immediate
        value = left
    return value, distance


def last_word(bytes_: int, rest: int) -> int:
    """Where the last word of an access begins, in bytes after its address, which is `rest` modulo 4."""
    return (rest + bytes_ - 1) // 4 * 4 - rest


def _windows(body: list[Value]) -> Iterator[tuple[int, int]]:
    """The stretches without calls and bulk operations."""
    start = 0
    for position, value in enumerate(body):
        if value.op in CALLS or value.op == "result" or value.op.startswith(("memory.", "data.", "table.")):
            yield start, position
            start = position + 1
    yield start, len(body)


def bars_traps(value: Value) -> bool:
    """Whether what is behind `value` must not trap before it. Loads do not matter, whose own trap is the same."""
    if value.op in ACCESS_BYTES:
        return value.type is Type.NONE
    return not OPS[value.op].pure and value.op not in _OVERTAKEN
