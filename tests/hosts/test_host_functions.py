"""What the functions of the module `zkwasm` do, in both layouts of the memory, optimised and not."""

from __future__ import annotations

import pytest
from Crypto.Hash import keccak

from tests.hosts.streams import digest_words, inputs, streams
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.errors import ConfigurationError, InputError, UnsupportedError
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import ExecutionFault, Instance, execute

VARIANTS = [("words", 0), ("words", 2), ("bytes", 2)]


@pytest.fixture(params=VARIANTS, ids=lambda variant: f"{variant[0]}-O{variant[1]}", name="instance")
def _instance(request: pytest.FixtureRequest) -> Instance:
    return Instance(streams(*request.param))


def keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def test_private_numbers_are_read_in_order(instance: Instance) -> None:
    data = (0xFEDCBA9876543210).to_bytes(8, "little") + (0x89ABCDEF).to_bytes(4, "little") + b"more"
    assert instance.call("private_sum", private_input=data).value == (0xFEDCBA9876543210 + 0x89ABCDEF) - (1 << 64)


def test_private_bytes_at_any_alignment(instance: Instance) -> None:
    for at in range(4):
        for count in (0, 1, 3, 4, 6, 23, 38):
            data = bytes(range(200, 200 + count))
            instance.memory.write(0, bytes(64))
            assert instance.call("read_private", at, 1000, private_input=data).value == count
            assert instance.memory.read(0, 64) == (bytes(at) + data).ljust(64, b"\0")
    assert instance.call("read_private", 0, 5, private_input=b"longer than that").value == 5
    assert instance.memory.read(0, 6) == b"longe\xc8"[:5] + instance.memory.read(5, 1)


def test_public_input_is_read_and_output_written(instance: Instance) -> None:
    for at in range(4):
        for count in (0, 1, 5, 22):
            data = bytes(range(100, 100 + count))
            result = instance.call("echo", at, 1000, public_input=data)
            assert (result.value, result.public_output) == (count, data)
            result = instance.call("reveal", at, 1000, private_input=data)
            assert (result.value, result.public_output) == (count, data)


def test_single_public_numbers(instance: Instance) -> None:
    data = (5).to_bytes(8, "little") + (0xFFFFFFFF).to_bytes(4, "little")
    assert instance.call("public_difference", public_input=data).value == 5 - 0xFFFFFFFF
    written = instance.call("numbers", -2, 0x0123456789ABCDEF).public_output
    assert written == b"\xfe\xff\xff\xff" + (0x0123456789ABCDEF).to_bytes(8, "little")


def test_keccak256_of_a_range(instance: Instance) -> None:
    content = bytes(range(256)) * 2
    instance.memory.write(0, content)
    for start, count, to in ((0, 0, 600), (0, 1, 601), (3, 135, 602), (5, 136, 603), (8, 300, 1000)):
        instance.call("keccak256", start, count, to)
        assert instance.memory.read(to, 32) == keccak256(content[start : start + count])


def test_a_range_outside_the_memory_traps(instance: Instance) -> None:
    for result in (
        instance.call("keccak256", 65530, 7, 0),
        instance.call("keccak256", 0, 4, 65520),
        instance.call("reveal", 65535, 9, private_input=b"123"),
        instance.call("echo", 65535, 9, public_input=b"123"),
    ):
        assert result.trap is not None
        assert result.trap.message == "out of bounds memory access"
        assert result.steps > 0  # a provable run of the trap


def test_an_assertion_shows_its_message(instance: Instance) -> None:
    assert instance.call("composite", 91, private_input=(7).to_bytes(4, "little")).status == 0
    with pytest.raises(ExecutionFault, match="assertion_failed: not a factor"):
        instance.call("composite", 91, private_input=(9).to_bytes(4, "little"))
    with pytest.raises(ExecutionFault, match="assertion_failed: the assertion of the program does not hold"):
        instance.call("composite", 91, private_input=(1).to_bytes(4, "little"))


def test_logged_texts(instance: Instance) -> None:
    result = instance.call("greet")
    assert result.log == ("factor",)
    assert result.n <= 4096  # nothing is hashed


def test_what_assemblyscript_throws() -> None:
    """Its strings are UTF-16 with their length in bytes before them; whatever stands there, the call only traps."""
    text = """(module (import "env" "abort" (func $abort (param i32 i32 i32 i32))) (memory 1)
      (data (i32.const 16) "\\06\\00\\00\\00n\\00o\\00!\\00") (data (i32.const 32) "\\04\\00\\00\\00a\\00.\\00")
      (func (export "f") (param i32 i32)
        (call $abort (local.get 0) (local.get 1) (i32.const 7) (i32.const 12))))"""
    for level in (0, 2):
        thrown = Instance(compile_module(wat_to_wasm(text), CompileOptions(optimization_level=level)))
        for message, file, shown in (
            (20, 36, "no! in a.(7:12)\n"),
            (0, 36, "an error without a message in a.(7:12)\n"),
            (20, 65540, "no! in (7:12)\n"),
            (3, 0xFFFFFFFF, "an error without a message in (7:12)\n"),
        ):
            result = thrown.call("f", message, file)
            assert result.trap is not None
            assert result.trap.message == "unreachable"
            assert result.log == (shown,)
            assert result.steps > 0


