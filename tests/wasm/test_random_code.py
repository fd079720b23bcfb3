"""Random well-formed instruction sequences: the validator's verdict is that of wasm-tools.

Most sequences start unreachable, where operands are unknown and long sequences stay valid.
"""

from __future__ import annotations

import subprocess

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.spec_suite import WASM_FEATURES, wasm_tools
from zkwasm_compiler.errors import ValidationError
from zkwasm_compiler.wasm import load
from zkwasm_compiler.wasm.opcodes import OPCODES, Immediates, Opcode
from zkwasm_compiler.wasm.text import wat_to_wasm

# The module around the code: two items in most index spaces
SHELL = wat_to_wasm("""
(module
  (type (func (param i32 i64) (result i32)))
  (type (func (param f32) (result f32 i32)))
  (type (func))
  (table 3 funcref) (table 3 externref)
  (memory 1)
  (global (mut i32) (i32.const 0)) (global i64 (i64.const 0))
  (elem func 0) (elem externref)
  (data "a") (data "b")
  (func (type 0) (local f32 externref) (data.drop 0) unreachable))
""")
SHELL_CODE = bytes.fromhex("0a 0c 01 0a 02 01 7d 01 6f fc 09 00 00 0b")

TYPES = [b"\x7f", b"\x7e", b"\x7d", b"\x7c", b"\x70", b"\x6f"]
index = st.integers(0, 2).map(lambda value: bytes([value]))
value_type = st.sampled_from(TYPES)


def joined(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(b"".join)


def constant(data: bytes) -> st.SearchStrategy[bytes]:
    return st.just(data)


IMMEDIATES: dict[Immediates, st.SearchStrategy[bytes]] = {
    Immediates.NONE: constant(b""),
    Immediates.BLOCK_TYPE: st.one_of(constant(b"\x40"), value_type, index),
    Immediates.LABEL: index,
    Immediates.LABELS: st.lists(index, max_size=3).map(lambda labels: bytes([len(labels)]) + b"".join(labels) + b"\0"),
    Immediates.FUNCTION: constant(b"\0"),
    Immediates.CALL_INDIRECT: joined(index, index),
    Immediates.SELECT_TYPES: value_type.map(lambda type_: b"\1" + type_),
    Immediates.LOCAL: st.integers(0, 4).map(lambda value: bytes([value])),
    Immediates.GLOBAL: index,
    Immediates.TABLE: index,
    Immediates.MEMORY_ACCESS: joined(index, index),
    Immediates.MEMORY: constant(b"\0"),
    Immediates.MEMORY_COPY: constant(b"\0\0"),
    Immediates.MEMORY_INIT: index.map(lambda segment: segment + b"\0"),
    Immediates.DATA: index,
    Immediates.TABLE_INIT: joined(index, index),
    Immediates.TABLE_COPY: joined(index, index),
    Immediates.ELEMENT: index,
    Immediates.REFERENCE_TYPE: st.sampled_from(TYPES[4:]),
    Immediates.I32: constant(b"\x7f"),
    Immediates.I64: constant(b"\x7f"),
    Immediates.F32: constant(b"\0\0\xc0\x7f"),
    Immediates.F64: constant(bytes(8)),
}

STRUCTURE = {"block", "loop", "if", "else", "end"}
# Simple arithmetic is the bulk of the rows: give the rules of their own half of the weight
FIXED = [row for row in OPCODES.values() if row.operands is not None]
SPECIAL = [row for row in OPCODES.values() if row.operands is None and row.name not in STRUCTURE]


def encoded(row: Opcode) -> st.SearchStrategy[bytes]:
    opcode = bytes([row.code] if row.prefix is None else [row.prefix, row.code])
    return IMMEDIATES[row.immediates].map(lambda immediates: opcode + immediates)


def sequence(item: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return joined(st.sampled_from([b"", b"\0", b"\0"]), st.lists(item, max_size=4).map(b"".join))


def wrapped(code: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    block_type = IMMEDIATES[Immediates.BLOCK_TYPE]
    blocks = joined(st.sampled_from([b"\2", b"\3", b"\4"]), block_type, code, constant(b"\x0b"))
    return st.one_of(blocks, joined(constant(b"\4"), block_type, code, constant(b"\5"), code, constant(b"\x0b")))


simple = st.one_of(
    st.sampled_from(FIXED).flatmap(encoded),
    st.sampled_from(SPECIAL).flatmap(encoded),
)
instruction = st.recursive(simple, lambda inner: wrapped(sequence(inner)), max_leaves=10)
code = sequence(instruction)


def module_around(body: bytes) -> bytes:
    """The shell with `body` as the code of its only function."""
    code_start = SHELL.index(SHELL_CODE)
    locals_ = b"\2\1\x7d\1\x6f"
    size = len(locals_) + len(body) + 1
    content = b"\1" + leb128(size) + locals_ + body + b"\x0b"
    return SHELL[:code_start] + b"\x0a" + leb128(len(content)) + content + SHELL[code_start + len(SHELL_CODE) :]


def leb128(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + leb128(value >> 7)


@settings(deadline=None, max_examples=300)
@given(code)
@example(bytes.fromhex("00 12 00"))
def test_the_verdict_on_random_code_is_that_of_wasm_tools(body: bytes) -> None:
    data = module_around(body)
    try:
        load(data)
        complaint = ""
    except ValidationError as error:
        complaint = str(error)
    command = [wasm_tools(), "validate", WASM_FEATURES, "-"]
    judged = subprocess.run(command, input=data, capture_output=True, check=False)
    event("invalid" if complaint else "valid")
    assert (judged.returncode == 0) == (complaint == ""), (complaint, judged.stderr, body.hex(" "))
