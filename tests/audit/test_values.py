"""What the dataflow of the static audit knows before a row."""

from __future__ import annotations

import pytest

from zkwasm_compiler.asm import assemble
from zkwasm_simulator.audit.statement import audited
from zkwasm_simulator.audit.static.structure import structure
from zkwasm_simulator.audit.static.values import ANYTHING, Values, values
from zkwasm_simulator.field import LIMB_MASK

LIMB = (0, LIMB_MASK)
FRAME = """\
VAR GLOBAL x
VAR GLOBAL y
start:
{body}
end:
  :JMP(start)
fail:
  1 => A
  2 :ASSERT
"""


def _before_end(*lines: str) -> Values | None:
    body = "\n".join(line if line.endswith(":") else f"  {line}" for line in lines)
    program = audited(assemble(FRAME.format(body=body)), "end")
    return values(structure(program)).get(program.end)


@pytest.mark.parametrize(
    ("lines", "place", "window"),
    [
        (("7 => A",), "A0", (7, 7)),
        (("$ => A :MLOAD(x)",), "A0", ANYTHING),
        (("${5} => A",), "A0", ANYTHING),
        (("${5} => A :JMPN(fail)",), "A0", LIMB),
        (("${5} => A", "6 => B", "$ => C :ADD"), "A0", LIMB),  # an operation checks its operands
        (("${5} => A :JMPN(fail)", "A + 9 => B"), "B0", (9, LIMB_MASK + 9)),
        (("${5} => A :JMPN(fail)", "A - 9 :JMPN(next, fail)"), "A0", (0, 8)),
        (("${5} => A :JMPN(fail)", "A - 9 :JMPN(fail)"), "A0", (9, LIMB_MASK)),
        (("${5} => A :JMPN(fail)", "20 - 3*A :JMPN(fail)"), "A0", (0, 6)),
        (("${5} => A :JMPN(fail)", "A => RCX", "A - 9 :JMPN(next, fail)"), "RCX", (0, 8)),  # and what equals it
        (("${5} => A :MSTORE(x), JMPN(fail)", "A - 9 => A :JMPN(next, fail)", "$ => B :MLOAD(x)"), "B0", (0, 8)),
        (("${5} => A", "A - 9 :JMPZ(next, fail)"), "A0", (9, 9)),
        (("${5} => A :MSTORE(SP+3), JMPN(fail)", "$ => B :MLOAD(SP+3)"), "B0", LIMB),
        (("7 :MSTORE(SP+3)", "SP + 1 => SP", "$ => B :MLOAD(SP+3)"), "B0", ANYTHING),  # another cell
        (("7 :MSTORE(x)", "CNT_ARITH => E", "9 :MSTORE(x + E)", "$ => B :MLOAD(x)"), "B0", (7, 9)),
        (
            ("7 :MSTORE(x)", "4 => B :CALL(f)", "$ => A :MLOAD(x)", ":JMP(end)", "f:", "B :MSTORE(y), RETURN"),
            "A0",
            (7, 7),
        ),
        (("7 :MSTORE(x)", ":CALL(f)", ":JMP(end)", "f:", "$ => A :MLOAD(x)", ":RETURN"), "A0", (7, 7)),
        (("4 => B :CALL(f)", "$ => A :MLOAD(y)", ":JMP(end)", "f:", "B :MSTORE(y), RETURN"), "A0", (4, 4)),
        (("255 => A", "$ => B :MLOAD(x)", "$ => C :AND"), "C0", (0, 255)),
        (("$ => A :MLOAD(x)", "3 => B", "0 => C, D", "12 :ARITH"), "A0", (4, 4)),
        (("3 => A", "200 => B", "0 => C", "${0} => D", "${600} => E :ARITH"), "E0", (600, 600)),
        (("0 => RCX", "loop:", "RCX + 1 => RCX", "RCX - 9 :JMPN(loop)"), "RCX", (9, LIMB_MASK + 1)),
        (("0 => RCX", "loop:", "RCX + 1 => RCX", "${1} :JMPN(loop)"), "RCX", ANYTHING),
    ],
)
def test_windows(lines: tuple[str, ...], place: str, window: tuple[int, int]) -> None:
    known = _before_end(*lines)
    assert known is not None
    assert known.window(place) == window


def test_one_of_a_few_constants() -> None:
    known = _before_end("8 => B :JMPZ(end)", "${5} :JMPN(two)", "0x1000000000n => B :JMP(end)", "two:", "2 => B")
    assert known is not None
    assert known.words["B"] == {(0, 16), (2, 0)}
    assert (known.window("B0"), known.window("B1")) == ((0, 2), (0, 16))


@pytest.mark.parametrize(
    "lines",
    [
        ("5 :JMPZ(end)", ":JMP(fail)"),
        ("${5} => A :JMPN(fail)", "A :JMPN(end)", ":JMP(fail)"),
        ("${5} => A :JMPN(fail)", "A - 9 :JMPN(fail)", "A - 9 :JMPN(end)", ":JMP(fail)"),
    ],
)
def test_rows_that_no_run_comes_to(lines: tuple[str, ...]) -> None:
    assert _before_end(*lines) is None
