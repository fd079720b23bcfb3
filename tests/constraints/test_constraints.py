"""Each constraint: broken alone it is found, with its class, its cell and its instruction; kept it is silent."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.constraints.programs import EVERYTHING, forged, program, trace_of
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.constraints import MACHINES, Constraint, Statement, Trace, check, record, record_forged
from zkwasm_simulator.constraints.columns import JMPN_BITS, table
from zkwasm_simulator.constraints.instruction import FIELDS
from zkwasm_simulator.field import PRIME, split

Made = tuple[Program, Trace]
LIE = (6, 0)
JMPN = "0x1000000 :JMPN(on, on)"
TWO_FOR_A_BIT = ((f"Main.{JMPN_BITS[1]}", 6, 0), (f"Main.{JMPN_BITS[0]}", 6, 2))
LARGE_LOW_BITS = ((f"Main.{JMPN_BITS[1]}", 6, 0), ("Main.lJmpnCondValue", 6, 1 << 24))
HASHED = ("0x61 :HASHK1(0)",)
OVERLAPPING = ("2 => D", "0x6162 :HASHK(0)", "1 => HASHPOS", "3 => D", "0x626364 :HASHK(0)")
OPERANDS = ("5n => A", "3n => B", "2n => C", "0n => D,E")


@dataclass(frozen=True)
class Broken:
    """A trace that breaks one constraint. `column` and `line` are where; 0 is no line of the source."""

    constraint: Constraint
    column: str
    line: int
    make: Callable[[], Made]


def _put(*cells: tuple[str, int, int], body: tuple[str, ...] = OPERANDS, rows: int | None = None) -> Callable[[], Made]:
    return _then(lambda: trace_of(*body, rows=rows), *cells)


def _then(make: Callable[[], Made], *cells: tuple[str, int, int]) -> Callable[[], Made]:
    def changed() -> Made:
        made, trace = make()
        for column, row, value in cells:
            trace.put(column, row, value)
        return made, trace

    return changed


def _lie(*body: str, line: int, value: tuple[int, int] = LIE) -> Callable[[], Made]:
    return lambda: forged(*OPERANDS, *body, line=line, value=value)


def _two_cells_in_the_wrong_order() -> Made:
    made, trace = trace_of("1n :MSTORE(x)", "2n :MSTORE(y)")
    rows = [*zip(*trace.memory.columns.values(), strict=True)]
    return made, replace(trace, memory=table("Mem", reversed(rows)))


def _not_closed() -> Made:
    made = program("5 => GAS", cleared="A,B,C,D,E,CTX,SP,PC,RR,HASHPOS,RCX")
    return made, record(made)


def _right_modulo_the_prime() -> Made:
    """A·B + C = 17 and the value is 17 + p: the equation holds in the field, with carries that are field quotients."""
    made, trace = forged(*OPERANDS, "${A*B + C} => E :ARITH", line=11, value=split(17 + PRIME))
    carry, sums = 0, [17 - 18, 0, -0xFFFF, -0xFFFF, 0, 0, 0, 0]
    for row, total in enumerate(sums):
        trace.put("Arith.carry", row, carry)
        carry = (total + carry) * pow(1 << 16, -1, PRIME) % PRIME
    assert carry == 0
    return made, trace


BROKEN = {
    "instruction": Broken(Constraint.ROM, "Main.binOpcode", 7, _put(("Main.binOpcode", 2, 1))),
    "value that is read": Broken(
        Constraint.MEMORY_READ, "Mem.val[0]", 12, _lie("5n :MSTORE(x)", "$ => A :MLOAD(x)", line=12)
    ),
    "first value of a cell": Broken(Constraint.MEMORY_READ, "Mem.val[0]", 11, _lie("$ => A :MLOAD(x)", line=11)),
    "high limb of a cell": Broken(
        Constraint.MEMORY_READ, "Mem.val[1]", 11, _lie("$ => A :MLOAD(x)", line=11, value=(0, 1))
    ),
    "value of the cell before": Broken(
        Constraint.MEMORY_READ,
        "Mem.addr",
        12,
        _then(_lie("5n :MSTORE(x)", "$ => A :MLOAD(y)", line=12, value=(5, 0)), ("Mem.lastAccess", 0, 0)),
    ),
    "write that main does not make": Broken(
        Constraint.MEMORY_READ, "Mem.addr", 7, _put(("Mem.mWr", 0, 1), body=("$ => A :MLOAD(x)",))
    ),
    "order of cells": Broken(Constraint.MEMORY_ORDERING, "Mem.addr", 7, _two_cells_in_the_wrong_order),
    "end of the last cell": Broken(
        Constraint.MEMORY_ORDERING, "Mem.lastAccess", 0, _put(("Mem.lastAccess", 0, 0), body=("1n :MSTORE(x)",))
    ),
    "result": Broken(Constraint.BINARY, "Binary.c[0]", 11, _lie("$ => D :ADD", line=11)),
    "unnormalised operand": Broken(
        Constraint.BINARY, "Binary.b[0]", 12, _lie("${B} => B", "$ => D :ADD", line=11, value=(1 << 32, 0))
    ),
    "carry that main shows": Broken(
        Constraint.BINARY, "Binary.opcode", 11, _put(("Main.carry", 6, 1), body=(*OPERANDS, "$ => D :ADD"))
    ),
    "carry of the operation": Broken(
        Constraint.BINARY,
        "Binary.carry",
        11,
        _put(("Main.carry", 6, 1), ("Binary.carry", 0, 1), body=(*OPERANDS, "$ => D :ADD")),
    ),
    "equation": Broken(Constraint.ARITH, "Arith.carry", 11, _lie("${A*B + C} => E :ARITH", line=11)),
    "chunk that changes": Broken(
        Constraint.ARITH, "Arith.a[1]", 11, _put(("Arith.a[1]", 3, 1), body=(*OPERANDS, "17n :ARITH"))
    ),
    "chunk of 17 bits": Broken(
        Constraint.ARITH, "Arith.op[1]", 11, _lie("${A*B + C} => E :ARITH", line=11, value=(17 + (1 << 32), PRIME - 1))
    ),
    "range of what chunks hand over": Broken(Constraint.ARITH, "Arith.carry", 11, _right_modulo_the_prime),
    "what the last chunk hands over": Broken(
        Constraint.ARITH, "Arith.carry", 12, _lie("${0} => D", "17n :ARITH", line=11, value=(0, 1 << 16))
    ),
    "what the first chunk takes over": Broken(
        Constraint.ARITH,
        "Arith.carry",
        11,
        _then(_lie("${A*B + C} => E :ARITH", line=11, value=(18, 0)), ("Arith.carry", 0, 1)),
    ),
    "operation that is shown twice": Broken(
        Constraint.ARITH, "Arith.result", 11, _put(("Arith.result", 7, 2), body=(*OPERANDS, "17n :ARITH"))
    ),
    "word that is read": Broken(Constraint.MEM_ALIGN, "MemAlign.v[0]", 11, _lie("$ => E :MEM_ALIGN_RD", line=11)),
    "word that is written": Broken(
        Constraint.MEM_ALIGN, "MemAlign.w0[0]", 12, _lie("${D} => D", "5 :MEM_ALIGN_WR8", line=11)
    ),
    "second word that is written": Broken(
        Constraint.MEM_ALIGN,
        "MemAlign.w1[0]",
        13,
        _lie("${memAlignWR_W0(A, 9, C)} => D", "${memAlignWR_W1(B, 9, C)} => E", "9n :MEM_ALIGN_WR", line=12),
    ),
    "offset": Broken(
        Constraint.MEM_ALIGN, "MemAlign.offset", 12, _lie("${C} => C", "$ => E :MEM_ALIGN_RD", line=11, value=(8, 0))
    ),
    "digest": Broken(
        Constraint.KECCAK,
        "Hash.lastHashDigest",
        12,
        _lie("0 :HASHKLEN(0)", "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)", line=12),
    ),
    "length": Broken(Constraint.KECCAK, "Hash.lastHashLen", 12, _lie("0x61 :HASHK1(0)", "${1} :HASHKLEN(0)", line=12)),
    "piece of the stream": Broken(
        Constraint.KECCAK,
        "HashPiece.position",
        11,
        _put(("HashPiece.value[0]", 0, 0x62), body=(*OPERANDS, "0x61 :HASHK1(0)")),
    ),
    "piece of no bytes": Broken(Constraint.KECCAK, "HashPiece.size", 0, _put(body=("0 => D", "0 :HASHK(0)"))),
    "piece that does not fit": Broken(
        Constraint.KECCAK, "HashPiece.value[0]", 0, _lie("${0x61} :HASHK1(0)", line=11, value=(0x161, 0))
    ),
    "pieces that overlap": Broken(Constraint.KECCAK, "HashPiece.position", 0, _put(body=OVERLAPPING)),
    "number of the first stream": Broken(Constraint.KECCAK, "Hash.addr", 0, _put(body=("0x61 :HASHK1(1)",))),
    "length of the stream": Broken(Constraint.KECCAK, "Hash.len", 0, _put(("Hash.len", 0, 2), body=HASHED)),
    "digest of the stream": Broken(Constraint.KECCAK, "Hash.hash[0]", 0, _put(("Hash.hash[7]", 0, 1), body=HASHED)),
    "permutations": Broken(Constraint.KECCAK, "Hash.incCounter", 0, _put(("Hash.incCounter", 0, 2), body=HASHED)),
    "assertion": Broken(Constraint.ASSERT, "Main.A0", 11, _lie("${5} :ASSERT", line=11)),
    "assertion of the high limb": Broken(Constraint.ASSERT, "Main.A1", 11, _lie("${5} :ASSERT", line=11, value=(5, 1))),
    "counter": Broken(Constraint.COUNTER, "Main.cntArith", 7, _put(("Main.cntArith", 3, 1))),
    "next row": Broken(
        Constraint.JUMP, "Main.zkPC", 10, _put(("Main.zkPC", 6, 7), body=(*OPERANDS, "1 => D", "1 => D"))
    ),
    "range of JMPN": Broken(
        Constraint.JUMP, "Main.lJmpnCondValue", 11, _lie("${5} :JMPN(on, on)", "on:", line=11, value=(1 << 33, 0))
    ),
    "sign of JMPN": Broken(
        Constraint.JUMP, "Main.lJmpnCondValue", 11, _put(("Main.isNeg", 6, 1), body=(*OPERANDS, JMPN, "on:"))
    ),
    "bit of JMPN": Broken(
        Constraint.JUMP, f"Main.{JMPN_BITS[0]}", 11, _put(*TWO_FOR_A_BIT, body=(*OPERANDS, JMPN, "on:"))
    ),
    "low bits of JMPN": Broken(
        Constraint.JUMP, "Main.lJmpnCondValue", 11, _put(*LARGE_LOW_BITS, body=(*OPERANDS, JMPN, "on:"))
    ),
    "register at the wrap": Broken(Constraint.CYCLIC_WRAP, "Main.GAS", 5, _not_closed),
    "inverse of the value": Broken(Constraint.ZERO_TEST, "Main.op0Inv", 7, _put(("Main.op0Inv", 2, 0))),
    "inverse of RCX": Broken(
        Constraint.ZERO_TEST, "Main.RCXInv", 8, _put(("Main.RCXInv", 3, 0), body=("2 => RCX", "7n => A"))
    ),
    "register": Broken(Constraint.REGISTER, "Main.E1", 9, _put(("Main.E1", 5, 1))),
    "rows of a machine": Broken(Constraint.ROWS, "Binary", 0, _put(body=("1n => A,B", *["$ => C :AND"] * 9), rows=32)),
}
"""One way or more to break each class of constraints and no other."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_constraint_is_found(name: str) -> None:
    broken = BROKEN[name]
    made, trace = broken.make()
    found = check(trace, made)
    assert {violation.constraint for violation in found} == {broken.constraint}, list(map(str, found))
    assert found[0].column == broken.column
    assert found[0].line == (broken.line or None)


