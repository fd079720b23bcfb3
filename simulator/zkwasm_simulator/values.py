"""WebAssembly values: between Python's numbers and the 64-bit patterns of public words and cells.

Python gives and takes what wasmtime's Python API does: integers signed or unsigned, results signed, floats as `float`.
A reference is None for null, else a number: of an externref one that the host has chosen, of a funcref one that stands
for a function of the program.
A NaN keeps its sign and its payload, that of an f32 in the upper bits of the payload of the `float`.
"""

from __future__ import annotations

import math
import struct

from zkwasm_compiler.errors import ConfigurationError

Value = int | float | None

INTEGER_BITS = {"i32": 32, "i64": 64}
FLOAT_FORMATS = {"f32": ("<f", "<I"), "f64": ("<d", "<Q")}
REFERENCES = ("funcref", "externref")
BITS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64, **dict.fromkeys(REFERENCES, 32)}
FRACTION_BITS = {"f32": 23, "f64": 52}
"""The stored bits of the significand, for NaNs the payload."""
_SHORTER = FRACTION_BITS["f64"] - FRACTION_BITS["f32"]
_NAN_EXPONENT = {"f32": 0x7F800000, "f64": 0x7FF0000000000000}


def to_bits(type_: str, value: Value, what: str) -> int:
    """The unsigned pattern of `value` as a WebAssembly value. *Raises:* ConfigurationError; `what` names the value."""
    if type_ in FLOAT_FORMATS:
        if not isinstance(value, int | float):
            raise ConfigurationError(f"{what} is {value!r}; {type_} takes a number")
        return _float_bits(type_, value)
    if type_ in REFERENCES:
        return _reference_bits(type_, value, what)
    bits = INTEGER_BITS[type_]
    if not isinstance(value, int):
        raise ConfigurationError(f"{what} is {value!r}; {type_} takes an int")
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise ConfigurationError(f"{what} is {value}; {type_} takes -2**{bits - 1} to 2**{bits}-1")
    return value & (1 << bits) - 1


def _reference_bits(type_: str, value: Value, what: str) -> int:
    """0 is null, and n + 1 stands for n."""
    if value is None:
        return 0
    if not isinstance(value, int) or not 0 <= value < (1 << 32) - 1:
        raise ConfigurationError(f"{what} is {value!r}; {type_} takes None for null, or an int from 0 to 2**32-2")
    return value + 1


def _float_bits(type_: str, value: float) -> int:
    as_float, as_integer = FLOAT_FORMATS[type_]
    if type_ == "f32" and isinstance(value, float) and math.isnan(value):
        wide = _float_bits("f64", value)
        payload = (wide & (1 << FRACTION_BITS["f64"]) - 1) >> _SHORTER
        return wide >> 63 << 31 | _NAN_EXPONENT["f32"] | (payload or 1 << FRACTION_BITS["f32"] - 1)
    try:
        packed = struct.pack(as_float, float(value))
    except OverflowError:
        packed = struct.pack(as_float, math.inf if value > 0 else -math.inf)
    return int(struct.unpack(as_integer, packed)[0])


def float_from_bits(type_: str, pattern: int) -> float:
    """The Python float of the pattern of an f32 or f64."""
    as_float, as_integer = FLOAT_FORMATS[type_]
    if type_ == "f32" and pattern & ~(1 << 31) > _NAN_EXPONENT["f32"]:
        payload = pattern & (1 << FRACTION_BITS["f32"]) - 1
        return float_from_bits("f64", pattern >> 31 << 63 | _NAN_EXPONENT["f64"] | payload << _SHORTER)
    return float(struct.unpack(as_float, struct.pack(as_integer, pattern))[0])


def from_bits(type_: str, pattern: int) -> Value:
    """The Python value of an unsigned pattern."""
    if type_ in REFERENCES:
        return pattern - 1 if pattern else None
    if type_ in FLOAT_FORMATS:
        return float_from_bits(type_, pattern)
    sign = 1 << INTEGER_BITS[type_] - 1
    return (pattern ^ sign) - sign


def require_pattern(type_: str, pattern: int, what: str) -> int:
    """`pattern` if it is an unsigned number of the type's width. *Raises:* ConfigurationError."""
    if not isinstance(pattern, int) or not 0 <= pattern < 1 << BITS[type_]:
        raise ConfigurationError(f"{what} is {pattern!r}; a pattern of {type_} is an int from 0 to 2**{BITS[type_]}-1")
    return pattern


def pattern_of_word(type_: str, low: int, high: int) -> int:
    """The pattern that a cell holds; of a 32-bit value only the low limb counts."""
    return low if BITS[type_] == 32 else low | high << 32
