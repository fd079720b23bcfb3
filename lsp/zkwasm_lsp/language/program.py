"""What a program of one or more files means: the assembler's tables and problems, and where each step is.

`analyse` runs the assembler's resolver over the parsed files of a project. The outcome is about one version of each
file (`Program.sources`); a feature that needs the newest text asks the project for it and takes values from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from zkwasm_compiler.asm.assembler import include_resolver
from zkwasm_compiler.asm.interface import interface_of
from zkwasm_compiler.asm.options import AssembleOptions
from zkwasm_compiler.asm.program import Interface
from zkwasm_compiler.asm.report import Unit
from zkwasm_compiler.asm.resolver import Resolution, Resolver
from zkwasm_compiler.asm.steps import StepMemo
from zkwasm_compiler.asm.syntax import Comment, StepStatement
from zkwasm_compiler.errors import Problem
from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.names import Occurrence, Sort
from zkwasm_lsp.language.project import Project
from zkwasm_lsp.language.source import Source


class StepPlace(NamedTuple):
    """Where a step is: its file and the number of its chunk there."""

    path: Path
    chunk: int


class Named(NamedTuple):
    """An occurrence of a name in a program, with its offset in the file."""

    path: Path
    source: Source
    occurrence: Occurrence
    start: int

    @property
    def end(self) -> int:
        return self.start + self.occurrence.end - self.occurrence.start


@dataclass(eq=False)
class Program:
    """A program as it was when it was analysed. `sources` are its files in the order of their first inclusion."""

    main: Path
    machine: Machine
    sources: dict[Path, Source]
    file_names: dict[str, Path]
    resolution: Resolution
    interface: Interface | None
    interface_problem: tuple[int, int, str] | None

    @cached_property
    def steps(self) -> list[StepPlace]:
        """The place of the step at each address."""
        chunks = {name: (path, self.sources[path].chunk_of_line) for name, path in self.file_names.items()}
        found = []
        for name, line in self.resolution.places:
            path, chunk_of_line = chunks[name]
            found.append(StepPlace(path, chunk_of_line[line - 1]))
        return found

    @cached_property
    def addresses(self) -> dict[StepPlace, list[int]]:
        """The addresses of each step; a file that is included twice has two for each."""
        found: dict[StepPlace, list[int]] = {}
        for address, place in enumerate(self.steps):
            found.setdefault(place, []).append(address)
        return found

    def step(self, address: int) -> StepStatement:
        """The step at an address."""
        place = self.steps[address]
        step = self.sources[place.path].chunks[place.chunk].step
        assert step is not None
        return step

    @cached_property
    def names(self) -> dict[tuple[Sort, str], list[Named]]:
        """Where each name occurs; a reference is a label or else a variable."""
        return names_of(self.sources)


def names_of(sources: dict[Path, Source]) -> dict[tuple[Sort, str], list[Named]]:
    """Where each name occurs in some files, by what it means."""
    found: dict[tuple[Sort, str], list[Named]] = {}
    open_references = []
    for path, source in sources.items():
        for sort, entries in source.index.items():
            for occurrence, start in entries:
                named = Named(path, source, occurrence, start)
                if sort is Sort.REFERENCE:
                    open_references.append(named)
                else:
                    found.setdefault((sort, occurrence.name), []).append(named)
    for named in open_references:
        found.setdefault((meaning(named.occurrence, found), named.occurrence.name), []).append(named)
    return found


def meaning(occurrence: Occurrence, names: dict[tuple[Sort, str], list[Named]]) -> Sort:
    """What a name names: of a reference a variable when there is one and no label of that name."""
    if occurrence.sort is not Sort.REFERENCE:
        return occurrence.sort
    labels, variables = ((sort, occurrence.name) for sort in (Sort.LABEL, Sort.VARIABLE))
    is_label = any(named.occurrence.defines for named in names.get(labels, ()))
    is_variable = any(named.occurrence.defines for named in names.get(variables, ()))
    return Sort.VARIABLE if is_variable and not is_label else Sort.LABEL


def analyse(project: Project, main: Path, machine: Machine, memo: StepMemo | None = None) -> Program:
    """Resolve the program of the main file `main`; `memo` is the same for all of its versions.

    *Raises:* OSError, UnicodeError when the file cannot be read.
    """
    sources = {main: project.source(main, machine)}
    file_names = {main.name: main}

    def read_unit(name: str, text: str) -> tuple[Unit, tuple[Problem, ...]]:
        path = file_names.setdefault(name, (main.parent / name))
        source = sources.setdefault(path, project.source(path, machine))
        return source.unit(name), ()

    options = AssembleOptions(dialect=machine.dialect.name)
    memo = StepMemo() if memo is None else memo
    resolver = Resolver(machine, options, include_resolver(main, project.read), read_unit, memo)
    resolution = resolver.resolve(sources[main].unit(main.name))
    interface, problem = _interface(sources[main])
    return Program(main, machine, sources, file_names, resolution, interface, problem)


def _interface(source: Source) -> tuple[Interface | None, tuple[int, int, str] | None]:
    """The interface of a compiled program, or where and why it is wrong."""
    for text, start in source.directives:
        interface, comment, wrong = interface_of((Comment(text),))
        if comment is not None:
            return interface, (start, start + len(text), wrong) if wrong else None
    return None, None