LINES = """(module
  (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
  (import "env" "console.log" (func $log (param i32)))
  (import "env" "console.debug" (func $debug (param i32)))
  (import "env" "console.info" (func $info (param i32)))
  (import "env" "console.warn" (func $warn (param i32)))
  (import "env" "console.error" (func $error (param i32)))
  (import "env" "console.assert" (func $assert (param i32 i32)))
  (import "env" "process.exit" (func $exit (param i32)))
  (memory 1) (data (i32.const 16) "\\06\\00\\00\\00d\\00\\fc\\00!\\00")
  (func (export "trace") (param i32 f64 f64)
    (call $trace (i32.const 20) (local.get 0) (local.get 1) (local.get 2) (f64.const -0.5) (f64.const 1e300)
      (f64.const inf)))
  (func (export "console") (param i32)
    (call $log (i32.const 20)) (call $debug (local.get 0)) (call $info (i32.const 20)) (call $warn (i32.const 20))
    (call $error (i32.const 20)) (call $assert (local.get 0) (i32.const 20)) (call $assert (i32.const 1) (i32.const 20))
    (call $exit (local.get 0))))"""


@pytest.mark.parametrize("level", [0, 2])
def test_lines_that_assemblyscript_logs(level: int) -> None:
    instance = Instance(compile_module(wat_to_wasm(LINES), CompileOptions(optimization_level=level)))
    for count, numbers in ((0, ""), (1, " 7"), (2, " 7 0.1"), (5, " 7 0.1 -0.5 1e+300 inf")):
        assert instance.call("trace", count, 7.0, 0.1).log == (f"dü!{numbers}\n",)
    result = instance.call("console", 0)
    assert result.log == ("dü!\n", "\n", *["dü!\n"] * 4)
    assert result.exit_code == 0
    assert instance.call("console", 3).exit_code == 3


TIMES = """(module (import "env" "Date.now" (func $now (result f64))) (import "env" "seed" (func $seed (result f64)))
  (import "env" "performance.now" (func $since (result f64)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory 1) (data (i32.const 24) "\\c0\\c6\\2d")
  (func (export "now") (result f64) (call $now))
  (func (export "since") (result f64) (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
    (call $since))
  (func (export "seed") (result f64) (call $seed)))"""


def test_time_and_chance_of_assemblyscript() -> None:
    binary = wat_to_wasm(TIMES)
    instance = Instance(compile_module(binary, CompileOptions(clock=1_767_225_600_123_999_999, random_seed=42)))
    assert instance.call("now").value == 1767225600123.0
    assert instance.call("since").value == 3.0
    assert instance.call("seed").value == 1 + (0xBDD732262FEB6E95 >> 12) / 2**52
    with pytest.raises(UnsupportedError) as caught:
        compile_module(binary, CompileOptions(random_seed=1))
    assert [str(problem).partition(": a provable")[0] for problem in caught.value.problems] == [
        "byte 0x97: function 4 (now): call of import env.Date.now",
        "byte 0xa6: function 5 (since): call of import wasi_snapshot_preview1.poll_oneoff",
    ]
    with pytest.raises(UnsupportedError, match=r"function 6 .*: call of import env\.seed: a provable run has"):
        compile_module(binary, CompileOptions(clock=1))


def test_a_start_function_has_them() -> None:
    text = """(module (import "env" "seed" (func $seed (result f64))) (import "env" "Date.now" (func $now (result f64)))
      (global $first (mut f64) (f64.const 0))
      (func $start (global.set $first (call $seed)))
      (start $start)
      (func (export "f") (result f64 f64 f64) (global.get $first) (call $seed) (call $now)))"""
    instance = Instance(compile_module(wat_to_wasm(text), CompileOptions(clock=2_000_000, random_seed=42)))
    first, second, now = instance.call("f").values
    assert (first, second, now) == (1 + (0xBDD732262FEB6E95 >> 12) / 2**52, 1 + (0x28EFE333B266F103 >> 12) / 2**52, 2.0)


def test_abort_of_another_type_is_refused() -> None:
    text = '(module (import "env" "abort" (func $abort)) (func (export "f") (call $abort)))'
    with pytest.raises(UnsupportedError, match=r"import env.abort has type .*; supported: \[i32 i32 i32 i32\] -> \[\]"):
        compile_module(wat_to_wasm(text))


def test_input_that_is_missing(instance: Instance) -> None:
    with pytest.raises(ExecutionFault, match="input_exhausted: the program reads more input than there is"):
        instance.call("private_sum", private_input=b"12345678901")
    with pytest.raises(ExecutionFault, match="input_exhausted"):
        instance.call("public_difference", public_input=b"1234567890")


