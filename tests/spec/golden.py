"""The recorded outcome of the specification suite, `counts.toml`: reading, writing, and what may change in it."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

COUNTS = Path(__file__).with_name("counts.toml")

HEADER = """\
# The assertions of each file of the official suite: how many pass, and how many need a feature that is not supported,
# by feature. `passed` may only rise. `pytest tests/spec --bless` rewrites this file; read the diff.
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """One file's numbers."""

    passed: int
    not_covered: Counter[str] = field(default_factory=Counter)


def read_counts() -> dict[str, Counts]:
    """The table by file name."""
    if not COUNTS.exists():
        return {}
    table = tomllib.loads(COUNTS.read_text())
    return {name: Counts(entry["passed"], Counter(entry.get("not_covered", {}))) for name, entry in table.items()}


def write_counts(counts: dict[str, Counts]) -> None:
    """Write the table, sorted by name."""
    lines = [HEADER]
    for name, entry in sorted(counts.items()):
        lines.append(f"[{name}]\npassed = {entry.passed}")
        if entry.not_covered:
            reasons = ", ".join(f'"{reason}" = {count}' for reason, count in sorted(entry.not_covered.items()))
            lines.append(f"not_covered = {{ {reasons} }}")
        lines.append("")
    COUNTS.write_text("\n".join(lines))


def check_counts(name: str, found: Counts, *, bless: bool) -> str:
    """What is wrong with the numbers found for a file; nothing if they are as recorded or were blessed."""
    table = read_counts()
    recorded = table.get(name)
    if recorded == found:
        return ""
    if recorded is not None and found.passed < recorded.passed:
        return f"{name}: {found.passed} assertions pass, {recorded.passed} did; the number may only rise"
    if bless:
        write_counts(table | {name: found})
        return ""
    return f"{name}: {found} is not what counts.toml has, {recorded}; if it is right, rewrite it with --bless"
