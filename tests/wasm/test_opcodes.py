"""The instruction tables: complete, consistent, and named as wasm-tools names the codes."""

from __future__ import annotations

import subprocess

import pytest

from tests.spec_suite import wasm_tools
from zkwasm_compiler.wasm.opcodes import AFTER_FC, ONE_BYTE, OPCODES
from zkwasm_compiler.wasm.proposals import INSTRUCTIONS

# These need a block around them or open one, so they cannot stand alone in a function
BLOCKS = {"block", "loop", "if", "else", "end", "try", "try_table", "catch", "catch_all", "delegate"}
SPELLED_LIKE_ANOTHER = {"select t": "select", "ref.test_null": "ref.test", "ref.cast_null": "ref.cast"}

NAMES: dict[tuple[int | None, int], str] = {key: name for key, (name, _) in INSTRUCTIONS.items()}
NAMES |= {(row.prefix, row.code): row.name for row in OPCODES.values()}


def leb128(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + leb128(value >> 7)


def section(code: int, *items: bytes) -> bytes:
    content = leb128(len(items)) + b"".join(items)
    return bytes([code]) + leb128(len(content)) + content


def test_the_tables_hold_every_instruction() -> None:
    assert len(OPCODES) == len(ONE_BYTE) + len(AFTER_FC) == 185 + 18
    assert len([key for key in INSTRUCTIONS if key[0] == 0xFD]) == 236 + 20
    assert not {(row.prefix, row.code) for row in OPCODES.values()} & set(INSTRUCTIONS)


@pytest.mark.parametrize("prefix", [None, 0xFB, 0xFC, 0xFD, 0xFE])
def test_every_code_has_the_name_that_wasm_tools_gives_it(prefix: int | None) -> None:
    names = {code: name for (p, code), name in sorted(NAMES.items(), key=str) if p == prefix and name not in BLOCKS}
    opcodes = [(bytes([prefix]) if prefix else b"") + leb128(code) if prefix else bytes([code]) for code in names]
    # Zeros serve as any immediates; those that are left over are `unreachable`.
    bodies = [b"\0" + opcode + bytes(24) + b"\x0b" for opcode in opcodes]
    module = b"\0asm\1\0\0\0" + section(1, b"\x60\0\0") + section(3, *[b"\0"] * len(bodies))
    module += section(10, *[leb128(len(body)) + body for body in bodies])
    printed = subprocess.run(
        [wasm_tools(), "print", "-"], input=module, capture_output=True, check=False
    ).stdout.decode()
    functions = printed.split("(func (;")[1:]
    found = [function.split("\n")[1].split()[0].strip("()") for function in functions]
    assert found == [SPELLED_LIKE_ANOTHER.get(name, name) for name in names.values()]


def test_memory_rows_know_their_natural_alignment() -> None:
    assert OPCODES["i64.load"].natural_alignment == 3
    assert OPCODES["i64.load8_u"].natural_alignment == 0
    assert OPCODES["f32.store"].natural_alignment == 2
    assert OPCODES["i64.store16"].natural_alignment == 1