def test_every_class_is_broken() -> None:
    assert {broken.constraint for broken in BROKEN.values()} == {*Constraint} - {Constraint.PUBLIC}


@pytest.mark.parametrize("number", range(44))
def test_each_public_number_counts(number: int) -> None:
    made, trace = trace_of(*OPERANDS, rows=32)
    statement = Statement.of_trace(trace)
    assert len(statement.cells(trace.rows)) == 44
    column, row, value = statement.cells(trace.rows)[number]
    trace.put(f"Main.{column}", row, (value + 1) % PRIME)
    violations = [one for one in check(trace, made, statement) if one.constraint is Constraint.PUBLIC]
    assert [(one.column, one.row) for one in violations] == [(f"Main.{column}", row)]
    assert Constraint.PUBLIC not in {one.constraint for one in check(trace, made)}


def test_row_0_has_zkpc_0() -> None:
    """Row 2 of the program is like row 0, but a run cannot begin there."""
    made, trace = trace_of("STEP => A")
    trace.put("Main.zkPC", 0, 2)
    assert {one.constraint for one in check(trace, made)} == {Constraint.JUMP, Constraint.CYCLIC_WRAP}


def test_a_row_of_another_program_is_the_main_violation() -> None:
    """The rows of another program are no rows of this one; that the wrong row is executed follows from a jump."""
    honest, other = program("5n => A", "7n => B"), program("5n => A", "8n => B")
    found = check(record(other), honest)
    assert [one.constraint for one in found] == [Constraint.ROM]
    assert "CONST0 is 8 and not 7" in found[0].message
    trace = record(honest)
    trace.put("Main.zkPC", 3, 4)
    found = check(trace, honest)
    assert [*dict.fromkeys(one.constraint for one in found)] == [Constraint.JUMP, Constraint.ROM]
    assert "zkPC 4, but its instruction is that of row 3" in found[-1].message
    trace.put("Main.zkPC", 3, 99)
    trace.put("Main.binOpcode", 3, 1)
    found = check(trace, honest)
    assert [*dict.fromkeys(one.constraint for one in found)] == [Constraint.ROM, Constraint.JUMP]
    assert f"zkPC 99, but the program has rows 0 to {len(honest.rows) - 1}" in found[0].message


