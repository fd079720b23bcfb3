"""Strength reduction of indexes: a pointer that moves with a loop is carried as the index of a cell.

In: a legalised function. Out: the same, where loop variables that addresses are made of became variables of type index.
An access to a moving pointer p takes a step that makes its index from p and checks it, and p takes one that moves it.
Where the check is made once in every round, its step can do both: the loop carries the index of the round before, one
step makes this round's from it and checks that, and p is a multiple of the index wherever else it is needed. Sums,
tests of branches and other addresses fold that in. Variables that move in step with p become multiples too.

*Source:* strength reduction and linear-function test replacement; Cooper, Simpson, Vick, "Operator strength reduction",
2001.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkwasm_compiler.analysis.dominators import dominator_tree
from zkwasm_compiler.analysis.frequency import block_frequencies
from zkwasm_compiler.analysis.interval import signed as signed_range
from zkwasm_compiler.analysis.loop_variables import LoopVariable, loop_variables
from zkwasm_compiler.analysis.loops import Loop, loop_nest
from zkwasm_compiler.analysis.order import incoming_edges
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.ir.function import Block, Function, Module, Type, Value, constant_bits
from zkwasm_compiler.ir.integers import signed
from zkwasm_compiler.ir.parameters import drop_parameters
from zkwasm_compiler.lowering.legalize import COMPARISONS, index_of
from zkwasm_compiler.rewrite.preheader import preheader
from zkwasm_compiler.runtime.routines import Routines

WORD = 1 << 32
INDEX_OPS = {"zk.word_index": 0, "zk.unchecked_index": 0, "zk.by_bounds": 1}
"""Ops that make an index of a sum, and where in their arguments the number of words stands; the offset and the pairs of
term and factor follow it."""
FOLDING = ("zk.add_nw", "zk.sub_nw", "zk.mul_nw_32", "zk.div_exact", "zk.neg_nz", *COMPARISONS)
"""Ops that a multiple of an index is part of at no cost."""
ZERO_TESTS = ("i32.eqz", "i32.eq", "i32.ne")
MAXIMUM_TERMS = 4


@dataclass(eq=False, frozen=True, slots=True)
class _Site:
    """Where a variable's index is made in every round: an op of `block` (its terminator for a test of bounds), which
    makes the index of the cell at byte ``factor * variable + offset``."""

    block: Block
    op: Value
    index: Value
    factor: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Carried:
    """What a loop carries instead: the index of the round before. Behind the site, that of the site is `moved` bytes
    on."""

    parameter: Value
    site: _Site
    moved: int


@dataclass(frozen=True, slots=True)
class _Multiple:
    """A number that is ``(cell bytes * index + offset) / divisor`` for the index of the round before."""

    divisor: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Use:
    """`value`, of `block`, reads a variable, as an argument or (`passed`) as one of its edges."""

    block: Block
    value: Value
    passed: bool


def carry_indexes(function: Function, module: Module, ranges: Ranges | None) -> bool:
    """Carry the indexes of moving pointers where that takes fewer steps; whether blocks or values changed."""
    if module.memory is None or not _has_indexes(function):
        return False
    edges = incoming_edges(function)
    loops = [loop for loop in loop_nest(function).loops if list(loop_variables(loop, edges))]
    for loop in loops:
        preheader(function, loop)
    return bool(loops) and _Carrier(function, module, ranges).run()


def _has_indexes(function: Function) -> bool:
    return any(value.op in INDEX_OPS for block in function.blocks for value in block.values())


class _Carrier:
    """No block comes or goes while it works: the loops have their preheaders."""

    def __init__(self, function: Function, module: Module, ranges: Ranges | None) -> None:
        self.function = function
        self.ranges = ranges
        routines = Routines(module)
        self.cell_bytes = module.memory_layout.cell_bytes
        self.bytes = 0 if routines.growing else 4 * routines.minimum_words
        self.largest = routines.maximum_pages << 16 if routines.growing else self.bytes
        self.tree = dominator_tree(function)
        self.nest = loop_nest(function, self.tree)
        self.edges = incoming_edges(function)
        self.frequencies = block_frequencies(function)
        self.users: dict[Value, list[_Use]] = {}

    def run(self) -> bool:
        for loop in self.nest.loops:
            while self._carry_one(loop):
                pass
        return True

    def _carry_one(self, loop: Loop) -> bool:
        """Carry the index of one variable of the loop; whether there is one."""
        for variable in loop_variables(loop, self.edges):
            site = self._site(variable)
            if site is not None and self._saves(variable, site):
                self._carry(variable, site)
                return True
        return False

    # Which variables

    def _site(self, variable: LoopVariable) -> _Site | None:
        """Where the variable's index is made in every round that goes on, in inner loops more than once."""
        loop = variable.loop
        for block in loop.blocks:
            if all(self.tree.dominates(block, latch) for latch in loop.latches):
                for value in block.values():
                    site = self._made_at(block, value, variable)
                    if site is not None:
                        return site if self._never_wraps(variable, site) else None
        return None

    def _made_at(self, block: Block, value: Value, variable: LoopVariable) -> _Site | None:
        if value.op not in ("zk.word_index", "zk.by_bounds"):
            return None
        _, offset, *pairs = value.args[INDEX_OPS[value.op] :]
        if len(pairs) != 2 or pairs[0] is not variable.parameter:
            return None
        factor = _number(pairs[1])
        if factor <= 0 or factor * variable.step % self.cell_bytes:
            return None
        index = value.args[0] if value.op == "zk.by_bounds" else value
        site = _Site(block, value, index, factor, _number(offset))
        return site if self.cell_bytes % factor == 0 or self._only_tested(variable, site) else None

    def _never_wraps(self, variable: LoopVariable, site: _Site) -> bool:
        """Whether the variable, moved, is the sum: what passed the check is inside the memory, which ends far below
        2^32. A test of bounds lets others pass too."""
        if self.largest + abs(site.offset) + abs(site.factor * variable.step) > WORD:
            return False
        if variable.exact:
            return True
        if variable.step < 0 or site.op.op == "zk.by_bounds":
            return False
        moved = (use for sum_ in variable.following for use in self._uses(sum_))
        return all(self._is_behind(use, site) for use in moved)

    def _is_behind(self, use: _Use, site: _Site) -> bool:
        """Whether the index of the site is made before the use, in every execution."""
        if use.block is not site.block:
            return use.block in self.tree.first and self.tree.dominates(site.block, use.block)
        if site.op is site.block.terminator:
            return use.passed
        if use.value is site.block.terminator:
            return True
        body = site.block.body
        return body.index(use.value) > body.index(site.op)

    def _saves(self, variable: LoopVariable, site: _Site | None) -> bool:
        """Whether making multiples where they are needed takes fewer steps than moving the variable."""
        return self._price_of(variable, site) < self.frequencies[variable.loop.header]

    def _price_of(self, variable: LoopVariable, site: _Site | None) -> float:
        """How many steps are expected to make the multiples."""
        price = 0.0
        for value in (variable.parameter, *variable.following):
            price += sum(self._price(use, value, variable, site) for use in self._uses(value))
        return price

    def _only_tested(self, variable: LoopVariable, site: _Site) -> bool:
        """Whether nothing but comparisons and the site needs the variable: sums of fractions of an index with other
        numbers hide that all of them are small from whoever audits the program."""
        uses = (use for value in (variable.parameter, *variable.following) for use in self._uses(value))
        return all(
            use.value.op in COMPARISONS
            or use.value is site.op
            or use.value in variable.following
            or (use.passed and use.block in variable.loop.latches)
            for use in uses
        )

    def _price(self, use: _Use, value: Value, variable: LoopVariable, site: _Site | None) -> float:
        """How often a step makes the multiple that a use needs; a test for zero had no step of its own before."""
        if use.passed:
            targets = [target for target in use.value.targets if value in target.args]
            needed = sum(target.args.count(value) for target in targets)
            own = [target for target in targets if target.block is variable.loop.header]
            own = [target for target in own if target.args[variable.position] is value]
            return (needed - len(own)) * self.frequencies[use.block]
        if use.value in variable.following or (site is not None and use.value is site.op):
            return 0.0
        folds = use.value.op in FOLDING or use.value.op in INDEX_OPS
        if value in variable.following and (use.value.op == "br_if" or _tests_zero(use.value)):
            folds = False
        return 0.0 if folds else self.frequencies[use.block]

    def _uses(self, wanted: Value) -> list[_Use]:
        """The uses of a variable. Replacing others makes no new ones: outer loops come first."""
        if not self.users:
            for block in self.function.blocks:
                for value in block.values():
                    for arg in dict.fromkeys(value.args):
                        self.users.setdefault(arg, []).append(_Use(block, value, passed=False))
                    for arg in dict.fromkeys(arg for target in value.targets for arg in target.args):
                        self.users.setdefault(arg, []).append(_Use(block, value, passed=True))
        return self.users.get(wanted, [])

    # Carrying

    def _carry(self, variable: LoopVariable, site: _Site) -> None:
        """Replace the variable by the index of the round before, and those that move in step with it by multiples."""
        moved = site.factor * variable.step
        header = variable.loop.header
        carried = _Carried(self.function.add_parameter(header, Type.INDEX), site, moved)
        for source, target in self.edges[header]:
            inside = source in variable.loop.blocks
            target.args.append(site.index if inside else self._start(source, variable, site))
        multiple = _Multiple(site.factor, self.bytes - site.offset + moved)
        companions = list(self._in_step(variable, site, multiple))
        self._replace(variable, multiple, carried)
        for companion, its_multiple in companions:
            self._replace(companion, its_multiple, carried)
        self._bound(variable, carried)
        start = INDEX_OPS[site.op.op] + 1
        numbers = [self._number(self.bytes + moved), carried.parameter, self._number(self.cell_bytes)]
        body = site.block.body
        place = len(body) if site.op is site.block.terminator else body.index(site.op)
        body[place:place] = [numbers[0], numbers[2]]
        site.op.args[start:] = numbers
        gone = {variable.position, *(companion.position for companion, _ in companions)}
        drop_parameters(header, [target for _, target in self.edges[header]], gone)

    def _bound(self, variable: LoopVariable, carried: _Carried) -> None:
        """Tell the ranges how large the index can be."""
        if self.ranges is None:
            return
        known = self.ranges.results.get(variable.parameter)
        site, largest = carried.site, known.u_high if known else WORD - 1
        slack = abs(site.offset) + abs(carried.moved)
        low, high = -slack - self.bytes, site.factor * largest + slack
        cells = signed_range(64, low // self.cell_bytes, high // self.cell_bytes + 1)
        edges = (target.args[-1] for _, target in self.edges[variable.loop.header])
        self.ranges.results.update(dict.fromkeys([carried.parameter, *edges], cells))

    def _start(self, block: Block, variable: LoopVariable, site: _Site) -> Value:
        """The index before the first round's, at the end of the block that leads into the loop."""
        terms, constant = _linear(variable.start)
        offset = site.offset - site.factor * variable.step + site.factor * constant
        words = self.function.new_value("i32.const", Type.I32, immediate=self.bytes // 4)
        args = [words, self._number(offset)]
        block.body += args
        for term, times in terms.items():
            factor = self._number(site.factor * times)
            block.body.append(factor)
            args += [term, factor]
        index = self.function.new_value("zk.unchecked_index", Type.INDEX, args)
        block.body.append(index)
        return index

    def _number(self, number: int) -> Value:
        return self.function.new_value("i64.const", Type.I64, immediate=number % (1 << 64))

    def _in_step(
        self, pointer: LoopVariable, site: _Site, multiple: _Multiple
    ) -> Iterator[tuple[LoopVariable, _Multiple]]:
        """The other variables of the loop that are multiples of the same index where that takes fewer steps."""
        moved = site.factor * pointer.step
        its_terms, its_constant = _linear(pointer.start)
        for variable in loop_variables(pointer.loop, self.edges):
            divisor, rest = divmod(moved, variable.step)
            if variable.parameter is pointer.parameter or rest or divisor <= 0 or divisor & (divisor - 1):
                continue
            terms, constant = _linear(variable.start)
            scaled = {term: site.factor * times for term, times in its_terms.items()}
            if {term: divisor * times for term, times in terms.items()} != scaled:
                continue
            whole = self.cell_bytes % divisor == 0 or self._only_tested(variable, site)
            if whole and self._saves(variable, None) and self._stays_small(variable, moved, site):
                between = divisor * constant - site.factor * its_constant
                yield variable, _Multiple(divisor, multiple.offset + between)

    def _stays_small(self, variable: LoopVariable, moved: int, site: _Site) -> bool:
        """Whether the variable does not wrap: the pointer is inside the memory in every round but the last."""
        if variable.exact:
            return True
        start = constant_bits(variable.start)
        if start is None or variable.step < 0 or site.op.op == "zk.by_bounds":
            return False
        return start + variable.step * (self.largest // abs(moved) + 2) < WORD

    # Multiples

    def _replace(self, variable: LoopVariable, multiple: _Multiple, carried: _Carried) -> None:
        """Put multiples of the carried index in the place of the variable and of its sums, where others use them."""
        offsets = {variable.parameter: multiple.offset}
        moved = multiple.divisor * variable.step
        offsets |= dict.fromkeys(variable.following, multiple.offset + moved)
        for block in dict.fromkeys(use.block for value in offsets for use in self._uses(value)):
            body: list[Value] = []
            for value in [*block.body, block.terminator]:
                assert value is not None
                if value not in variable.following and value is not carried.site.op:
                    body += self._put_in(block, value, offsets, multiple.divisor, carried, variable)
                if value is not block.terminator:
                    body.append(value)
            block.body = body

    def _put_in(
        self,
        block: Block,
        value: Value,
        offsets: dict[Value, int],
        divisor: int,
        carried: _Carried,
        variable: LoopVariable,
    ) -> list[Value]:
        """Rewrite one value; gives what it needs before it."""
        made: list[Value] = []
        if any(arg in offsets for arg in value.args):
            index, back = self._nearest(_Use(block, value, passed=False), carried)
            if value.op in INDEX_OPS:
                made += self._rewrite_sum(value, offsets, divisor, index, back)
            value.args = [
                self._multiple(made, index, offsets[arg] - back, divisor) if arg in offsets else arg
                for arg in value.args
            ]
        for target in value.targets:
            for position, arg in enumerate(target.args):
                own = target.block is variable.loop.header and position == variable.position
                if arg in offsets and not own:
                    index, back = self._nearest(_Use(block, value, passed=True), carried)
                    if index is carried.site.index and carried.site.op is value:
                        index, back = carried.parameter, 0
                    target.args[position] = self._multiple(made, index, offsets[arg] - back, divisor)
        return made

    def _nearest(self, use: _Use, carried: _Carried) -> tuple[Value, int]:
        """The index to make a multiple of, and how many bytes it is on from the one of the round before."""
        if self._is_behind(use, carried.site):
            return carried.site.index, carried.moved
        return carried.parameter, 0

    def _multiple(self, made: list[Value], index: Value, offset: int, divisor: int) -> Value:
        """The multiple, appended to what was made for the same value unless it is there."""
        wanted = [self.cell_bytes, offset, divisor]
        for other in made:
            if other.op == "zk.multiple" and other.args[0] is index and [*map(_number, other.args[1:])] == wanted:
                return other
        numbers = [self._number(number) for number in wanted]
        multiple = self.function.new_value("zk.multiple", Type.I32, [index, *numbers])
        made += [*numbers, multiple]
        return multiple

    def _rewrite_sum(
        self, value: Value, offsets: dict[Value, int], divisor: int, index: Value, back: int
    ) -> list[Value]:
        """Put the index into the sum of another one, as far as it is a whole multiple; gives the constants for that."""
        start = INDEX_OPS[value.op] + 1
        offset, *pairs = value.args[start:]
        sum_: list[Value] = []
        constant = _number(offset)
        made: list[Value] = []
        for term, factor in zip(pairs[::2], pairs[1::2], strict=True):
            times = _number(factor)
            share = offsets[term] - back if term in offsets else 0
            if term not in offsets or times * self.cell_bytes % divisor or times * share % divisor:
                sum_ += [term, factor]
                continue
            constant += times * share // divisor
            factor = self._number(times * self.cell_bytes // divisor)
            made.append(factor)
            sum_ += [index, factor]
        made.append(self._number(constant))
        value.args[start:] = [made[-1], *sum_]
        return made


def _tests_zero(value: Value) -> bool:
    return (
        value.op in ZERO_TESTS
        and all(constant_bits(arg) in (None, 0) for arg in value.args)
        and (value.op == "i32.eqz" or any(constant_bits(arg) == 0 for arg in value.args))
    )


def _linear(value: Value) -> tuple[dict[Value, int], int]:
    """A number as a sum of others, times whole numbers, and a constant."""
    terms: dict[Value, int] = {}
    constant = 0
    work = [(value, 1)]
    while work:
        value, times = work.pop()
        parts, more = _parts(value)
        if len(terms) + len(work) + len(parts) > MAXIMUM_TERMS:
            parts, more = [(value, 1)], 0
        constant += times * more
        for part, factor in parts:
            if part is value:
                terms[value] = terms.get(value, 0) + times
            else:
                work.append((part, times * factor))
    return {term: times for term, times in terms.items() if times}, constant


def _parts(value: Value) -> tuple[list[tuple[Value, int]], int]:
    """What a number is the sum of: itself, or what its op adds up."""
    bits = constant_bits(value)
    factor = constant_bits(value.args[-1]) if value.args else None
    match value.op:
        case _ if bits is not None:
            return [], bits
        case "zk.add_nw":
            return [(value.args[0], 1), (value.args[1], 1)], 0
        case "zk.sub_nw":
            return [(value.args[0], 1), (value.args[1], -1)], 0
        case "zk.mul_nw_32" if factor is not None:
            return [(value.args[0], factor)], 0
        case "zk.multiple":
            times, offset, divisor = map(_number, value.args[1:])
            if times % divisor == 0 and offset % divisor == 0:
                return [(value.args[0], times // divisor)], offset // divisor
    return [(value, 1)], 0


def _number(constant: Value) -> int:
    """A constant as a signed number."""
    return signed(index_of(constant), constant.type.bits)
