"""The official specification suite through compile → simulate, file by file, compared with `counts.toml`.

With `ZKWASM_BOTH_ENGINES=1` every call runs on both engines, which must agree in everything.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jit.both_engines import both_engines
from tests.spec.golden import Counts, check_counts, read_counts
from tests.spec.script_runner import Tally, run_script
from tests.spec_suite import convert, wast_names
from zkwasm_compiler.ir.memory_layout import AUTO, LAYOUTS

REQUIRED = [
    "i32",
    "i64",
    "int_exprs",
    "int_literals",
    "block",
    "loop",
    "if",
    "br",
    "br_if",
    "br_table",
    "call",
    "return",
    "local_get",
    "local_set",
    "local_tee",
    "labels",
    "switch",
    "fac",
    "forward",
    "unwind",
    "nop",
    "address",
    "align",
    "bulk",
    "call_indirect",
    "elem",
    "endianness",
    "float_memory",
    "func_ptrs",
    "global",
    "imports",
    "left-to-right",
    "load",
    "memory",
    "memory_fill",
    "memory_init",
    "memory_redundancy",
    "memory_size",
    "memory_trap",
    "ref_func",
    "ref_is_null",
    "ref_null",
    "select",
    "stack",
    "start",
    "store",
    "table_copy",
    "table_fill",
    "table_get",
    "table_grow",
    "table_init",
    "table_set",
    "table_size",
    "traps",
    "unreachable",
]
"""Files of which every assertion must pass that needs none of `UNSUPPORTED`."""

UNSUPPORTED: set[str] = set()

MEMORY = {
    name
    for name in wast_names()
    if name.partition("_")[0] in ("address", "align", "bulk", "data", "endianness", "load", "memory", "store")
    or name == "float_memory"
}
"""Files about the linear memory, which run in every layout."""

LEVELS = (0, 2)
ON_BOTH_ENGINES = ("bulk", "fac", "float_memory", "labels", "linking", "table_grow")
"""Quick files that run on both engines every day."""


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spec")


@pytest.fixture
def bless(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("bless"))


@pytest.mark.parametrize("level", LEVELS, ids=[f"O{level}" for level in LEVELS])
@pytest.mark.parametrize("name", REQUIRED)
def test_required_file(spec: Path, converted: Path, bless: bool, name: str, level: int) -> None:
    tally = run(spec / f"{name}.wast", converted, level)
    check(name, tally, bless)
    reasons = {part for reason in tally.not_covered for part in reason.split(", ")}
    assert reasons <= UNSUPPORTED, f"{name} needs only what this compiler supports, but {reasons} was refused"


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS])
@pytest.mark.parametrize("name", sorted(MEMORY))
def test_file_about_memory(spec: Path, converted: Path, bless: bool, name: str, layout: str) -> None:
    check(name, run(spec / f"{name}.wast", converted, 2, layout), bless)


@pytest.mark.parametrize("name", sorted(set(wast_names()) - set(REQUIRED) - MEMORY))
def test_other_file(spec: Path, converted: Path, bless: bool, name: str) -> None:
    check(name, run(spec / f"{name}.wast", converted, 2), bless)


@pytest.mark.parametrize("name", ON_BOTH_ENGINES)
def test_both_engines_agree(spec: Path, converted: Path, bless: bool, name: str) -> None:
    with both_engines() as compared:
        check(name, run(spec / f"{name}.wast", converted, 2), bless)
    assert compared


def run(wast: Path, converted: Path, level: int, layout: str = AUTO) -> Tally:
    return run_script(convert(wast, converted), level, layout)


def check(name: str, tally: Tally, bless: bool) -> None:
    assert not tally.failures, "\n".join(tally.failures)
    problem = check_counts(name, Counts(tally.passed, tally.not_covered), bless=bless)
    assert not problem, problem


def test_the_table_names_files_of_the_suite(spec: Path) -> None:
    assert set(read_counts()) == {path.stem for path in spec.glob("*.wast")}
