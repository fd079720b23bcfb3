"""What the programs of tests/programs cost to prove: `python tests/benchmarks/programs.py [-O LEVEL] [NAME…]`.

A row is one call in a provable run of its own, from row 0 with initialisation. `steps.csv` records the rows at the
default optimisation level; test_steps.py holds them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hatch_zkwasm.costs import aligned
from tests.programs.real_programs import RealProgram, compiled
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import Instance

PROGRAMS = Path(__file__).resolve().parent.parent / "programs"

COLUMNS = ("steps", "binary", "arith", "align", "memory", "rows", "n")

CALLS: dict[str, list[tuple[str, tuple[int, ...]]]] = {
    "kernels.wasm": [
        ("gcd", (1836311903, 1134903170)),
        ("gcd64", (12200160415121876738, 7540113804746346429)),
        ("binary_gcd", (3528000000, 2147483646)),
        ("modpow", (3, 1000000005, 1000000007)),
        ("xorshift64", (88172645463325252, 100)),
        ("xorshift32", (2463534242, 100)),
        ("lcg", (1, 100)),
        ("collatz", (27,)),
        ("is_prime", (1000003,)),
        ("count_primes", (200,)),
        ("fibonacci", (93,)),
        ("fibonacci_recursive", (12,)),
        ("factorial", (20,)),
        ("ackermann", (2, 5)),
        ("is_even", (200,)),
        ("popcount_sum", (64,)),
        ("kernighan", (0x0123456789ABCDEF,)),
        ("square_root", (15241578750190521,)),
        ("digits", (18446744073709551615,)),
        ("digits_signed", (0x80000000,)),
        ("murmur", (42, 20)),
        ("crc32", (0x12345678, 4)),
        ("xtea", (0x4142434445464748, 0x0706050403020100, 0x0F0E0D0C0B0A0908)),
        ("chacha_quarters", (0x11111111, 0x01020304, 0x9B8D6F43, 0x01234567, 20)),
        ("mandelbrot", (0xFFFFFC00, 0x00000400, 200)),
        ("days", (2024, 2, 29)),
        ("tak", (7, 4, 2)),
    ],
    "control.wat": [
        ("divide", (0xFFFFFFFFFFFFFF85, 17)),
        ("machine", (0x6271364134671, 0x0123456789ABCDEF, 77)),
        ("absorb", (0xDEADBEEF,)),
        ("female", (20,)),
        ("median", (7, 0xFFFFFFFE, 3)),
    ],
    "tables.wat": [("known", (200, 7)), ("virtual", (200, 7)), ("written", (200, 7)), ("moved", (50,))],
    "floats.wat": [
        ("harmonic", (20,)),
        ("sine", (0x3FE6666666666666,)),
        ("length", (0x3FC00000, 0xC0100000, 0x3E99999A)),
        ("mandelbrot", (0xBFE7AE147AE147AE, 0x3FB999999999999A, 25)),
        ("orbit", (0x3FF0000000000000, 0x3FD0000000000000, 0xBFC0000000000000, 0x3FECCCCCCCCCCCCD, 0x3F847AE147AE147B)),
    ],
    "memory/fill.wasm": [
        ("fill_bytes", (1000, 0x5A)),
        ("fill_words", (1000, 0x89ABCDEF)),
        ("fill_and_sum", (1000, 0x89ABCDEF)),
        ("fill_builtin", (1000, 0x5A)),
    ],
    "memory/fill_bulk.wasm": [("fill_builtin", (1000, 0x5A))],
    "memory/copy.wasm": [
        ("copy_bytes", (1000,)),
        ("copy_words", (250,)),
        ("copy_unaligned", (249, 3)),
        ("copy_builtin", (3, 3, 990)),
    ],
    "memory/copy_bulk.wasm": [("copy_builtin", (3, 3, 990))],
    "memory/array.wasm": [
        ("sum", (64,)),
        ("sum64", (64,)),
        ("maximum", (64,)),
        ("reverse", (64,)),
        ("wander", (64,)),
    ],
    "memory/bubble_sort.wasm": [("bubble_sort", ())],
    "memory/quicksort.wasm": [("quicksort", (64, 1))],
    "memory/matrix.wasm": [("matrix_product", ())],
    "memory/crc32_table.wasm": [("crc32_table", (1000,))],
    "memory/crc32_bits.wasm": [("crc32_bits", (100,))],
    "memory/sha256.wasm": [("one_block", ()), ("three_blocks", ())],
    "memory/strings.wasm": [("string_length", (0,)), ("string_compare", (0,)), ("upper_case", ())],
    "memory/encodings.wasm": [("hex", (48,)), ("base64", (48,))],
    "memory/structures.wasm": [
        ("list", (40,)),
        ("records", (40,)),
        ("long_multiply", (8, 0xDEADBEEF)),
        ("sieve", (200,)),
    ],
    "memory/interpreter.wasm": [("interpreter", (20,))],
    "streams.wat": [
        ("private_sum", ()),
        ("composite", (91,)),
        ("read_private", (1000, 100)),
        ("public_difference", ()),
        ("numbers", (1, 2)),
        ("echo", (1000, 100)),
        ("reveal", (1000, 100)),
        ("keccak256", (1000, 136, 2000)),
    ],
}
"""For each module the calls to measure, with their arguments as unsigned patterns."""


WITHOUT_INPUTS = [file for file in CALLS if file != "streams.wat"]
"""The modules whose calls need no other input than arguments; `tests/hosts` has the checks of the other one."""

INPUTS = {
    "private_sum": (bytes(range(12)), b""),
    "composite": (b"\x07\0\0\0", b""),
    "read_private": (bytes(100), b""),
    "public_difference": (b"", bytes(range(12))),
    "echo": (b"", bytes(100)),
    "reveal": (bytes(100), b""),
}
"""The private and the public input of exports that read any."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One call and what it costs; the numbers are those of `COLUMNS`."""

    name: str
    numbers: tuple[int, ...]


