"""Values of scripts: bit patterns in decimal, signed or not, and the patterns that an expected NaN may have."""

from __future__ import annotations

from collections.abc import Sequence

from tests.spec.script_module import RefusedError

Described = dict[str, str]

MASK = {"i32": 0xFFFFFFFF, "i64": 0xFFFFFFFFFFFFFFFF, "f32": 0xFFFFFFFF, "f64": 0xFFFFFFFFFFFFFFFF}
QUIET_NAN = {"f32": 0x7FC00000, "f64": 0x7FF8000000000000}
MAGNITUDE = {"f32": 0x7FFFFFFF, "f64": 0x7FFFFFFFFFFFFFFF}


def arguments(described: Sequence[Described]) -> tuple[int, ...]:
    """The arguments of an action as unsigned patterns. *Raises:* RefusedError for references."""
    for value in described:
        if value["type"] not in ("i32", "i64", "f32", "f64"):
            raise RefusedError("references")
    return tuple(int(value["value"]) & MASK[value["type"]] for value in described)


def unlike(expected: Sequence[Described], found: Sequence[int]) -> str:
    """What differs between the expected results and the patterns found; nothing if they agree."""
    if len(expected) == len(found) and all(map(_agrees, expected, found)):
        return ""
    wanted = ", ".join(f"{value['type']} {value.get('value')}" for value in expected)
    return f"expected ({wanted}), found ({', '.join(map(str, found))})"


def _agrees(expected: Described, found: int) -> bool:
    type_, value = expected["type"], expected["value"]
    if value == "nan:canonical":
        return found & MAGNITUDE[type_] == QUIET_NAN[type_]
    if value == "nan:arithmetic":
        return found & QUIET_NAN[type_] == QUIET_NAN[type_]
    return int(value) & MASK[type_] == found
