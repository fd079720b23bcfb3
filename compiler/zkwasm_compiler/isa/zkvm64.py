"""zkvm64: the 64-bit zkASM processor, as rows.

Registers of two 32-bit limbs over the Goldilocks field. `python -m zkwasm_compiler.isa.reference` prints these rows as
docs/machine-zkvm64.md. Source: the branches feature/64bits of the public assembler and prover.
"""

from __future__ import annotations

from zkwasm_compiler.isa.families import (
    FORBIDDEN,
    JUMPS,
    REPEAT,
    alignments,
    assertion,
    binaries,
    branches,
    hashing,
    memory,
)
from zkwasm_compiler.isa.machine import (
    AdviceFunction,
    Counter,
    Dialect,
    Kind,
    Limits,
    Machine,
    Operation,
    Region,
    Register,
    StateMachine,
)
from zkwasm_compiler.isa.operands import (
    HASH_NUMBERS,
    STACK_POINTER_ADDRESSES,
    VARIABLE_ADDRESSES,
    plain,
    region_addresses,
)

DIALECT = Dialect(
    name="64",
    constant_range=(-(2**31), 2**32 - 1),
    long_constant_range=(0, 2**64 - 1),
    free_fields=(("inFREE", 1),),
)


def _register(name: str, limbs: int, note: str) -> Register:
    return Register(name, limbs, f"in{name}", f"set{name}", note=note)


REGISTERS = (
    _register("A", 2, "general; first operand of binary operations, factor of ARITH, compared by ASSERT"),
    _register("B", 2, "general; second operand of binary operations, factor of ARITH"),
    _register("C", 2, "general; addend of ARITH, offset of MEM_ALIGN"),
    _register("D", 2, "general; high word of ARITH, length of HASHK, first result word of MEM_ALIGN_WR"),
    _register("E", 2, "general; address index (low limb), second result word of MEM_ALIGN_WR"),
    _register("CTX", 1, "context number: addresses that use it get CTX·2^18"),
    _register("SP", 1, "stack pointer"),
    _register("PC", 1, "free for the program; public at the last row"),
    _register("GAS", 1, "free for the program; public at row 0"),
    _register("RR", 1, "return address; address index"),
    Register("zkPC", 1, None, "setzkPC", own_address=True, note="the address of the step; assigning it does nothing"),
    Register("STEP", 1, "inSTEP", None, read_only=True, note="the number of the row"),
    _register("HASHPOS", 1, "position in the byte string that is hashed"),
    Register(
        "ROTL_C", 2, "inROTL_C", None, read_only=True, in_advice=False, note="the limbs of C swapped: (C.hi, C.lo)"
    ),
    _register("RCX", 1, "repeat counter"),
)

COUNTERS = (
    Counter("CNT_ARITH", "inCntArith", "ARITH operations"),
    Counter("CNT_BINARY", "inCntBinary", "binary operations"),
    Counter("CNT_KECCAK_F", "inCntKeccakF", "keccak-f permutations"),
    Counter("CNT_MEM_ALIGN", "inCntMemAlign", "MEM_ALIGN operations"),
)

STATE_MACHINES = (
    StateMachine("main", "1 a step"),
    StateMachine("memory", "1 an MLOAD or MSTORE"),
    StateMachine("binary", "4 a binary operation"),
    StateMachine("arith", "8 an ARITH"),
    StateMachine("mem_align", "8 a MEM_ALIGN operation"),
    StateMachine("keccak", "a slot of 155286 rows for 44 blocks of 136 bytes; 136 byte rows a block"),
    StateMachine("rom", "1 an instruction of the program"),
)

_ADDRESSES = (*STACK_POINTER_ADDRESSES, *region_addresses("E"), *VARIABLE_ADDRESSES)

OPERATIONS = (
    memory(
        "MLOAD",
        0,
        "op = mem[address]",
        "both limbs equal the cell, normalised or not; a cell never written is 0",
        addresses=_ADDRESSES,
    ),
    memory(
        "MSTORE",
        1,
        "mem[address] = op",
        "both limbs are stored verbatim, normalised or not",
        addresses=_ADDRESSES,
    ),
    hashing(
        "HASHK",
        "hashK",
        "appends the D low bytes of op to the byte string; HASHPOS grows by D",
        "op holds the bytes at HASHPOS, 0 ≤ D ≤ 8",
        streams=HASH_NUMBERS,
        reads=("D", "HASHPOS"),
        appends=True,
        free=True,
    ),
    hashing(
        "HASHK1",
        "hashK1",
        "appends the low byte of op to the byte string; HASHPOS grows by 1",
        "op holds the byte at HASHPOS",
        streams=HASH_NUMBERS,
        reads=("HASHPOS",),
        appends=True,
        free=True,
    ),
    hashing("HASHKLEN", "hashKLen", "closes the byte string", "op is the length in bytes", streams=HASH_NUMBERS),
    hashing(
        "HASHKDIGEST",
        "hashKDigest",
        "op, A, B, C = keccak-256 of the byte string, least significant word first",
        "the four words equal the digest; a bare `$` is not allowed",
        streams=HASH_NUMBERS,
        reads=("A", "B", "C"),
    ),
    *JUMPS,
    assertion("both limbs"),
    Operation(
        "ARITH",
        Kind.ARITH,
        plain(arith=1),
        "A·B + C = D·2^64 + op, unsigned",
        "A, B, C, D and op are normalised and the equation holds over the integers",
        reads=("A", "B", "C", "D"),
        rows=(("arith", 8),),
    ),
    *binaries(64, rows=4),
    *alignments(8, "C.lo", rows=8),
    REPEAT,
    *branches("op.lo", "the high limb is"),
)