def module_bytes(file: str) -> bytes:
    """A module of tests/programs in binary form."""
    path = PROGRAMS / file
    return path.read_bytes() if path.suffix == ".wasm" else wat_to_wasm(path.read_text())


def measure(file: str, export: str, args: Sequence[int], optimization_level: int = 2) -> Measurement:
    """The cost of one call of a program that has this export only. *Raises:* ValueError when it traps."""
    program = compile_module(module_bytes(file), CompileOptions((export,), optimization_level))
    return _measurement(file, export, program, args, INPUTS.get(export, (b"", b"")))


def _measurement(
    file: str, export: str, program: Program, args: Sequence[int], inputs: tuple[bytes, bytes]
) -> Measurement:
    private, public = inputs
    result = Instance(program).call_raw(export, args, private_input=private, public_input=public)
    if result.trap is not None:
        raise ValueError(f"{export} of {file} traps: {result.trap.message}")
    counters = result.counters
    uses = (counters.binary, counters.arith, counters.mem_align, counters.memory)
    numbers = (result.steps, *uses, result.rows, result.n)
    return Measurement(f"{Path(file).stem}.{export}", numbers)


def measure_real(program: RealProgram) -> list[Measurement]:
    """The cost of the first call of each export of one of `real_programs`."""
    return [
        _measurement(program.name, export, compiled(program, (export,)), words, (program.given, b""))
        for export, words in program.first_calls
    ]


def measure_all(optimization_level: int = 2, names: Sequence[str] = ()) -> list[Measurement]:
    """The cost of every call, or of those to the exports `names`."""
    return [
        measure(file, export, args, optimization_level)
        for file, calls in CALLS.items()
        for export, args in calls
        if not names or export in names
    ]


def table(measurements: Sequence[Measurement]) -> list[str]:
    """The lines of a table for people."""
    rows = [("program", *COLUMNS), *((row.name, *map(str, row.numbers)) for row in measurements)]
    return aligned(rows, left=1)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the programs of tests/programs cost to prove.")
    parser.add_argument("names", nargs="*", help="only these exports")
    parser.add_argument("-O", type=int, default=2, choices=range(4), dest="level")
    arguments = parser.parse_args()
    print("\n".join(table(measure_all(arguments.level, arguments.names))))


if __name__ == "__main__":
    main()
