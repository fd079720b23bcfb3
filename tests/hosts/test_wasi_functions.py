"""Every function of WASI preview 1: its answers, and what it writes, are those of wasmtime without directories; and
those that a program has to be compiled with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import wasmtime

from tests.hosts import wasi_oracle
from zkwasm_compiler import CompileOptions, compile_module
from zkwasm_compiler.errors import ConfigurationError, UnsupportedError
from zkwasm_compiler.frontend.hosts import HOST_FUNCTIONS, WASI
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance, lying_prover, static_audit

FUNCTIONS = {name: one for (module, name), one in HOST_FUNCTIONS.items() if module == WASI}
CLOCK, SEED = 1_767_225_600_123_456_789, 42
PAGE = 4096

# One vector of three bytes at 64, a path at 32; what is written goes to 1024 and behind it. D is the descriptor.
CALLS = {
    "fd_advise": "D 0 1 0",
    "fd_allocate": "D 0 1",
    "fd_datasync": "D",
    "fd_fdstat_get": "D 1024",
    "fd_fdstat_set_flags": "D 4",
    "fd_fdstat_set_rights": "D 2 2",
    "fd_filestat_get": "D 1024",
    "fd_filestat_set_size": "D 1",
    "fd_filestat_set_times": "D 1 1 1",
    "fd_pread": "D 64 1 0 1024",
    "fd_prestat_dir_name": "D 1024 8",
    "fd_prestat_get": "D 1024",
    "fd_pwrite": "D 64 1 0 1024",
    "fd_read": "D 64 1 1024",
    "fd_readdir": "D 1024 64 0 1100",
    "fd_seek": "D 1 0 1024",
    "fd_sync": "D",
    "fd_tell": "D 1024",
    "fd_write": "D 64 1 1024",
    "path_create_directory": "D 32 3",
    "path_filestat_get": "D 0 32 3 1024",
    "path_filestat_set_times": "D 0 32 3 1 1 1",
    "path_link": "D 0 32 3 D 32 3",
    "path_open": "D 0 32 3 0 1 1 0 1024",
    "path_readlink": "D 32 3 1024 64 1100",
    "path_remove_directory": "D 32 3",
    "path_rename": "D 32 3 D 32 3",
    "path_symlink": "32 3 D 32 3",
    "path_unlink_file": "D 32 3",
    "sock_accept": "D 4 1024",
    "sock_recv": "D 64 1 0 1024 1032",
    "sock_send": "D 64 1 0 1024",
    "sock_shutdown": "D 1",
    # These come last because they change what descriptors are.
    "fd_renumber": "D 3",
    "fd_close": "D",
}
NO_DESCRIPTOR = {
    *("args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "sched_yield"),
    *("clock_res_get", "clock_time_get", "poll_oneoff", "random_get", "proc_exit", "proc_raise"),
}
DESCRIPTORS = (3, -1, 0, 1, 2)


def _import(name: str) -> str:
    types = (FUNCTIONS[name].parameters, FUNCTIONS[name].results)
    parameters, results = (" ".join(t.value for t in one) for one in types)
    return f'(import "{WASI}" "{name}" (func ${name} (param {parameters}) (result {results})))'


def _call(name: str) -> str:
    """An export that calls a function with the descriptor that it is given."""
    words = zip(CALLS[name].split(), FUNCTIONS[name].parameters, strict=True)
    given = " ".join("(local.get 0)" if word == "D" else f"({type_.value}.const {word})" for word, type_ in words)
    return f'(func (export "{name}") (param i32) (result i32) (call ${name} {given}))'


@cache
def _binary() -> bytes:
    return wat_to_wasm(f"""(module {"".join(map(_import, CALLS))} (memory (export "memory") 1)
      (data (i32.const 32) "a/b") (data (i32.const 64) "\\00\\01\\00\\00\\03\\00\\00\\00") (data (i32.const 256) "abc")
      (data (i32.const 1024) "\\aa\\00\\aa\\aa") (data (i32.const 1087) "\\aa")
      {"".join(map(_call, CALLS))})""")


def test_all_functions_are_known(tmp_path: Path) -> None:
    """With the types that wasmtime has for them."""
    assert len(FUNCTIONS) == 46
    assert {*CALLS, *NO_DESCRIPTOR} == {*FUNCTIONS}
    store, linker = wasi_oracle.linker(tmp_path, b"")
    for name, one in FUNCTIONS.items():
        found = linker.get(store, WASI, name)
        assert isinstance(found, wasmtime.Func)
        types = found.type(store)
        assert [str(t) for t in types.params] == [t.value for t in one.parameters], name
        assert [str(t) for t in types.results] == [t.value for t in one.results], name


OTHERWISE = {("fd_fdstat_set_flags", descriptor): 0 for descriptor in (0, 1, 2)}
"""Libraries set flags that mean nothing here, and wasmtime's word for that is an error."""


