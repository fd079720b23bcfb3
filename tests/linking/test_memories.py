"""Linked modules that each have a memory: what wasmtime does with them, the program does too."""

from __future__ import annotations

import random

import pytest

from tests.differential.comparison import Call, Case, first_difference
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.errors import UnsupportedError
from zkwasm_compiler.ir.memory_layout import LAYOUTS
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, static_audit

OPERATIONS = """
  (func $load (export "{0}load") (param i32) (result i64) (i64.load (local.get 0)))
  (func $far (export "{0}far") (param i32) (result i32) (i32.load16_s offset=65530 (local.get 0)))
  (func $beyond (export "{0}beyond") (param i32) (result i32) (i32.load8_u offset=140000 (local.get 0)))
  (func $store (export "{0}store") (param i32 i64) (i64.store offset=4 (local.get 0) (local.get 1)))
  (func $byte (export "{0}byte") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func $real (export "{0}real") (param i32 f32) (f32.store offset=1 (local.get 0) (local.get 1)))
  (func $fill (export "{0}fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func $copy (export "{0}copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func $init (export "{0}init") (param i32 i32 i32) (memory.init $text (local.get 0) (local.get 1) (local.get 2)))
  (func $drop (export "{0}drop") (data.drop $text))
  (func $size (export "{0}size") (result i32) (memory.size))
  (data $text "passive text")
"""
GROW = '(func $grow (export "{0}grow") (param i32) (result i32) (memory.grow (local.get 0)))'
SIGNATURES = {
    "load": "(param i32) (result i64)",
    "far": "(param i32) (result i32)",
    "beyond": "(param i32) (result i32)",
    "store": "(param i32 i64)",
    "byte": "(param i32 i32)",
    "real": "(param i32 f32)",
    "fill": "(param i32 i32 i32)",
    "copy": "(param i32 i32 i32)",
    "init": "(param i32 i32 i32)",
    "drop": "",
    "size": "(result i32)",
}
ENDS = (0, 1, 5, 65528, 65529, 65532, 65535, 65536, 65537, 131064, 131068, 131071, 131072, 196608, 0x7FFFFFFF)
ENDS_FROM_ABOVE = (0xFFFFFFFF, 0xFFFFFFF8, 0xFFFF0006, 0xFFFE0000)


def module(memory: str, prefix: str, growing: bool, more: str = "") -> str:
    return f"(module {more} (memory {memory}) {(OPERATIONS + GROW * growing).format(prefix)})"


def linked(own: str, other: str, *, own_grows: bool, other_grows: bool) -> tuple[str, dict[str, bytes]]:
    """A module whose exports act on its memory, and, under names that begin with ``their``, on that of a library."""
    names = SIGNATURES | ({"grow": "(param i32) (result i32)"} if other_grows else {})
    imports = " ".join(
        f'(import "lib" "{name}" (func $their{name} {signature})) (export "their{name}" (func $their{name}))'
        for name, signature in names.items()
    )
    library = module(other, "", other_grows, '(data (i32.const 65530) "theirs")')
    main = module(f'(export "memory") {own}', "", own_grows, f'{imports} (data (i32.const 3) "mine")')
    return main, {"lib": wat_to_wasm(library, "lib")}


def calls_of(names: list[str], seed: int) -> tuple[Call, ...]:
    chance = random.Random(seed)

    def address() -> int:
        return (chance.choice((*ENDS, *ENDS_FROM_ABOVE)) + chance.choice((0, 0, -2, 1, 2))) & 0xFFFFFFFF

    def call(name: str) -> Call:
        counts = (0, 1, 7, 9, 65536, 65537, 131073, chance.choice((*ENDS, *ENDS_FROM_ABOVE)))
        match name.removeprefix("their"):
            case "size" | "drop":
                return name, ()
            case "grow":
                return name, (chance.choice((0, 1, 1, 2, 0x7FFF, 0xFFFFFFFF)),)
            case "load" | "far" | "beyond":
                return name, (address(),)
            case "store":
                return name, (address(), chance.getrandbits(64))
            case "byte" | "real":
                return name, (address(), chance.getrandbits(30))
            case "init":
                return name, (address(), chance.choice((0, 3, 12, 13)), chance.choice((0, 1, 9, 13)))
            case "copy":
                return name, (address(), address(), chance.choice(counts))
            case _:
                return name, (address(), chance.getrandbits(9), chance.choice(counts))

    first = [("beyond", (0,)), ("theirbeyond", (0,))]
    return (*first, *(call(chance.choice(names)) for _ in range(80)))


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS])
@pytest.mark.parametrize("grows", range(4))
def test_random_calls(grows: int, layout: str) -> None:
    own_grows, other_grows = bool(grows & 1), bool(grows & 2)
    main, links = linked("2 3", "1 2", own_grows=own_grows, other_grows=other_grows)
    names = [
        *SIGNATURES,
        *(f"their{name}" for name in SIGNATURES),
        *["grow"] * 4 * own_grows,
        *["theirgrow"] * 4 * other_grows,
    ]
    wasm = wat_to_wasm(main, "main")
    level = 2 * (grows % 2 == 0)
    case = Case(wasm, tuple(names), calls_of(names, grows), memory="memory", links=links, layout=layout)
    difference = first_difference(case, level)
    assert not difference, difference


