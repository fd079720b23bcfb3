"""Random zkASM programs: every operation, operands where things break, jumps of every kind, loops that may not end.

Most of them fault after a while, which is wanted: a fault must be the same in every engine, at the same step.
"""

from __future__ import annotations

from random import Random

WIDE = "ABCDE"
SINGLES = ("CTX", "SP", "PC", "GAS", "RR", "HASHPOS", "RCX")
NUMBERS = (0, 1, 2, 3, 7, 8, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
LONGS = (0, 1, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x123456789ABCDEF0)
BINARY = ("ADD", "SUB", "LT", "SLT", "EQ", "AND", "OR", "XOR")
LOADS = ("x", "y[2]", "y + E", "y[E + 1]", "SP", "SP - 1", "SP + 2", "MEM:E", "MEM:E + 3", "SYS:E", "STACK:E", "y + RR")
LABELS = 6
BLOCK = 6


def random_program(choose: Random) -> str:
    """The source of a program that comes to an end, faults or runs on."""
    lines = ["VAR GLOBAL x", "VAR GLOBAL y[4]", "VAR CTX w[2]", "start:"]
    lines += [f"  {choose.choice(NUMBERS)}n => {name}" for name in WIDE if choose.random() < 0.9]
    lines += ["  3 => RCX", "  1 => SP"]
    for label in range(LABELS):
        lines.append(f"l{label}:")
        lines += [f"  {_row(choose)}" for _ in range(choose.randrange(2, BLOCK))]
        lines.append(f"  {_jump(choose)}")
    lines += ["finalizeExecution:", "  :JMP(finalizeExecution)"]
    return "\n".join(lines) + "\n"


def _row(choose: Random) -> str:
    kind = choose.randrange(12)
    wide = ", ".join(sorted({choose.choice(WIDE) for _ in range(choose.randrange(1, 3))}))
    if kind < 3:
        return f"{_sum(choose)} => {wide}"
    if kind == 3:
        return f"{choose.choice(LONGS)}n => {wide}"
    if kind == 4:
        return f"$ => {wide} :{choose.choice(BINARY)}{_store(choose)}"
    if kind == 5:
        return f"$ => {wide} :MLOAD({choose.choice(LOADS)})"
    if kind == 6:
        place = choose.choice((*LOADS, "SP++", "SP--", "w[1]"))
        return f"{choose.choice((_sum(choose), choose.choice(WIDE)))} :MSTORE({place})"
    if kind == 7:
        return f"${{{_advice(choose, 3)}}} => {wide}{_store(choose) and ' :MSTORE(x)'}"
    if kind == 8:
        return _product(choose)
    if kind == 9:
        return f"{choose.choice((_sum(choose), str(choose.choice(NUMBERS[:8]))))} => {choose.choice(SINGLES)}"
    if kind == 10:
        return choose.choice(("7 => C", "3n => C", "1 => RR", "0 => CTX", "2 => CTX", "-1 => A", "A => A :ASSERT"))
    return choose.choice(
        (
            f"$ => {wide} :MEM_ALIGN_RD",
            "${memAlignWR_W0(A, B, C)} => D",
            "A => A :REPEAT(RCX), MSTORE(x)",
            "$ => B :MLOAD(x), SUB",
            f"{choose.choice(WIDE)} :{choose.choice(BINARY)}",
            "$${log(A)}",
            "CNT_BINARY => C",
            "STEP => B",
        )
    )


def _store(choose: Random) -> str:
    return choose.choice(("", "", ", MSTORE(x)", ", MSTORE(y[E])"))


def _product(choose: Random) -> str:
    return choose.choice(
        (
            "0 => C, D",
            "${(A * B) >> 64} => D",
            "${((A * B) + C) >> 64} => D",
            "${A * B} => E :ARITH",
            "${(A * B) + C} => E :ARITH",
            "${A / B} => C",
        )
    )


def _sum(choose: Random) -> str:
    terms = []
    for _ in range(choose.randrange(1, 4)):
        name = choose.choice((*WIDE, *WIDE, "ROTL_C", *SINGLES, "STEP"))
        factor = choose.choice(("", "", "", "*2", "*256", f"*{choose.choice(NUMBERS)}", "*0xffffffff*0x1000000"))
        terms.append(name + factor)
    text = terms[0] + "".join(choose.choice((" + ", " - ")) + term for term in terms[1:])
    return text + choose.choice(("", "", " + 1", " - 1", " + 0x80000000", " - 0x7fffffff"))


def _advice(choose: Random, depth: int) -> str:
    if depth == 0 or choose.random() < 0.2:
        return choose.choice((*WIDE, *WIDE, *SINGLES, "STEP", *map(str, NUMBERS)))
    a, b = _advice(choose, depth - 1), _advice(choose, depth - 1)
    kind = choose.randrange(12)
    if kind < 4:
        return f"({a} {choose.choice('+-*')} {b})"
    if kind < 6:
        return f"({a} {choose.choice('&|^')} {b})"
    if kind == 6:
        return f"({a} & {choose.choice(('0xFFFFFFFF', '255', '0xFFFFFFFFFFFFFFFF', '0xFF00'))})"
    if kind == 7:
        return f"({a} {choose.choice(('>>', '<<'))} {choose.choice((0, 1, 8, 31, 32, 63, 64, 65, 100))})"
    if kind == 8:
        return f"({a} {choose.choice('/%')} {b})"
    if kind == 9:
        return f"({a} {choose.choice(('==', '!=', '<', '>', '>=', '<=', '&&', '||'))} {b})"
    if kind == 10:
        return f"({a} ? {b} : {_advice(choose, depth - 1)})"
    return choose.choice(
        (f"(-{a})", f"(~{a})", f"(!{a})", f"bitwise_and({a}, {b})", f"comp_lt({a}, {b})", f"(mem.x + {b})")
    )


def _jump(choose: Random) -> str:
    there, elsewhere = (f"l{choose.randrange(LABELS)}" for _ in range(2))
    return choose.choice(
        (
            f"{_sum(choose)} :JMPZ({there})",
            f"RCX - 1 => RCX :JMPNZ({there}, {elsewhere})",
            f"A - B :JMPN({there})",
            f"{_sum(choose)} => A :JMPN({there}, {elsewhere})",
            f"$ => A :{choose.choice(BINARY)}, JMPC({there})",
            f"$ => D :{choose.choice(BINARY)}, JMPNC({there}, {elsewhere})",
            f":CALL({there})",
            ":RETURN",
            "${A & 3} => E",
            f"zkPC + {choose.randrange(4)} => RR :JMP({there})",
            f":JMP(@{there} + E)",
            f":CALL(@{there} + RR)",
            f"A :JMPZ(RR, {there})",
            f":JMP({there})",
            ":JMP(finalizeExecution)",
        )
    )
