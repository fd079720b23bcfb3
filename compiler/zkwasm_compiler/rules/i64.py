"""Lowering rules for i64 values and for what turns i32 into i64 and back."""

from __future__ import annotations

from zkwasm_compiler.rules.rule import RuleTable

TABLE = RuleTable()
rule = TABLE.rule

for _op in ("add", "sub", "and", "or", "xor"):
    rule(f"i64.{_op}", f"i64.{_op}(x:long, y:long)", "r:long", f"$ => r :{_op.upper()}(x, y)")
rule("i64.and.mask", "i64.and(x:long, y:clean)", "r:clean", "$ => r :AND(x, y)")  # the high limb is x.hi & 0
for _op in ("or", "xor"):
    rule(f"i64.{_op}.clean", f"i64.{_op}(x:clean, y:clean)", "r:clean", f"$ => r :{_op.upper()}(x, y)")

# ARITH holds all five numbers to 64 bits, so low and high word of the product are unique. Selection emits the steps
# once where both are wanted, as everywhere where rules have the same steps.
_PRODUCT = """
    ${(x * y) >> 64} => d
    ${x * y} => r :ARITH(x, y, #0, d)
    """
rule("i64.mul", "i64.mul(x:long, y:long)", "r:long", _PRODUCT)
rule("zk.mulhi_u", "zk.mulhi_u(x:long, y:long)", "d:long", _PRODUCT)
rule("i64.mul.clean", "i64.mul(x:clean, y:clean)", "r:long", "${x * y} => r :ARITH(x, y, #0, #0)")
_SUM_WITH_PRODUCT = """
    ${((x * y) + z) >> 64} => d
    ${(x * y) + z} => r :ARITH(x, y, z, d)
    """
rule("i64.mul_add", "i64.add(i64.mul(x:long, y:long), z:long)", "r:long", _SUM_WITH_PRODUCT)
rule("zk.mullo_add", "zk.mullo_add(x:long, y:long, z:long)", "r:long", _SUM_WITH_PRODUCT)
rule("zk.mulhi_add", "zk.mulhi_add(x:long, y:long, z:long)", "d:long", _SUM_WITH_PRODUCT)
rule("zk.mul_nw", "zk.mul_nw(x:long, y:long)", "r:long", "${x * y} => r :ARITH(x, y, #0, #0)")
rule(
    "zk.mul_add_nw",
    "zk.mul_add_nw(x:long, y:long, z:long)",
    "r:long",
    "${(x * y) + z} => r :ARITH(x, y, z, #0)",
)
rule(
    "zk.rotl_pow2",
    "zk.rotl_pow2(x:long, p:long)",
    "r:long",
    """
    ${(x * p) >> 64} => d
    ${x * p} => t :ARITH(x, p, #0, d)
    t + d => r
    """,
)
# A shift to the left by s and one to the right by 64 - s are the words of one product.
_SHIFT = """
    ${(x * %p) >> 64} => d
    ${x * %p} => r :ARITH(x, #p, #0, d)
    """
rule(
    "i64.shl.constant",
    "i64.shl(x:long, %s)",
    "r:long",
    _SHIFT,
    guard=lambda c: c["s"] % 64 != 0,
    p=lambda c: 1 << (c["s"] % 64),
)
rule(
    "i64.shl.constant.clean",
    "i64.shl(x:clean, %s)",
    "r:long",
    "${x * %p} => r :ARITH(x, #p, #0, #0)",
    guard=lambda c: 1 <= c["s"] % 64 <= 32,
    p=lambda c: 1 << (c["s"] % 64),
)
rule(
    "i64.shr_u.constant",
    "i64.shr_u(x:long, %s)",
    "d:long",
    _SHIFT,
    guard=lambda c: 1 <= c["s"] % 64 < 32,
    p=lambda c: 1 << (64 - c["s"] % 64),
)
rule(
    "i64.shr_u.constant.clean",
    "i64.shr_u(x:long, %s)",
    "d:clean",
    _SHIFT,
    guard=lambda c: c["s"] % 64 >= 32,
    p=lambda c: 1 << (64 - c["s"] % 64),
)
rule(
    "i64.rotl.constant",
    "i64.rotl(x:long, %s)",
    "r:long",
    """
    ${(x * %p) >> 64} => d
    ${x * %p} => t :ARITH(x, #p, #0, d)
    t + d => r
    """,
    guard=lambda c: c["s"] % 64 != 0,
    p=lambda c: 1 << (c["s"] % 64),
)
rule(
    "i64.rotr.constant",
    "i64.rotr(x:long, %s)",
    "r:long",
    """
    ${(x * %p) >> 64} => d
    ${x * %p} => t :ARITH(x, #p, #0, d)
    t + d => r
    """,
    guard=lambda c: c["s"] % 64 != 0,
    p=lambda c: 1 << (-c["s"] % 64),
)
_DIVISION = """
    y + rot(y) :JMPZ(trap_integer_divide_by_zero)
    ${x / y} => q
    ${x % y} => r
    x :ARITH(q, y, r, #0)
    $ :LT(r, y), JMPC(next, fail)
    """
