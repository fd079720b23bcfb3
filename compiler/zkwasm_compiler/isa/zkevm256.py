"""zkevm256: the 256-bit zkASM processor of the zkEVM, as rows.

Wide registers of eight 32-bit limbs over the Goldilocks field. `python -m zkwasm_compiler.isa.reference zkevm256`
prints these rows as docs/machine-zkevm256.md. Its zkASM is assembled, not run. Source: the branch develop-durian of the
public assembler and the prover of fork 13.
"""

from __future__ import annotations

from zkwasm_compiler.isa.families import (
    FORBIDDEN,
    JUMPS,
    REPEAT,
    alignments,
    assertion,
    binaries,
    binary,
    branches,
    hashing,
    memory,
)
from zkwasm_compiler.isa.machine import (
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
    INDEXED_HASH_NUMBERS,
    STACK_POINTER_ADDRESSES,
    VARIABLE_ADDRESSES,
    fields,
    plain,
    region_addresses,
)
from zkwasm_compiler.isa.zkevm256_advice import ADVICE_FUNCTIONS

DIALECT = Dialect(
    name="durian",
    constant_range=(-(2**31), 2**32 - 1),
    long_constant_range=(0, 2**256 - 1),
    free_fields=(("inFREE", 1), ("inFREE0", 0)),
    low_free_fields=(("inFREE", 0), ("inFREE0", 1)),
    array_size_may_be_constant=True,
    context_variables_take_global_cells=True,
    array_bounds=True,
    global_cells_limit=65537,
    advice_reads_use_context=True,
    advice_address_is_text=True,
    sign_keeps_names=True,
)


def _register(name: str, limbs: int, note: str) -> Register:
    return Register(name, limbs, f"in{name}", f"set{name}", note=note)


REGISTERS = (
    _register(
        "A", 8, "general; first operand of binary operations, factor of ARITH, compared by ASSERT; key of storage"
    ),
    _register("B", 8, "general; second operand of binary operations, factor of ARITH; old state root at row 0"),
    _register("C", 8, "general; addend of ARITH, offset of MEM_ALIGN, key of storage; old input hash at row 0"),
    _register(
        "D", 8, "general; high word of ARITH, length of hashing, value of SSTORE; new input hash at the last row"
    ),
    _register("E", 8, "general; address index (low limb), result of curve operations; exit root at the last row"),
    _register("SR", 8, "state root; the new one at the last row"),
    _register("CTX", 1, "context number: addresses that use it get CTX·2^18; fork identifier at row 0"),
    _register("SP", 1, "stack pointer; number of the old batch at row 0"),
    _register("PC", 1, "free for the program; number of the new batch at the last row"),
    _register("GAS", 1, "free for the program; chain identifier at row 0"),
    _register("RR", 1, "return address; address index"),
    Register("zkPC", 1, None, "setzkPC", own_address=True, note="the address of the step; assigning it does nothing"),
    Register("STEP", 1, "inSTEP", None, read_only=True, note="the number of the row"),
    _register("HASHPOS", 1, "position in the byte string that is hashed"),
    Register(
        "ROTL_C", 8, "inROTL_C", None, read_only=True, in_advice=False, note="the limbs of C rotated: (C7, C0, …, C6)"
    ),
    _register("RCX", 1, "repeat counter"),
)

COUNTERS = (
    Counter("CNT_ARITH", "inCntArith", "operations of the arith machine"),
    Counter("CNT_BINARY", "inCntBinary", "binary operations, and one each for SSTORE and HASHPDIGEST"),
    Counter("CNT_KECCAK_F", "inCntKeccakF", "keccak-f permutations"),
    Counter("CNT_SHA256_F", "inCntSha256F", "SHA-256 blocks"),
    Counter("CNT_MEM_ALIGN", "inCntMemAlign", "MEM_ALIGN operations"),
    Counter("CNT_PADDING_PG", "inCntPaddingPG", "blocks of 56 bytes hashed by Poseidon"),
    Counter("CNT_POSEIDON_G", "inCntPoseidonG", "Poseidon permutations, of storage proofs too"),
)

