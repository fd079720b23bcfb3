"""Rules broken on purpose: what the compiler emits for them, with one step weakened or gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from tests.soundness.emitted import CALLING, access_program, op_program
from zkwasm_compiler import Program, compile_module
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.wasm.text import wat_to_wasm


@cache
def function(params: str, result: str, body: str) -> Program:
    """A module whose only export ``f`` computes `body`."""
    return compile_module(
        wat_to_wasm(f'(module (func (export "f") (param {params}) (result {result}) {body}))', "f.wat")
    )


@dataclass(frozen=True, slots=True)
class Broken:
    """In the code of `name` the text `old` is replaced by `new`; a run with `args` shows whether that matters."""

    make: Callable[[], Program]
    old: str
    new: str
    name: str
    args: tuple[int, ...]

    @property
    def sound(self) -> Program:
        """The program as it is emitted."""
        return self.make()

    @property
    def program(self) -> Program:
        """The broken program."""
        source = self.sound.source
        begin = source.index(f"\nf_{self.name}:")
        code = source[begin : source.index("\n\n", begin)]
        assert self.old in code, code
        lines = [line for line in code.replace(self.old, self.new, 1).splitlines() if line.strip()]
        return assemble(source.replace(code, "\n".join(["", *lines])), file_name="broken.zkasm")


SHIFT = partial(function, "i32", "i32", "(i32.shr_u (local.get 0) (i32.const 3))")
ROTATION = partial(function, "i32", "i32", "(i32.rotl (local.get 0) (i32.const 5))")
REMAINDER = partial(function, "i32", "i32", "(i32.rem_u (local.get 0) (i32.const 7))")
TIMES_8 = partial(function, "i32", "i32", "(i32.shl (local.get 0) (i32.const 3))")
TIMES_32 = partial(function, "i64", "i64", "(i64.shl (local.get 0) (i64.const 5))")
SUM = partial(
    function, "i32 i32", "i32", "(i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.mul (local.get 1) (i32.const 5)))"
)
FOUR_LESS = partial(function, "i32", "i32", "(i32.sub (i32.const 4) (i32.div_u (local.get 0) (i32.const 7)))")
NEGATIVE_DIVISOR = partial(function, "i32", "i32", "(i32.rem_s (local.get 0) (i32.const -6))")
_CHOICE = "(if (result i32) ({op} (local.get 0) (local.get 1)) (then (i32.const 5)) (else (i32.const 7)))"
SMALLER = partial(function, "i64 i64", "i32", _CHOICE.format(op="i64.lt_u"))
EQUAL = partial(function, "i32 i32", "i32", _CHOICE.format(op="i32.eq"))
BYTE = partial(access_program, "i32.load8_u", False, "words")
LONG = partial(access_program, "i64.load", False, "words")
STORE = partial(access_program, "i32.store8", False, "words")
CALLED = partial(access_program, "i32.load", False, CALLING)


def _op(name: str) -> Callable[[], Program]:
    return partial(op_program, name)


BITS = 0x1234567

BROKEN = {
    "i32: quotient": Broken(SHIFT, "- A*0xfffffff8 :JMPN(fail)", "- A*0xfffffff8", "f", (100,)),
    "i32: remainder below": Broken(REMAINDER, "A - 7 :JMPN(next, fail)", "", "f", (100,)),
    "i32: rotation": Broken(ROTATION, "- A*0xffffffff :JMPN(fail)", "- A*0xffffffff", "f", (9,)),
    "i32: division": Broken(_op("i32.div_u"), "C - B :JMPN(next, fail)", "", "f", (100, 7)),
    "i64: product": Broken(TIMES_32, ":ARITH, RETURN", ":RETURN", "f", (3,)),
    "i64: division": Broken(_op("i64.div_u"), "JMPC(next, fail)", "JMPC(next)", "f", (100, 7)),
    "affine: its check": Broken(TIMES_8, "B*0xffffffff*8 :JMPN(fail)", "B*0xffffffff*8", "f", (5,)),
    "affine: rounding": Broken(TIMES_8, "A*0xffffffff + 2 -", "A*0xffffffff -", "f", (5,)),
    "affine: rounding behind a quotient": Broken(FOUR_LESS, "- PC*0xfffffff5 :", "- PC*0xfffffff8 :", "f", (10,)),
    "affine: quotient behind a sign": Broken(
        NEGATIVE_DIVISOR, "*0x40000000 => B :JMPN(fail)", "*0x40000000 => B", "f", (0xFFFFFFF0,)
    ),
    "branch: comparison": Broken(SMALLER, "$ :LT, JMPNC(", "${1 - (A < B)} :JMPNZ(", "f", (3, 4)),
    "branch: equality": Broken(EQUAL, "A - B :JMP", "${A - B} :JMP", "f", (3, 4)),
    "popcnt: sum": Broken(_op("i64.popcnt"), "*0x2000000 :JMPN(fail)", "*0x2000000", "f", (BITS,)),
    "popcnt: mask": Broken(_op("i64.popcnt"), "$ => C :AND", "${A & B} => C", "f", (BITS,)),
    "memory: last rest": Broken(BYTE, "A - E*4 - 0x10003 :JMPNZ(fail)", "A - E*4 - 0x10003", "any", (3,)),
    "memory: trap": Broken(BYTE, "A - E*4 - 0x10000 :JMPN(fail, trap", "A - E*4 - 0x10000 :JMP(trap", "any", (3,)),
    "memory: high word": Broken(LONG, "ROTL_C - D :JMPNZ(fail)", "", "any", (0,)),
    "memory: store": Broken(STORE, "A - E*4 - 0x10002 :JMPNZ(f_any_r3)", "", "any", (3, 0x5A)),
    "memory: not aligned": Broken(CALLED, "A - B*4 - 0x10001 => A :JMPN(fail)", "A - B*4 - 0x10001 => A", "any", (8,)),
    "memory: farther than that": Broken(CALLED, "A - 3 :JMPN(next, fail)", "", "any", (8,)),
    "expansions: top bit of clz": Broken(_op("i32.clz"), "ROTL_C - 0x80000000 :JMPN(fail)", "", "f", (5,)),
    "expansions: lowest bit of ctz": Broken(_op("i64.ctz"), "0x8000000000000000n :ARITH", "", "f", (6,)),
    "expansions: index of a power": Broken(_op("i64.clz"), "=> E :JMPN(fail), MSTORE", "=> E :MSTORE", "f", (5,)),
    "expansions: sign of a division": Broken(
        _op("i32.div_s"), "B*0xffffffff + A*0xffffffff + 3 :JMPN(fail)", "", "f", (100, 0xFFFFFFF3)
    ),
}
UNHARMED = {
    "the AND of the result has a range check, too": Broken(SUM, "=> A :JMPN(fail)", "=> A", "f", (3, 4)),
    "so it has for a quotient": Broken(SHIFT, "/ 8} => A :JMPN(fail)", "/ 8} => A", "f", (100,)),
    "and for a count": Broken(_op("i32.popcnt"), "% 255)} => A :JMPN(fail)", "% 255)} => A", "f", (BITS,)),
}
"""Checks that others make as well."""