ADVICE_FUNCTIONS = (
    AdviceFunction("cond", 1, 1, "−1 when the argument is not 0, else 0"),
    AdviceFunction("beforeLast", 0, 1, "−1 until k rows before the end of the trace, then 0; k is 2 without argument"),
    AdviceFunction("exp", 2, 2, "the first argument to the power of the second"),
    AdviceFunction("bitwise_and", 2, 2, "bitwise and"),
    AdviceFunction("bitwise_or", 2, 2, "bitwise or"),
    AdviceFunction("bitwise_xor", 2, 2, "bitwise exclusive or"),
    AdviceFunction("bitwise_not", 1, 1, "bitwise complement"),
    AdviceFunction("comp_lt", 2, 2, "1 when the first argument is less, else 0"),
    AdviceFunction("comp_gt", 2, 2, "1 when the first argument is greater, else 0"),
    AdviceFunction("comp_eq", 2, 2, "1 when the arguments are equal, else 0"),
    AdviceFunction("loadScalar", 1, 1, "the argument as one number"),
    AdviceFunction("memAlignWR_W0", 3, 3, "first word after MEM_ALIGN_WR of (word, value, offset)"),
    AdviceFunction("memAlignWR_W1", 3, 3, "second word after MEM_ALIGN_WR of (word, value, offset)"),
    AdviceFunction("memAlignWR8_W0", 3, 3, "the word after MEM_ALIGN_WR8 of (word, value, offset)"),
    AdviceFunction("getPublicOldStateRootR64", 1, 1, "word i of the first four public input words"),
    AdviceFunction("getPublicOldAccInputHashR64", 1, 1, "word i of the last four public input words"),
    AdviceFunction("hashKDigestR64", 2, 2, "word i of the digest of a byte string"),
    AdviceFunction("getSequencerAddr", 0, 0, "the sequencer address of the input"),
    AdviceFunction("getTimestampLimit", 0, 0, "the timestamp of the input"),
    AdviceFunction("getIsForced", 0, 0, "whether the input is a forced batch"),
    AdviceFunction("getHistoricGERRoot", 0, 0, "the historic exit root of the input"),
    AdviceFunction("getNewGERRoot", 0, 0, "the new exit root of the input"),
    AdviceFunction("getTxs", 2, 2, "length bytes of the transactions from an offset"),
    AdviceFunction("getTxsLen", 0, 0, "the length of the transactions"),
    AdviceFunction("getSmtProof", 2, 2, "an element of a Merkle proof"),
    AdviceFunction("eventLog", 0, None, "nothing; tells a tracer of an event"),
    AdviceFunction("storeLog", 0, None, "nothing; tells a tracer of a storage access"),
    AdviceFunction("log", 0, None, "its argument, printed"),
    AdviceFunction("dump", 0, None, "nothing; prints its arguments"),
    AdviceFunction("dumphex", 0, None, "nothing; prints its arguments in hexadecimal"),
    AdviceFunction("dumpRegs", 0, None, "nothing; prints the registers"),
    AdviceFunction("break", 0, None, "nothing; stops in a debugger"),
)

FLAGS = (
    "arith",
    "assert",
    "bin",
    "hashK",
    "hashKDigest",
    "hashKLen",
    "ind",
    "indRR",
    "isMem",
    "isStack",
    "JMP",
    "JMPC",
    "JMPN",
    "memAlignRD",
    "memAlignWR",
    "memAlignWR8",
    "mOp",
    "mWR",
    "repeat",
    "setA",
    "setB",
    "setC",
    "setCTX",
    "setD",
    "setE",
    "setGAS",
    "setHASHPOS",
    "setPC",
    "setRCX",
    "setRR",
    "setSP",
    "useCTX",
    "useJmpAddr",
    "JMPZ",
    "call",
    "return",
    "hashK1",
    "useElseAddr",
)

VALUE_FIELDS = ("offset", "extraOffset", "incStack", "binOpcode", "jmpAddr", "elseAddr", "setzkPC")

LIMITS = Limits(
    field_prime=2**64 - 2**32 + 1,
    limbs=2,
    limb_bits=32,
    context_stride=2**18,
    regions=(
        Region("variables", 0x00000, 0x10000, "VAR and SYS"),
        Region("stack", 0x10000, 0x10000, "SP and STACK"),
        Region("memory", 0x20000, 0x20000, "MEM"),
    ),
    address_limit=0x10000,
    memory_address_limit=0x20000,
    executor_index_limit=2**31 - 1,
    single_limbs="registers of one limb are in ±0x7fffffff",
    trace_rows=2**23,
    input_words=8,
    output_words=12,
    rows_before_end=13,
)

MACHINE = Machine(
    name="zkvm64",
    title="The 64-bit zkASM processor",
    dialect=DIALECT,
    registers=REGISTERS,
    counters=COUNTERS,
    operations=OPERATIONS,
    state_machines=STATE_MACHINES,
    advice_functions=ADVICE_FUNCTIONS,
    forbidden=FORBIDDEN,
    flags=FLAGS,
    value_fields=VALUE_FIELDS,
    limits=LIMITS,
)
