"""Names of what WebAssembly has beyond 2.0 without SIMD, so that a message can say which feature a module uses."""

from __future__ import annotations

from zkwasm_compiler.errors import Problem, UnsupportedError

SIMD = "SIMD"
RELAXED_SIMD = "relaxed SIMD"
THREADS = "threads"
GC = "garbage collection"
EXCEPTIONS = "exception handling"
FUNCTION_REFERENCES = "typed function references"
STACK_SWITCHING = "stack switching"
WIDE_ARITHMETIC = "wide arithmetic"
MEMORY64 = "64-bit memories"
MULTI_MEMORY = "multiple memories"
PAGE_SIZES = "custom page sizes"

ADVICE = {
    SIMD: "-mno-simd128 in clang, -C target-feature=-simd128 in rustc",
    RELAXED_SIMD: "-mno-relaxed-simd in clang, -C target-feature=-relaxed-simd in rustc",
    THREADS: "-mno-atomics in clang, -C target-feature=-atomics in rustc",
    EXCEPTIONS: "-fno-exceptions in clang, -C panic=abort in rustc",
}
"""How the usual compilers switch a feature off."""

_ONE_BYTE = {
    EXCEPTIONS: {
        0x06: "try",
        0x07: "catch",
        0x08: "throw",
        0x09: "rethrow",
        0x0A: "throw_ref",
        0x18: "delegate",
        0x19: "catch_all",
        0x1F: "try_table",
    },
    FUNCTION_REFERENCES: {
        0x14: "call_ref",
        0x15: "return_call_ref",
        0xD4: "ref.as_non_null",
        0xD5: "br_on_null",
        0xD6: "br_on_non_null",
    },
    GC: {0xD3: "ref.eq"},
    STACK_SWITCHING: {
        0xE0: "cont.new",
        0xE1: "cont.bind",
        0xE2: "suspend",
        0xE3: "resume",
        0xE4: "resume_throw",
        0xE5: "resume_throw_ref",
        0xE6: "switch",
    },
}

_AFTER_FC = {WIDE_ARITHMETIC: {19: "i64.add128", 20: "i64.sub128", 21: "i64.mul_wide_s", 22: "i64.mul_wide_u"}}

_AFTER_FB = """
struct.new struct.new_default struct.get struct.get_s struct.get_u struct.set
array.new array.new_default array.new_fixed array.new_data array.new_elem array.get array.get_s array.get_u array.set
array.len array.fill array.copy array.init_data array.init_elem
ref.test ref.test_null ref.cast ref.cast_null br_on_cast br_on_cast_fail any.convert_extern extern.convert_any
ref.i31 i31.get_s i31.get_u
"""

_INTEGER_COMPARISONS = ("eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u")
_FLOAT_COMPARISONS = ("eq", "ne", "lt", "gt", "le", "ge")
# In the order of their codes; a dash is an unused code, a number skips to that code
_AFTER_FD = f"""
v128.load v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u
v128.load8_splat v128.load16_splat v128.load32_splat v128.load64_splat v128.store v128.const i8x16.shuffle i8x16.swizzle
i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat
i8x16.extract_lane_s i8x16.extract_lane_u i8x16.replace_lane i16x8.extract_lane_s i16x8.extract_lane_u
i16x8.replace_lane i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane f32x4.extract_lane
f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane
{" ".join(f"{shape}.{op}" for shape in ("i8x16", "i16x8", "i32x4") for op in _INTEGER_COMPARISONS)}
{" ".join(f"{shape}.{op}" for shape in ("f32x4", "f64x2") for op in _FLOAT_COMPARISONS)}
v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect v128.any_true
v128.load8_lane v128.load16_lane v128.load32_lane v128.load64_lane
v128.store8_lane v128.store16_lane v128.store32_lane v128.store64_lane v128.load32_zero v128.load64_zero
f32x4.demote_f64x2_zero f64x2.promote_low_f32x4
i8x16.abs i8x16.neg i8x16.popcnt i8x16.all_true i8x16.bitmask i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u
f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest i8x16.shl i8x16.shr_s i8x16.shr_u
i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u f64x2.ceil f64x2.floor
i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u f64x2.trunc i8x16.avgr_u
i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u
i16x8.abs i16x8.neg i16x8.q15mulr_sat_s i16x8.all_true i16x8.bitmask i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u
i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u
i16x8.shl i16x8.shr_s i16x8.shr_u i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u
f64x2.nearest i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u - i16x8.avgr_u
i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u
i32x4.abs i32x4.neg - i32x4.all_true i32x4.bitmask - -
i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u
i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub - - - i32x4.mul
i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s -
i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u
i64x2.abs i64x2.neg - i64x2.all_true i64x2.bitmask - -
i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u
i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add - - i64x2.sub - - - i64x2.mul
i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s
i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u
f32x4.abs f32x4.neg - f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
f64x2.abs f64x2.neg - f64x2.sqrt f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax
i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u
i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u
256 i8x16.relaxed_swizzle i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u i32x4.relaxed_trunc_f64x2_s_zero
i32x4.relaxed_trunc_f64x2_u_zero f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd
i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect
f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max i16x8.relaxed_q15mulr_s
i16x8.relaxed_dot_i8x16_i7x16_s i32x4.relaxed_dot_i8x16_i7x16_add_s
"""

