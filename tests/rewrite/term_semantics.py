"""The meaning of rule terms in z3, written from the specification and not from the table of the SSA ops.

Widths are a parameter: rules are proved at their own widths, and wrong ones refuted at small ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import z3

from zkwasm_compiler.ir.function import Type
from zkwasm_compiler.rewrite.rule import Rule
from zkwasm_compiler.rewrite.terms import Apply, Literal, Term, Variable, variables

Widths = dict[Type, int]
FULL: Widths = {type_: type_.bits for type_ in (Type.I32, Type.I64)}


def counterexample(rule: Rule, widths: Widths, fixed: Mapping[str, int] | None = None) -> z3.ModelRef | None:
    """Values that fit the pattern and the guard, for which the two sides differ in value or in whether they trap.

    `fixed` gives constants of the pattern their values.
    """
    terms = _Terms(rule, widths)
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*terms.facts)
    solver.add(*(terms.names[name] == value for name, value in (fixed or {}).items()))
    if rule.guard is not None:
        solver.add(terms.value(rule.guard) != 0)
    before, after = terms.traps(rule.pattern), terms.traps(rule.replacement)
    differs = z3.And(z3.Not(before), terms.value(rule.pattern) != terms.value(rule.replacement))
    solver.add(z3.Or(before != after, differs))
    answer = solver.check()
    assert answer != z3.unknown, f"{rule.name}: the solver gave up at {widths}"
    return solver.model() if answer == z3.sat else None


class _Terms:
    """The terms of one rule: a bit vector a variable, and one for what may be one in it."""

    def __init__(self, rule: Rule, widths: Widths) -> None:
        self.widths = widths
        self.names = {v.name: z3.BitVec(v.name, widths[v.type]) for v in variables(rule.pattern)}
        self.possible = {n: z3.BitVec(f"possible_{n}", vector.size()) for n, vector in self.names.items()}
        constants = {v.name for v in variables(rule.pattern) if v.constant}
        self.facts = [self.names[name] & ~self.possible[name] == 0 for name in self.names]
        self.facts += [self.names[name] == self.possible[name] for name in sorted(constants)]

    def value(self, term: Term) -> Any:
        match term:
            case Literal():
                return z3.BitVecVal(self._literal(term), self.widths[term.type])
            case Variable():
                return self.names[term.name]
            case Apply(op="possible", args=(Variable(name=name),)):
                return self.possible[name]
        assert isinstance(term, Apply)
        args = [self.value(arg) for arg in term.args]
        if term.op == "select":
            return z3.If(args[2] != 0, args[0], args[1])
        return _evaluate(term.op.partition(".")[2], args, self.widths[term.type])

    def traps(self, term: Term) -> Any:
        """Whether an op of the term traps."""
        if not isinstance(term, Apply):
            return z3.BoolVal(False)
        inner = [self.traps(arg) for arg in term.args]
        name = term.op.partition(".")[2]
        if name in ("div_u", "div_s", "rem_u", "rem_s"):
            x, y = (self.value(arg) for arg in term.args)
            inner.append(y == 0)
            if name == "div_s":
                inner.append(z3.And(x == 1 << (x.size() - 1), y == -1))
        return z3.Or(*inner)

    def _literal(self, literal: Literal) -> int:
        width = self.widths[literal.type]
        match literal.text:
            case "BITS":
                return width
            case "SIGN":
                return 1 << (width - 1)
        return literal.bits


def _evaluate(name: str, args: list[Any], result: int) -> Any:
    x = args[0]
    y = args[1] if len(args) > 1 else None
    bits = x.size()
    match name:
        case "add":
            return x + y
        case "sub":
            return x - y
        case "mul":
            return x * y
        case "div_u":
            return z3.UDiv(x, y)
        case "div_s":
            return x / y
        case "rem_u":
            return z3.URem(x, y)
        case "rem_s":
            return z3.SRem(x, y)
        case "and":
            return x & y
        case "or":
            return x | y
        case "xor":
            return x ^ y
        case "shl":
            return x << (y & bits - 1)
        case "shr_u":
            return z3.LShR(x, y & bits - 1)
        case "shr_s":
            return x >> (y & bits - 1)
        case "rotl":
            return z3.RotateLeft(x, y & bits - 1)
        case "rotr":
            return z3.RotateRight(x, y & bits - 1)
        case "eqz":
            return _truth(x == 0, result)
        case "clz":
            return _count(list(reversed(_bit_list(x))), bits)
        case "ctz":
            return _count(_bit_list(x), bits)
        case "popcnt":
            total = z3.BitVecVal(0, bits)
            for bit in _bit_list(x):
                total = total + z3.ZeroExt(bits - 1, bit)
            return total
        case "wrap_i64":
            return z3.Extract(result - 1, 0, x)
        case "extend_i32_u":
            return z3.ZeroExt(result - bits, x)
        case "extend_i32_s":
            return z3.SignExt(result - bits, x)
        case "extend8_s" | "extend16_s" | "extend32_s":
            kept = int(name[6:-2])
            return z3.SignExt(bits - kept, z3.Extract(kept - 1, 0, x))
    comparisons = {
        "eq": lambda: x == y,
        "ne": lambda: x != y,
        "lt_s": lambda: x < y,
        "lt_u": lambda: z3.ULT(x, y),
        "gt_s": lambda: x > y,
        "gt_u": lambda: z3.UGT(x, y),
        "le_s": lambda: x <= y,
        "le_u": lambda: z3.ULE(x, y),
        "ge_s": lambda: x >= y,
        "ge_u": lambda: z3.UGE(x, y),
    }
    return _truth(comparisons[name](), result)


def _truth(condition: Any, bits: int) -> Any:
    return z3.If(condition, z3.BitVecVal(1, bits), z3.BitVecVal(0, bits))


def _bit_list(x: Any) -> list[Any]:
    """The bits of x, the lowest first."""
    return [z3.Extract(position, position, x) for position in range(x.size())]


def _count(bit_list: list[Any], bits: int) -> Any:
    """How many zeros stand before the first one."""
    result = z3.BitVecVal(bits, bits)
    for position, bit in reversed(list(enumerate(bit_list))):
        result = z3.If(bit == 1, z3.BitVecVal(position, bits), result)
    return result
