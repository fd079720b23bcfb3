"""What decoding gives, and what the messages of malformed and unsupported modules say."""

from __future__ import annotations

import pytest

from zkwasm_compiler.errors import DecodeError, InputError, UnsupportedError
from zkwasm_compiler.wasm import decode, load
from zkwasm_compiler.wasm.module import ExternalKind, SegmentMode
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_compiler.wasm.types import FunctionType, Limits, ValueType

I32, I64 = ValueType.I32, ValueType.I64
HEADER = b"\0asm\1\0\0\0"


def failure(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        decode(data)
    assert len(caught.value.problems) == 1
    return caught.value


def test_a_function() -> None:
    module = load(
        wat_to_wasm("""
        (module $arithmetic
          (import "env" "log" (func $log (param i64)))
          (func $scale (export "twice") (param $x i32) (result i32) (local $t i64) (local $u i64) (local i32)
            (block (result i32) (i32.mul (local.get $x) (i32.const -2)))))
        """)
    )
    function = module.functions[0]
    assert (function.index, function.name, function.locals) == (1, "scale", ((2, I64), (1, I32)))
    assert function.local_types == (I64, I64, I32)
    assert module.function_type(1) == FunctionType((I32,), (I32,))
    assert [(i.name, i.immediates) for i in function.body] == [
        ("block", (I32,)),
        ("local.get", (0,)),
        ("i32.const", (0xFFFFFFFE,)),
        ("i32.mul", ()),
        ("end", ()),
        ("end", ()),
    ]
    assert module.block_type(function.body[0].immediates[0]) == FunctionType((), (I32,))
    assert module.names.module == "arithmetic"
    assert module.names.locals[1] == {0: "x", 1: "t", 2: "u"}
    assert module.exports[0].name == "twice"
    assert module.defined_function(0) is None
    assert module.defined_function(1) is function


def test_offsets_point_at_the_opcodes() -> None:
    data = wat_to_wasm("(module (func (result i32) i32.const 1000 i32.eqz))")
    function = load(data).functions[0]
    assert [data[i.offset] for i in function.body] == [0x41, 0x45, 0x0B]
    assert data[function.offset : function.offset + function.size].endswith(b"\x45\x0b")


def test_constants_keep_their_bits() -> None:
    module = load(
        wat_to_wasm("""
        (module (func
          (drop (f32.const nan:0x200001)) (drop (f64.const -nan:0x4)) (drop (i64.const -1)) (drop (f64.const -0))))
        """)
    )
    bits = [i.immediates[0] for i in module.functions[0].body if i.name.endswith("const")]
    assert bits == [0x7FA00001, 0xFFF0000000000004, 0xFFFFFFFFFFFFFFFF, 0x8000000000000000]


def test_everything_but_functions() -> None:
    module = load(
        wat_to_wasm("""
        (module
          (import "m" "g" (global i64))
          (import "m" "t" (table 1 2 externref))
          (table 3 funcref)
          (memory 1 16)
          (global (mut i64) (global.get 0))
          (func $f)
          (elem (table 1) (i32.const 1) func $f)
          (elem funcref (ref.null func))
          (elem declare func $f)
          (data (i32.const 5) "ab\\00")
          (data "c"))
        """)
    )
    assert module.table_types[0].limits == Limits(1, 2)
    assert module.table_types[1].element is ValueType.FUNCREF
    assert module.memory_types[0].limits == Limits(1, 16)
    assert [global_.mutable for global_ in module.global_types] == [False, True]
    assert [element.mode for element in module.elements] == [
        SegmentMode.ACTIVE,
        SegmentMode.PASSIVE,
        SegmentMode.DECLARATIVE,
    ]
    assert (module.elements[0].table, module.elements[0].position[0].immediates) == (1, (1,))
    assert [entry[0].name for element in module.elements for entry in element.entries] == [
        "ref.func",
        "ref.null",
        "ref.func",
    ]
    assert [(data.mode, data.data) for data in module.data] == [
        (SegmentMode.ACTIVE, b"ab\0"),
        (SegmentMode.PASSIVE, b"c"),
    ]
    assert module.imports[1].kind is ExternalKind.TABLE


def test_a_function_without_a_name_is_called_by_its_export_or_import() -> None:
    module = load(wat_to_wasm('(module (import "env" "log" (func)) (func (export "run")) (func))'))
    described = [module.describe_function(index) for index in range(3)]
    assert described == ["function 0 (env.log)", "function 1 (run)", "function 2"]


def test_a_malformed_name_section_is_ignored() -> None:
    data = wat_to_wasm("(module (func $f) (func $g))")
    module = load(data[:-1] + b"\xff")
    assert module.names.functions == {0: "f"}
    assert module.functions[1].name == ""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "byte 0x0: found nothing where a WebAssembly binary starts with 00 61 73 6d"),
        (b"(module)", "byte 0x0: found the bytes 28 6d 6f 64 where a WebAssembly binary starts with 00 61 73 6d"),
        (b"\0asm", "byte 0x4: the version takes 4 bytes, but only 0 are left in the module"),
        (b"\0asm\2\0\0\0", "byte 0x4: version 2 of the binary format; only version 1 is known"),
        (b"\0asm\x0d\0\1\0", "byte 0x4: this is a WebAssembly component, only core modules are supported"),
        (HEADER + b"\x0f\1\0", "byte 0x8: unknown section 15; sections are numbered 0 to 12"),
        (HEADER + b"\3\1\0\1\1\0", "byte 0xb: the type section comes after the function section"),
        (HEADER + b"\1\1\0\1\1\0", "byte 0xb: the type section stands twice"),
        (
            HEADER + b"\1\5\1\x60\0",
            "byte 0xa: the type section takes 5 bytes, but only 3 are left in the module",
        ),
        (HEADER + b"\1\5\1\x60\0\0\0", "byte 0xe: the type section has 1 bytes more than its content"),
        (HEADER + b"\1\4\1\x61\0\0", "byte 0xb: byte 0x61 where a function type starts with 0x60"),
        (HEADER + b"\1\5\1\x60\1\x10\0", "byte 0xd: byte 0x10 is not a value type, as a parameter"),
        (HEADER + b"\1\5\xff\xff\xff\xff\x10", "byte 0xa: the number of types is a number larger than 32 bits"),
        (HEADER + b"\1\6\x80\x80\x80\x80\x80\0", "byte 0xa: the number of types is a number of more than 5 bytes"),
        (HEADER + b"\1\1\7", "byte 0xa: 7 types are announced, but only 0 bytes are left in the type section"),
        (HEADER + b"\0\2\1\xff", "byte 0xb: the name of a custom section is not valid UTF-8"),
        (HEADER + b"\3\2\1\0", "byte 0xc: the function section declares 1 functions, the code section has 0"),
    ],
)
def test_messages_of_malformed_modules(data: bytes, message: str) -> None:
    error = failure(data)
    assert isinstance(error, DecodeError)
    assert str(error).startswith(message)


