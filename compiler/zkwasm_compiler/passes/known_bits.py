"""Cheaper ops where the bits that may be one allow it, after legalisation.

Legalisation makes masks, shifts and sums of bytes without looking at what they are made from: a byte that was just cut
out of a word is masked again before it is stored, bytes are put together with sums that never wrap. Here masks that
keep everything go, masks of masks meet, and sums and shifts that cannot wrap become the exact ops. In and out: verified
SSA of the same meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from zkwasm_compiler.analysis.bits import PossibleBits, bits_of_parameters
from zkwasm_compiler.analysis.order import reverse_postorder
from zkwasm_compiler.ir.function import Function, Value, constant_bits
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.fold import fold_constants

WORD = 1 << 32


def known_bits(function: Function, context: Context) -> bool:
    """Rewrite the function in place; what is no longer used stays for `dce`."""
    return _KnownBits(function).run()


class _KnownBits:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.bits = PossibleBits(bits_of_parameters(function))
        self.replacements = Replacements()
        self.body: list[Value] = []
        self.changed = False

    def run(self) -> bool:
        for block in reverse_postorder(self.function):
            self.body = []
            for value in block.body:
                self.replacements.apply_to(value)
                final = self._simplified(value)
                if final is value:
                    self.body.append(value)
                else:
                    self.replacements.add(value, final)
                    self.changed = True
            block.body = self.body
        self.replacements.apply(self.function)
        return self.changed

    def _simplified(self, value: Value) -> Value:
        """What stands for the value: itself, or another that is there already."""
        if value.op.endswith(".const"):
            return value
        constant = fold_constants(value) if OPS[value.op].pure else None
        if constant is not None:
            return self.constant(value, constant)
        rule = _RULES.get(value.op)
        return value if rule is None else rule(self, value)

    def constant(self, value: Value, bits: int) -> Value:
        """A constant of the value's type."""
        return self.emit(value, f"{value.type.value}.const", immediate=bits)

    def emit(self, near: Value, op: str, *args: Value, immediate: int | None = None) -> Value:
        """A new value of `near`'s type, before it."""
        value = self.function.new_value(op, near.type, list(args), immediate, offset=near.offset)
        self.body.append(value)
        return value


_Rule = Callable[[_KnownBits, Value], Value]
_RULES: dict[str, _Rule] = {}


def _for(*ops: str) -> Callable[[_Rule], _Rule]:
    def add(rule: _Rule) -> _Rule:
        _RULES.update(dict.fromkeys(ops, rule))
        return rule

    return add


@_for("i32.and", "i64.and")
def _and(build: _KnownBits, value: Value) -> Value:
    x, y = value.args
    kept = constant_bits(y)
    if kept is None:
        return value
    possible = build.bits.possible(x)
    if not possible & ~kept:
        return x
    if not possible & kept:
        return build.constant(value, 0)
    if x.op == value.op:  # (x & m) & n == x & (m & n)
        inner = constant_bits(x.args[1])
        if inner is not None:
            return build.emit(value, value.op, x.args[0], build.constant(value, inner & kept))
    if x.op == "zk.div_exact":  # ((x & m) / d) & n == (x & (m & n*d)) / d for powers of two d
        return _and_divided(build, value, kept)
    return value


def _and_divided(build: _KnownBits, value: Value, kept: int) -> Value:
    masked, divisor = value.args[0].args
    power, inner = constant_bits(divisor), constant_bits(masked.args[1]) if masked.op == "i32.and" else None
    if inner is None or power is None or power & (power - 1):
        return value
    mask = build.constant(value, inner & (kept * power))
    return build.emit(value, "zk.div_exact", build.emit(value, "i32.and", masked.args[0], mask), divisor)


@_for("i32.or", "i32.xor", "i32.add")
def _add(build: _KnownBits, value: Value) -> Value:
    """Without carries, or and xor are sums too."""
    x, y = (build.bits.possible(arg) for arg in value.args)
    if not x or not y:
        return value.args[x == 0]
    if x & y == 0 or (value.op == "i32.add" and x + y < WORD):
        value.op = "zk.add_nw"
    return value


@_for("i32.mul", "i32.shl")
def _mul(build: _KnownBits, value: Value) -> Value:
    x, y = value.args
    factor = constant_bits(y)
    if factor is not None and value.op == "i32.shl":
        factor = 1 << factor % 32
    if factor is not None and build.bits.possible(x) * factor < WORD:
        value.op, value.args = "zk.mul_nw_32", [x, build.constant(value, factor)]
    return value


@_for("i32.shr_u")
def _shr_u(build: _KnownBits, value: Value) -> Value:
    x, amount = value.args[0], constant_bits(value.args[1])
    possible = build.bits.possible(x)
    if amount is None:
        return value
    power = 1 << amount % 32
    if possible < power:
        return build.constant(value, 0)
    if not possible % power:
        value.op, value.args = "zk.div_exact", [x, build.constant(value, power)]
    return value
