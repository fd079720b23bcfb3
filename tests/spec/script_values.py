"""Values of scripts: bit patterns in decimal, signed or not, and the patterns that an expected NaN may have.

The pattern of a reference is 0 for null, else one more than the number that a script gives to one of the host's.
"""

from __future__ import annotations

from collections.abc import Sequence

Described = dict[str, str]

REFERENCES = ("funcref", "externref")
MASK = {"i32": 0xFFFFFFFF, "i64": 0xFFFFFFFFFFFFFFFF, "f32": 0xFFFFFFFF, "f64": 0xFFFFFFFFFFFFFFFF}
QUIET_NAN = {"f32": 0x7FC00000, "f64": 0x7FF8000000000000}
MAGNITUDE = {"f32": 0x7FFFFFFF, "f64": 0x7FFFFFFFFFFFFFFF}


def arguments(described: Sequence[Described]) -> tuple[int, ...]:
    """The arguments of an action as unsigned patterns."""
    return tuple(map(pattern, described))


def pattern(value: Described) -> int:
    """The unsigned pattern of a value that is no NaN to be recognised."""
    if value["type"] in REFERENCES:
        return 0 if value["value"] == "null" else 1 + int(value["value"])
    return int(value["value"]) & MASK[value["type"]]


def unlike(expected: Sequence[Described], found: Sequence[int]) -> str:
    """What differs between the expected results and the patterns found; nothing if they agree."""
    if len(expected) == len(found) and all(map(_agrees, expected, found)):
        return ""
    wanted = ", ".join(f"{value['type']} {value.get('value')}" for value in expected)
    return f"expected ({wanted}), found ({', '.join(map(str, found))})"


def _agrees(expected: Described, found: int) -> bool:
    type_, value = expected["type"], expected.get("value")
    if value is None:  # any reference to a function
        return found != 0
    if value == "nan:canonical":
        return found & MAGNITUDE[type_] == QUIET_NAN[type_]
    if value == "nan:arithmetic":
        return found & QUIET_NAN[type_] == QUIET_NAN[type_]
    return pattern(expected) == found