def test_a_call_that_assigns_rr() -> None:
    """The executor lets the assignment win; the constraint adds both."""
    made = program("7 => RR", "5 => RR :CALL(there)", "there:")
    (found,) = check(record(made), made)
    assert (found.constraint, found.line) == (Constraint.REGISTER, 8)
    assert "the step leaves 2 in RR, but the next row has 5" in found.message


def test_bytes_that_no_step_hashes_are_the_provers_choice() -> None:
    """The stream begins with three bytes that nothing fixes."""
    made = program("3 => HASHPOS", "0x61 :HASHK1(0)", "4 :HASHKLEN(0)")
    trace = record_forged(made)
    assert not check(trace, made)
    assert trace.hashes["len"][0] == 4


def test_everything_is_accepted() -> None:
    made, trace = trace_of(*EVERYTHING)
    assert not check(trace, made, Statement.of_trace(trace))
    assert all(len(table) for table in trace.tables)


READERS_OF_OP1 = (
    "setA", "setB", "setC", "setD", "setE", "mOp", "bin", "arith", "assert",
    "memAlignRD", "memAlignWR", "memAlignWR8", "hashK", "hashK1", "hashKDigest",
)  # fmt: skip
"""What looks at the high limb of a step's value; jumps, one-limb registers and HASHKLEN do not."""