def function_module(body: bytes) -> bytes:
    """A module whose only function, exported as `f`, has `body`; the body starts at byte 0x1a."""
    size = len(body) + 1
    head = HEADER + b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\7\5\1\1f\0\0"
    return head + bytes([10, size + 2, 1, size, 0]) + body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\x27\x0b", "byte 0x1e: function 0 (f): unknown opcode 0x27"),
        (b"\xfc\x63\x0b", "byte 0x1e: function 0 (f): unknown opcode 0xfc 0x63"),
        (b"\x01", "byte 0x1f: function 0 (f): the function body ends where an instruction (every function body"),
        (b"\x05\x0b", "byte 0x1e: function 0 (f): else stands outside an if"),
        (b"\x0b\x0b", "byte 0x1f: function 0 (f): the function body has 1 bytes more than its content"),
        (b"\x02\x60\x0b\x0b", "byte 0x1f: function 0 (f): block type -32 is neither a value type nor a type index"),
        (b"\xfc\x09\0\x0b", "byte 0x1e: function 0 (f): data.drop needs a data count section, the module has none"),
        (b"\x3f\1\x0b", "byte 0x1f: function 0 (f): memory index 0x01 in an instruction, where the byte must be 0x00"),
        (b"\x41\xff\xff\xff\xff\x0b", "byte 0x1f: function 0 (f): an i32 constant is a number that does not fit in 32"),
    ],
)
def test_messages_of_malformed_code(body: bytes, message: str) -> None:
    error = failure(function_module(body))
    assert isinstance(error, DecodeError)
    assert str(error).startswith(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\xfd\x0c" + bytes(16) + b"\x0b", "instruction v128.const needs the WebAssembly feature 'SIMD'"),
        (b"\xfd\x80\x02\x0b", "instruction i8x16.relaxed_swizzle needs the WebAssembly feature 'relaxed SIMD'"),
        (b"\xfe\x03\0\x0b", "instruction atomic.fence needs the WebAssembly feature 'threads'"),
        (b"\xfb\x1c\x0b", "instruction ref.i31 needs the WebAssembly feature 'garbage collection'"),
        (b"\x08\0\x0b", "instruction throw needs the WebAssembly feature 'exception handling'"),
        (b"\x14\0\x0b", "instruction call_ref needs the WebAssembly feature 'typed function references'"),
        (b"\xfc\x13\x0b", "instruction i64.add128 needs the WebAssembly feature 'wide arithmetic'"),
    ],
)
def test_features_beyond_version_2_are_named_with_their_place(body: bytes, message: str) -> None:
    error = failure(function_module(body))
    assert isinstance(error, UnsupportedError)
    assert error.problems[0].byte_offset == 0x1E
    assert error.problems[0].message.startswith(f"function 0 (f): {message}, which is not supported")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(module (func (param v128)))", "value type v128 as a parameter needs the WebAssembly feature 'SIMD'"),
        ("(module (memory i64 1))", "a memory with flags 0x04 needs the WebAssembly feature '64-bit memories'"),
        ("(module (memory 1 2 shared))", "a memory with flags 0x03 needs the WebAssembly feature 'threads'"),
        ("(module (tag))", "the tag section needs the WebAssembly feature 'exception handling'"),
        ("(module (type (struct)))", "a struct type needs the WebAssembly feature 'garbage collection'"),
    ],
)
def test_types_beyond_version_2_are_named(text: str, message: str) -> None:
    error = failure(wat_to_wasm(text))
    assert isinstance(error, UnsupportedError)
    assert message in str(error)


def test_too_many_locals_are_refused_before_they_are_listed() -> None:
    body = b"\1\xff\xff\xff\xff\x0f\x7f\x0b"
    head = HEADER + b"\1\4\1\x60\0\0" + b"\3\2\1\0"
    error = failure(head + bytes([10, len(body) + 2, 1, len(body)]) + body)
    assert isinstance(error, UnsupportedError)
    assert "4294967295 locals; hatch-zkwasm supports at most 50000" in str(error)