rule("i64.div_u", "i64.div_u(x:long, y:long)", "q:long", _DIVISION)
rule("i64.rem_u", "i64.rem_u(x:long, y:long)", "r:long", _DIVISION)
_NONZERO_DIVISION = _DIVISION.partition("trap_integer_divide_by_zero)")[2]
rule("zk.div_u_nz_64", "zk.div_u_nz_64(x:long, y:long)", "q:long", _NONZERO_DIVISION)
rule("zk.rem_u_nz_64", "zk.rem_u_nz_64(x:long, y:long)", "r:long", _NONZERO_DIVISION)
_CONSTANT_DIVISION = """
    ${x / %d} => q
    ${x % %d} => r
    x :ARITH(q, #d, r, #0)
    $ :LT(r, #d), JMPC(next, fail)
    """
rule("i64.div_u.constant", "i64.div_u(x:long, %d)", "q:long", _CONSTANT_DIVISION, guard=lambda c: c["d"] > 0)
rule("i64.rem_u.constant", "i64.rem_u(x:long, %d)", "r:long", _CONSTANT_DIVISION, guard=lambda c: c["d"] > 0)

for _name, _operation in (("lt_u", "LT(x, y)"), ("lt_s", "SLT(x, y)"), ("gt_u", "LT(y, x)"), ("gt_s", "SLT(y, x)")):
    rule(f"i64.{_name}", f"i64.{_name}(x:long, y:long)", "r:clean", f"$ => r :{_operation}")
for _name, _operation in (("ge_u", "LT(x, y)"), ("ge_s", "SLT(x, y)"), ("le_u", "LT(y, x)"), ("le_s", "SLT(y, x)")):
    rule(
        f"i64.{_name}",
        f"i64.{_name}(x:long, y:long)",
        "r:clean",
        f"""
        $ => t :{_operation}
        1 - t => r
        """,
    )
rule("i64.eq", "i64.eq(x:long, y:long)", "r:clean", "$ => r :EQ(x, y)")
rule(
    "i64.ne",
    "i64.ne(x:long, y:long)",
    "r:clean",
    """
    $ => t :EQ(x, y)
    1 - t => r
    """,
)
rule("i64.eqz", "i64.eqz(x:long)", "r:clean", "$ => r :EQ(x, #0)")

rule("i32.wrap_i64", "i32.wrap_i64(x:long)", "x:word", "")
rule("i32.wrap_i64.clean", "i32.wrap_i64(x:clean)", "x:clean", "")
rule("zk.low", "zk.low(x:long)", "x:clean", "")
rule("zk.pack", "zk.pack(x:clean, y:clean)", "r:long", "x + rot(y) => r")
# The advised number is checked limb by limb, so both of its limbs are proved.
rule(
    "zk.pack.word",
    "zk.pack(x:word, y:word)",
    "r:long",
    """
    ${(x & 0xFFFFFFFF) + ((y & 0xFFFFFFFF) << 32)} => r
    r - x :JMPNZ(fail)
    rot(r) - y :JMPNZ(fail)
    """,
)
rule("zk.pack.constant", "zk.pack(%c, y:clean)", "r:long", "rot(y) + %c => r")
rule("i64.extend_i32_u", "i64.extend_i32_u(x:clean)", "x:clean", "")
rule("zk.upper", "zk.upper(x:long)", "r:clean", "rot(x) => r")
rule("zk.join", "zk.join(x:long, y:long)", "r:long", "x + y => r")
rule("zk.join.cut", "zk.join(z:long, zk.cut(x:long, y:long))", "r:long", "z + x - y => r")
rule("zk.cut", "zk.cut(x:long, y:long)", "r:long", "x - y => r")
rule(
    "zk.cut.cuts",
    "zk.cut(zk.cut(x:long, y:long), zk.cut(z:long, w:long))",
    "r:long",
    "x - y - z + w => r",
)
rule(
    "zk.add_high.constant.product",
    "zk.add_high(i64.extend_i32_u(zk.mul_nw_32(x:clean, %k)), %c)",
    "r:long",
    "x*%k + %high_long => r",
    high_long=lambda c: c["c"] << 32,
)
rule(
    "zk.cut.from_sum",
    "zk.cut(zk.add_high(x:long, %c), y:long)",
    "r:long",
    "x - y + %high_long => r",
    high_long=lambda c: c["c"] << 32,
)
# What is added to the high limb leaves no carry, by promise.
rule("zk.add_high", "zk.add_high(x:long, y:clean)", "r:long", "x + rot(y) => r")
rule("zk.add_high.product", "zk.add_high(x:long, zk.mul_nw_32(y:clean, %c))", "r:long", "x + rot(y)*%c => r")
rule(
    "zk.add_high.difference",
    "zk.add_high(x:long, zk.mul_nw_32(zk.sub_nw(%c, y:clean), %d))",
    "r:long",
    "x - rot(y)*%d + %base_long => r",
    guard=lambda c: c["c"] * c["d"] < 1 << 32,
    base_long=lambda c: c["c"] * c["d"] << 32,
)
rule(
    "zk.add_high.constant",
    "zk.add_high(x:long, %c)",
    "r:long",
    "x + %high_long => r",
    high_long=lambda c: c["c"] << 32,
)
rule("zk.cut_high", "zk.cut_high(x:long, y:clean)", "r:long", "x - rot(y) => r")
rule(
    "zk.significand",
    "zk.significand(x:long, y:clean)",
    "r:long",
    "x - rot(y)*1048576 + %one_long => r",
    one_long=lambda _: 1 << 52,
)
rule("zk.high_ones", "zk.high_ones(x:clean)", "r:long", "x + %ones_long => r", ones_long=lambda _: 0xFFFFFFFF00000000)
rule(
    "zk.fill_ones",
    "zk.fill_ones(x:long, %s)",
    "r:long",
    "x + %ones_long => r",
    guard=lambda c: 1 <= c["s"] <= 63,
    ones_long=lambda c: (1 << 64) - (1 << (64 - c["s"])),
)

