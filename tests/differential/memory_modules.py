"""Random modules that work on a linear memory: `memory_module`.

wasm-tools smith reaches few addresses that are inside; these modules are made of loads, stores, bulk operations and
growth at addresses that mostly are, of every kind that the compiler tells apart: constant, masked, scaled, any.
Segments are active and passive, some are dropped, calls go to earlier functions, loops count, a start function may run.
"""

from __future__ import annotations

import random

import wasmtime

from tests.differential.comparison import Case

LOADS = {"load": 4, "load8_s": 1, "load8_u": 1, "load16_s": 2, "load16_u": 2}
STORES = ("store", "store8", "store16")
WIDE = ("load32_s", "load32_u")
EDGE = 65536
FUNCTIONS = 4
CALLS = 10


def memory_module(seed: int) -> Case:
    """The module of a seed, with calls of its exports."""
    return _Generator(random.Random(seed)).case()


class _Generator:
    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.pick = source.choice
        self.segments: list[bool] = []  # whether each one is passive
        self.growing = source.random() < 0.4

    def case(self) -> Case:
        lines = [f'(module (memory (export "memory") 1 {3 if self.growing else 1})']
        lines.append('(global $g (export "g") (mut i32) (i32.const 9))')
        lines += [self.segment() for _ in range(self.source.randrange(1, 5))]
        for number in range(FUNCTIONS):
            body = " ".join(self.statement(number, 2) for _ in range(self.source.randrange(1, 5)))
            lines.append(
                f'(func $f{number} (export "f{number}") (param $x i32) (param $y i64) (result i64) '
                f"(local $i i32) {body} {self.wide(number, 2)})"
            )
        if self.source.random() < 0.3:
            lines.append("(func $start (drop (call $f0 (i32.const 40) (i64.const 77)))) (start $start)")
        names = tuple(f"f{number}" for number in range(FUNCTIONS))
        calls = tuple((self.pick(names), (self.argument(), self.source.getrandbits(64))) for _ in range(CALLS))
        return Case(bytes(wasmtime.wat2wasm("\n".join([*lines, ")"]))), names, calls, ("g",), "memory")

    def argument(self) -> int:
        kinds = [self.source.randrange(100), EDGE - self.source.randrange(12), self.source.getrandbits(32)]
        return self.source.choices(kinds, (8, 2, 1))[0]

    def segment(self) -> str:
        content = "".join(
            f"\\{self.pick((0, self.source.randrange(256))):02x}" for _ in range(self.source.randrange(40))
        )
        self.segments.append(self.source.random() < 0.5)
        place = self.pick((self.source.randrange(80), EDGE - 40))
        return f'(data "{content}")' if self.segments[-1] else f'(data (i32.const {place}) "{content}")'

    # Addresses and numbers

    def address(self) -> str:
        source = self.source
        fixed = self.pick((source.randrange(90), 4 * source.randrange(20), EDGE - source.randrange(1, 12)))
        masked = f"(i32.and (local.get $x) (i32.const {source.randrange(128)}))"
        return source.choices(
            [
                f"(i32.const {fixed})",
                masked,
                f"(i32.shl {masked} (i32.const {self.pick((1, 2, 3))}))",
                "(i32.mul (local.get $i) (i32.const 4))",
                "(i32.add (local.get $x) (local.get $i))",
                "(local.get $x)",
            ],
            (4, 4, 3, 2, 2, 2),
        )[0]

    def count(self) -> str:
        return self.pick((f"(i32.const {self.source.randrange(14)})", "(i32.and (local.get $x) (i32.const 15))"))

    def offset(self) -> str:
        offset = self.source.choices((0, self.source.randrange(9), EDGE - 60), (6, 4, 1))[0]
        return f"offset={offset}" if offset else ""

    def narrow(self, callable_: int, depth: int) -> str:
        """An i32."""
        kind = self.source.randrange(6)
        if depth == 0 or kind == 0:
            return self.pick(
                ("(local.get $x)", "(local.get $i)", "(global.get $g)", f"(i32.const {self.source.getrandbits(32)})")
            )
        if kind == 1:
            return self.pick(("(memory.size)", f"(i32.wrap_i64 {self.wide(callable_, depth - 1)})"))
        if kind == 2:
            operator = self.pick(("add", "xor", "mul", "shr_u"))
            return f"(i32.{operator} {self.narrow(callable_, depth - 1)} {self.narrow(callable_, depth - 1)})"
        return f"(i32.{self.pick(list(LOADS))} {self.offset()} {self.address()})"

    def wide(self, callable_: int, depth: int) -> str:
        """An i64; only functions before the one that is made are called."""
        kind = self.source.randrange(6)
        if depth == 0 or kind == 0:
            return self.pick(("(local.get $y)", f"(i64.const {self.source.getrandbits(64)})"))
        if kind == 1:
            return f"(i64.extend_i32_{self.pick('su')} {self.narrow(callable_, depth - 1)})"
        if kind == 2:
            return f"(i64.add {self.wide(callable_, depth - 1)} {self.wide(callable_, depth - 1)})"
        if kind == 3 and callable_:
            callee = self.source.randrange(callable_)
            return f"(call $f{callee} {self.address()} {self.wide(callable_, depth - 1)})"
        return f"(i64.{self.pick([*LOADS, *WIDE])} {self.offset()} {self.address()})"

    # Statements

    def statement(self, callable_: int, depth: int) -> str:
        kind = self.source.randrange(10)
        if kind < 3:
            return f"(i32.{self.pick(STORES)} {self.offset()} {self.address()} {self.narrow(callable_, 2)})"
        if kind < 5:
            store = self.pick((*STORES, "store32"))
            return f"(i64.{store} {self.offset()} {self.address()} {self.wide(callable_, 2)})"
        if kind < 7:
            return self.bulk()
        if kind == 7 and depth:
            condition = f"(i32.lt_u (local.get $x) (i32.const {self.source.randrange(100)}))"
            return f"(if {condition} (then {self.statement(callable_, depth - 1)}))"
        if kind == 8 and depth:
            return (
                "(local.set $i (i32.const 0)) (loop $l "
                f"{self.statement(callable_, 0)} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) "
                f"(i32.const 1))) (i32.const {self.source.randrange(1, 6)}))))"
            )
        if self.growing and self.source.random() < 0.4:
            return "(drop (memory.grow (i32.and (local.get $x) (i32.const 1))))"
        return f"(global.set $g {self.narrow(callable_, 1)})"

    def bulk(self) -> str:
        kind = self.source.randrange(5)
        if kind == 0:
            return f"(memory.fill {self.address()} (local.get $x) {self.count()})"
        if kind == 1:
            return f"(memory.copy {self.address()} {self.address()} {self.count()})"
        segment = self.source.randrange(len(self.segments))
        if kind == 2 and self.source.random() < 0.3:
            return f"(data.drop {segment})"
        start = self.pick((f"(i32.const {self.source.randrange(8)})", "(i32.and (local.get $x) (i32.const 7))"))
        return f"(memory.init {segment} {self.address()} {start} {self.count()})"
