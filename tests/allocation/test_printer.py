"""Steps as zkASM text; every line must assemble to the sum that the step means."""

from __future__ import annotations

from random import Random

import pytest

from zkwasm_compiler.machine.printer import PRIME, print_step, uses_one
from zkwasm_compiler.machine.step import (
    DEFINED,
    Advice,
    Operation,
    Slot,
    Step,
    Term,
    VirtualRegister,
    binary,
    jump,
    load,
    store,
)


def line(step: Step[str]) -> str:
    return print_step(step, lambda slot: f"{slot.area}[{slot.index}]")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step(free=DEFINED, destinations=("A",), operations=(binary("ADD", "A", "B"),)), "$ => A :ADD"),
        (
            Step(free=DEFINED, operations=(binary("LT", "A", "B"), jump("JMPC", "l"), store(Slot("x", 3)))),
            "$ :LT, JMPC(l), MSTORE(x[3])",
        ),
        (
            Step(free=DEFINED, destinations=("A", "B"), operations=(load(Slot("frame", 0)),)),
            "$ => A, B :MLOAD(frame[0])",
        ),
        (Step((Term("A"), Term("B", -1)), -3, operations=(jump("JMPN", "next", "no"),)), "A - B - 3 :JMPN(next, no)"),
        (Step((Term("A", -1),), 0, destinations=("B",)), "0 - A => B"),
        (Step((Term("C", 2, True), Term("C")), 0, destinations=("A",)), "ROTL_C*2 + C => A"),
        (Step(destinations=("A", "B")), "0 => A, B"),
        (Step(constant=-1, destinations=("A",)), "0 - 1 => A"),
        (Step(constant=65536, destinations=("A",)), "0x10000 => A"),
        (Step(long_constant=2**40, destinations=("B",)), "0x10000000000n => B"),
        (Step(constant=2**33, destinations=("B",)), "PC*0x80000000*4 => B"),
        (Step((Term("A", 2**63),), destinations=("B",)), "A*0x80000000*0x80000000*2 => B"),
        (Step((Term("A", PRIME - 1),), 5, destinations=("B",)), "5 - A => B"),
        (Step((Term("A", -(2**32) + 1),), 1, operations=(jump("JMPN", "fail"),)), "1 - A*0xffffffff :JMPN(fail)"),
        (Step(free=Advice("{0} / {1}", ("A", "E")), destinations=("D",)), "${A / E} => D"),
        (Step(operations=(Operation("CALL", ("A",), ("A",), targets=("f",)),)), ":CALL(f)"),
        (Step(operations=(Operation("JMP", ("E",), ("E",), targets=("end",)),)), ":JMP(@end + E)"),
        (Step(), "0"),
    ],
)
def test_text(step: Step[str], expected: str) -> None:
    assert line(step) == expected


def test_operands_are_shown_before_allocation() -> None:
    x, y, r = (VirtualRegister(number, hint=name) for number, name in enumerate("xyr"))
    step = Step(free=DEFINED, destinations=(r,), operations=(binary("ADD", x, y), jump("JMPC", "l")))
    assert print_step(step, str) == "$ => %r2 :ADD(%x0, %y1), JMPC(l)"


def value_of(text: str, registers: dict[str, int]) -> int:
    """The sum that the text means, in the field; every literal must be one that the language has."""
    total, sign = 0, 1
    for word in text.split():
        if word in "+-":
            sign = 1 if word == "+" else -1
            continue
        product = 1
        for factor in word.split("*"):
            if factor in registers:
                product *= registers[factor]
            else:
                assert 0 <= int(factor, 0) < 2**32
                product *= int(factor, 0)
        total += sign * product
    return total % PRIME


def test_every_coefficient_and_constant_is_written_with_literals_of_the_language() -> None:
    random = Random(5)
    for _ in range(2000):
        coefficient = random.choice((1, -1)) * random.getrandbits(random.choice((1, 8, 31, 32, 33, 48, 64)))
        constant = random.choice((0, 1, -1)) * random.getrandbits(random.choice((3, 31, 32, 33, 63)))
        step = Step((Term("A", coefficient),), constant, destinations=("B",))
        text = line(step).removesuffix(" => B")
        assert value_of(text, {"A": 12345, "PC": 1}) == (coefficient * 12345 + constant) % PRIME
        assert uses_one(step) == ("PC" in text)
