"""Every rewrite rule is proved, and every rule fires in the pass that applies it."""

from __future__ import annotations

from itertools import product

import pytest
import z3

from tests.rewrite.term_semantics import FULL, counterexample
from zkwasm_compiler.ir.function import Function, Module, Type, Value
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import run
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.fold import fold
from zkwasm_compiler.rewrite.rule import Rule, Template, instantiate
from zkwasm_compiler.rewrite.rules import RULES
from zkwasm_compiler.rewrite.terms import Apply, Literal, Term, Variable, variables

BY_NAME = {rule.name: rule for rule in RULES.rules}


# A 64-bit division is beyond the solver. That quotient and remainder of numbers below 2^32 do not depend on the width
# follows from their being the only integers with x = q * y + r and 0 <= r < y; the widths confirm it in small.
DIVISIONS = ("narrow_div_u.i64", "narrow_rem_u.i64")
HALVES = (3, 4, 6, 8)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in DIVISIONS])
def test_proved(name: str) -> None:
    rule = BY_NAME[name]
    for fixed in _cases(rule):
        assert counterexample(rule, FULL, fixed) is None, f"{rule} with {fixed}"


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", DIVISIONS)
def test_proved_in_small(name: str, half: int) -> None:
    assert counterexample(BY_NAME[name], {Type.I32: half, Type.I64: 2 * half}) is None


def _cases(rule: Rule) -> list[dict[str, int]]:
    """Powers of two one by one, because the solver finds division by an unknown one hard; everything else at once."""
    if rule.guard is None or "popcnt(C)" not in str(rule.guard):
        return [{}]
    return [{"C": 1 << exponent} for exponent in range(rule.pattern.args[0].type.bits)]


def test_powers_of_two_are_what_the_guard_lets_through() -> None:
    """The cases of `_cases` are all there are: a pattern whose number of ones is 1 is a power of two."""
    x = z3.BitVec("x", 64)
    ones = sum((z3.ZeroExt(63, z3.Extract(i, i, x)) for i in range(64)), z3.BitVecVal(0, 64))
    solver = z3.Solver()
    solver.add(ones == 1, z3.And([x != 1 << exponent for exponent in range(64)]))
    assert solver.check() == z3.unsat


WRONG = (
    Template("wrong_value", "add(x, 1)", "x"),
    Template("lost_trap", "mul(div_u(x, y), 0)", "0"),
    Template("new_trap", "mul(x, y)", "mul(div_u(x, y), mul(y, y))"),
    Template("guard_too_wide", "and_(x, C)", "x", when="eqz(and_(possible(x), C))"),
    Template("overflow_of_division", "div_s(x, C)", "sub(0, x)", when="eq(C, -1)"),
)


@pytest.mark.parametrize("rule", list(instantiate(WRONG)), ids=lambda rule: rule.name)
def test_the_proof_refuses(rule: Rule) -> None:
    widths = dict.fromkeys(FULL, 8)
    assert counterexample(rule, widths) is not None


@pytest.mark.parametrize("name", BY_NAME)
def test_fires(name: str) -> None:
    """Some instance of the pattern is rewritten by this very rule, and computes the same before and after."""
    rule = BY_NAME[name]
    for function in _instances(rule):
        expected = _outcomes(function)
        context = Context(Module({0: function}))
        fold(function, context)
        assert _outcomes(function) == expected
        if context.fired[name]:
            return
    pytest.fail(f"no instance of {rule} fires: another rule comes first, or the guard never holds")


def _instances(rule: Rule) -> list[Function]:
    """Functions that return the pattern, for choices of its constants and of ways to bound its variables."""
    names = list(dict.fromkeys(variable.name for variable in variables(rule.pattern)))
    types = {variable.name: variable for variable in variables(rule.pattern)}
    choices: list[list[tuple[str, int]]] = []
    for name in names:
        bits = types[name].type.bits
        if types[name].constant:
            choices.append([("const", constant) for constant in _constants(bits)])
        elif rule.guard is not None and f"possible({name})" in str(rule.guard):
            choices.append([("", 0), ("shr_u", bits - 1), ("shr_u", 1), ("shr_u", bits - 3), ("and", 0x30), ("and", 6)])
        else:
            choices.append([("", 0)])
    return [_instance(rule, dict(zip(names, chosen, strict=True))) for chosen in product(*choices)]


def _constants(bits: int) -> list[int]:
    sign = 1 << bits - 1
    edges = [sign, sign - 1, 2 * sign - 1, bits, bits + 3, bits - 1, bits - 8, bits - 16]
    return [3, 7, 8, 1, 0, *edges, 32, 255, 65535, 0xFFFFFFFF]


def _instance(rule: Rule, chosen: dict[str, tuple[str, int]]) -> Function:
    function = Function("f", 0, (), (rule.pattern.type,))
    entry = function.new_block()
    values: dict[str, Value] = {}

    def add(op: str, type_: Type, args: list[Value], immediate: int | None = None) -> Value:
        entry.body.append(function.new_value(op, type_, args, immediate))
        return entry.body[-1]

    for variable in variables(rule.pattern):
        if variable.name in values:
            continue
        op, number = chosen[variable.name]
        type_ = variable.type
        value = add(f"{type_.value}.const", type_, [], number & ((1 << type_.bits) - 1))
        if op == "":
            value = function.add_parameter(entry, type_)
        elif op != "const":
            value = add(f"{type_.value}.{op}", type_, [function.add_parameter(entry, type_), value])
        values[variable.name] = value

    def build(term: Term) -> Value:
        match term:
            case Literal():
                return add(f"{term.type.value}.const", term.type, [], term.bits)
            case Variable():
                return values[term.name]
        assert isinstance(term, Apply)
        return add(term.op, term.type, [build(arg) for arg in term.args])

    result = build(rule.pattern)
    function.parameters = tuple(parameter.type for parameter in entry.parameters)
    entry.terminator = function.new_value("return", Type.NONE, [result])
    return function


def _outcomes(function: Function) -> list[object]:
    module = Module({0: function})
    samples = []
    for first, second in ((0, 0), (1, 1), (5, 3), (-1, 1), (1 << 31, -1), (-7, 2)):
        numbers = [first, second, 77, -2]
        args = [n & ((1 << type_.bits) - 1) for n, type_ in zip(numbers, function.parameters, strict=False)]
        samples.append(args)
    return [_outcome(module, args) for args in samples]


def _outcome(module: Module, args: list[int]) -> object:
    try:
        return run(module, 0, args)
    except TrapError as error:
        return error.trap