_WIDTHS = ("i32.", "i64.", "i32.8", "i32.16", "i64.8", "i64.16", "i64.32")
# Codes of the threads proposal: waiting and fences, then loads, stores and read-modify-write by width
_AFTER_FE = f"""
memory.atomic.notify memory.atomic.wait32 memory.atomic.wait64 atomic.fence
16 i32.atomic.load i64.atomic.load i32.atomic.load8_u i32.atomic.load16_u i64.atomic.load8_u i64.atomic.load16_u
i64.atomic.load32_u i32.atomic.store i64.atomic.store i32.atomic.store8 i32.atomic.store16 i64.atomic.store8
i64.atomic.store16 i64.atomic.store32
{
    " ".join(
        f"{width[:3]}.atomic.rmw{width[4:]}.{op}{'_u' if width[4:] else ''}"
        for op in ("add", "sub", "and", "or", "xor", "xchg", "cmpxchg")
        for width in _WIDTHS
    )
}
"""

VALUE_TYPES = {
    0x7B: ("v128", SIMD),
    0x69: ("exnref", EXCEPTIONS),
    0x6A: ("arrayref", GC),
    0x6B: ("structref", GC),
    0x6C: ("i31ref", GC),
    0x6D: ("eqref", GC),
    0x6E: ("anyref", GC),
    0x71: ("nullref", GC),
    0x72: ("nullexternref", GC),
    0x73: ("nullfuncref", GC),
    0x74: ("nullexnref", EXCEPTIONS),
    0x63: ("ref null", FUNCTION_REFERENCES),
    0x64: ("ref", FUNCTION_REFERENCES),
}
"""Value types beyond 2.0 by their first byte: spelling and feature."""

TYPE_FORMS = {0x5F: ("struct", GC), 0x5E: ("array", GC), 0x4E: ("rec", GC), 0x50: ("sub", GC), 0x4F: ("sub final", GC)}
"""Forms of types beyond 2.0 by their first byte: spelling and feature."""


def _number(names: str) -> dict[int, str]:
    """Codes of a listing in which a dash skips one code and a number skips to that code."""
    numbered: dict[int, str] = {}
    code = 0
    for word in names.split():
        if word.isdigit():
            code = int(word)
            continue
        if word != "-":
            numbered[code] = word
        code += 1
    return numbered


def _instructions() -> dict[tuple[int | None, int], tuple[str, str]]:
    table: dict[tuple[int | None, int], tuple[str, str]] = {}
    for feature, names in _ONE_BYTE.items():
        table.update({(None, code): (name, feature) for code, name in names.items()})
    for feature, names in _AFTER_FC.items():
        table.update({(0xFC, code): (name, feature) for code, name in names.items()})
    table.update({(0xFB, code): (name, GC) for code, name in _number(_AFTER_FB).items()})
    for code, name in _number(_AFTER_FD).items():
        table[0xFD, code] = (name, RELAXED_SIMD if code >= 256 else SIMD)
    table.update({(0xFE, code): (name, THREADS) for code, name in _number(_AFTER_FE).items()})
    return table


INSTRUCTIONS = _instructions()
"""Instructions beyond 2.0 by prefix (None for one byte) and code: name and feature."""


def refuse(what: str, feature: str, offset: int) -> UnsupportedError:
    """The error that says that `what` at a byte offset needs a feature that is not supported."""
    message = f"{what} needs the WebAssembly feature '{feature}', which is not supported; compile without it"
    if feature in ADVICE:
        message += f" ({ADVICE[feature]})"
    return UnsupportedError(Problem(message, byte_offset=offset))