def _free(trace: Trace, column: str, row: int) -> bool:
    """May the prover put anything into this cell?"""
    machine, _, name = column.partition(".")
    readers = {"FREE0": ("inFREE",), "FREE1": READERS_OF_OP1, "carry": ("bin",), "isNeg": ("JMPN",)}
    readers["incCounter"] = ("hashKDigest",)
    if column == "Main.FREE1" and not trace.cell("Main.inFREE", row):
        return True
    if machine == "Main" and name in readers:
        return not any(trace.cell(f"Main.{flag}", row) for flag in readers[name])
    if column == "Main.RCXInv":
        return trace.cell("Main.RCX", row) == 0
    if column == "Mem.step":
        return trace.cell("Mem.mOp", row) == 0
    if machine == "MemAlign" and name not in ("wr64", "wr8"):
        kind = trace.cell("MemAlign.wr64", row), trace.cell("MemAlign.wr8", row)
        unseen = {(0, 0): ("w0", "w1"), (1, 0): (), (0, 1): ("m1", "w1")}[kind]
        return name[:2] in unseen
    return column == "Main.op0Inv"


def test_no_other_cell_is_free() -> None:
    """Whatever is changed in an honest trace breaks a constraint, but for cells that nothing reads."""
    chance = random.Random(1)
    made, trace = trace_of(*EVERYTHING)
    names = [f"Main.{field}" for field in FIELDS]
    names += [f"{machine}.{name}" for machine, columns in MACHINES.items() for name in columns if name != "instruction"]
    for name in names:
        length = {table.machine: len(table) for table in trace.tables}[name.partition(".")[0]]
        rows = [row for row in range(min(length, 64)) if not _free(trace, name, row)]
        for row in chance.sample(rows, min(2, len(rows))):
            changed = trace.copy()
            changed.put(name, row, (trace.cell(name, row) + 1) % PRIME)
            assert check(changed, made, Statement.of_trace(trace), limit=1), f"{name} row {row}"


