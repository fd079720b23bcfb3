"""A project of many files is one program: rows, names, positions and errors of all files together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.project import write_project
from zkwasm_compiler.asm import AssembleOptions, check_file, parse, print_tree
from zkwasm_compiler.isa import DIALECTS

FILES, INSTRUCTIONS = 20, 800


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_project_of_many_files(tmp_path: Path, dialect: str) -> None:
    main = write_project(tmp_path / "project", dialect, FILES, INSTRUCTIONS)
    checked = check_file(main)
    assert (checked.choice.dialect, checked.problems) == (dialect, ())
    assert checked.program is not None
    assert (len(checked.files), len(checked.program.rows)) == (FILES, INSTRUCTIONS)
    lines = {file.file_name: file.lines.texts for file in checked.files}
    assert all(row["lineStr"] == lines[row["fileName"]][row["line"] - 1] for row in checked.program.rows)
    for file in checked.files:
        assert parse(print_tree(file.tree), dialect=dialect).tree == file.tree
        (tmp_path / "project" / file.file_name).write_text(print_tree(file.tree))
    printed = check_file(main, AssembleOptions(dialect=dialect)).program
    assert printed is not None
    assert printed.labels == checked.program.labels
    places = ("line", "lineStr")
    strip = [[{k: v for k, v in row.items() if k not in places} for row in p.rows] for p in (printed, checked.program)]
    assert strip[0] == strip[1]


def test_the_errors_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    main = write_project(tmp_path / "project", "durian", FILES, INSTRUCTIONS)
    damaged = {}
    for number, error in enumerate(("A :ADD, SUB", "A => B =>", ":JMP(nowhere)", "5000000000 => A", 'INCLUDE "gone"')):
        name = f"parts/routine_{3 * number}.zkasm"
        file = main.parent / name
        damaged[name] = file.read_text().count("\n") + 1
        file.write_text(file.read_text() + error + "\n")
    found = check_file(main)
    # What a statement lost to a syntax error may have defined is not missed beside it.
    del damaged["parts/routine_6.zkasm"]
    assert {problem.file: problem.line for problem in found.problems} == damaged
    assert len(found.problems) == len(damaged)
