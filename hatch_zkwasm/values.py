"""WebAssembly values as people write and read them: arguments of the command line, results in tables and JSON.

Integers are given signed or unsigned, decimal, hexadecimal, octal or binary, and are compared as bit patterns; they
are shown signed, as Python WebAssembly engines give them. A reference is ``null`` or a number. Floats are given and
shown decimal, hexadecimal floats are taken too; a NaN other than the canonical one shows its sign and payload as the
text format writes them: -nan:0x1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from zkwasm_compiler.asm.program import Export
from zkwasm_compiler.errors import ConfigurationError, Problem
from zkwasm_simulator.values import FRACTION_BITS, float_from_bits, to_bits

Value = int | float | None

_BITS = {"i32": 32, "i64": 64}
_REFERENCES = ("funcref", "externref")
NULL = "null"
_WIDTH = {"f32": 32, "f64": 64}
_HEXADECIMAL_FLOAT = re.compile(r"[+-]?0x", re.IGNORECASE)
_NAN = re.compile(r"([+-]?)nan(?::(canonical|0x[0-9a-f_]+))?", re.IGNORECASE)


def signature(export: Export) -> str:
    """`export` as its name, parameter and result types: ``gcd(i64, i64) -> i64``."""
    results = ", ".join(export.results)
    arrow = f" -> ({results})" if len(export.results) > 1 else f" -> {results}" if results else ""
    return f"{export.name}({', '.join(export.parameters)}){arrow}"


def call_text(export: Export, arguments: Sequence[Value]) -> str:
    """A call as a person writes it: ``gcd(48, 18)``."""
    return f"{export.name}({', '.join(map(value_text, export.parameters, arguments))})"


def value_text(type_: str, value: Value) -> str:
    """`value` so that `parse_value` gives it back."""
    if value is None:
        return NULL
    if type_ not in FRACTION_BITS or isinstance(value, int) or not math.isnan(value):
        return repr(value)
    pattern = to_bits(type_, value, "the value")
    sign, payload = pattern >> _WIDTH[type_] - 1, pattern & (1 << FRACTION_BITS[type_]) - 1
    quiet = payload == 1 << FRACTION_BITS[type_] - 1
    return f"{'-' if sign else ''}nan" + ("" if quiet else f":{payload:#x}")


def values_text(export: Export, values: Sequence[Value]) -> str:
    """The results of a call: nothing, one value, or a tuple."""
    texts = list(map(value_text, export.results, values))
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})" if texts else "nothing"


def parse_arguments(export: Export, texts: Sequence[str]) -> tuple[Value, ...]:
    """The arguments that `texts` mean for `export`.

    Raises: ConfigurationError with every problem.
    """
    if len(texts) != len(export.parameters):
        raise ConfigurationError(_count_problem(export, len(texts)))
    values: list[Value] = []
    problems = []
    for number, (type_, text) in enumerate(zip(export.parameters, texts, strict=True), 1):
        try:
            values.append(parse_value(type_, text))
        except ValueError as error:
            problems.append(Problem(f"argument {number} of {signature(export)}: {error}"))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(values)


def check_arguments(export: Export, arguments: Sequence[Value]) -> tuple[Value, ...]:
    """`arguments` in the form that `parse_arguments` gives, if they fit `export`.

    Raises: ConfigurationError with every problem.
    """
    if len(arguments) != len(export.parameters):
        raise ConfigurationError(_count_problem(export, len(arguments)))
    return parse_arguments(export, list(map(value_text, export.parameters, arguments)))


def _count_problem(export: Export, found: int) -> Problem:
    wanted = len(export.parameters)
    return Problem(f"{signature(export)} takes {wanted} argument{'' if wanted == 1 else 's'}, {found} given")


def parse_value(type_: str, text: str) -> Value:
    """The value of WebAssembly type `type_` that `text` writes; integers come out signed.

    Raises: ValueError with a message for the user.
    """
    text = text.strip()
    if type_ in _REFERENCES:
        return _parse_reference(type_, text)
    if type_ not in _BITS:
        return _parse_float(type_, text)
    bits = _BITS[type_]
    try:
        value = int(text, 0) if not re.fullmatch(r"[+-]?0\d+", text) else int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an integer; {type_} takes decimal, 0x…, 0o… and 0b… numbers") from None
    if not -(1 << (bits - 1)) <= value < 1 << bits:
        raise ValueError(f"{text} does not fit in {type_}, which holds -2**{bits - 1} to 2**{bits}-1")
    return signed(value, bits)


def _parse_reference(type_: str, text: str) -> int | None:
    if text == NULL:
        return None
    if not text.isdecimal() or int(text) >= (1 << 32) - 1:
        raise ValueError(f"{text!r} is not a reference; {type_} takes {NULL}, or a number from 0 to 2**32-2")
    return int(text)


def _parse_float(type_: str, text: str) -> float:
    nan = _NAN.fullmatch(text)
    if nan is not None:
        return _parse_nan(type_, nan[1], nan[2] or "canonical", text)
    try:
        value = float.fromhex(text) if _HEXADECIMAL_FLOAT.match(text) else float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number; {type_} takes 1.5, -2e9, 0x1.8p3, inf, nan and nan:0x1") from None
    except OverflowError:
        raise ValueError(f"{text} does not fit in {type_}") from None
    nearest = float_from_bits(type_, to_bits(type_, value, text))
    if math.isinf(nearest) and not math.isinf(value):
        raise ValueError(f"{text} does not fit in {type_}")
    return nearest


def _parse_nan(type_: str, sign: str, payload: str, text: str) -> float:
    fraction = FRACTION_BITS[type_]
    bits = 1 << fraction - 1 if payload.lower() == "canonical" else int(payload, 16)
    if not 0 < bits < 1 << fraction:
        raise ValueError(f"{text}: the payload of a NaN of type {type_} is from 1 to {(1 << fraction) - 1:#x}")
    width = _WIDTH[type_]
    exponent = (1 << width - 1) - (1 << fraction)
    return float_from_bits(type_, (sign == "-") << width - 1 | exponent | bits)


def signed(value: int, bits: int) -> int:
    """`value` modulo 2**bits as a two's complement number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def parse_results(export: Export, values: Sequence[Value]) -> tuple[Value, ...]:
    """`values` in the form that a call of `export` gives its results.

    Raises: ConfigurationError with every problem.
    """
    if len(values) != len(export.results):
        count = len(export.results)
        results = "no result" if count == 0 else "1 result" if count == 1 else f"{count} results"
        raise ConfigurationError(Problem(f"{signature(export)} gives {results}, {len(values)} expected"))
    good: list[Value] = []
    problems = []
    for type_, value in zip(export.results, values, strict=True):
        try:
            good.append(parse_value(type_, value_text(type_, value)))
        except ValueError as error:
            problems.append(Problem(f"result of {signature(export)}: {error}"))
    if problems:
        raise ConfigurationError(*problems)
    return tuple(good)


def same_values(expected: Sequence[Value], found: Sequence[Value]) -> bool:
    """Are two lists of parsed values the same? Zeros differ by their sign, any NaN equals any other."""
    return len(expected) == len(found) and all(map(_same_value, expected, found))


def _same_value(expected: Value, found: Value) -> bool:
    if expected is None or found is None:
        return expected is found
    if math.isnan(expected) or math.isnan(found):
        return math.isnan(expected) and math.isnan(found)
    return expected == found and math.copysign(1, expected) == math.copysign(1, found)


def json_value(type_: str, value: Value) -> Value | str:
    """`value` for JSON, which has no word for infinities and NaN: those are written as text."""
    if value is None or isinstance(value, int) or math.isfinite(value):
        return value
    return value_text(type_, value)
