"""The tables of docs/memory-costs.md: accesses as measured now, programs as `steps.csv` records them.

`python -m pytest tests/benchmarks tests/docs --bless` measures everything anew and writes the file and the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.benchmarks.accesses import access_table, byte_table, other_table
from tests.benchmarks.programs import COLUMNS
from tests.benchmarks.test_steps import read_steps

BLOCK = re.compile(r"(<!-- table: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)

PROGRAMS = {
    "fill.fill_bytes": "1000 bytes set one by one",
    "fill.fill_words": "1000 words set one by one",
    "fill_bulk.fill_builtin": "memset of 1000 bytes as memory.fill",
    "fill.fill_builtin": "memset of 1000 bytes as a function in C",
    "copy.copy_bytes": "1000 bytes copied one by one",
    "copy.copy_words": "250 words copied one by one",
    "copy.copy_unaligned": "249 words copied from an address 4n + 3",
    "copy_bulk.copy_builtin": "memcpy of 990 bytes as memory.copy",
    "copy.copy_builtin": "memcpy of 990 bytes as a function in C",
    "array.sum": "sum of 64 words",
    "fill.fill_and_sum": "1000 words set, then their sum",
    "array.sum64": "sum of 64 words in 64 bits",
    "array.maximum": "greatest of 64 words",
    "array.reverse": "64 words reversed in place",
    "array.wander": "64 reads whose places depend on each other",
    "crc32_table.crc32_table": "CRC-32 of 1000 bytes with a table",
    "crc32_bits.crc32_bits": "CRC-32 of 100 bytes, bit by bit",
    "sha256.one_block": "SHA-256 of 11 bytes, one block",
    "sha256.three_blocks": "SHA-256 of 127 bytes, three blocks",
    "bubble_sort.bubble_sort": "bubble sort of 32 words",
    "quicksort.quicksort": "quicksort of 64 words",
    "matrix.matrix_product": "product of matrices of 8 rows and columns",
    "strings.string_length": "length of a string of 70 bytes",
    "strings.string_compare": "comparison of two strings of 70 bytes",
    "strings.upper_case": "70 letters changed in place",
    "encodings.hex": "48 bytes as hexadecimal digits",
    "encodings.base64": "48 bytes in base64",
    "structures.list": "a list of 40 nodes built, reversed and summed up",
    "structures.records": "40 updates of records with fields of 8 to 64 bits",
    "structures.long_multiply": "product of two numbers of 8 words",
    "structures.sieve": "primes below 200",
    "interpreter.interpreter": "20 rounds of a loop in byte code, about 16 instructions each",
}
"""What the measured programs do, in the order of the page."""

BY_HAND = {
    "fill.fill_and_sum": 2380,
    "crc32_table.crc32_table": 6312,
    "sha256.one_block": 3420,
    "bubble_sort.bubble_sort": 1604,
    "matrix.matrix_product": 1930,
}
"""Steps of the best programs known for the same task, written in zkASM by hand with all loops unrolled."""


def program_table() -> str:
    """A table in Markdown: a row for each of `PROGRAMS`."""
    recorded = read_steps()
    titles = [*COLUMNS, "steps by hand"]
    lines = [f"| | {' | '.join(titles)} |", "|---" + "|---:" * len(titles) + "|"]
    for name, task in PROGRAMS.items():
        cells = [*map(str, recorded[name].numbers), str(BY_HAND.get(name, ""))]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {
    "fixed": lambda: access_table("fixed"),
    "growing": lambda: access_table("growing"),
    "bytes": byte_table,
    "others": other_table,
    "programs": program_table,
}
"""The tables by the name in the comment before them."""


def renewed(page: str, tables: dict[str, Callable[[], str]] = TABLES) -> str:
    """The page with all its tables made anew."""
    return BLOCK.sub(lambda match: f"{match[1]}{tables[match[2]]()}\n{match[3]}", page)
