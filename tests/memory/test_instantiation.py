"""What an instance begins with: imported and exported memories, their limits, segments that do not fit."""

from __future__ import annotations

import pytest

from zkwasm_compiler import Program, compile_module
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.interface import interface_from_json, interface_to_json
from zkwasm_compiler.asm.program import MemoryCells
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, InstantiationError, PublicInputs, execute

IMPORTED = """
(module
  (import "env" "memory" (memory 1 3)) (export "memory" (memory 0)) (export "ram" (memory 0))
  (data (i32.const 7) "wasm")
  (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
"""


def program(text: str) -> Program:
    return compile_module(wat_to_wasm(text, "instantiation.wat"))


def test_an_imported_memory_is_one_of_zeros_with_the_limits_of_the_import() -> None:
    compiled = program(IMPORTED)
    assert compiled.interface is not None
    layout = compiled.interface.memory
    assert layout is not None
    content = ((7, b"wasm".hex()),)  # what it has are loads of bytes, so that a cell holds one
    expected = MemoryCells(1, 3, layout.words_cell, ("memory", "ram"), ("env", "memory"), content, cell_bytes=1)
    assert layout == expected
    instance = Instance(compiled)
    assert instance.memory.read(0, 16) == bytes(7) + b"wasm" + bytes(5)
    assert [instance.call("get", address).value for address in (6, 7, 65535)] == [0, ord("w"), 0]
    assert [instance.call("grow", pages).value for pages in (2, 0, 1)] == [1, 3, -1]


def test_a_memory_by_its_exported_names() -> None:
    instance = Instance(program(IMPORTED))
    assert sorted(instance.memories) == ["memory", "ram"]
    instance.memories["ram"].write(100, b"x")
    assert instance.memories["memory"].read(100, 1) == b"x"
    assert instance.call("get", 100).value == ord("x")
    assert Instance(program('(module (memory 1) (func (export "f")))')).memories == {}


def test_the_files_say_what_memory_there_is() -> None:
    compiled = program(IMPORTED)
    assert compiled.interface is not None
    assert interface_from_json(interface_to_json(compiled.interface)) == compiled.interface
    assert assemble(compiled.source).interface == compiled.interface


def test_a_segment_that_does_not_fit_traps_before_the_start_function() -> None:
    compiled = program("""
        (module (memory 1) (data (i32.const 65533) "abcd") (func $s (unreachable)) (start $s)
          (func (export "f") (result i32) (i32.const 5)))""")
    with pytest.raises(InstantiationError) as caught:
        Instance(compiled)
    assert caught.value.trap is Trap.OUT_OF_BOUNDS_MEMORY_ACCESS
    run = execute(compiled, inputs=PublicInputs.of_words((), function_index=1))
    assert run.registers["PC"] == Trap.OUT_OF_BOUNDS_MEMORY_ACCESS.value