# Leading zeros of a nonzero x: x*2^k fits in 64 bits (D = 0) and has its top bit set for exactly one k.
_LEADING = " + ".join(f"(x < {1 << bit})" for bit in range(64))
_LEADING_STEPS = f"""
    ${{{_LEADING}}} => k :JMPN(fail)
    k - 64 => e :JMPN(next, fail)
    :CALL(pow2_64_end, e) -> p
    ${{x * p}} => m :ARITH(x, p, #0, #0)
    rot(m) - 0x80000000 :JMPN(fail)
    """
rule("zk.clz_nz_64", "zk.clz_nz_64(x:long)", "k:tidy", _LEADING_STEPS)
rule("zk.shl_clz", "zk.shl_clz(x:long)", "m:long", _LEADING_STEPS)
# x*2^(21+k) has its leading one at 2^52 for one k; k < 43 keeps the index in the table.
_LEADING_32 = " + ".join(f"(x < {1 << bit})" for bit in range(32))
_NORMAL = f"""
    ${{{_LEADING_32}}} => k :JMPN(fail)
    k - 43 => e :JMPN(next, fail)
    :CALL(pow2_64_end, e) -> p
    ${{x * p}} => m :ARITH(x, p, #0, #0)
    rot(m) - 0x100000 :JMPN(fail)
    rot(m) - 0x200000 :JMPN(next, fail)
    """
rule("zk.normal", "zk.normal(x:clean)", "m:long", _NORMAL)
rule("zk.normal_zeros", "zk.normal_zeros(x:clean)", "k:tidy", _NORMAL)
# Trailing zeros of a nonzero x: the low word of x*2^j is 2^63 for j = 63 - ctz(x) and for no other j.
_TRAILING = " - ".join(f"((x & {(2 << bit) - 1}) == 0)" for bit in range(63))
rule(
    "zk.ctz_nz_64",
    "zk.ctz_nz_64(x:long)",
    "r:tidy",
    f"""
    ${{63 - {_TRAILING}}} => j :JMPN(fail)
    j - 64 => e :JMPN(next, fail)
    :CALL(pow2_64_end, e) -> p
    ${{(x * p) >> 64}} => d
    %top_long :ARITH(x, p, #0, d)
    63 - j => r
    """,
    top_long=lambda _: 1 << 63,
)

# Numbers of two words. The quotient and the root are those of which the rest is small enough.
_WIDE_DIVISION = """
    ${((h << 64) + l) / y} => q
    ${((h << 64) + l) % y} => r
    l :ARITH(q, y, r, h)
    $ :LT(r, y), JMPC(next, fail)
    """
rule("zk.div_wide", "zk.div_wide(h:long, l:long, y:long)", "q:long", _WIDE_DIVISION)
rule("zk.rem_wide", "zk.rem_wide(h:long, l:long, y:long)", "r:long", _WIDE_DIVISION)
_NUMBER = "((h << 64) + l)"
_GUESS = f"(16777216 + (({_NUMBER} > 281474976710655) * 9007199237963776))"
"""At most twice the root of a number of 47, 48, 105 or 106 bits, and not below it."""


def _newton(root: str, times: int) -> str:
    """Advice for a root that is known twice as well after each of so many times, still not below it."""
    for _ in range(times):
        root = f"(({root} + ({_NUMBER} / {root})) / 2)"
    return root


_LAST = _newton("g", 3)
_SQUARE_ROOT = f"""
    ${{{_newton(_GUESS, 3)}}} => g
    ${{{_LAST} - (({_LAST} * {_LAST}) > {_NUMBER})}} => s
    ${{{_NUMBER} - (s * s)}} => r
    l :ARITH(s, s, r, h)
    $ => t :ADD(s, s)
    $ :LT(t, r), JMPC(fail, next)
    """
rule("zk.sqrt", "zk.sqrt(h:long, l:long)", "s:long", _SQUARE_ROOT)
rule("zk.sqrt_rest", "zk.sqrt_rest(h:long, l:long)", "r:long", _SQUARE_ROOT)
