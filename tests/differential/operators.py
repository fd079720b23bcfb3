"""Modules that go through the operators one by one, with constants where rules look at them.

Every function is an expression over its parameters; a case calls each on many arguments, so that a rule which is wrong
for few operands has a chance to be seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import wasmtime

from tests.differential.comparison import Case
from tests.generators import BINARY, BITS, COMPARISONS, DIVISIONS, UNARY

FUNCTIONS = 60
"""Functions of one module."""


def constants(bits: int) -> list[int]:
    """The constants that rules tell apart: around zero, around powers of two, small divisors, masks."""
    values = {0, 1, 2, 3, 5, 7, 10, 13, 24, 31, 32, 33, 60, 63, 64, 100, 641, 1000003, 0xAAAAAAAA, 0x0F0F0F0F}
    for power in (8, 15, 16, 24, 30, 31, 32, 47, 62, 63):
        values |= {(1 << power) - 1, 1 << power, (1 << power) + 1}
    values |= {-value for value in (1, 2, 3, 5, 8, 10, 100, 1 << 15, 1 << 31, (1 << 31) + 1, 1 << 16)}
    return sorted({value & ((1 << bits) - 1) for value in values})


def binary_operators(type_: str) -> list[str]:
    """The operators of two operands of an integer type."""
    return [f"{type_}.{name}" for name in (*BINARY, *DIVISIONS, *COMPARISONS)]


def expressions(type_: str) -> Iterator[tuple[str, str]]:
    """Each operator with two variables, with a constant at the right and at the left; with its result type."""
    unary = [*(f"{type_}.{name}" for name in UNARY[type_]), f"{type_}.eqz"]
    unary += ["i64.extend_i32_u", "i64.extend_i32_s"] if type_ == "i32" else ["i32.wrap_i64"]
    for name in unary:
        yield f"({name} (local.get $x))", result_type(name)
    for name in binary_operators(type_):
        yield f"({name} (local.get $x) (local.get $y))", result_type(name)
        for constant in constants(BITS[type_]):
            yield f"({name} (local.get $x) ({type_}.const {constant}))", result_type(name)
            yield f"({name} ({type_}.const {constant}) (local.get $x))", result_type(name)


def conditions(type_: str) -> Iterator[tuple[str, str]]:
    """Each comparison as what decides a branch."""
    for name in COMPARISONS:
        operands = [f"({type_}.const {constant})" for constant in constants(BITS[type_])] + ["(local.get $y)"]
        for operand in operands:
            test = f"({type_}.{name} (local.get $x) {operand})"
            yield f"(if (result i32) {test} (then (i32.const 7)) (else (i32.const 9)))", "i32"
            yield f"(select ({type_}.const 7) (local.get $y) (i32.eqz {test}))", type_


def result_type(name: str) -> str:
    """The type that an operator gives."""
    type_, _, operation = name.partition(".")
    return "i32" if operation in (*COMPARISONS, "eqz") else type_


def random_expressions(generator: random.Random, type_: str, count: int) -> Iterator[tuple[str, str]]:
    """Trees of operators of one type, with constants of the kind that rewrite rules look for."""
    for _ in range(count):
        yield _tree(generator, type_, 4), type_


def _tree(generator: random.Random, type_: str, depth: int) -> str:
    kind = generator.random()
    if depth == 0 or kind < 0.12:
        return generator.choice(["(local.get $x)", "(local.get $x)", "(local.get $y)"])
    if kind < 0.3:
        return f"({type_}.const {generator.choice(constants(BITS[type_]))})"
    if kind < 0.4:
        return f"({type_}.{generator.choice(UNARY[type_])} {_tree(generator, type_, depth - 1)})"
    if kind < 0.48:
        arms = (_tree(generator, type_, depth - 1), _tree(generator, type_, depth - 1))
        return f"(select {arms[0]} {arms[1]} {_condition(generator, type_, depth - 1)})"
    if kind < 0.54:
        test = _condition(generator, type_, depth - 1)
        return test if type_ == "i32" else f"(i64.extend_i32_u {test})"
    if kind < 0.6 and type_ == "i64":
        return f"(i64.extend_i32_{generator.choice('su')} (i32.wrap_i64 {_tree(generator, type_, depth - 1)}))"
    name = generator.choice([*BINARY, *BINARY, *DIVISIONS])
    return f"({type_}.{name} {_tree(generator, type_, depth - 1)} {_tree(generator, type_, depth - 1)})"


def _condition(generator: random.Random, type_: str, depth: int) -> str:
    left, right = _tree(generator, type_, depth), _tree(generator, type_, depth)
    if generator.random() < 0.15:
        return f"({type_}.eqz {left})"
    return f"({type_}.{generator.choice(COMPARISONS)} {left} {right})"


def cases(type_: str, bodies: list[tuple[str, str]], generator: random.Random, calls: int) -> Iterator[Case]:
    """Modules of `FUNCTIONS` expressions each, every one called `calls` times with arguments of interest."""
    values = constants(BITS[type_])
    for first in range(0, len(bodies), FUNCTIONS):
        lines = ["(module"]
        made = []
        for number, (body, result) in enumerate(bodies[first : first + FUNCTIONS]):
            lines.append(f'(func (export "f{number}") (param $x {type_}) (param $y {type_}) (result {result}) {body})')
            for _ in range(calls):
                made.append((f"f{number}", tuple(_argument(generator, values, BITS[type_]) for _ in range(2))))
        wasm = bytes(wasmtime.wat2wasm("\n".join([*lines, ")"])))
        exports = tuple(f"f{number}" for number in range(len(lines) - 1))
        yield Case(wasm, exports, tuple(made))


def _argument(generator: random.Random, values: list[int], bits: int) -> int:
    if generator.random() < 0.6:
        return generator.choice(values)
    return generator.getrandbits(generator.randrange(1, bits + 1))
