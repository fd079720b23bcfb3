"""Calls initialise the cells that they can see and no others, and an instance still shows its whole memory."""

from __future__ import annotations

import random

import pytest

from tests.memory.test_accesses import Pair
from zkwasm_compiler import Program, compile_module
from zkwasm_compiler.asm.program import MEMORY_REGION
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, PublicInputs, execute

DATA = '(data (i32.const 0) "0123456789abcdef0123456789abcdef") (data (i32.const 100) "0123456789abcdef")'
"""Eight words, and four."""
EXPORTS = """
  (func (export "none") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "fixed") (param i32) (result i32) (i32.load (i32.const 4)))
  (func (export "masked") (param i32) (result i32) (i32.load offset=100 (i32.and (local.get 0) (i32.const 12))))
  (func (export "upper") (param i32) (result i32) (i32.load offset=100 (i32.mul (local.get 0) (i32.const 4))))
  (func (export "any") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "put") (param i32) (result i32) (i32.store8 (i32.const 5) (local.get 0)) (i32.const 0))
"""
SEES = {"none": 0, "fixed": 1, "masked": 4, "upper": 4, "any": 12, "put": 1}


def program(start: str = "", memory: str = "(memory 1)") -> Program:
    return compile_module(wat_to_wasm(f"(module {memory} {DATA} {EXPORTS} {start})", "initialisation.wat"))


def stores_of_data(compiled: Program, name: str) -> int:
    """Rows of the program that a call of an export executes to initialise words of the memory."""
    assert compiled.interface is not None
    export = compiled.interface.export(name)
    assert export is not None
    first = min(row for label, row in compiled.labels.items() if label.startswith("cells_"))
    count = 0

    def observe(machine: object, step: int, zkpc: int) -> None:
        nonlocal count
        count += first <= zkpc < compiled.labels["no_such_function"] and "MEM:E" in compiled.rows[zkpc]["lineStr"]

    execute(compiled, inputs=PublicInputs.of_words((8,), function_index=export.index), observer=observe)
    return count


@pytest.mark.parametrize("name", SEES)
def test_a_call_stores_the_words_that_it_can_see(name: str) -> None:
    assert stores_of_data(program(), name) == SEES[name]


def test_what_a_call_cannot_see_takes_no_step() -> None:
    alone = compile_module(wat_to_wasm(f"(module (memory 1) {EXPORTS})", "without.wat"))
    with_data = program()
    for name, words in SEES.items():
        steps = Instance(with_data).call(name, 8).steps
        assert steps == Instance(alone).call(name, 8).steps + words, name


def test_words_that_the_start_function_sees_are_stored_before_it() -> None:
    start = """(func $s (i32.store (i32.const 100) (i32.add (i32.load (i32.const 4)) (i32.const 1)))) (start $s)"""
    compiled = program(start)
    assert stores_of_data(compiled, "none") == 2
    assert stores_of_data(compiled, "masked") == 5
    assert stores_of_data(compiled, "any") == 12
    instance = Instance(compiled)
    assert instance.memory.read(100, 8) == b"5567" + b"4567"
    assert instance.call("masked", 0).value == int.from_bytes(b"5567", "little")
    assert instance.call("any", 100).value == int.from_bytes(b"5567", "little")


@pytest.mark.parametrize("memory", ["(memory 1)", "(memory 1 2)"])
@pytest.mark.parametrize("order", [("none", "any"), ("fixed", "masked", "any"), ("put", "fixed", "any"), ("any",)])
def test_an_instance_shows_its_whole_memory_whatever_was_called(memory: str, order: tuple[str, ...]) -> None:
    grow = '(func (export "grow") (result i32) (memory.grow (i32.const 0)))' if "2" in memory else ""
    instance = Instance(program(grow, memory))
    expected = bytearray(b"0123456789abcdef0123456789abcdef" + bytes(68) + b"0123456789abcdef")
    assert instance.memory.pages == 1
    assert instance.memory.read(0, 116) == expected
    for name in order:
        result = instance.call(name, 100)
        if name == "put":
            expected[5] = 100
        assert instance.memory.read(0, 116) == expected, name
    assert result.value == int.from_bytes(expected[100:104], "little")


def test_a_run_from_row_0_leaves_out_what_it_does_not_see() -> None:
    compiled = program()
    inputs = PublicInputs.of_words((8,), function_index=2)
    words = {cell for cell in execute(compiled, inputs=inputs).memory if cell >= MEMORY_REGION}
    assert words == {MEMORY_REGION + 1}


def random_module(source: random.Random) -> str:
    """Exports that read and write at fixed, masked and any addresses, over segments that overlap."""
    lines = []
    for _ in range(source.randrange(1, 4)):
        content = "".join(f"\\{source.choice((0, source.randrange(256))):02x}" for _ in range(source.randrange(1, 40)))
        lines.append(f'(data (i32.const {source.randrange(60)}) "{content}")')
    for number in range(5):
        addresses = [f"(i32.const {source.randrange(70)})", "(local.get 0)"]
        addresses.append(f"(i32.and (local.get 0) (i32.const {source.randrange(64)}))")
        address, offset = source.choice(addresses), source.randrange(9)
        access = source.choice(
            [
                f"(i32.load offset={offset} {address})",
                f"(i32.load8_u offset={offset} {address})",
                f"(i32.store16 offset={offset} {address} (local.get 1)) (i32.const 1)",
                f"(memory.fill {address} (local.get 1) (i32.const {source.randrange(9)})) (i32.const 2)",
                f"(memory.copy {address} (i32.const {source.randrange(50)}) (i32.const {offset})) (i32.const 3)",
                "(global.set 0 (i32.add (global.get 0) (local.get 1))) (global.get 0)",
            ]
        )
        lines.append(f'(func $f{number} (export "f{number}") (param i32 i32) (result i32) {access})')
    if source.random() < 0.4:
        lines.append("(func $start (drop (call $f0 (i32.const 3) (i32.const 77)))) (start $start)")
    return f'(module (memory (export "memory") 1) (global (mut i32) (i32.const 5)) {" ".join(lines)})'


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_calls(seed: int) -> None:
    source = random.Random(seed)
    pair = Pair(random_module(source), source.choice(("words", "bytes", "auto")), source.choice((0, 2)))
    pair.same_memory([(0, 128)])
    for _ in range(10):
        pair.call(f"f{source.randrange(5)}", source.randrange(70), source.randrange(1 << 20))
        pair.same_memory([(0, 128)])


@pytest.mark.parametrize("seed", range(12))
def test_a_call_of_its_own_agrees_with_a_fresh_instance(seed: int) -> None:
    """Runs from row 0, one an export: nothing that the call reads is missing."""
    source = random.Random(seed)
    text = random_module(source)
    for number in range(5):
        pair = Pair(text, source.choice(("words", "bytes")), source.choice((0, 2)))
        pair.call(f"f{number}", source.randrange(70), source.randrange(1 << 20))
        pair.same_memory([(0, 128)])
