"""The op table of the SSA: every op, its types, its effects and its meaning.

Ops that WebAssembly has are spelled as its specification spells them. `evaluate` takes and gives unsigned bit patterns
and raises `integers.TrapError` where the op traps; ops without it depend on more than their arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import Any

from zkwasm_compiler.ir import floats, integers
from zkwasm_compiler.ir.function import Type

I32, I64, INDEX = Type.I32, Type.I64, Type.INDEX
FUNCREF, EXTERNREF = Type.FUNCREF, Type.EXTERNREF
NONE, TUPLE = Type.NONE, Type.TUPLE


@dataclass(frozen=True, slots=True)
class Op:
    """One row. `operands` is None when the number or the types of the arguments vary; `result` None when it varies.

    `pure`: no effect and no trap, may move, be shared and be dropped. `traps`: may trap (and then must neither be
    dropped nor moved across an effect). `terminator`: ends a block. `immediate` says what the immediate is, a pair of
    numbers where `pair` is set.
    """

    name: str
    operands: tuple[Type, ...] | None
    result: Type | None
    evaluate: Callable[..., int] | None = None
    pure: bool = True
    traps: bool = False
    commutative: bool = False
    terminator: bool = False
    immediate: str = ""
    pair: bool = False


def quotient_offset(d: int) -> int:
    """How far `zk.div_u_above` is above the quotient by d: one more than what is missing from 2^32 to a multiple."""
    return 1 + -(1 << 32) % d


def _root_rest(high: int, low: int) -> int:
    """What the integer square root leaves of high * 2^64 + low."""
    number = (high << 64) + low
    return number - isqrt(number) ** 2


OPS: dict[str, Op] = {}


def _add(op: Op) -> None:
    if op.name in OPS:
        raise ValueError(f"op {op.name} has two rows")
    OPS[op.name] = op


def _integer_ops(type_: Type) -> None:
    bits = type_.bits
    mask = (1 << bits) - 1
    name = type_.value

    def signed(x: int) -> int:
        return integers.signed(x, bits)

    binary: dict[str, tuple[Callable[[int, int], int], bool]] = {
        "add": (lambda x, y: (x + y) & mask, True),
        "sub": (lambda x, y: (x - y) & mask, False),
        "mul": (lambda x, y: (x * y) & mask, True),
        "and": (lambda x, y: x & y, True),
        "or": (lambda x, y: x | y, True),
        "xor": (lambda x, y: x ^ y, True),
        "shl": (lambda x, y: (x << (y % bits)) & mask, False),
        "shr_u": (lambda x, y: x >> (y % bits), False),
        "shr_s": (lambda x, y: (signed(x) >> (y % bits)) & mask, False),
        "rotl": (lambda x, y: integers.rotl(x, y, bits), False),
        "rotr": (lambda x, y: integers.rotl(x, -y, bits), False),
    }
    for op, (evaluate, commutative) in binary.items():
        _add(Op(f"{name}.{op}", (type_, type_), type_, evaluate, commutative=commutative))
    trapping: dict[str, Callable[[int, int, int], int]] = {
        "div_s": integers.div_s,
        "div_u": integers.div_u,
        "rem_s": integers.rem_s,
        "rem_u": integers.rem_u,
    }
    for op, divide in trapping.items():
        _add(Op(f"{name}.{op}", (type_, type_), type_, _with_bits(divide, bits), pure=False, traps=True))
    comparisons: dict[str, tuple[Callable[[int, int], bool], bool]] = {
        "eq": (lambda x, y: x == y, True),
        "ne": (lambda x, y: x != y, True),
        "lt_s": (lambda x, y: signed(x) < signed(y), False),
        "lt_u": (lambda x, y: x < y, False),
        "gt_s": (lambda x, y: signed(x) > signed(y), False),
        "gt_u": (lambda x, y: x > y, False),
        "le_s": (lambda x, y: signed(x) <= signed(y), False),
        "le_u": (lambda x, y: x <= y, False),
        "ge_s": (lambda x, y: signed(x) >= signed(y), False),
        "ge_u": (lambda x, y: x >= y, False),
    }
    for op, (compare, commutative) in comparisons.items():
        _add(Op(f"{name}.{op}", (type_, type_), I32, _as_integer(compare), commutative=commutative))
    unary: dict[str, tuple[Callable[[int], int], Type]] = {
        "eqz": (lambda x: int(x == 0), I32),
        "clz": (lambda x: integers.clz(x, bits), type_),
        "ctz": (lambda x: integers.ctz(x, bits), type_),
        "popcnt": (lambda x: x.bit_count(), type_),
        "extend8_s": (lambda x: integers.sign_extend(x, 8, bits), type_),
        "extend16_s": (lambda x: integers.sign_extend(x, 16, bits), type_),
    }
    for op, (compute, result) in unary.items():
        _add(Op(f"{name}.{op}", (type_,), result, compute))


def _with_bits(function: Callable[[int, int, int], int], bits: int) -> Callable[[int, int], int]:
    return lambda x, y: function(x, y, bits)


def _as_integer(compare: Callable[[int, int], bool]) -> Callable[[int, int], int]:
    return lambda x, y: int(compare(x, y))


for _type in (I32, I64):
    _add(Op(f"{_type.value}.const", (), _type, immediate="the unsigned bit pattern"))
_integer_ops(I32)
_integer_ops(I64)
_add(Op("i64.extend32_s", (I64,), I64, lambda x: integers.sign_extend(x, 32, 64)))
_add(Op("i32.wrap_i64", (I64,), I32, lambda x: x & 0xFFFFFFFF))
_add(Op("i64.extend_i32_s", (I32,), I64, lambda x: integers.sign_extend(x, 32, 64)))
_add(Op("i64.extend_i32_u", (I32,), I64, lambda x: x))
for _type in (FUNCREF, EXTERNREF):
    _add(Op(f"{_type.value}.const", (), _type, immediate="the number of the reference, 0 for null"))
_add(Op("ref.is_null", None, I32, lambda x: int(x == 0)))


def _float_ops(format_: floats.Format, type_: Type) -> None:
    """Floats are integers of their bits. `float.add_f64` is WebAssembly's f64.add: under that name analyses that go by
    what follows the point would take it for an addition of integers. What is not here is made of what is here, or of
    integer ops, by the frontend (`frontend.floats`)."""
    name = format_.name
    binary: dict[str, tuple[Callable[[floats.Format, int, int], int], bool]] = {
        "add": (floats.add, True),
        "mul": (floats.mul, True),
        "div": (floats.div, False),
        "min": (floats.minimum, True),
        "max": (floats.maximum, True),
    }
    for op, (evaluate, commutative) in binary.items():
        _float_op(Op(f"float.{op}_{name}", (type_, type_), type_, partial(evaluate, format_), commutative=commutative))
    unary = {"sqrt": floats.sqrt, "ceil": floats.ceil, "floor": floats.floor, "trunc": floats.trunc}
    for op, compute in (unary | {"nearest": floats.nearest}).items():
        _float_op(Op(f"float.{op}_{name}", (type_,), type_, partial(compute, format_)))
    for op in ("eq", "lt", "le"):
        test = partial(floats.compare, format_, op)
        _float_op(Op(f"float.{op}_{name}", (type_, type_), I32, test, commutative=op == "eq"))
    for integer in (I32, I64):
        for sign in "su":
            options: dict[str, Any] = {"bits": integer.bits, "is_signed": sign == "s"}
            truncate = partial(floats.truncate, format_, **options)
            saturate = partial(floats.truncate_saturating, format_, **options)
            _float_op(Op(f"{integer.value}.trunc_{name}_{sign}", (type_,), integer, truncate, pure=False, traps=True))
            _float_op(Op(f"{integer.value}.trunc_sat_{name}_{sign}", (type_,), integer, saturate))
            convert = partial(floats.convert, format_, **options)
            _float_op(Op(f"{name}.convert_{integer.value}_{sign}", (integer,), type_, convert))


FLOAT_OPS: set[str] = set()
"""The ops that calls of routines take the place of."""


def _float_op(op: Op) -> None:
    _add(op)
    FLOAT_OPS.add(op.name)


_float_ops(floats.F32, I32)
_float_ops(floats.F64, I64)
_float_op(Op("f32.demote_f64", (I64,), I32, partial(floats.change_format, floats.F64, floats.F32)))
_float_op(Op("f64.promote_f32", (I32,), I64, partial(floats.change_format, floats.F32, floats.F64)))

_add(Op("select", None, None))  # (x, y, condition: i32) -> x if condition else y

_add(Op("parameter", (), None, pure=False))
_add(Op("call", None, TUPLE, pure=False, immediate="the callee's WebAssembly function index"))
_add(Op("call_indirect", None, TUPLE, pure=False, immediate="the table and the signature", pair=True))  # (…, index)
_add(Op("result", (TUPLE,), None, immediate="which result of the call"))
_add(Op("global.get", (), None, pure=False, immediate="the global's index"))
_add(Op("global.set", None, NONE, pure=False, immediate="the global's index"))
_add(Op("assert_eq", None, NONE, pure=False))  # (x, y) of one type: the execution is not provable when they differ

# Linear memory. Addresses are i32, the immediate is the static offset that is added without wrapping.
_ACCESSES = {
    I32: {"load": 4, "load8_s": 1, "load8_u": 1, "load16_s": 2, "load16_u": 2, "store": 4, "store8": 1, "store16": 2},
    I64: {"load": 8, "load8_s": 1, "load8_u": 1, "load16_s": 2, "load16_u": 2, "load32_s": 4, "load32_u": 4}
    | {"store": 8, "store8": 1, "store16": 2, "store32": 4},
}
ACCESS_BYTES: dict[str, int] = {}
"""The width of every load and store in bytes."""
for _type, _widths in _ACCESSES.items():
    for _name, _bytes in _widths.items():
        _operands, _result = ((I32,), _type) if _name.startswith("load") else ((I32, _type), NONE)
        _add(Op(f"{_type.value}.{_name}", _operands, _result, pure=False, traps=True, immediate="the offset in bytes"))
        ACCESS_BYTES[f"{_type.value}.{_name}"] = _bytes
_add(Op("memory.size", (), I32, pure=False))  # in pages
_add(Op("memory.grow", (I32,), I32, pure=False))  # pages to pages before, or -1
_add(Op("memory.fill", (I32, I32, I32), NONE, pure=False, traps=True))  # start, byte, count
_add(Op("memory.copy", (I32, I32, I32), NONE, pure=False, traps=True))  # destination, source, count
_add(Op("memory.init", (I32, I32, I32), NONE, pure=False, traps=True, immediate="the data segment"))
_add(Op("data.drop", (), NONE, pure=False, immediate="the data segment"))

# Tables. Indexes and counts are i32; the segments of table.init are those of elements, which are rows of the data.
_add(Op("table.get", (I32,), None, pure=False, traps=True, immediate="the table"))
_add(Op("table.set", None, NONE, pure=False, traps=True, immediate="the table"))  # (index, reference)
_add(Op("table.size", (), I32, pure=False, immediate="the table"))
_add(Op("table.grow", None, I32, pure=False, immediate="the table"))  # (reference, entries) to entries before, or -1
_add(Op("table.fill", None, NONE, pure=False, traps=True, immediate="the table"))  # (start, reference, count)
_add(Op("table.copy", (I32, I32, I32), NONE, pure=False, traps=True, immediate="both tables", pair=True))
_add(Op("table.init", (I32, I32, I32), NONE, pure=False, traps=True, immediate="the table, the segment", pair=True))

# What the host does. `runtime.host_routines` has the steps; hosts.wat makes the functions of modules of them.
_add(Op("host.private_byte", (), I32, pure=False))  # the next byte of the private input
_add(Op("host.private_i32", (), I32, pure=False))  # the next four bytes, little-endian
_add(Op("host.private_i64", (), I64, pure=False))
_add(Op("host.private_left", (), I32, pure=False))  # how many bytes the prover says are left; any number
_add(Op("host.public_byte", (), I32, pure=False))  # the next byte of the public input
_add(Op("host.public_i32", (), I32, pure=False))
_add(Op("host.public_left", (), I32, pure=False))  # how many bytes are left
_add(Op("host.write_byte", (I32,), NONE, pure=False))  # to the public output; below 2^8
_add(Op("host.write_i32", (I32,), NONE, pure=False))
_add(Op("host.keccak_byte", (I32,), NONE, pure=False))  # to the string that is hashed; below 2^8
_add(Op("host.keccak_i32", (I32,), NONE, pure=False))
_add(Op("host.keccak_finish", (), NONE, pure=False))  # the end of that string: makes the digest
_add(Op("host.digest", (), I64, pure=False, immediate="the word of the digest, the least significant first"))
_add(Op("host.exit", (I32,), NONE, pure=False))  # ends the call with this status
_add(Op("host.abort", (I32, I32), NONE, pure=False))  # address and length of a message: nothing can be proved
_add(Op("host.log", (I32, I32), NONE, pure=False))  # address and length of a text for the simulator's log
_add(Op("host.thrown", (I32, I32, I32, I32), NONE, pure=False))  # for the log: strings of AssemblyScript, line, column
_add(Op("host.note", (I32,), NONE, pure=False))  # a text of the module for the log
# A line of the log in pieces: strings of AssemblyScript, the bits of floating-point numbers, and its end.
_add(Op("host.string", (I32,), NONE, pure=False))
_add(Op("host.number", (I64,), NONE, pure=False))
_add(Op("host.line", (), NONE, pure=False))

_add(Op("br", (), NONE, pure=False, terminator=True))
_add(Op("br_if", (I32,), NONE, pure=False, terminator=True))  # targets: taken when not zero, otherwise
_add(Op("br_table", (I32,), NONE, pure=False, terminator=True))  # targets: one an index, then the default
_add(Op("return", None, NONE, pure=False, terminator=True))
_add(Op("return_call", None, NONE, pure=False, terminator=True, immediate="the callee's WebAssembly function index"))
_add(
    Op("return_call_indirect", None, NONE, pure=False, terminator=True, immediate="the table, the signature", pair=True)
)
_add(Op("trap", (), NONE, pure=False, terminator=True, immediate="the Trap"))

# What only narrowing and legalisation make: exact arithmetic of this machine. *nw*: the caller knows that nothing
# wraps.
_add(Op("zk.add_nw", (I32, I32), I32, lambda x, y: x + y, commutative=True))  # x + y < 2^32
_add(Op("zk.sub_nw", (I32, I32), I32, lambda x, y: x - y))  # x >= y
_add(Op("zk.mul_nw_32", (I32, I32), I32, lambda x, y: x * y, commutative=True))  # x * y < 2^32
_add(Op("zk.div_exact", (I32, I32), I32, lambda x, d: x // d))  # d a constant > 0, x a multiple of d
_add(Op("zk.div_u_above", (I32, I32), I32, lambda x, d: x // d + quotient_offset(d)))  # d a constant > 1
_add(Op("zk.neg_nz", (I32,), I32, lambda x: (1 << 32) - x))  # of a nonzero x
_add(Op("zk.pow2_32", (I32,), I32, lambda s: 1 << s))  # s < 32
_add(Op("zk.pow2_64", (I32,), I64, lambda s: 1 << s))  # s < 64
_add(Op("zk.rpow2_32", (I32,), I64, lambda s: 1 << (32 - s)))  # s < 32
_add(Op("zk.rpow2_64", (I32,), I64, lambda s: 1 << (64 - s)))  # 0 < s < 64
_add(Op("zk.mul_nw", (I64, I64), I64, lambda x, y: x * y, commutative=True))  # x * y < 2^64
_add(Op("zk.mul_add_nw", (I64, I64, I64), I64, lambda x, y, z: x * y + z))  # x * y + z < 2^64
for _type in (I32, I64):
    _add(Op(f"zk.div_u_nz_{_type.bits}", (_type, _type), _type, lambda x, y: x // y))  # y > 0
    _add(Op(f"zk.rem_u_nz_{_type.bits}", (_type, _type), _type, lambda x, y: x % y))  # y > 0
_add(Op("zk.div_wide", (I64, I64, I64), I64, lambda high, low, y: ((high << 64) + low) // y))  # high < y
_add(Op("zk.rem_wide", (I64, I64, I64), I64, lambda high, low, y: ((high << 64) + low) % y))  # high < y
_add(Op("zk.sqrt", (I64, I64), I64, lambda high, low: isqrt((high << 64) + low)))  # high < 2^42
_add(Op("zk.sqrt_rest", (I64, I64), I64, _root_rest))
_add(Op("zk.mulhi_u", (I64, I64), I64, lambda x, y: (x * y) >> 64, commutative=True))
_add(Op("zk.mulhi_add", (I64, I64, I64), I64, lambda x, y, z: (x * y + z) >> 64))
_add(Op("zk.mullo_add", (I64, I64, I64), I64, lambda x, y, z: x * y + z & (1 << 64) - 1))  # with the same steps
_add(Op("zk.rotl_pow2", (I64, I64), I64, lambda x, p: (x * p & (1 << 64) - 1) + (x * p >> 64)))  # p a power of two
_add(Op("zk.low", (I64,), I32, lambda x: x))  # x < 2^32
_add(Op("zk.popcnt_64", (I64,), I32, lambda x: x.bit_count()))
_add(Op("zk.pack", (I32, I32), I64, lambda low, high: low + (high << 32)))
_add(Op("zk.high", (I64,), I32, lambda x: x >> 32))
_add(Op("zk.fold", (I64,), I32, lambda x: (x & 0xFFFFFFFF) + (x >> 32)))  # the halves have no bit in common
_add(Op("zk.upper", (I64,), I32, lambda x: x >> 32))  # x a multiple of 2^32
_add(Op("zk.join", (I64, I64), I64, lambda x, y: x + y))  # half by half: without a carry from either
_add(Op("zk.cut", (I64, I64), I64, lambda x, y: x - y))  # half by half: without a borrow in either
_add(Op("zk.add_high", (I64, I32), I64, lambda x, y: x + (y << 32)))  # without a carry out
_add(Op("zk.cut_high", (I64, I32), I64, lambda x, y: x - (y << 32)))  # without a borrow
_add(Op("zk.significand", (I64, I32), I64, lambda x, top: x - (top << 52) + (1 << 52)))  # x within 2^52 of top << 52
_add(Op("zk.shl_clz", (I64,), I64, lambda x: x << integers.clz(x, 64)))  # x > 0
_add(Op("zk.normal", (I32,), I64, lambda x: x << 53 - x.bit_length()))  # x > 0
_add(Op("zk.normal_zeros", (I32,), I32, lambda x: 32 - x.bit_length()))  # x > 0; made with the same steps
_add(Op("zk.high_ones", (I64,), I64, lambda x: x + 0xFFFFFFFF00000000))  # x < 2^32
_add(Op("zk.fill_ones", (I64, I32), I64, lambda x, s: x + (1 << 64) - (1 << (64 - s))))  # x < 2^(64-s), 0 < s < 64
_add(Op("zk.clz_nz_32", (I32,), I32, lambda x: integers.clz(x, 32)))
_add(Op("zk.clz_nz_64", (I64,), I32, lambda x: integers.clz(x, 64)))
_add(Op("zk.ctz_nz_64", (I64,), I32, lambda x: integers.ctz(x, 64)))

# Memory in cells, of four bytes or of one (`memory_layout`). An index is the number of a cell minus the cells of the
# memory where those are fixed, and just the number where the memory grows. A constant byte address serves as one too.
# Sizes are in words of four bytes in every layout.
_add(Op("zk.word_index", None, INDEX, pure=False, traps=True))
# (words, offset, x1, k1, x2, k2, …): the cell at k1 * x1 + k2 * x2 + … + offset, where one begins; i64 constants for
# the offset and the factors; an x may be an index; words is a constant where the memory does not grow. Traps outside.
_add(Op("zk.unchecked_index", None, INDEX))  # the same wherever the cell is; words are a constant, 0 where it grows
_add(Op("zk.multiple", (INDEX, I64, I64, I64), I32))  # (index, k, offset, d) -> (k * index + offset) / d, exactly
_add(Op("zk.locate", (), INDEX, pure=False))  # the terminator of its block makes it
_add(Op("zk.memory_words", (), I32, pure=False))  # how many words the memory has now
_add(Op("zk.check_index", (INDEX,), NONE, pure=False, traps=True, immediate="words that must be inside beyond it"))
_add(Op("zk.load_word", None, I32, pure=False, immediate="words beyond the index"))  # (index)
_add(Op("zk.store_word", None, NONE, pure=False, immediate="words beyond the index"))  # (index, word)
_add(Op("zk.set_memory_words", (I32,), NONE, pure=False))
_add(Op("zk.segment_word", (I32,), I32, pure=False))  # a word of the table of segments; the index must be inside
_add(Op("zk.dropped", (), I32, pure=False, immediate="the data segment"))  # 1 after data.drop, 0 before
_add(Op("zk.check_count", (I32,), NONE, pure=False, traps=True))  # not more bytes than the memory has
_add(Op("zk.check_bytes", (I32, I32), NONE, pure=False, traps=True))  # start, count, not both 0; after zk.check_count
# Many words that are known to be inside, at byte addresses and with a count of bytes that are multiples of four.
_add(Op("zk.fill_words", (I32, I32, I32), NONE, pure=False))  # start, word, count
_add(Op("zk.move_words", (I32, I32, I32), NONE, pure=False, immediate="bytes beyond the source's address"))
# destination, source, count; where 1 to 3 bytes are between, the word that the last byte is in is inside too
_add(Op("zk.by_rest", (I32, INDEX), NONE, pure=False, terminator=True, immediate="the offset in bytes"))
# (x, located index): targets for x + offset modulo 4 being 0, 1, 2, 3; traps when the word is outside the memory
_add(Op("zk.by_whole", (I32, INDEX), NONE, pure=False, terminator=True, immediate="the offset in bytes"))
# the same with two targets: for 0, and for what `zk.misalignment` must prove of the index
_add(Op("zk.misalignment", (I32, INDEX), I32, pure=False, immediate="the offset in bytes"))  # (x + offset) % 4 - 1
_add(Op("zk.by_number", (I32,), NONE, pure=False, terminator=True))  # targets for 0, 1, …; there is one
_add(Op("zk.by_bounds", None, NONE, pure=False, terminator=True))
# (located index, words, offset, x1, k1, …), the rest as for zk.word_index: targets for a cell inside and outside
_add(Op("zk.by_alignment", None, NONE, pure=False, terminator=True))
# (located index, words, offset, x, 1): targets for a word inside whose address x + offset 4 divides, and for the rest


# Tables in cells. An index is the number of an entry minus the entries of the table where those are fixed, and just the
# number where the table grows. A constant number of an entry serves as one too.
_add(Op("zk.entry_index", (I32,), INDEX, pure=False, traps=True, immediate="the table, the trap's status", pair=True))
_add(Op("zk.load_entry", None, None, pure=False, immediate="the table, entries beyond the index", pair=True))
_add(Op("zk.store_entry", None, NONE, pure=False, immediate="the table, entries beyond the index", pair=True))
_add(Op("zk.table_size", (), I32, pure=False, immediate="the table"))
_add(Op("zk.set_table_size", (I32,), NONE, pure=False, immediate="the table"))
_add(Op("zk.return_call_ref", None, NONE, pure=False, terminator=True, immediate="the signature"))
_add(Op("zk.call_ref", None, TUPLE, pure=False, immediate="the signature"))  # (…, reference); traps for null and others


# One byte a cell. An i32 as index is an address that is known to be inside.
_add(Op("zk.load_bytes", None, I32, pure=False, immediate="bytes beyond the index"))  # (index, count up to 4)
_add(Op("zk.store_byte", None, NONE, pure=False, immediate="bytes beyond the index"))  # (index, x): x < 2^8
_add(Op("zk.store_bytes", None, NONE, pure=False, immediate="bytes beyond the index"))
# (index, x, count): x < 2^(8 * count), 1 < count
_add(Op("zk.store_low_bytes", None, NONE, pure=False, immediate="bytes beyond the index"))
# (index, x, count): the low bytes of x, 0 < count < 4