def test_private_input_ends_where_the_public_one_begins() -> None:
    """They come to the prover as one string."""
    text = """(module (import "zkwasm" "read_private_i32" (func $private (result i32)))
      (import "zkwasm" "read_public_i32" (func $public (result i32)))
      (func (export "f") (result i32) (i32.add (call $private) (call $public))))"""
    program = Instance(compile_module(wat_to_wasm(text)))
    assert program.call("f", private_input=b"\x01\0\0\0", public_input=b"\x02\0\0\0").value == 3
    with pytest.raises(ExecutionFault, match="input_exhausted"):
        program.call("f", private_input=b"\x01\0\0", public_input=b"\x02\0\0\0")


def test_input_that_nothing_reads() -> None:
    instance = Instance(compile_module(wat_to_wasm('(module (func (export "f")))')))
    with pytest.raises(ConfigurationError, match="the program reads no private input"):
        instance.call("f", private_input=b"1")
    with pytest.raises(ConfigurationError, match="the program reads no public input"):
        instance.call("f", public_input=b"1")


@pytest.mark.parametrize("layout", ["words", "bytes"])
def test_published_words(layout: str) -> None:
    """Digests and lengths of both streams, on return and on a trap; the whole input is bound, read or not."""
    program = streams(layout)
    for args, public, written in (((8, 4), b"hello world", b"hell"), ((65535, 9), b"bound", None)):
        execution = execute(program, inputs=inputs(program, "echo", *args, public=public), full_run=True)
        assert execution.public is not None
        words = list(execution.public.outputs)
        output = written or b""
        assert words[2:6] == digest_words(keccak256(public))
        assert words[6:10] == digest_words(keccak256(output))
        assert words[10] == (len(public), len(output))
        assert words[0] == ((len(output), 0) if written else (0, 0))
        assert words[1] == (0, 0)
    assert program.interface is not None
    assert [(one.name, one.digest_word, one.length_word, one.length_limb) for one in program.interface.streams] == [
        ("input", 2, 10, 0),
        ("output", 6, 10, 1),
    ]


def test_no_bytes_have_their_digest_without_hashing() -> None:
    program = streams()
    execution = execute(program, inputs=inputs(program, "greet"), full_run=True)
    assert execution.public is not None
    assert execution.counters.keccak == 0
    assert list(execution.public.outputs[2:10]) == 2 * digest_words(keccak256(b""))


def test_a_program_without_streams_says_nothing_of_them() -> None:
    program = compile_module(wat_to_wasm('(module (func (export "f")))'))
    assert "streams" not in program.source
    assert "call_cells" not in program.rom_json()


def test_references_to_host_functions() -> None:
    text = """(module
      (import "zkwasm" "read_private_i32" (func $read (result i32)))
      (table funcref (elem $read))
      (func (export "f") (result i32) (call_indirect (result i32) (i32.const 0)))
      (export "read" (func $read)))"""
    instance = Instance(compile_module(wat_to_wasm(text)))
    assert instance.call("f", private_input=b"\x05\0\0\0").value == 5
    assert instance.call("read", private_input=b"\x06\0\0\0").value == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '(import "zkwasm" "reed" (func $f))',
            "call of import zkwasm.reed: there is no such function; those of zkwasm are: read_private, ",
        ),
        (
            '(import "zkwasm" "read_private_i32" (func $f (param i32)))',
            r"import zkwasm.read_private_i32 has type \[i32\] -> \[\]; supported: \[\] -> \[i32\]",
        ),
        ('(import "zkwasm" "log" (func $f (param i32 i32)))', "import zkwasm.log works on the memory"),
    ],
)
def test_refused_imports(text: str, message: str) -> None:
    call = "(call $f)" if "param" not in text else "(call $f (i32.const 0))"
    call = call if "i32 i32" not in text else "(call $f (i32.const 0) (i32.const 0))"
    with pytest.raises(UnsupportedError, match=message):
        compile_module(wat_to_wasm(f'(module {text} (func (export "f") {call}))'))


def test_too_many_results_beside_streams() -> None:
    text = """(module
      (import "zkwasm" "read_public_i32" (func $read (result i32)))
      (func (export "f") (result i32 i32 i32) (call $read) (i32.const 1) (i32.const 2)))"""
    with pytest.raises(InputError, match="has 3 results; a provable call has at most 2"):
        compile_module(wat_to_wasm(text))


def test_streams_belong_to_calls() -> None:
    text = """(module
      (import "zkwasm" "write_public_i32" (func $write (param i32)))
      (func $start (call $write (i32.const 1)))
      (start $start)
      (func (export "f")))"""
    with pytest.raises(InputError, match="the start function reads the private or the public input or writes"):
        compile_module(wat_to_wasm(text))