def test_answers_for_descriptors(tmp_path: Path) -> None:
    store, linker = wasi_oracle.linker(tmp_path, b"hello")
    theirs = linker.instantiate(store, wasmtime.Module(linker.engine, _binary())).exports(store)
    memory = theirs["memory"]
    assert isinstance(memory, wasmtime.Memory)
    ours = Instance(compile_module(_binary()))
    log = []
    for name in CALLS:
        function = theirs[name]
        assert isinstance(function, wasmtime.Func)
        for descriptor in DESCRIPTORS:
            wanted = OTHERWISE.get((name, descriptor), function(store, descriptor))
            result = ours.call(name, descriptor, private_input=b"hello")
            assert result.value == wanted, (name, descriptor)
            if name == "fd_fdstat_get":  # the rights of what is opened below a stream, which is nothing
                memory.write(store, bytes(8), 1040)
            assert ours.memory.read(0, PAGE) == memory.read(store, 0, PAGE), (name, descriptor)
            log += result.log
    stderr = ["hel"]
    noted = {name: FUNCTIONS[name].lacks for name in CALLS if FUNCTIONS[name].lacks}
    assert log == stderr + [
        f"{WASI}.{name}: a provable run has no {lacks}\n" for name, lacks in noted.items() for _ in DESCRIPTORS
    ]


def test_descriptors_keep_their_places() -> None:
    text = f"""(module {_import("fd_renumber")}
      (func (export "f") (param i32 i32) (result i32) (call $fd_renumber (local.get 0) (local.get 1))))"""
    instance = Instance(compile_module(wat_to_wasm(text)))
    assert [instance.call("f", *pair).value for pair in ((1, 1), (0, 1), (2, 3), (3, 2))] == [0, 58, 8, 8]


# The clock, polling and random numbers

SERVED = ("clock_time_get", "clock_res_get", "poll_oneoff", "random_get")


@cache
def _served(layout: str = "auto", level: int = 2) -> Instance:
    text = f"""(module {"".join(map(_import, SERVED))} (memory (export "memory") 1)
      (func $now (export "now") (result i64)
        (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 8)))
        (i64.load (i32.const 8)))
      (func (export "clock_time_get") (param i32) (result i32)
        (call $clock_time_get (local.get 0) (i64.const 1) (i32.const 1024)))
      (func (export "clock_res_get") (param i32) (result i32) (call $clock_res_get (local.get 0) (i32.const 1024)))
      (func (export "poll_oneoff") (param i32) (result i32)
        (call $poll_oneoff (i32.const 0) (i32.const 1024) (local.get 0) (i32.const 4000)))
      (func (export "random_get") (param i32 i32) (result i32) (call $random_get (local.get 0) (local.get 1))))"""
    options = CompileOptions(None, level, clock=CLOCK, random_seed=SEED, memory_layout=layout)
    return Instance(compile_module(wat_to_wasm(text), options))


def test_the_clock_stands_still() -> None:
    instance = _served()
    for clock, error in ((0, 0), (1, 0), (2, 8), (3, 8), (4, 28), (-1, 28)):
        for name, value in (("clock_time_get", CLOCK), ("clock_res_get", 1)):
            instance.memory.write(1024, b"\xaa" * 8)
            assert instance.call(name, clock).value == error
            wanted = b"\xaa" * 8 if error else value.to_bytes(8, "little")
            assert instance.memory.read(1024, 8) == wanted