STATE_MACHINES = (
    StateMachine("main", "1 a step"),
    StateMachine("memory", "1 an MLOAD, F_MLOAD or MSTORE"),
    StateMachine("binary", "16 a binary operation, an SSTORE or a HASHPDIGEST"),
    StateMachine("arith", "32 an operation whose name begins with ARITH"),
    StateMachine("mem_align", "32 a MEM_ALIGN operation"),
    StateMachine("keccak", "a slot of 155286 rows for 44 blocks of 136 bytes; 136 byte rows and 1993 bit rows a block"),
    StateMachine("sha256", "a slot of 31488 rows for 7 blocks of 64 bytes; 64 byte rows and 768 bit rows a block"),
    StateMachine("poseidon", "31 a permutation: one for 56 bytes hashed, one a level of a storage proof and two more"),
    StateMachine("padding_pg", "56 a block of 56 bytes hashed by Poseidon"),
    StateMachine("storage", "as many as the microprogram takes, which grow with the depth of the tree"),
    StateMachine("climb_key", "4 a level that a storage proof climbs"),
    StateMachine("rom", "1 an instruction of the program"),
)

_ADDRESSES = (*STACK_POINTER_ADDRESSES, *region_addresses("E", "RR"), *VARIABLE_ADDRESSES)


def _hash_operations(letter: str, hash_name: str, rows: tuple[tuple[str, int], ...] = ()) -> tuple[Operation, ...]:
    """The four operations of a hash function; `rows` are those of its digest that are the same for every input."""
    flag = f"hash{letter}"
    digest = hashing(
        f"HASH{letter}DIGEST",
        f"{flag}Digest",
        f"op = {hash_name} of the byte string",
        "op equals the digest" + ("" if not rows else ", four field elements"),
        streams=INDEXED_HASH_NUMBERS,
        free=True,
        rows=rows,
    )
    return (
        hashing(
            f"HASH{letter}",
            flag,
            "appends the D low bytes of op to the byte string; HASHPOS grows by D",
            "op holds the bytes at HASHPOS, 0 ≤ D ≤ 32, and nothing else",
            streams=INDEXED_HASH_NUMBERS,
            reads=("D", "HASHPOS"),
            appends=True,
            free=True,
        ),
        hashing(
            f"HASH{letter}1",
            f"{flag}1",
            "appends the low byte of op to the byte string; HASHPOS grows by 1",
            "op holds the byte at HASHPOS",
            streams=INDEXED_HASH_NUMBERS,
            reads=("HASHPOS",),
            appends=True,
            free=True,
        ),
        hashing(
            f"HASH{letter}LEN",
            f"{flag}Len",
            "closes the byte string",
            "op is the length in bytes",
            streams=INDEXED_HASH_NUMBERS,
        ),
        digest,
    )


def _arith(
    name: str, equation: int, effect: str, constraint: str, reads: str, *, same_points: int = 0, uses_e: int = 1
) -> Operation:
    return Operation(
        name,
        Kind.ARITH,
        plain(arith=1, arithSame12=same_points, arithUseE=uses_e, arithEq=equation),
        effect,
        constraint,
        reads=tuple(reads),
        rows=(("arith", 32),),
    )


def _curve(name: str, equation: int, curve: str) -> tuple[Operation, ...]:
    constraint = "coordinates are reduced and the result is on the line through the points"
    return (
        _arith(
            f"{name}_DIFFERENT",
            equation,
            f"(E, op) = (A, B) + (C, D) on {curve}, two different points",
            constraint,
            "ABCDE",
        ),
        _arith(
            f"{name}_SAME",
            equation + 1,
            f"(E, op) = 2·(A, B) on {curve}",
            constraint,
            "ABE",
            same_points=1,
        ),
    )


def _extension_field(name: str, equation: int, operator: str) -> Operation:
    return _arith(
        f"ARITH_BN254_{name}",
        equation,
        f"E + op·i = (A + B·i) {operator} (C + D·i) in the quadratic extension of the base field of BN254",
        "the equation holds modulo the prime",
        "ABCDE",
    )


