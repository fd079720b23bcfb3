"""Steps are a ratchet: no program of `programs.CALLS` and of `real_programs` may cost more than `steps.csv` says.

The cost is the rows of the fullest machine, then the steps. `pytest tests/benchmarks --bless` records what became
cheaper; a rise that is wanted (a repaired bug, say) is recorded by deleting its line first. Without `ZKWASM_PROGRAMS=1`
the lines of large programs stay as they are.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.benchmarks.programs import COLUMNS, Measurement, measure_all, measure_real
from tests.programs.real_programs import ORDINARY, PROGRAMS, RealProgram

STEPS = Path(__file__).with_name("steps.csv")


def test_no_program_became_dearer(pytestconfig: pytest.Config) -> None:
    recorded, measured = read_steps(), {row.name: row for row in measure_all()}
    for program in PROGRAMS:
        rows = measure_real(program) if program in ORDINARY else _recorded(program, recorded)
        measured.update((row.name, row) for row in rows)
    risen = [
        f"{name}: {_text(recorded[name])} became {_text(row)}"
        for name, row in measured.items()
        if name in recorded and _cost(row) > _cost(recorded[name])
    ]
    assert not risen, "more expensive than steps.csv has it:\n" + "\n".join(risen)
    if pytestconfig.getoption("bless"):
        write_steps(list(measured.values()))
        return
    different = [name for name in sorted({*recorded, *measured}) if recorded.get(name) != measured.get(name)]
    assert not different, f"steps.csv is not what was measured; record it with --bless: {', '.join(different)}"


def _recorded(program: RealProgram, recorded: dict[str, Measurement]) -> list[Measurement]:
    names = [f"{Path(program.file).stem}.{export}" for export in program.exports]
    missing = [name for name in names if name not in recorded]
    assert not missing, f"steps.csv has no line of {', '.join(missing)}; record them with ZKWASM_PROGRAMS=1 and --bless"
    return [recorded[name] for name in names]


def _cost(row: Measurement) -> tuple[int, int]:
    numbers = dict(zip(COLUMNS, row.numbers, strict=True))
    return numbers["rows"], numbers["steps"]


def _text(row: Measurement) -> str:
    return ", ".join(f"{column} {number}" for column, number in zip(COLUMNS, row.numbers, strict=True))


def read_steps() -> dict[str, Measurement]:
    """The recorded costs by name."""
    if not STEPS.exists():
        return {}
    with STEPS.open(newline="") as file:
        rows = csv.reader(file)
        assert tuple(next(rows)) == ("program", *COLUMNS)
        return {name: Measurement(name, tuple(map(int, numbers))) for name, *numbers in rows}


def write_steps(measurements: list[Measurement]) -> None:
    """Record the costs, in the order of the programs."""
    with STEPS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("program", *COLUMNS))
        writer.writerows((row.name, *row.numbers) for row in measurements)