def _subscriptions(*subscriptions: tuple[int, int, int, int]) -> bytes:
    """Of each what it is for, the clock or descriptor, the time and the flags; the marks are 100, 101 and so on."""
    return b"".join(
        (100 + number).to_bytes(8, "little")
        + kind.to_bytes(8, "little")
        + of.to_bytes(8, "little")
        + (time % 2**64).to_bytes(8, "little")
        + bytes(8)
        + flags.to_bytes(8, "little")
        for number, (kind, of, time, flags) in enumerate(subscriptions)
    )


def _events(memory: bytes, count: int) -> list[tuple[int, int, int]]:
    """Mark, error and kind of each event."""
    fields = [memory[32 * number : 32 * number + 11] for number in range(count)]
    return [(int.from_bytes(one[:8], "little"), int.from_bytes(one[8:10], "little"), one[10]) for one in fields]


CASES = {
    "one clock": [(0, 1, 3000, 0)],
    "a time that is over": [(0, 0, 1, 1)],
    "the earliest of three": [(0, 1, 10**9, 0), (0, 0, 2_000_000, 0), (0, 1, 2 * 10**9, 0)],
    "to write": [(2, 1, 0, 0), (2, 2, 0, 0), (0, 1, 10**10, 0)],
    "to read": [(0, 1, 10**10, 0), (1, 0, 0, 0)],
    "no descriptor": [(1, 3, 0, 0)],
    "to read what is written": [(1, 1, 0, 0)],
    "to write what is read": [(2, 0, 0, 0)],
    "a clock of processor time": [(0, 2, 1, 1)],
    "nothing": [],
}
ADVANCES = {"one clock": 3000, "the earliest of three": 2_000_000}
STDERR_IS_READY = {"to write": [(100, 0, 2), (101, 0, 2)]}
"""wasmtime may tell of one of two; which of them is not said."""


@pytest.mark.parametrize("case", CASES)
def test_polling(case: str, tmp_path: Path) -> None:
    instance = _served()
    content = _subscriptions(*CASES[case])
    store, linker = wasi_oracle.linker(tmp_path, b"hello")
    text = f"""(module {_import("poll_oneoff")} (memory (export "memory") 1) (func (export "f") (param i32) (result i32)
      (call $poll_oneoff (i32.const 0) (i32.const 1024) (local.get 0) (i32.const 4000))))"""
    exports = linker.instantiate(store, wasmtime.Module(linker.engine, wat_to_wasm(text))).exports(store)
    memory, function = exports["memory"], exports["f"]
    assert isinstance(memory, wasmtime.Memory)
    assert isinstance(function, wasmtime.Func)
    memory.write(store, content, 0)
    instance.memory.write(0, bytes(PAGE))
    instance.memory.write(0, content)
    before = instance.call("now").value
    instance.memory.write(0, content)
    error = function(store, len(CASES[case]))
    assert instance.call("poll_oneoff", len(CASES[case])).value == error
    count = int.from_bytes(memory.read(store, 4000, 4004), "little")
    wanted = _events(bytes(memory.read(store, 1024, PAGE)), count)
    found = _events(instance.memory.read(1024, PAGE - 1024), int.from_bytes(instance.memory.read(4000, 4), "little"))
    assert found == STDERR_IS_READY.get(case, wanted)
    assert instance.call("now").value - before == ADVANCES.get(case, 0)


def test_polling_for_the_end_of_time() -> None:
    """A time is not later than the last one."""
    instance = Instance(_served().program)
    instance.memory.write(0, _subscriptions((0, 1, -1, 0)))
    assert instance.call("poll_oneoff", 1).value == 0
    assert instance.call("now").value == -1


def _split_mix(count: int) -> bytes:
    """The generator as its authors wrote it."""
    state, mask, made = SEED, 2**64 - 1, b""
    while len(made) < count:
        state = (state + 0x9E3779B97F4A7C15) & mask
        x = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        x = (x ^ x >> 27) * 0x94D049BB133111EB & mask
        made += (x ^ x >> 31).to_bytes(8, "little")
    return made


