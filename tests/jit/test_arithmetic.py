"""The functions of the module, by themselves: products in the field and division of numbers of 128 bits."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import wasmtime

from zkwasm_simulator.field import PRIME
from zkwasm_simulator.jit.encoder import I64, ModuleWriter
from zkwasm_simulator.jit.module import DIVISION_LOCALS, divide_code, multiply_code

WORD = (1 << 64) - 1


def function(parameters: int, results: int, temporaries: int, code: bytes) -> Callable[..., Any]:
    """A function of unsigned words."""
    module = ModuleWriter()
    type_ = module.type([I64] * parameters, [I64] * results)
    module.export_function("f", module.function(type_, [(temporaries, I64)], code))
    store = wasmtime.Store()
    made = wasmtime.Instance(store, wasmtime.Module(store.engine, module.finish()), []).exports(store)["f"]
    assert isinstance(made, wasmtime.Func)

    def call(*words: int) -> list[int]:
        found = made(store, *(word - (word >> 63 << 64) for word in words))
        return [word & WORD for word in (found if isinstance(found, list | tuple) else [found])]

    return call


def number(choose: Random, bits: int) -> int:
    """Of few bits or many, or near the largest."""
    if choose.random() < 0.1:
        return (1 << bits) - 1 - choose.getrandbits(3)
    return choose.getrandbits(choose.randrange(1, bits + 1))


def test_products() -> None:
    multiply, choose = function(2, 1, 2, multiply_code()), Random(1)
    edges = [0, 1, 2**32 - 1, 2**32, 2**63, PRIME - 1, PRIME - 2**32]
    pairs = [(a, b) for a in edges for b in edges]
    pairs += [(number(choose, 64) % PRIME, number(choose, 64) % PRIME) for _ in range(2000)]
    for a, b in pairs:
        assert multiply(a, b) == [a * b % PRIME], (a, b)


def test_divisions() -> None:
    divide, choose = function(4, 4, DIVISION_LOCALS - 4, divide_code()), Random(1)
    for _ in range(3000):
        a, b = number(choose, 128), number(choose, choose.choice((32, 64, 128))) or 1
        low, high, rest_low, rest_high = divide(a & WORD, a >> 64, b & WORD, b >> 64)
        assert (low | high << 64, rest_low | rest_high << 64) == divmod(a, b), (a, b)
