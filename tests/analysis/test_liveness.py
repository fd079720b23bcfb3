"""Liveness against its definition: a value is live where some way leads to a use without passing its definition."""

from __future__ import annotations

import random

import pytest
import wasmtime

from tests.generators import generate_module
from zkwasm_compiler.analysis.liveness import liveness
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Block, Function, Value
from zkwasm_compiler.wasm import decode


@pytest.mark.parametrize("seed", range(20))
def test_random_functions(seed: int) -> None:
    generated = generate_module(random.Random(seed).randrange)
    for function in translate(decode(wasmtime.wat2wasm(generated.wat))).functions.values():
        live = liveness(function)
        expected = _live_in_by_search(function)
        assert live.live_in == {block: frozenset(expected[block]) for block in function.blocks}
        for block in function.blocks:
            assert live.live_out[block] == frozenset(v for s in block.successors for v in live.live_in[s])


def _live_in_by_search(function: Function) -> dict[Block, set[Value]]:
    """From every use backwards to the definition."""
    live: dict[Block, set[Value]] = {block: set() for block in function.blocks}
    home = {value: block for block in function.blocks for value in [*block.parameters, *block.body]}
    for block in function.blocks:
        for value in block.values():
            for arg in [*value.args, *(arg for target in value.targets for arg in target.args)]:
                work = [block] if home[arg] is not block else []
                while work:
                    at = work.pop()
                    if arg not in live[at]:
                        live[at].add(arg)
                        before = [other for other in function.blocks if at in other.successors]
                        work += [other for other in before if other is not home[arg]]
    return live
