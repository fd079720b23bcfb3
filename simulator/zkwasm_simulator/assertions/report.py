"""The assertions of a program, run: what a person, a script or an editor wants to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkwasm_compiler.asm import AssembleOptions, Program, SourceFile, check_file
from zkwasm_compiler.asm.assembler import SourceReader, read_source
from zkwasm_compiler.errors import AssemblyError, ConfigurationError
from zkwasm_simulator.assertions.directive import Directive
from zkwasm_simulator.assertions.discovery import Run, runs_in
from zkwasm_simulator.assertions.running import STEP_LIMIT, Outcome, run_assertion, shown_registers

WHOLE_PROGRAM = "the program"


@dataclass(frozen=True, slots=True)
class RunReport:
    """One assertion: its file and line, counted from 1, what it says, and what became of it.

    `outcome` is None when it could not be run; `wrong` says why, and is empty otherwise.
    """

    file: str
    line: int
    column: int
    text: str
    label: str | None
    outcome: Outcome | None
    wrong: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome is not None and self.outcome.passed

    @property
    def messages(self) -> tuple[str, ...]:
        """What is wrong, with actual values; empty when nothing is."""
        if self.outcome is None:
            return (self.wrong,)
        found = list(self.outcome.problems)
        if self.outcome.fault is not None:
            found.append(str(self.outcome.fault))
        if found:
            found.append(f"registers: {shown_registers(self.outcome.registers)}")
        return tuple(found)

    def __str__(self) -> str:
        state = "ok" if self.passed else "FAILED"
        what = self.label if self.label is not None else WHOLE_PROGRAM
        steps = "" if self.outcome is None else f" ({self.outcome.steps} steps, N = {self.outcome.counters.n})"
        lines = [f"{self.file}:{self.line}: {state}: {what}: {self.text}{steps}"]
        return "\n    ".join((*lines, *self.messages))

    def to_json(self) -> dict[str, Any]:
        outcome = self.outcome
        fault = None if outcome is None else outcome.fault
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "label": self.label,
            "text": self.text,
            "passed": self.passed,
            "messages": list(self.messages),
            "steps": None if outcome is None else outcome.steps,
            "rows": None if outcome is None else outcome.counters.rows,
            "n": None if outcome is None else outcome.counters.n,
            "registers": None if outcome is None else shown_registers(outcome.registers),
            "fault": fault
            and {"kind": fault.error_kind, "detail": fault.detail, "file": fault.file, "line": fault.line},
        }


@dataclass(frozen=True, slots=True)
class FileReport:
    """All assertions of a program, and how often the step in each row was executed in them together."""

    program: Program
    runs: tuple[RunReport, ...]

    @property
    def counts(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for run in self.runs:
            for row, count in run.outcome.counts.items() if run.outcome is not None else ():
                found[row] = found.get(row, 0) + count
        return found

    def lines(self) -> list[dict[str, Any]]:
        """The counts by file and line."""
        rows = self.program.rows
        return [
            {"file": rows[row]["fileName"], "line": rows[row]["line"], "count": count}
            for row, count in sorted(self.counts.items())
        ]


def run_assertions(
    path: Path | str,
    *,
    read: SourceReader = read_source,
    step_limit: int = STEP_LIMIT,
    only: tuple[str, int] | None = None,
    whole_program: bool = False,
    options: AssembleOptions | None = None,
) -> FileReport:
    """Run the assertions of a program and of the files that it includes, in the order of the files and lines.

    `only` picks the one on a line of a file; with `whole_program` the program runs once, and nothing is expected.
    *Raises:* InputError when the program does not assemble.
    """
    checked = check_file(path, options, read=read)
    if checked.program is None:
        raise AssemblyError(*checked.problems)
    program = checked.program
    if whole_program:
        run = Run(0, 0, "", Directive(""), None)
        return FileReport(program, (_report(program, program.file_name, 1, 1, run, step_limit),))
    reports = []
    for file in checked.files:
        for run in _runs_of(file):
            line, column = file.position(run.start)
            if only in (None, (file.file_name, line)):
                reports.append(_report(program, file.file_name, line, column, run, step_limit))
    return FileReport(program, tuple(reports))


def _runs_of(file: SourceFile) -> list[Run]:
    comments = ((comment.text, comment.start) for comment in file.comments)
    return runs_in(comments, ((statement, statement.start) for statement in file.tree.statements))


def _report(program: Program, file: str, line: int, column: int, run: Run, step_limit: int) -> RunReport:
    text = run.text if run.directive is None else run.directive.text
    outcome, wrong = None, run.wrong
    if run.directive is not None:
        try:
            outcome = run_assertion(program, run.directive, run.label, step_limit=step_limit)
        except ConfigurationError as error:
            wrong = str(error)
    return RunReport(file, line, column, text, run.label, outcome, wrong)