def test_nothing_is_left_to_the_prover() -> None:
    main, links = linked("1", "1", own_grows=True, other_grows=True)
    program = compile_module(wat_to_wasm(main, "main"), CompileOptions(links=links))
    assert not static_audit(program).findings
    instance = Instance(program)
    assert instance.call("grow", 4).value == 1
    assert instance.call("theirsize").value == 1
    assert len(instance.memory) == 5 << 16
    assert instance.memory.read(3, 4) == b"mine"


SEGMENTS = """
(module
  (import "lib" "memory" (memory $theirs 1))
  (import "lib" "at" (global $at i32))
  {}
  (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))
"""
WITH_OWN = """
(module
  (import "lib" "at" (global $at i32))
  (import "lib" "load" (func $load (param i32) (result i32)))
  (memory (export "memory") 1)
  {}
  (func (export "f") (param i32) (result i32) (i32.xor (i32.load (local.get 0)) (call $load (local.get 0)))))
"""
BASE = """
(module
  (memory (export "memory") 2)
  (global (export "at") i32 (i32.const 65534))
  (data (i32.const 65532) "base")
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
"""
OWN = """
(module
  (import "base" "at" (global $at i32))
  (memory (export "memory") 1)
  (global (export "at") i32 (global.get $at))
  (data (i32.const 65534) "ab")
  (data (global.get $at) "cd")
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
"""


@pytest.mark.parametrize("text", [SEGMENTS, WITH_OWN], ids=["theirs", "own"])
@pytest.mark.parametrize(
    "segments",
    [
        '(data (i32.const 65533) "xyz")',
        '(data (i32.const 65533) "wxyz")',
        '(data (global.get $at) "z") (data (i32.const 65535) "y")',
        '(data (global.get $at) "xyz")',
        '(data (i32.const 65536) "")',
        '(data (i32.const 65537) "")',
        '(data (i32.const -1) "")',
    ],
)
def test_segments(text: str, segments: str) -> None:
    links = {"base": wat_to_wasm(BASE, "base"), "lib": wat_to_wasm(OWN, "lib")}
    calls = tuple(("f", (address,)) for address in (65530, 65532, 65533, 0))
    wasm = wat_to_wasm(text.format(segments), "main")
    difference = first_difference(Case(wasm, ("f",), calls, memory="", links=links), 2)
    assert not difference, difference


def test_what_is_refused() -> None:
    large = '(module (memory 20000) (func (export "f") (result i32) (i32.load (i32.const 0))))'
    text = '(module (import "a" "f" (func (result i32))) (memory 20000) (export "f" (func 0)) (data (i32.const 0) "a"))'
    with pytest.raises(UnsupportedError, match="memories of linked modules have 40000 pages; supported: 32767"):
        compile_module(wat_to_wasm(text, "m"), CompileOptions(links={"a": wat_to_wasm(large, "a")}))
    reading = """
    (module
      (import "a" "f" (func $f (result i32)))
      (import "zkwasm" "read_private" (func $read (param i32 i32) (result i32)))
      (memory 1)
      (func (export "g") (result i32) (i32.add (call $f) (call $read (i32.const 0) (i32.const 4)))))
    """
    library = large.replace("20000", "1")
    with pytest.raises(UnsupportedError, match="the linked modules have several: let them import one"):
        compile_module(wat_to_wasm(reading, "m"), CompileOptions(links={"a": wat_to_wasm(library, "a")}))