@pytest.mark.parametrize(("layout", "level"), [("words", 0), ("words", 2), ("bytes", 2)])
def test_random_numbers(layout: str, level: int) -> None:
    instance = Instance(_served(layout, level).program)
    known, at = _split_mix(400), 0
    for address, count in ((16, 16), (3, 5), (21, 32), (7, 1), (64, 0), (1, 27)):
        instance.memory.write(0, bytes(128))
        assert instance.call("random_get", address, count).value == 0
        assert instance.memory.read(0, 128) == (bytes(address) + known[at : at + count]).ljust(128, b"\0")
        at += -(-count // 8) * 8
    assert instance.call("random_get", 65536 - 8, 9).trap is not None


# Without the options


def test_what_is_called_is_refused() -> None:
    remedies = {"random_get": "--random-seed N"}
    for name in SERVED:
        text = f"""(module {_import(name)} (memory 1) (func $f (export "f") (result i32)
          {" ".join(f"({t.value}.const 0)" for t in FUNCTIONS[name].parameters)} (call ${name})))"""
        with pytest.raises(UnsupportedError) as caught:
            compile_module(wat_to_wasm(text))
        (problem,) = caught.value.problems
        lacks = f"a provable run has no {FUNCTIONS[name].lacks}; compile with {remedies.get(name, '--clock TIME')}"
        assert problem.message.startswith(f"function 1 (f): call of import {WASI}.{name}: {lacks}")
        assert problem.byte_offset is not None
        compile_module(wat_to_wasm(text), CompileOptions(clock=0, random_seed=0))


VTABLE = f"""(module {_import("random_get")} {_import("clock_time_get")} {_import("proc_raise")} (memory 1)
  (table funcref (elem $fine $through $clock_time_get $raise))
  (type $t (func (result i32)))
  (func $fine (result i32) (i32.const 5))
  (func $through (result i32) (call $behind))
  (func $behind (result i32) (call $random_get (i32.const 0) (i32.const 8)))
  (func $raise (export "raise") (result i32) (call $proc_raise (i32.const 6)))
  (func (export "f") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
  (func (export "g") (param i32) (result i32)
    (call_indirect (param i32 i64 i32) (result i32) (i32.const 0) (i64.const 0) (i32.const 0) (local.get 0))))"""


@pytest.mark.parametrize("level", [0, 2])
def test_what_a_table_holds_traps_when_it_is_called(level: int) -> None:
    program = compile_module(wat_to_wasm(VTABLE), CompileOptions(optimization_level=level))
    instance = Instance(program)
    assert instance.call("f", 0).value == 5
    calls = (
        ("f", (1,), "random_get: a provable run has no random numbers; compile with --random-seed N ("),
        ("g", (2,), "clock_time_get: a provable run has no clock; compile with --clock TIME ("),
        ("raise", (), "proc_raise: a provable run has no signals\n"),
    )
    for name, given, note in calls:
        result = instance.call(name, *given)
        assert result.trap is not None
        assert result.trap.message == "unreachable"
        assert len(result.log) == 1
        assert result.log[0].startswith(f"{WASI}.{note}")
        assert result.log[0].endswith("\n")
        assert result.steps > 0
    assert program.interface is not None
    assert len(program.interface.notes) == 3
    served = compile_module(wat_to_wasm(VTABLE), CompileOptions(clock=CLOCK, random_seed=SEED))
    assert Instance(served).call("f", 1).value == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('(import "wasi_snapshot_preview1" "fd_reed" (func $f))', "there is no such function; those of .*, fd_read, "),
        (
            '(import "wasi_snapshot_preview1" "fd_sync" (func $f))',
            r"has type \[\] -> \[\]; supported: \[i32\] -> \[i32\]",
        ),
    ],
)
def test_wrong_imports(text: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        compile_module(wat_to_wasm(f'(module {text} (func (export "f") (call $f)))'))


@pytest.mark.parametrize("options", [{"clock": -1}, {"clock": 1 << 64}, {"random_seed": -1}, {"random_seed": 1 << 64}])
def test_numbers_of_64_bits(options: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="must be from 0 to 18446744073709551615"):
        CompileOptions(**options)  # type: ignore[arg-type]


def test_nothing_of_it_is_advice() -> None:
    program = _served().program
    assert not static_audit(program).findings
    assert not static_audit(program).private
    for name, given in (("now", ()), ("random_get", (3, 21)), ("poll_oneoff", (1,))):
        assert not lying_prover(program, name, given, limit=150).survivors
