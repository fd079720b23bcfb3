"""Tables of powers of two as code: a computed CALL to a row that puts its power into B and returns.

The row at ``pow2_64_end + e`` gives 2^(64+e), the one at ``rpow2_64_end + e`` gives 2^(-e); the 32-bit tables are parts
of the 64-bit ones. A table costs no step until it is used, unlike one in memory.
"""

from __future__ import annotations

from collections.abc import Collection

PREFIXES = ("pow2_", "rpow2_")


def power_tables(used: Collection[str]) -> list[str]:
    """The lines of the tables whose end labels are in `used`."""
    lines: list[str] = []
    if "pow2_64_end" in used or "pow2_32_end" in used:
        lines += [_row(1 << exponent) for exponent in range(32)]
        lines.append("pow2_32_end:")
    if "pow2_64_end" in used:
        lines += [_row(1 << exponent) for exponent in range(32, 64)]
        lines.append("pow2_64_end:")
    if "rpow2_64_end" in used:
        lines.append("  :JMP(fail)")  # 2^64 is no 64-bit number
        lines += [_row(1 << exponent) for exponent in range(63, 32, -1)]
    if "rpow2_64_end" in used or "rpow2_32_end" in used:
        lines += [_row(1 << exponent) for exponent in range(32, 0, -1)]
        lines += ["rpow2_32_end:", "rpow2_64_end:"]
    return lines


def _row(power: int) -> str:
    return f"  {power:#x}n => B :RETURN"
