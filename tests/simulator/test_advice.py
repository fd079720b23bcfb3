"""Advice expressions: precedence, variables, functions, and what they refuse."""

from __future__ import annotations

import pytest

from tests.simulator.programs import program
from zkwasm_simulator import ExecutionFault, Machine, PublicInputs, execute

MINUS_ONE = 2**64 - 2**32  # the field element -1


def value(expression: str, *before: str, inputs: PublicInputs | None = None) -> int:
    """What `expression` gives where A = 5, B = 3 and C = 2^33 + 7."""
    rows = ("5n => A", "3n => B", "0x200000007n => C", *before, f"${{{expression}}} => D")
    low, high = execute(program(*rows, variables=("x", "y[4]")), inputs=inputs).registers["D"]
    return low | high << 32


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("A + B * 2", 11),
        ("A + B == 3", 6),  # comparisons bind tighter than sums
        ("(A + B) == 8", 1),
        ("A << 1 + 2", 12),
        ("A & 3 == 1", 1),  # (A & 3) == 1: one level, from the left
        ("1 | 2 * 4", 12),
        ("A - B - 1", 1),
        ("A + 1 ? 10 : 20", 15),  # the choice binds tighter, too
        ("0 ? 1 : 1 ? 3 : 4", 3),
        ("-A / 2", 2**64 - 2),
        ("-A % 3", 2**64 - 2),
        ("A / -2", 2**64 - 2),
        ("-A >> 1", 2**64 - 3),
        ("A << -1", 2),
        ("~A & 0xFF", 250),
        ("!A + 1", 1),
        ("A <= B", 0),
        ("B <= A", 1),
        ("A && 0 || B", 1),
        ("(C * C * C) >> 64", ((2**33 + 7) ** 3) >> 64),
        ("1 << 64", 0),
        ("zkPC", 3),
        ("STEP * 10", 30),
        ("CNT_BINARY", 0),
    ],
)
def test_operators(expression: str, expected: int) -> None:
    assert value(expression) == expected


def test_a_choice_computes_only_one_branch() -> None:
    assert value("(A == 0) ? (1 / 0) : 7") == 7


def test_variables_keep_all_bits_and_their_sign() -> None:
    assert value("_q >> 100", "${var _q = A << 100} => E") == 5
    assert value("_q < 0", "${var _q = 0 - A} => E") == 1
    assert value("_q", "${var _q = 9} => E", "${var _q} => E") == 0
    assert value("_q + r", "${var _q = var r = 4} => E") == 8


def test_memory_and_addresses() -> None:
    assert value("mem.x * 10 + mem.y[2]", "0x100000000n :MSTORE(x)", "9n :MSTORE(y[2])") == 10 * 2**32 + 9
    assert value("addr.y[2]") == 3


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cond(A > B)", MINUS_ONE),
        ("cond(A < B)", 0),
        ("beforeLast(13)", MINUS_ONE),
        ("exp(3, 50)", 3**50 % 2**64),
        ("exp(0 - 3, 3)", 2**64 - 27),
        ("bitwise_xor(A, B) + bitwise_and(A, B) * 10 + bitwise_or(A, B) * 100", 716),
        ("bitwise_not(A)", 2**64 - 6),
        ("comp_lt(0 - A, B) + comp_gt(A, B) * 10 + comp_eq(A, A) * 100", 111),
        ("loadScalar(A)", 5),
        ("memAlignWR_W0(0x1122334455667788, 0xA1A2A3A4A5A6A7A8, 3)", 0x112233A1A2A3A4A5),
        ("memAlignWR_W1(0x1122334455667788, 0xA1A2A3A4A5A6A7A8, 3)", 0xA6A7A84455667788),
        ("memAlignWR8_W0(0x1122334455667788, 0x1AB, 7)", 0x11223344556677AB),
        ("getPublicOldStateRootR64(1) - getPublicOldStateRootR64(0)", 10),
        ("getPublicOldAccInputHashR64(3)", 2**64 - 1),
        ("getTxs(1, 2)", 0x2233),
        ("getTxs(2, 100)", 0x33),
        ("getTxsLen() + getIsForced()", 4),
        ("getSequencerAddr()", 7),
        ("getTimestampLimit()", 8),
    ],
)
def test_functions(expression: str, expected: int) -> None:
    words = PublicInputs.of_words([1, 11, 0, 0, 0, 0, 0, 2**64 - 1])
    inputs = PublicInputs(
        old_state_root=words.old_state_root,
        old_acc_input_hash=words.old_acc_input_hash,
        batch_l2_data=b"\x11\x22\x33",
        sequencer_address=(7).to_bytes(20, "big"),
        timestamp_limit=8,
        is_forced=1,
    )
    assert value(expression, inputs=inputs) == expected


@pytest.mark.parametrize(
    ("expression", "kind", "message"),
    [
        ("A / 0", "tag_division_by_zero", "5 is divided by zero"),
        ("A % (B - 3)", "tag_division_by_zero", "remainder of 5 by zero"),
        ("A ** B", "tag_operation", "operation exp"),
        ("cond(1) + 1", "tag_operation", "pair of limbs"),
        ("1 << 2000000", "tag_operation", "shift by 2000000"),
        ("exp(2, 0 - 1)", "tag_negative_exponent", "exponent is -1"),
        ("nosuch(1)", "tag_function_undefined", "no function nosuch; there are cond"),
        ("cond(1, 2)", "tag_parameters", "cond takes 1 parameters, 2 given"),
        ("beforeLast(1, 2)", "tag_parameters", "takes 0 to 1 parameters"),
        ("getPublicOldStateRootR64(4)", "tag_parameters", "word 4"),
        ("q + 1", "tag_variable_undefined", "`var q = …`"),
        ("(var q = 1) + (var q = 2)", "tag_variable_redeclared", "q is declared already"),
        ("mem.y[1]", "tag_memory_unwritten", r"mem\.y"),
        ("hashKDigestR64(0, 0)", "hash_digest_missing", r"HASHKLEN\(0\)"),
    ],
)
def test_refused(expression: str, kind: str, message: str) -> None:
    with pytest.raises(ExecutionFault, match=message) as caught:
        value(expression)
    fault = caught.value
    assert (fault.error_kind, fault.file, fault.step, fault.zkpc) == (kind, "test.zkasm", 3, 3)


def test_unnormalised_registers_are_no_numbers() -> None:
    with pytest.raises(ExecutionFault, match=r"limb_range: A is \[high 0, low 18446744069414584320 \(= -1\)\]"):
        value("A", "-1 => A")


def test_commands_see_the_registers_behind_their_step() -> None:
    rows = ("5n => A", "$${var q = A}", "7n => A", "$${q = q * 100 + A * 10 + STEP}", "${q} => D")
    assert execute(program(*rows)).registers["D"] == (572, 0)


def test_log() -> None:
    execution = execute(program("5n => A", "$${log(A, A + 1)}", "$${dumpRegs()}", "-1 => B"))
    assert execution.log[0] == "5 6"
    assert execution.log[1].startswith("A=0x5 B=0x0")


def test_words_of_a_machine() -> None:
    machine = Machine(PublicInputs(), 1, {})
    machine.set_register("C", (7, 1))
    assert machine.word("C") == 2**32 + 7
