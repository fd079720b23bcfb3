"""The programs of the folder `real`: what toolchains make of small sources with the options that they have by default.

Those with libc take from half a minute to a minute and a half to compile, those of AssemblyScript and rustc eight
seconds and more. The ordinary run has those of clang; `ZKWASM_PROGRAMS=1` adds the others everywhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.differential.comparison import Call
from zkwasm_compiler import CompileOptions, Program, compile_module
from zkwasm_simulator.values import to_bits

FOLDER = Path(__file__).resolve().parent / "real"
ALL = os.environ.get("ZKWASM_PROGRAMS", "0") != "0"

WASI_CALL: tuple[Call, ...] = (("_start", ()),)


@dataclass(frozen=True, slots=True)
class RealProgram:
    """A module, the calls to make in it, the first of each export being that of steps.csv; and what a WASI program
    gets. `large`: it takes more than a few seconds to compile. `audited`: the static audit sees that all is pinned."""

    file: str
    calls: tuple[Call, ...] = WASI_CALL
    given: bytes = b""
    arguments: tuple[str, ...] = ()
    large: bool = True
    audited: bool = True

    @property
    def name(self) -> str:
        return self.file.partition(".")[0]

    @property
    def is_wasi(self) -> bool:
        return self.calls is WASI_CALL

    @property
    def exports(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in self.calls))

    @property
    def first_calls(self) -> tuple[Call, ...]:
        """The first call of each export."""
        return tuple(dict(reversed(self.calls)).items())

    def wasm(self) -> bytes:
        return (FOLDER / self.file).read_bytes()


def _bits(type_: str, *values: float) -> tuple[int, ...]:
    return tuple(to_bits(type_, value, "an argument") for value in values)


_PRIMES = b"2P p30<[ 1Q 2D dd*p1+<[ pd%0=[0Q 0] d1+D dd*p1+<] q[p., 0] p1+P p30<] 7 2~-:*.,"
_JSON = (
    b'{"name": "caf\\"e", "list": [1, -2.5e3, 0.125, 1e-7, 12345678901234567890], "on": true, '
    b'"off": [false, null, {}], "t": "a\\tb"}'
)
_SHELLS = b"she sells sea shells by the sea shore; the shells she sells are sea shells, sure. she sells them."
_ENTRIES = b"bob 5\nalice 30\nbob -7\neve x\ncarol\nalice 1\ndave 1 2\n\nfrank 9223372036854775807\nfrank 1\nzoe 0"

PROGRAMS = (
    RealProgram("n_body.wasm", given=b"10\n"),
    RealProgram("bytecode.wasm", given=_PRIMES),
    RealProgram("json.wasm", given=_JSON),
    RealProgram("sha256.wasm", given=b"The quick brown fox jumps over the lazy dog, and then once more: the end."),
    RealProgram("lz.wasm", given=_SHELLS),
    RealProgram("huffman.wasm", given=b"abracadabra, said the magician"),
    RealProgram("words.wasm", given=b"The cat and the dog.\nA dog, the cat; and so on!\n"),
    RealProgram("pi.wasm", arguments=("pi", "20")),
    RealProgram("shapes.wasm", given=b"r 3\ns 4\nt 10\nr 7\n"),
    RealProgram("zig/accounts.wasm", given=_ENTRIES, audited=False),
    RealProgram("clang/sudoku.wasm", (("example", ()), ("solve", ())), large=False),
    RealProgram(
        "clang/determinant.wasm",
        (
            ("determinant", (6, 1)),
            ("determinant", (3, 7)),
            ("determinant", (1, 5)),
            ("determinant", (0, 1)),
            ("last_unknown", (6, 1)),
            ("mean", (9,)),
        ),
        large=False,
    ),
    RealProgram(
        "clang/checksums.wasm",
        (
            *(("checksum", (kind, 100)) for kind in range(4)),
            ("checksum", (3, 513)),
            ("shifted", (1, 100, 13)),
            ("shifted", (2, 512, 1)),
        ),
        large=False,
    ),
    RealProgram(
        "clang/plot.wasm",
        (("draw", (*_bits("f32", -2.2, -1.2, 0.125), 24)), ("draw", (*_bits("f32", -0.5, 0.5, 0.01), 30))),
        large=False,
    ),
    RealProgram(
        "rust/kernel.wasm",
        (
            ("longest", (30,)),
            ("median", (5, 21)),
            ("median", (5, 0)),
            ("median", (5, 33)),
            *(("converted", _bits("f64", x)) for x in (-300.7, 1e19, 77.5, float("nan"))),
        ),
    ),
    RealProgram(
        "assemblyscript/inventory.wasm",
        (("worth", (10,)), ("order", (7,)), ("available", (10, 3)), ("available", (10, 7))),
        audited=False,
    ),
    RealProgram("assemblyscript/life.wasm", (("life", (6, 2, 88172645463325252)), ("life", (3, 1, 5)))),
)

ORDINARY = [one for one in PROGRAMS if ALL or not one.large]


@cache
def compiled(program: RealProgram, exports: tuple[str, ...], level: int = 2) -> Program:
    """The program with these exports."""
    return compile_module(
        program.wasm(), CompileOptions(exports, level, name=program.name, arguments=program.arguments)
    )
