"""Operations that the machines share, built from the numbers in which they differ.

A machine's module joins these rows with its own. `bits` is the width of its wide registers; texts say what is specific
to one machine.
"""

from __future__ import annotations

from zkwasm_compiler.isa.machine import Fields, Forbidden, Kind, OperandForm, Operation
from zkwasm_compiler.isa.operands import (
    CALL_TARGETS,
    CONDITIONAL_TARGETS,
    JUMP_TARGETS,
    NEGATED_CONDITIONAL_TARGETS,
    REPEAT_COUNTER,
    RETURN,
    fields,
    operation_forms,
    plain,
)


def memory(
    name: str,
    write: int,
    effect: str,
    constraint: str,
    *,
    addresses: tuple[OperandForm, ...],
    own: Fields = (),
) -> Operation:
    """A load or store; `own` are fields after those of every memory operation."""
    return Operation(
        name,
        Kind.MEMORY,
        operation_forms(addresses, after=fields(mOp=1, mWR=write) + own),
        effect,
        constraint,
        rows=(("memory", 1),),
        defines_free=not write,
    )


def hashing(
    name: str,
    flag: str,
    effect: str,
    constraint: str,
    *,
    streams: tuple[OperandForm, ...],
    reads: tuple[str, ...] = (),
    rows: tuple[tuple[str, int], ...] = (),
    appends: bool = False,
    free: bool = False,
) -> Operation:
    """An operation on a byte string that is hashed; `appends` to it moves HASHPOS."""
    return Operation(
        name,
        Kind.HASH,
        operation_forms(streams, after=fields(**{flag: 1})),
        effect,
        constraint,
        reads=reads,
        writes=("HASHPOS",) if appends else (),
        rows=rows,
        defines_free=free,
    )


def binary(name: str, opcode: int, effect: str, carry: str, *, rows: int) -> Operation:
    """An operation of the binary state machine."""
    return Operation(
        name,
        Kind.BINARY,
        plain(bin=1, binOpcode=opcode),
        f"{effect}; carry = {carry}",
        "A, B and op are normalised and op is the result",
        reads=("A", "B"),
        rows=(("binary", rows),),
        defines_free=True,
    )


def binaries(bits: int, *, rows: int) -> tuple[Operation, ...]:
    """The binary operations of every machine."""
    return (
        binary("ADD", 0, f"op = A + B mod 2^{bits}", "carry out", rows=rows),
        binary("SUB", 1, f"op = A − B mod 2^{bits}", "borrow", rows=rows),
        binary("LT", 2, "op = A < B unsigned, 0 or 1", "op", rows=rows),
        binary("SLT", 3, "op = A < B signed, 0 or 1", "op", rows=rows),
        binary("EQ", 4, "op = (A = B), 0 or 1", "op", rows=rows),
        binary("AND", 5, "op = A and B, bitwise", "(op ≠ 0)", rows=rows),
        binary("OR", 6, "op = A or B, bitwise", "0", rows=rows),
        binary("XOR", 7, "op = A exclusive-or B, bitwise", "0", rows=rows),
    )


def _align(
    name: str, effect: str, constraint: str, reads: tuple[str, ...], *, rows: int, free: bool = False
) -> Operation:
    flags = {"MEM_ALIGN_RD": "memAlignRD", "MEM_ALIGN_WR": "memAlignWR", "MEM_ALIGN_WR8": "memAlignWR8"}
    return Operation(
        name,
        Kind.ALIGN,
        plain(**{flag: int(flag == flags[name]) for flag in flags.values()}),
        effect,
        constraint,
        reads=reads,
        rows=(("mem_align", rows),),
        defines_free=free,
    )


