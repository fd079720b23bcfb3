"""What the server knows for one client: its documents, the programs that they belong to, and when to look again.

`Session` is the only place with state. Features ask it for the newest `source` of a file and for the `program` that it
belongs to; where analysing a large program again would take longer than a reader waits, they get the one before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from zkwasm_compiler import isa
from zkwasm_compiler.asm.dialect import Choice, named_dialect, project_dialect
from zkwasm_compiler.asm.steps import StepMemo
from zkwasm_compiler.errors import ConfigurationError, Problem
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.codes import Severity
from zkwasm_lsp.language.finding import Finding
from zkwasm_lsp.language.findings import findings
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.program import Named, Program, analyse, names_of
from zkwasm_lsp.language.project import Project
from zkwasm_lsp.language.source import Source
from zkwasm_lsp.language.text import Text
from zkwasm_lsp.places import Places
from zkwasm_lsp.settings import Settings

PATIENCE = 0.01
"""The seconds an analysis may take to be made again whenever somebody asks."""

READ_ERRORS = (OSError, UnicodeError)


@dataclass(slots=True)
class Analysed:
    """A program, how long its analysis took in seconds, and its findings once they are asked for."""

    program: Program
    seconds: float
    _findings: dict[Path, list[Finding]] | None = None

    @property
    def findings(self) -> dict[Path, list[Finding]]:
        if self._findings is None:
            self._findings = findings(self.program)
        return self._findings

    @property
    def errors(self) -> int:
        """How many errors the program has."""
        return sum(one.severity is Severity.ERROR for found in self.findings.values() for one in found)


@dataclass
class Session:
    """The state of a connection."""

    project: Project = field(default_factory=Project)
    places: Places = field(default_factory=Places)
    settings: Settings = field(default_factory=Settings)
    versions: dict[Path, int | None] = field(default_factory=dict)
    _analysed: dict[Path, Analysed] = field(default_factory=dict)
    _memos: dict[tuple[Path, str], StepMemo] = field(default_factory=dict)
    _project_choices: dict[Path, Choice | Problem | None] = field(default_factory=dict)

    # Files

    def machine(self, main: Path) -> Machine:
        """The machine that a program is for, as far as that is known before it is analysed."""
        known = self._analysed.get(main)
        return self._named_machine(main) or (isa.machine() if known is None else known.program.machine)

    def _named_machine(self, main: Path) -> Machine | None:
        """The machine that the settings, the first line of the main file or its project names."""
        named = self._dialect_before_project(main)
        if named is None:
            choice = self._project_choice(main)
            named = choice.dialect if isinstance(choice, Choice) else None
        return None if named is None else isa.machine_of_dialect(named)

    def _dialect_before_project(self, main: Path) -> str | None:
        """The dialect that the settings or the first line of the main file names; then the project does not count."""
        if self.settings.dialect:
            return self.settings.dialect
        try:
            return named_dialect(self.project.text(main).lines[0])
        except READ_ERRORS:
            return None

    def _project_choice(self, main: Path) -> Choice | Problem | None:
        """The dialect that the project of a main file names, or what is wrong with the settings of the project."""
        if main.parent not in self._project_choices:
            try:
                self._project_choices[main.parent] = project_dialect(main)
            except ConfigurationError as error:
                self._project_choices[main.parent] = error.problems[0]
        return self._project_choices[main.parent]

    def source(self, path: Path) -> Source:
        """The newest version of a file. *Raises:* OSError, UnicodeError."""
        return self.project.source(path, self.machine(self.project.main_of(path)))

    def text(self, path: Path) -> Text:
        """The newest text of a file. *Raises:* OSError, UnicodeError."""
        return self.project.text(path)

    # Programs

    def program(self, path: Path, *, newest: bool = False) -> Program:
        """The program that a file belongs to; with `newest` about the newest texts, however long that takes.

        *Raises:* OSError, UnicodeError.
        """
        return self._analysis(path, newest=newest).program

    def findings(self, path: Path) -> dict[Path, list[Finding]]:
        """What is wrong with the files of the program that a file belongs to. *Raises:* OSError, UnicodeError."""
        analysed = self._analysis(path, newest=True)
        main = analysed.program.main
        wrong = None if self._dialect_before_project(main) else self._project_choice(main)
        if not isinstance(wrong, Problem):
            return analysed.findings
        first = Finding(main, 0, 0, wrong.code, str(wrong))
        return analysed.findings | {main: [first, *analysed.findings.get(main, ())]}

    def _analysis(self, path: Path, *, newest: bool) -> Analysed:
        main = self.project.main_of(path)
        known = self._analysed.get(main)
        if known is not None:
            if self._is_fresh(known.program):
                return known
            if not newest and known.seconds > PATIENCE and path in known.program.sources:
                return known
        analysed = self._analyse(main, known)
        if path not in analysed.program.sources and path != main:
            # The quick look for INCLUDEs was wrong: nothing includes the file.
            main, analysed = path, self._analyse(path, self._analysed.get(path))
        self._analysed[main] = analysed
        return analysed

    def _analyse(self, main: Path, before: Analysed | None) -> Analysed:
        """The program of a main file, in the dialect that is named for it or else in the one with the fewest errors.

        A large program keeps the dialect that was found first.
        """
        named = self._named_machine(main)
        if named is None and before is not None and before.seconds > PATIENCE:
            named = before.program.machine
        best = self._analyse_as(main, named or isa.machine())
        if named is None and best.errors:
            for machine in isa.MACHINES.values():
                if machine is not best.program.machine:
                    other = self._analyse_as(main, machine)
                    best = other if other.errors < best.errors else best
        return best

    def _analyse_as(self, main: Path, machine: Machine) -> Analysed:
        began = time.perf_counter()
        memo = self._memos.setdefault((main, machine.name), StepMemo())
        program = analyse(self.project, main, machine, memo)
        return Analysed(program, time.perf_counter() - began)

    def _is_fresh(self, program: Program) -> bool:
        try:
            return all(self.project.source(path, program.machine) is source for path, source in program.sources.items())
        except READ_ERRORS:
            return False

    def forget(self) -> None:
        """Analyse everything anew: settings or files have changed in a way that texts do not show."""
        self._analysed.clear()
        self._project_choices.clear()

    def closure(self, path: Path) -> dict[Path, Source]:
        """The newest versions of all files of the program that a file belongs to; what cannot be read is left out."""
        main = self.project.main_of(path)
        machine = self.machine(main)
        found: dict[Path, Source] = {}
        work = [path, main]
        while work:
            here = work.pop()
            if here in found:
                continue
            try:
                found[here] = self.project.source(here, machine)
            except READ_ERRORS:
                continue
            work += reversed(list(self.project.included(here, found[here])))
        return found

    def names(self, path: Path) -> dict[tuple[Sort, str], list[Named]]:
        """Where each name of the program that a file belongs to occurs, in the newest texts."""
        sources = self.closure(path)
        key = tuple(sources.values())
        if self._names is None or self._names[0] != key:
            self._names = (key, names_of(sources))
        return self._names[1]

    _names: tuple[tuple[Source, ...], dict[tuple[Sort, str], list[Named]]] | None = None

    def mains(self, paths: Iterable[Path]) -> list[Path]:
        """The main files of the programs that files belong to, each once."""
        return list(dict.fromkeys(self.project.main_of(path) for path in paths))
