"""Memories beyond the cells that the public executor addresses by default: they work, and every file says so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from zkwasm_compiler import Program, compile_module
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.interface import interface_from_json
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import ExecutionFault, Instance

GROW = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))'
LAST = -4
"""The address of the last word that 32 bits reach."""


def program(memory: str, more: str = "") -> Program:
    access = """(func (export "put") (param i32 i32) (result i32)
      (i32.store (local.get 0) (local.get 1)) (i32.load (local.get 0)))"""
    return compile_module(wat_to_wasm(f"(module {memory} {access} {more})", "window.wat"))


@pytest.mark.parametrize(
    ("memory", "more", "beyond"),
    [
        ("(memory 8)", "", False),
        ("(memory 9)", "", True),
        ("(memory 1)", "", False),
        ("(memory 1 9)", "", False),
        ("(memory 1 8)", GROW, False),
        ("(memory 1 9)", GROW, True),
        ("(memory 1)", GROW, True),
        ('(import "env" "memory" (memory 9 9))', "", True),
        ('(import "env" "memory" (memory 1))', GROW, True),
    ],
)
def test_the_files_say_it(memory: str, more: str, beyond: bool) -> None:
    compiled = program(memory, more)
    assert compiled.interface is not None
    assert compiled.interface.skip_address_check is beyond
    assert assemble(compiled.source).interface == compiled.interface
    assert interface_from_json(json.loads(compiled.rom_json())["interface"]) == compiled.interface


def test_the_largest_memory_of_the_window_needs_no_option() -> None:
    instance = Instance(program("(memory 8)"))
    for address in (0, 4, 8 * 65536 - 8, 8 * 65536 - 4, 5):
        assert instance.call("put", address, address + 3).value == address + 3


@pytest.mark.parametrize(("memory", "more"), [("(memory 65536)", ""), ("(memory 1)", GROW)])
def test_every_address_can_be_used(memory: str, more: str) -> None:
    instance = Instance(program(memory, more))
    if more:
        assert instance.call("put", LAST, 1).trap is not None
        assert instance.call("grow", 65535).value == 1
    for address in (0, 8 * 65536, 1 << 30, (1 << 31) - 4, -(1 << 31), LAST - 1, LAST):
        assert instance.call("put", address, address ^ 99).value == address ^ 99
    assert instance.call("put", LAST + 1, 1).trap is not None
    assert instance.memory.read((1 << 32) - 4, 4) == ((LAST ^ 99) & 0xFFFFFFFF).to_bytes(4, "little")


def test_without_the_option_such_an_access_is_refused() -> None:
    compiled = program("(memory 9)")
    assert compiled.interface is not None
    instance = Instance(replace(compiled, interface=replace(compiled.interface, skip_address_check=False)))
    assert instance.call("put", 8 * 65536 - 4, 5).value == 5
    with pytest.raises(ExecutionFault):
        instance.call("put", 8 * 65536, 5)