def alignments(word_bytes: int, low: str, *, rows: int) -> tuple[Operation, ...]:
    """The operations on unaligned words; `low` is how the machine writes the low limb of C."""
    offset = f"{low} in 0..{word_bytes - 1}"
    return (
        _align(
            "MEM_ALIGN_RD",
            f"op = the {word_bytes} bytes from byte C of the {2 * word_bytes} bytes A‖B, big endian",
            f"A, B and op are normalised, {offset}, op is right",
            ("A", "B", "C"),
            rows=rows,
            free=True,
        ),
        _align(
            "MEM_ALIGN_WR",
            f"D‖E = A‖B with the {word_bytes} bytes from byte C replaced by op",
            f"A, B, op, D and E are normalised, {offset}, D and E are right",
            ("A", "B", "C", "D", "E"),
            rows=rows,
        ),
        _align(
            "MEM_ALIGN_WR8",
            "D = A with byte C (counted from the most significant) replaced by the low byte of op",
            f"A, op and D are normalised, {offset}, D is right",
            ("A", "C", "D"),
            rows=rows,
        ),
    )


JUMPS = (
    Operation(
        "JMP",
        Kind.JUMP,
        operation_forms(JUMP_TARGETS, before=fields(JMP=1)),
        "goes to the target",
        "the next step is the target",
        needs_sum=False,
        falls_through=False,
    ),
    Operation(
        "CALL",
        Kind.JUMP,
        CALL_TARGETS,
        "RR = zkPC + 1, goes to the target",
        "RR and the next step are right",
        writes=("RR",),
        needs_sum=False,
        falls_through=False,
    ),
    Operation(
        "RETURN",
        Kind.JUMP,
        RETURN,
        "goes to the address in RR",
        "the next step is the one at RR",
        reads=("RR",),
        needs_sum=False,
        falls_through=False,
    ),
)


def assertion(limbs: str) -> Operation:
    """ASSERT; `limbs` is what the machine compares."""
    return Operation(
        "ASSERT",
        Kind.ASSERT,
        plain(**{"assert": 1}),
        "op must equal A",
        f"{limbs} are equal as field elements",
        reads=("A",),
    )


REPEAT = Operation(
    "REPEAT",
    Kind.REPEAT,
    REPEAT_COUNTER,
    "runs the step RCX + 1 times and leaves RCX = 0",
    "the step repeats while RCX ≠ 0",
    reads=("RCX",),
    writes=("RCX",),
    needs_sum=False,
)


def _branch(name: str, flag: str, effect: str, constraint: str) -> Operation:
    negated = name in ("JMPNZ", "JMPNC")
    targets = NEGATED_CONDITIONAL_TARGETS if negated else CONDITIONAL_TARGETS
    return Operation(name, Kind.JUMP, operation_forms(targets, before=fields(**{flag: 1})), effect, constraint)


def branches(low: str, ignored: str) -> tuple[Operation, ...]:
    """The conditional jumps; `low` is how the machine writes the low limb of op, `ignored` says who else is ignored."""
    return (
        _branch(
            "JMPN",
            "JMPN",
            f"jumps when {low} is negative",
            f"{low} in [−2^32, −1] jumps, in [0, 2^32) does not, anything else cannot be proved",
        ),
        _branch(
            "JMPC", "JMPC", "jumps when the binary operation of the step carries", "the carry is that of the operation"
        ),
        _branch("JMPZ", "JMPZ", f"jumps when {low} is 0", f"{low} = 0 in the field; {ignored} ignored"),
        _branch("JMPNC", "JMPC", "jumps when the binary operation of the step does not carry", "as JMPC"),
        _branch("JMPNZ", "JMPZ", f"jumps when {low} is not 0", "as JMPZ"),
    )


_RETURN_ADDRESS = "the executor keeps the assigned value, the constraints want the return address"
_NEXT_STEPS = "executor and constraints take different next steps"
_ONE_JUMP = "a step jumps once"
_RUNS_ONCE = "a conditional jump makes the step run once: jump onto the step itself instead"

FORBIDDEN = (
    Forbidden("CALL", "=> RR", _RETURN_ADDRESS),
    Forbidden("RETURN", "JMPZ", _NEXT_STEPS),
    Forbidden("RETURN", "JMPNZ", _NEXT_STEPS),
    Forbidden("CALL", "JMPZ", _ONE_JUMP),
    Forbidden("CALL", "JMPNZ", _ONE_JUMP),
    *(Forbidden("REPEAT", name, _RUNS_ONCE) for name in ("JMPN", "JMPZ", "JMPNZ", "JMPC", "JMPNC")),
)
