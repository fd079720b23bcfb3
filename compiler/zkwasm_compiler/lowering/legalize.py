"""SSA to SSA: ops that the machine has no straight-line sequence for become control flow and `zk.*` ops.

In: any verified function. Out: a function whose every op is a pattern of `rules.catalogue` or one of the structural ops
that `lowering.select` emits itself. The meaning stays the same (`ir.interpreter` runs both). After this, every lowering
rule is a straight line, so that one kind of control flow serves selection, allocation and layout.

The expansions of division, shifts and bit counts are in `lowering.expansions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zkwasm_compiler.analysis import interval
from zkwasm_compiler.analysis.alignment import Alignment
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.analysis.references import TAIL_CALLS
from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.ir.function import Function, Module, Target, Trap, Type, Value, constant_bits
from zkwasm_compiler.ir.memory_layout import WORDS
from zkwasm_compiler.ir.ops import ACCESS_BYTES
from zkwasm_compiler.lowering.addresses import Addresses
from zkwasm_compiler.lowering.expansions import EXPANSIONS
from zkwasm_compiler.lowering.memory_bulk import check_inside
from zkwasm_compiler.lowering.memory_operations import ACCESSES, BULK, expand_grow, expand_size
from zkwasm_compiler.lowering.segments import expand_init
from zkwasm_compiler.lowering.tables import end_in_call, expand_call_indirect, expand_table
from zkwasm_compiler.lowering.versions import Versions, make_versions
from zkwasm_compiler.runtime.routines import Routines
from zkwasm_compiler.runtime.table_cells import TableCells

SIGN = 1 << 31
TABLE_THRESHOLD = 3
"""A br_table with up to this many entries is a chain of comparisons: a table takes three steps."""
MAXIMUM_FIRST_ENTRY = 32
"""A br_table for x - k becomes one for x where k is not above this: each entry is a row of the program."""

MAXIMUM_DISPATCHES = 32
"""A module with more accesses to words at unknown addresses calls routines where these are not aligned. Each takes some
thirty rows of the program where it stands, and a few steps more, if the address is not aligned, as a call."""

COMPARISONS = frozenset(
    [
        "i32.eqz",
        *(f"i32.{name}" for name in ("eq", "ne", *(f"{c}_{s}" for c in ("lt", "gt", "le", "ge") for s in "su"))),
    ]
)
"""i32 comparisons exist only as branch conditions; the i64 ones have values too."""


def legalize(function: Function, module: Module, ranges: Ranges | None = None) -> None:
    """Rewrite `function` in place. Tests whose outcome the ranges know are left out."""
    Legalizer(function, module, ranges).run()


class Legalizer:
    """Walks the blocks, appending to `current`; an expansion may end `current` and go on in a new block."""

    def __init__(
        self,
        function: Function,
        module: Module,
        ranges: Ranges | None = None,
        routines: Routines | None = None,
        alignment: Alignment | None = None,
        table_cells: TableCells | None = None,
    ) -> None:
        self.function = function
        self.module = module
        self.ranges = ranges
        self.routines = routines or Routines(module)
        self.alignment = alignment or Alignment(module)
        self.table_cells = table_cells or TableCells(module)
        for value in (value for block in function.blocks for value in block.body):
            if value.op == "ref.is_null":
                value.op = "i32.eqz"  # null is 0
        self.memory_words = 0 if self.routines.growing else self.routines.minimum_words
        words = module.memory is not None and module.memory_layout is WORDS  # bytes need no alignment
        versions = make_versions(function, self.alignment, ranges, self.memory_words) if words else Versions()
        self.current = self.home = function.entry
        self.following: list[Value] = []
        self.offset: int | None = None
        self.replaced: dict[Value, Value] = {}
        self.only_branches = _only_branched_on(function)
        self.uses = count_uses(function)
        self.addresses = Addresses(self, versions)
        self.expand_access = ACCESSES[module.memory_layout](self)

    def of(self, function: Function) -> Legalizer:
        """The same for another function of the module."""
        return Legalizer(function, self.module, None, self.routines, self.alignment, self.table_cells)

    def run(self) -> None:
        """Legalise every block, then put the replacements into all uses."""
        for block in list(self.function.blocks):
            body, terminator = block.body, block.terminator
            assert terminator is not None
            block.body, block.terminator = [], None
            self.current = self.home = block
            for number, value in enumerate(body, 1):
                self.offset = value.offset
                self.following = body[number:]
                self.value(value)
                if self.ranges is not None and value in self.replaced:
                    self.ranges.same(self.replaced[value], value)
            self.offset = terminator.offset
            self.terminator(terminator)
        for block in self.function.blocks:
            for value in block.values():
                value.args = [self.resolve(arg) for arg in value.args]
                for target in value.targets:
                    target.args = [self.resolve(arg) for arg in target.args]

    def resolve(self, value: Value) -> Value:
        """What stands for `value` now."""
        while value in self.replaced:
            value = self.replaced[value]
        return value

    # Building

    def emit(self, op: str, type_: Type, *args: Value) -> Value:
        """Append an op to the current block."""
        value = self.function.new_value(op, type_, list(args), offset=self.offset)
        self.current.body.append(value)
        return value

    def i32(self, op: str, *args: Value) -> Value:
        return self.emit(op, Type.I32, *args)

    def i64(self, op: str, *args: Value) -> Value:
        return self.emit(op, Type.I64, *args)

    def constant(self, bits: int, type_: Type = Type.I32) -> Value:
        """A constant of `type_` from its unsigned bit pattern (reduced to the width)."""
        value = self.function.new_value(
            f"{type_.value}.const", type_, immediate=bits & ((1 << type_.bits) - 1), offset=self.offset
        )
        self.current.body.append(value)
        return value

    def choose(
        self, condition: Value, then: Callable[[], Value], otherwise: Callable[[], Value], type_: Type = Type.I32
    ) -> Value:
        """`then()` where the condition is not zero, else `otherwise()`; the join becomes the current block."""
        bits = constant_bits(condition)
        if bits is not None:
            return then() if bits else otherwise()
        arms = (self.function.new_block(), self.function.new_block())
        join = self.function.new_block()
        result = self.function.add_parameter(join, type_)
        self.branch(condition, Target(arms[0]), Target(arms[1]))
        for arm, build in zip(arms, (then, otherwise), strict=True):
            self.current = arm
            value = build()
            self.jump(Target(join, [value]))
        self.current = join
        return result

    def trap_unless(self, condition: Value, trap: Trap) -> None:
        """Trap where the condition is zero."""
        trapped, rest = self.function.new_block(), self.function.new_block()
        self.branch(condition, Target(rest), Target(trapped))
        trapped.terminator = self.function.new_value("trap", Type.NONE, immediate=trap, offset=self.offset)
        self.current = rest

    def load_word(self, index: Value, beyond: int) -> Value:
        """The word `beyond` words after the one at an index."""
        value = self.i32("zk.load_word", index)
        value.immediate = beyond
        return value

    def store_word(self, index: Value, beyond: int, word: Value) -> None:
        """Store a word `beyond` words after the one at an index."""
        self.emit("zk.store_word", Type.NONE, index, word).immediate = beyond

    def call_routine(self, name: str, *args: Value) -> Value:
        """Call a routine of the runtime; gives its result, or the call when it has none."""
        return self.call_function(self.routines.function(name), *args)

    def call_function(self, routine: Function, *args: Value) -> Value:
        """The same for a function of the module."""
        call = self.emit("call", Type.TUPLE, *args)
        call.immediate = routine.index
        if not routine.results:
            return call
        result = self.emit("result", routine.results[0], call)
        result.immediate = 0
        return result

    def jump(self, target: Target) -> None:
        self.current.terminator = self.function.new_value("br", Type.NONE, targets=[target], offset=self.offset)

    def known(self, order: str, x: Value, bits: int) -> Value | None:
        """``x order bits`` as a constant where the ranges know it; `order` as `analysis.interval` writes it."""
        if self.ranges is None:
            return None
        outcome = interval.decide(order, self.ranges.at(x, self.home), interval.constant(x.type.bits, bits))
        return None if outcome is None else self.constant(int(outcome))

    def largest(self, x: Value) -> int:
        """The largest number that x may be where the current block began, unsigned."""
        return (self.ranges.at(x, self.home) if self.ranges else interval.full(x.type.bits)).u_high

    def below(self, x: Value, bound: int) -> Value:
        """x < bound, unsigned."""
        if bound == 0:
            return self.constant(0)
        return self.known("lt_u", x, bound) or self.i32("i32.lt_u", x, self.constant(bound))

    def is_zero(self, x: Value) -> Value:
        """Whether an i32 or i64 is zero."""
        return self.known("eq", x, 0) or self.i32(f"{x.type.value}.eqz", x)

    def not_negative(self, x: Value) -> Value:
        """Whether an i32 or i64 has its sign bit clear."""
        known = self.known("ge_s", x, 0)
        return known or self.below(x if x.type is Type.I32 else self.i32("zk.high", x), SIGN)

    # Values

    def value(self, value: Value) -> None:
        expand = EXPANSIONS.get(value.op)
        if value.op in COMPARISONS:
            if value in self.only_branches:
                self.current.body.append(value)
            else:
                comparison = self.function.new_value(value.op, value.type, value.args, offset=value.offset)
                self.only_branches.add(comparison)
                self.current.body.append(comparison)
                self.replaced[value] = self.choose(comparison, lambda: self.constant(1), lambda: self.constant(0))
        elif value.op == "select":
            x, y, condition = value.args
            self.replaced[value] = self.choose(condition, lambda: x, lambda: y, value.type)
        elif value.op == "global.get" and not self.module.globals[index_of(value)].mutable:
            self.replaced[value] = self.constant(self.module.globals[index_of(value)].initial, value.type)
        elif value.op in ACCESS_BYTES:
            replacement = self.expand_access(value)
            if replacement is not value:
                self.replaced[value] = replacement
        elif value.op in ("memory.fill", "memory.copy"):
            BULK[self.module.memory_layout](self, value)
        elif value.op == "memory.init":
            expand_init(self, value)
        elif value.op == "data.drop":
            if index_of(value) in self.routines.droppable:
                self.current.body.append(value)
        elif value.op == "call_indirect":
            replacement = expand_call_indirect(self, value)
            if replacement is not value:
                self.replaced[value] = replacement
        elif value.op.startswith("table."):
            made = expand_table(self, value)
            if made is not None:
                self.replaced[value] = made
        elif value.op in ("zk.check_count", "zk.check_bytes"):
            check_inside(self, value)
        elif value.op in ("memory.size", "memory.grow"):
            self.replaced[value] = (expand_size if value.op == "memory.size" else expand_grow)(self, value)
        elif expand is not None:
            value.args = [self.resolve(arg) for arg in value.args]
            replacement = expand(self, value)
            if replacement is value:
                self.current.body.append(value)
            else:
                self.replaced[value] = replacement
        else:
            self.current.body.append(value)

    # Terminators

    def terminator(self, value: Value) -> None:
        if value in self.addresses.tests:
            self.addresses.test(value)
            self.current.terminator = value
        elif value.op == "br_if":
            self.branch(value.args[0], *value.targets)
        elif value.op == "br_table":
            self.table(value)
        elif value.op in TAIL_CALLS:
            self.current.terminator = end_in_call(self, value)
        else:
            self.current.terminator = value

    def table(self, value: Value) -> None:
        """A small br_table is a chain of comparisons. In a large one for x - k the first k entries are the default."""
        index, first = self.resolve(value.args[0]), 0
        if self.is_shifted(index):
            index, first = self.resolve(index.args[0]), -index_of(index.args[1]) & 0xFFFFFFFF
        if len(value.targets) <= TABLE_THRESHOLD + 1:
            self.chain(value, index, first)
            return
        if 0 < first <= MAXIMUM_FIRST_ENTRY:
            default = value.targets[-1]
            value.args[0] = index
            value.targets[:0] = [_copy(default) for _ in range(first)]
        self.current.terminator = value

    def chain(self, value: Value, index: Value, first: int) -> None:
        """A br_table for index - first as comparisons."""
        *cases, default = value.targets
        for number, target in enumerate(cases, first):
            rest = self.function.new_block()
            condition = self.i32("i32.eq", index, self.constant(number))
            self.branch(condition, target, Target(rest))
            self.current = rest
        self.jump(default)

    def branch(self, condition: Value, then: Target, otherwise: Target) -> None:
        """End the current block with a branch; signed comparisons become unsigned ones."""
        condition = self.resolve(condition)
        bits = constant_bits(condition)
        if bits is not None:
            self.jump(then if bits else otherwise)
            return
        operands = [self.resolve(arg) for arg in condition.args]
        if condition.op == "i32.eqz" and operands[0].op in COMPARISONS and operands[0] in self.only_branches:
            self.branch(operands[0], otherwise, then)
        elif condition.op == "i32.lt_s":
            self.signed_less(operands[0], operands[1], then, otherwise)
        elif condition.op == "i32.gt_s":
            self.signed_less(operands[1], operands[0], then, otherwise)
        elif condition.op == "i32.ge_s":
            self.signed_less(operands[0], operands[1], otherwise, then)
        elif condition.op == "i32.le_s":
            self.signed_less(operands[1], operands[0], otherwise, then)
        elif condition.op == "i32.lt_u" and condition in self.only_branches:
            self.unsigned_less(condition, then, otherwise)
        else:
            self.branch_on(condition, then, otherwise)

    def branch_on(self, condition: Value, then: Target, otherwise: Target) -> None:
        """End the current block with a branch on a condition that stays."""
        self.current.terminator = self.function.new_value(
            "br_if", Type.NONE, [condition], targets=[then, otherwise], offset=self.offset
        )

    def unsigned_less(self, condition: Value, then: Target, otherwise: Target) -> None:
        """Branch on x < y; where one is a constant and the other a sum for this comparison only, without the sum."""
        x, y = map(self.resolve, condition.args)
        lower, upper = constant_bits(x), constant_bits(y)
        if upper is not None and self.is_shifted(x):
            self.window(x, upper, then, otherwise)
        elif lower is not None and self.is_shifted(y):
            self.window(y, lower + 1, otherwise, then)
        else:
            self.branch_on(condition, then, otherwise)

    def window(self, y: Value, size: int, then: Target, otherwise: Target) -> None:
        """Branch on x - low < size modulo 2^32: compare x with the ends of a window that may reach round."""
        x, low = self.resolve(y.args[0]), -index_of(y.args[1]) & 0xFFFFFFFF
        high = (low + size) & 0xFFFFFFFF
        rest = self.function.new_block()
        if low < high:
            self.branch(self.below(x, low), _copy(otherwise), Target(rest))
            self.current = rest
            self.branch(self.below(x, high), then, otherwise)
        else:
            self.branch(self.below(x, high), _copy(then), Target(rest))
            self.current = rest
            self.branch(self.below(x, low), otherwise, then)

    def is_shifted(self, y: Value) -> bool:
        """Whether y is a value plus a constant, used once."""
        return y.op == "i32.add" and self.uses[y] == 1 and constant_bits(y.args[1]) not in (None, 0)

    def signed_less(self, x: Value, y: Value, then: Target, otherwise: Target) -> None:
        """Branch on x < y, signed: the signs decide, or the unsigned order where they are equal."""
        lower, upper = constant_bits(x), constant_bits(y)
        if upper is not None:
            self.signed_less_constant(x, upper, then, otherwise)
        elif lower is not None and lower != SIGN - 1:  # c < y  is  not (y < c + 1)
            self.signed_less_constant(y, (lower + 1) & 0xFFFFFFFF, otherwise, then)
        else:
            positive, negative, same = (self.function.new_block() for _ in range(3))
            self.branch(self.not_negative(x), Target(positive), Target(negative))
            self.current = positive
            self.branch(self.not_negative(y), Target(same), _copy(otherwise))
            self.current = negative
            self.branch(self.not_negative(y), _copy(then), Target(same))
            self.current = same
            self.branch(self.i32("i32.lt_u", x, y), then, otherwise)

    def signed_less_constant(self, x: Value, bound: int, then: Target, otherwise: Target) -> None:
        """Branch on x < bound, signed, for a constant: two unsigned comparisons, one when bound is 0."""
        if bound == 0:
            self.branch(self.not_negative(x), otherwise, then)
            return
        rest = self.function.new_block()
        if bound < SIGN:
            self.branch(self.below(x, bound), _copy(then), Target(rest))
            self.current = rest
            self.branch(self.not_negative(x), otherwise, then)
        else:
            self.branch(self.not_negative(x), _copy(otherwise), Target(rest))
            self.current = rest
            self.branch(self.below(x, bound), then, otherwise)


def index_of(value: Value) -> int:
    """The immediate of an op whose row says that it is a number."""
    assert isinstance(value.immediate, int)
    return value.immediate


def _copy(target: Target) -> Target:
    return Target(target.block, list(target.args))


def _only_branched_on(function: Function) -> set[Value]:
    """The comparisons that nothing but branches (directly or through `i32.eqz`) and selects use, as conditions."""
    uses: dict[Value, list[Value]] = {}
    passed: set[Value] = set()
    for block in function.blocks:
        for value in block.values():
            for arg in value.args:
                uses.setdefault(arg, []).append(value)
            passed.update(arg for target in value.targets for arg in target.args)

    def only(value: Value) -> bool:
        if value in passed or value.op not in COMPARISONS:
            return False
        return all(
            user.op == "br_if"
            or (user.op == "select" and value not in user.args[:2])
            or (user.op == "i32.eqz" and only(user))
            for user in uses.get(value, ())
        )

    return {value for block in function.blocks for value in block.body if only(value)}


def _dispatches(module: Module, alignment: Alignment) -> int:
    """How many accesses to words, in functions of the module, are at addresses of which nothing is known modulo 4."""
    return sum(
        ACCESS_BYTES.get(value.op, 0) >= 4 and alignment.modulo(value.args[0], 2) is None
        for function in module.functions.values()
        if function.is_of_module
        for block in function.blocks
        for value in block.body
    )


def legalize_module(module: Module, ranges: Mapping[int, Ranges] | None = None) -> None:
    """Legalise every function of the module in place, with the routines that they turn out to need; `ranges` by
    function index, where they are known."""
    alignment, table_cells = Alignment(module), TableCells(module)
    routines = Routines(module, calls_misaligned=_dispatches(module, alignment) > MAXIMUM_DISPATCHES)
    done: set[int] = set()
    while pending := sorted(set(module.functions) - done):
        for index in pending:
            known = ranges.get(index) if ranges else None
            Legalizer(module.functions[index], module, known, routines, alignment, table_cells).run()
        done.update(pending)