def _storage(
    name: str, flag: str, effect: str, constraint: str, reads: str, rows: tuple[tuple[str, int], ...] = ()
) -> Operation:
    return Operation(
        name,
        Kind.STORAGE,
        plain(**{flag: 1}),
        effect,
        constraint,
        reads=(*reads, "SR"),
        rows=rows,
        defines_free=True,
    )


OPERATIONS = (
    memory(
        "MLOAD",
        0,
        "op = mem[address]",
        "all limbs equal the cell, normalised or not; a cell never written is 0",
        addresses=_ADDRESSES,
        own=fields(assumeFree=0),
    ),
    memory(
        "F_MLOAD",
        0,
        "the free input = mem[address], whatever else op adds to it",
        "all limbs of the free input equal the cell",
        addresses=_ADDRESSES,
        own=fields(assumeFree=1),
    ),
    memory(
        "MSTORE",
        1,
        "mem[address] = op",
        "all limbs are stored verbatim, normalised or not",
        addresses=_ADDRESSES,
        own=fields(assumeFree=0),
    ),
    *_hash_operations("K", "keccak-256"),
    *_hash_operations("P", "Poseidon", rows=(("binary", 16),)),
    *_hash_operations("S", "SHA-256"),
    *JUMPS,
    assertion("all limbs"),
    _storage(
        "SLOAD",
        "sRD",
        "op = the value at the key of A, B and C in the tree with root SR",
        "a Merkle proof; A5…A7 and B2…B7 are 0",
        "ABC",
    ),
    _storage(
        "SSTORE",
        "sWR",
        "op = the root of the tree SR once D is at the key of A, B and C",
        "a Merkle proof, op is four field elements; A5…A7 and B2…B7 are 0",
        "ABCD",
        rows=(("binary", 16),),
    ),
    _arith(
        "ARITH",
        1,
        "A·B + C = D·2^256 + op, unsigned",
        "A, B, C, D and op are normalised and the equation holds over the integers",
        "ABCD",
        uses_e=0,
    ),
    *_curve("ARITH_ECADD", 2, "secp256k1"),
    _extension_field("MULFP2", 4, "·"),
    _extension_field("ADDFP2", 5, "+"),
    _extension_field("SUBFP2", 6, "−"),
    *_curve("ARITH_SECP256R1_ECADD", 7, "secp256r1"),
    *binaries(256, rows=16),
    binary("LT4", 8, "op = each of the four 64-bit words of A is less than that of B, 0 or 1", "op", rows=16),
    *alignments(32, "C0", rows=32),
    REPEAT,
    *branches("op0", "the other limbs are"),
)

FLAGS = (
    "arith",
    "arithSame12",
    "arithUseE",
    "assert",
    "bin",
    "hashK",
    "hashKDigest",
    "hashKLen",
    "hashP",
    "hashPDigest",
    "hashPLen",
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
    "setSR",
    "sRD",
    "sWR",
    "useCTX",
    "useJmpAddr",
    "JMPZ",
    "call",
    "return",
    "hashK1",
    "hashP1",
    "useElseAddr",
    "hashS",
    "hashSDigest",
    "hashSLen",
    "hashS1",
    "assumeFree",
)

VALUE_FIELDS = (
    "offset",
    "extraOffset",
    "incStack",
    "binOpcode",
    "arithEq",
    "jmpAddr",
    "elseAddr",
    "setzkPC",
    "maxInd",
    "baseLabel",
    "sizeLabel",
)

LIMITS = Limits(
    field_prime=2**64 - 2**32 + 1,
    limbs=8,
    limb_bits=32,
    context_stride=2**18,
    regions=(
        Region("variables", 0x00000, 0x10000, "VAR and SYS"),
        Region("stack", 0x10000, 0x10000, "SP and STACK"),
        Region("memory", 0x20000, 0x20000, "MEM"),
    ),
    address_limit=0x10000,
    memory_address_limit=0x20000,
    executor_index_limit=2**31,
    single_limbs="E and RR as an index are in ±0x80000000; registers of one limb hold any field element",
    trace_rows=2**25,
    input_words=19,
    output_words=25,
    rows_before_end=2,
)

MACHINE = Machine(
    name="zkevm256",
    title="The 256-bit zkASM processor",
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