def test_a_violation_is_readable() -> None:
    made, trace = forged("5n :MSTORE(x)", "$ => A :MLOAD(x)", line=8, value=(6, 0))
    (found,) = check(trace, made)
    assert (found.step, found.zkpc, found.file, found.line) == (3, 3, "sample.zkasm", 8)
    assert str(found) == (
        "sample.zkasm:8: memory read: cell 0x0 holds 0x5, but 0x6 is read from it in `$ => A :MLOAD(x)` "
        "(Mem.val[0] row 1, step 3, zkPC 3)"
    )


def test_of_each_class_the_first_are_given() -> None:
    made, trace = trace_of(*OPERANDS)
    for row in range(10, 30):
        trace.put("Main.E1", row, row)
    found = check(trace, made, limit=3)
    assert [(one.constraint, one.row) for one in found] == [(Constraint.REGISTER, row) for row in (9, 10, 11)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda trace: replace(trace, arith=table("Arith", [(0,) * 22])), "Arith has 1 rows"),
        (lambda trace: replace(trace, instructions=trace.instructions[:3]), "names one of 3 instructions"),
        (lambda trace: replace(trace, main=table("Main", [(0,) * len(MACHINES["Main"])] * 33)), "33 rows"),
    ],
)
def test_what_is_no_trace_is_refused(change: Callable[[Trace], Trace], message: str) -> None:
    made, trace = trace_of(*OPERANDS)
    with pytest.raises(ConfigurationError, match=message):
        check(change(trace), made)


@pytest.mark.parametrize(
    ("name", "row", "value", "message"),
    [
        ("Main.F0", 0, 1, "no column Main.F0"),
        ("Memory.addr", 0, 1, "no column Memory.addr; the machines are Main, Mem"),
        ("Main.A0", 32, 1, "rows 0 to 31, not 32"),
        ("Main.A0", 0, PRIME, "a cell holds 0 to"),
    ],
)
def test_wrong_cells_are_named(name: str, row: int, value: int, message: str) -> None:
    _, trace = trace_of(*OPERANDS)
    with pytest.raises(ConfigurationError, match=message):
        trace.put(name, row, value)
