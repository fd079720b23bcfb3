"""The tables of docs/host-functions.md: what host functions cost a call and a byte.

`python -m pytest tests/benchmarks tests/docs --bless` measures anew and writes the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.programs import COLUMNS, module_bytes
from tests.benchmarks.test_steps import read_steps
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_simulator import Instance

SHORT, LONG = 160, 480
"""Two numbers of bytes; what a byte costs is the difference by 320."""


@dataclass(frozen=True, slots=True)
class Range:
    """A function on a range of bytes: the export of streams.wat, its arguments for so many bytes at an address."""

    title: str
    export: str
    args: Callable[[int, int], Sequence[int]]
    private: bool = False
    public: bool = False


RANGES = (
    Range("`read_private`", "read_private", lambda at, count: (at, count), private=True),
    Range("`read_private`, then `write_public`", "reveal", lambda at, count: (at, count), private=True),
    Range("`read_public`, then `write_public`", "echo", lambda at, count: (at, count), public=True),
    Range("`keccak256`", "keccak256", lambda at, count: (at, count, 4000)),
)


def range_table() -> str:
    """Steps a byte of whole words, and of bytes at an odd address, in both layouts of the memory."""
    lines = ["| | words, aligned | words, odd address | bytes |", "|---|---:|---:|---:|"]
    for one in RANGES:
        numbers = [_a_byte(one, layout, at) for layout, at in (("words", 1000), ("words", 1001), ("bytes", 1000))]
        lines.append(f"| {one.title} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |")
    return "\n".join(lines)


def _a_byte(one: Range, layout: str, at: int) -> float:
    program = compile_module(module_bytes("streams.wat"), CompileOptions((one.export,), memory_layout=layout))
    steps = []
    for count in (SHORT, LONG):
        private, public = bytes(count * one.private), bytes(count * one.public)
        result = Instance(program).call(one.export, *one.args(at, count), private_input=private, public_input=public)
        steps.append(result.steps)
    return (steps[1] - steps[0]) / (LONG - SHORT)


PROGRAMS = {
    "streams.private_sum": "an i64 and an i32 of the private input, their sum",
    "streams.composite": "a private i32 divides the argument: a remainder and three assertions",
    "streams.read_private": "100 bytes of the private input to the memory",
    "streams.public_difference": "an i64 and an i32 of the public input, their difference",
    "streams.numbers": "an i32 and an i64 to the public output",
    "streams.echo": "100 bytes of the public input to the memory, and to the public output",
    "streams.reveal": "100 bytes of the private input to the memory, and to the public output",
    "streams.keccak256": "the digest of 136 bytes",
}


def program_table() -> str:
    recorded = read_steps()
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    for name, title in PROGRAMS.items():
        lines.append(f"| {title} | " + " | ".join(map(str, recorded[name].numbers)) + " |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {"ranges": range_table, "programs": program_table}
