"""Cheaper ops where the ranges of the operands allow it: the last pass before legalisation.

Sums, differences and products that do not wrap become the exact ops of this machine, which take one step; comparisons
and results with one possible outcome become constants; signed ops on numbers of known sign become unsigned ones; i64
ops on numbers below 2^32 become i32 ops. In and out: verified SSA of the same meaning, traps included. The ranges are
returned: they still hold, and legalisation leaves out the tests whose outcome they know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from zkwasm_compiler.analysis.interval import NEGATED, Range
from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.analysis.ranges import Ranges, value_ranges
from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.ir.function import Function, Type, Value, constant_bits
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import dce
from zkwasm_compiler.passes.divisions import share_divisions

WORD = 1 << 32
SIGN = 1 << 31
PARTS = ("store8", "store16")


def narrow(function: Function, context: Context) -> Ranges:
    """Rewrite the function in place; gives the ranges of its values, old and new."""
    ranges = value_ranges(function, context.memory_bytes)
    _Narrower(function, ranges).run()
    share_divisions(function, ranges)
    dce(function, context)
    return ranges


class _Narrower:
    def __init__(self, function: Function, ranges: Ranges) -> None:
        self.function = function
        self.ranges = ranges
        self.uses = count_uses(function)
        self.branched_on = _branched_on(function)
        self.parts = Counter((v.op, v.args[1]) for b in function.blocks for v in b.body if v.op.endswith(PARTS))
        self.replacements = Replacements()
        self.nest = loop_nest(function)
        self.home = {value: block for block in function.blocks for value in [*block.parameters, *block.body]}
        self.before_loops: dict[tuple[str, Value, int], Value] = {}
        self.block = function.entry
        self.body: list[Value] = []
        self.value: Value = function.entry.terminator or function.entry.parameters[0]

    def run(self) -> None:
        for block in self.function.blocks:
            if block in self.ranges.unreachable:
                continue
            self.block, self.body = block, []
            for value in block.body:
                self.replacements.apply_to(value)
                self.value = value
                final = self._narrowed(value)
                if final is value:
                    self.body.append(value)
                else:
                    self.replacements.add(value, final)
            block.body = self.body
        self.replacements.apply(self.function)

    def _narrowed(self, value: Value) -> Value:
        """What stands for the value: itself, changed or not, or another that is there already."""
        if value.op.endswith(PARTS):
            self.stored(value)
        args = self.ranges.arguments.get(value)
        if args is None or value.op.endswith(".const"):
            return value
        only = self.ranges.results[value].single
        if only is not None and _can_go(value, args):
            return self.become(f"{value.type.value}.const", immediate=only)
        rule = _RULES.get(value.op) or _RULES.get(value.op.partition(".")[2])
        return value if rule is None else rule(self, value, args)

    # Building

    def become(self, op: str, *args: Value, immediate: int | None = None) -> Value:
        """Change the value that is looked at into another op of its type."""
        value = self.value
        value.op, value.args, value.immediate = op, list(args), immediate
        return value

    def emit(self, op: str, type_: Type, *args: Value, immediate: int | None = None) -> Value:
        """A new value before the one that is looked at."""
        value = self.function.new_value(op, type_, list(args), immediate, offset=self.value.offset)
        self.body.append(value)
        return value

    def constant(self, type_: Type, bits: int) -> Value:
        return self.emit(f"{type_.value}.const", type_, immediate=bits)

    def low(self, x: Value) -> Value:
        """An i64 below 2^32 as i32, at no cost."""
        bits = constant_bits(x)
        if bits is not None:
            return self.constant(Type.I32, bits)
        if x.op == "i64.extend_i32_u":
            return x.args[0]
        return self.emit("zk.low", Type.I32, x)

    def widened(self, op: str, *args: Value) -> Value:
        """Let the value that is looked at, an i64, be the zero extension of an i32 op."""
        return self.become("i64.extend_i32_u", self.emit(op, Type.I32, *args))

    def stored(self, store: Value) -> None:
        """A part of a number that a loop does not change is cut out before the loop, if it is stored in several places:
        it needs a register of its own."""
        number, mask = store.args[1], (1 << 8 * ACCESS_BYTES[store.op]) - 1
        if self.parts[store.op, number] > 1 and self.ranges.at(number, self.block).u_high > mask:
            store.args[1] = self.before_loop(f"{number.type.value}.and", number, mask) or number

    def before_loop(self, op: str, x: Value, bits: int) -> Value | None:
        """The op on x and a constant, made outside of the loop that is looked at; None where x is made in it."""
        key = op, x, bits
        if key not in self.before_loops:
            home = self.home.get(x)
            if home is None or home is self.block or self.nest.depth(home) >= self.nest.depth(self.block):
                return None
            constant = self.function.new_value(f"{x.type.value}.const", x.type, immediate=bits, offset=x.offset)
            made = self.before_loops[key] = self.function.new_value(op, x.type, [x, constant], offset=x.offset)
            at = home.body.index(x) + 1 if x in home.body else 0
            home.body[at:at] = [constant, made]
        return self.before_loops[key]


def _branched_on(function: Function) -> set[Value]:
    """The values that nothing but branches and selects use, as conditions."""
    found: set[Value] = set()
    others: set[Value] = set()
    for block in function.blocks:
        for value in block.values():
            conditions = {"br_if": 0, "select": 2}
            for position, arg in enumerate(value.args):
                (found if conditions.get(value.op) == position else others).add(arg)
            for target in value.targets:
                others.update(target.args)
    return found - others


def _can_go(value: Value, args: tuple[Range, ...]) -> bool:
    """Whether a constant may stand for the value."""
    row = OPS[value.op]
    return row.pure or (row.traps and row.evaluate is not None and value.op.endswith("_u") and args[1].u_low > 0)


# Rules: each takes the pass, the value and the ranges of its arguments, and gives what `_narrowed` does.

_Rule = Callable[[_Narrower, Value, tuple[Range, ...]], Value]
_RULES: dict[str, _Rule] = {}


def _for(*ops: str) -> Callable[[_Rule], _Rule]:
    def add(rule: _Rule) -> _Rule:
        _RULES.update(dict.fromkeys(ops, rule))
        return rule

    return add


# Arithmetic


@_for("i32.add")
def _add_32(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    if left.u_high + right.u_high < WORD:
        return build.become("zk.add_nw", *value.args)
    bits = right.single
    if bits is not None and left.u_low + bits >= WORD:  # x + (2^32 - k) = x - k for x >= k
        return build.become("zk.sub_nw", value.args[0], build.constant(Type.I32, WORD - bits))
    return value


@_for("i32.sub")
def _sub_32(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    if value in build.ranges.ordered or left.u_low >= right.u_high:
        return build.become("zk.sub_nw", *value.args)
    if left.single == 0 and right.u_low > 0:
        return build.become("zk.neg_nz", value.args[1])
    if left.single == 0 and right.u_high <= 1:  # 0 - b == b * (2^32 - 1) for a truth value b
        return build.become("zk.mul_nw_32", value.args[1], build.constant(Type.I32, WORD - 1))
    return value


@_for("i32.mul")
def _mul_32(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    return build.become("zk.mul_nw_32", *value.args) if left.u_high * right.u_high < WORD else value


@_for("i32.shl")
def _shl_32(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    amount = right.single
    if amount is not None:
        power = 1 << (amount % 32)
        fits = left.u_high * power < WORD
        return build.become("zk.mul_nw_32", value.args[0], build.constant(Type.I32, power)) if fits else value
    if right.u_high < 32 and left.u_high << right.u_high < WORD:
        return build.become("zk.mul_nw_32", value.args[0], build.emit("zk.pow2_32", Type.I32, value.args[1]))
    return value


@_for("i64.add")
def _add_64(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    if left.u_high + right.u_high < WORD:
        return build.widened("zk.add_nw", *map(build.low, value.args))
    bits = right.single
    if bits is not None and left.u_high < WORD and left.u_low + bits >= 1 << 64:
        return build.widened("zk.sub_nw", build.low(value.args[0]), build.constant(Type.I32, (1 << 64) - bits))
    product, term = value.args
    if product.op not in ("zk.mul_nw", "zk.pack"):
        product, term = term, product
    small = right if product is value.args[0] else left
    if product.op == "zk.pack" and constant_bits(product.args[0]) == 0 and small.u_high < WORD:
        return build.become("zk.pack", build.low(term), product.args[1])
    alone = build.uses[product] == 1 and product in build.body
    if product.op == "zk.mul_nw" and alone and left.u_high + right.u_high < 1 << 64:
        return build.become("zk.mul_add_nw", *product.args, term)
    return value


@_for("i64.sub")
def _sub_64(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    exact = value in build.ranges.ordered or left.u_low >= right.u_high
    if exact and left.u_high < WORD and right.u_high < WORD:
        return build.widened("zk.sub_nw", *map(build.low, value.args))
    return value


@_for("i64.mul")
def _mul_64(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    if left.u_high < WORD and right.u_high < WORD and left.u_high * right.u_high < WORD:
        return build.widened("zk.mul_nw_32", *map(build.low, value.args))
    return build.become("zk.mul_nw", *value.args) if left.u_high * right.u_high < 1 << 64 else value


@_for("i64.shl")
def _shl_64(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    amount = right.single
    if amount is None or amount % 64 == 0:
        return value
    power = 1 << (amount % 64)
    if amount % 64 == 32 and left.u_high < WORD:
        return build.become("zk.pack", build.constant(Type.I32, 0), build.low(value.args[0]))
    if left.u_high * power < WORD:
        return build.widened("zk.mul_nw_32", build.low(value.args[0]), build.constant(Type.I32, power))
    if left.u_high * power < 1 << 64:
        return build.become("zk.mul_nw", value.args[0], build.constant(Type.I64, power))
    return value


# Division


@_for("div_s", "rem_s")
def _divide_signed(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    if not all(arg.is_nonnegative for arg in args):
        return value
    value.op = value.op.replace("_s", "_u")
    return _divide(build, value, args)


@_for("div_u", "rem_u")
def _divide(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    if value.op.endswith("rem_u") and left.u_high < right.u_low:
        return value.args[0]
    if value.type is Type.I64 and left.u_high < WORD and right.u_high < WORD:
        op = _division(value.op.partition(".")[2], 32, value.args[1], right)
        return build.widened(op, *map(build.low, value.args))
    value.op = _division(value.op.partition(".")[2], value.type.bits, value.args[1], right)
    return value


def _division(name: str, bits: int, divisor: Value, range_: Range) -> str:
    """The op for a division; rules for constant divisors are for the ordinary one."""
    nonzero = range_.u_low > 0 and constant_bits(divisor) is None
    return f"zk.{name}_nz_{bits}" if nonzero else f"i{bits}.{name}"


# Bits


@_for("and")
def _and(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    left, right = args
    kept, x = right.single, value.args[0]
    if kept is None:
        return value
    if not ((1 << left.u_high.bit_length()) - 1) & ~kept:
        return x
    if x.op == "zk.mul_nw_32" and constant_bits(x.args[1]) == WORD - 1:  # a mask of a truth value chooses 0 or C
        return build.become("zk.mul_nw_32", x.args[0], build.constant(Type.I32, kept))
    return value


@_for("i64.shr_u")
def _shr_u_64(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    """The high half, which a mask cleans."""
    return build.widened("zk.high", value.args[0]) if args[1].single == 32 else value


@_for("shr_s")
def _shr_s(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    if args[0].is_nonnegative:
        value.op = value.op.replace("_s", "_u")
    elif value.type is Type.I32 and args[1].single == 31:
        return _sign_mask(build, value)
    return value


def _sign_mask(build: _Narrower, value: Value) -> Value:
    """x >> 31, all ones or none, is the sign bit as a truth value times 2^32 - 1; that of x << k is a bit of x."""
    x, place = value.args[0], 31
    if x.op == "i32.shl" and constant_bits(x.args[1]) is not None:
        place -= (constant_bits(x.args[1]) or 0) % 32
        x = x.args[0]
    power = build.constant(Type.I32, 1 << place)
    bit = build.emit("i32.and", Type.I32, x, power)
    truth = build.emit("zk.div_exact", Type.I32, bit, power)
    return build.become("zk.mul_nw_32", truth, build.constant(Type.I32, WORD - 1))


@_for("extend8_s", "extend16_s", "extend32_s")
def _extend(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    half = 1 << (int(value.op.partition(".extend")[2].removesuffix("_s")) - 1)
    return value.args[0] if args[0].s_low >= -half and args[0].s_high < half else value


@_for("i64.extend_i32_s")
def _extend_32(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    return build.become("i64.extend_i32_u", *value.args) if args[0].is_nonnegative else value


@_for("i32.wrap_i64")
def _wrap(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    (x,) = value.args
    if x.op == "i64.shr_u" and constant_bits(x.args[1]) == 32:
        return build.become("zk.high", x.args[0])
    if args[0].u_high >= WORD:
        return value
    return x.args[0] if x.op == "i64.extend_i32_u" else build.become("zk.low", x)


@_for("select")
def _select(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    condition = args[2]
    if condition.u_low > 0:
        return value.args[0]
    return value.args[1] if condition.u_high == 0 else value


# Comparisons


@_for(*NEGATED)
def _compare(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    type_, _, order = value.op.partition(".")
    left, right = args
    if value.op == "i32.lt_u":
        value.args = [_unmasked(build, *value.args), _unmasked(build, *value.args[::-1])]
    same_sign = (left.is_nonnegative and right.is_nonnegative) or (left.is_negative and right.is_negative)
    if order.endswith("_s") and same_sign:
        order = order.replace("_s", "_u")
    small = left.u_high < WORD and right.u_high < WORD
    if type_ == "i64" and small and not order.endswith("_s") and value in build.branched_on:
        return build.become(f"i32.{order}", *map(build.low, value.args))
    value.op = f"{type_}.{order}"
    if value.op in ("i32.lt_s", "i32.ge_s"):
        return _compare_signed(build, value, args)
    return value


def _unmasked(build: _Narrower, x: Value, y: Value) -> Value:
    """x without a mask of 2^k - 1 that only takes the sign from a small number, for x < c and c < x: where the number
    is negative, it is above c with the mask and without."""
    mask, bound = constant_bits(x.args[1]) if x.op == "i32.and" else None, constant_bits(y)
    if mask is None or bound is None or mask & (mask + 1):
        return x
    range_ = build.ranges.at(x.args[0], build.block)
    return x.args[0] if range_.s_high <= mask and range_.s_low + mask >= bound else x


def _compare_signed(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    """With 2^31 added to both sides the unsigned order is the signed one. A side that is not negative takes the sum
    without wrapping, in the step of the comparison; the other gets it outside of the loop."""
    for position, arg in enumerate(args):
        other = value.args[1 - position]
        if not arg.is_nonnegative or constant_bits(other) is not None:
            continue
        biased = build.before_loop("i32.xor", other, SIGN)
        if biased is not None:
            near = build.emit("zk.add_nw", Type.I32, value.args[position], build.constant(Type.I32, SIGN))
            sides = (near, biased) if position == 0 else (biased, near)
            return build.become(value.op.replace("_s", "_u"), *sides)
    return value


@_for("i64.eqz")
def _eqz(build: _Narrower, value: Value, args: tuple[Range, ...]) -> Value:
    if args[0].u_high < WORD and value in build.branched_on:
        return build.become("i32.eqz", build.low(value.args[0]))
    return value
