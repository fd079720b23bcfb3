"""How many instructions a second the assembler does: `python tests/benchmarks/assembler.py`."""

from __future__ import annotations

import random
import time

from zkwasm_compiler.asm import assemble, parse, print_tree

INSTRUCTIONS = 20_000
BLOCK = 12

STEPS = (
    "$ => A :MLOAD(frame[3])",
    "$ => B :MLOAD(word)",
    "$ => C :ADD, JMPC(l{taken})",
    "A + B - 3 => D, E",
    "C - D :JMPN(l{taken}, l{other})",
    "2*A + ROTL_C => C :MSTORE(SP++)",
    "${{A * B + mem.word}} => C :ARITH",
    ":CALL(l{taken})",
    "0xFFFFFFFFn => A",
    "SP - 3 => SP :RETURN",
    "$ => E :LT, MSTORE(frame[5])",
    "$ => A :MLOAD(MEM:E+2)",
)


def source() -> str:
    """A program of the mixture that the compiler emits, with a label a block and some comments."""
    choose = random.Random(1)
    labels = INSTRUCTIONS // BLOCK
    lines = ["VAR GLOBAL frame[64]", "VAR GLOBAL word"]
    for index in range(INSTRUCTIONS):
        if index % BLOCK == 0:
            lines.append(f"l{index // BLOCK}:")
        step = choose.choice(STEPS).format(taken=choose.randrange(labels), other=choose.randrange(labels))
        lines.append(f"    {step}" + ("  ; block" if index % BLOCK == 0 else ""))
    return "\n".join(lines)


def report(name: str, seconds: float) -> None:
    print(f"{name:20} {INSTRUCTIONS:8} instructions  {INSTRUCTIONS / seconds:10,.0f} instructions/s")


def main() -> None:
    text = source()
    tree = parse(text).tree
    program = assemble(text)
    assert len(program.rows) == INSTRUCTIONS
    for name, work in (
        ("parse", lambda: parse(text)),
        ("assemble", lambda: assemble(text)),
        ("print", lambda: print_tree(tree)),
        ("write ROM JSON", program.rom_json),
    ):
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - began)
        report(name, best)


if __name__ == "__main__":
    main()
