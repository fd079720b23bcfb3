"""The files of a workspace: open texts and texts on disk, who includes whom, and which program a file belongs to.

An open text hides the file on disk. A file belongs to the program of a file that nobody includes and that leads to it
by INCLUDEs; where several do, to the first of them by path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zkwasm_compiler.isa.machine import Machine
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.language.source import Origins, Source, read
from zkwasm_lsp.language.text import Text

SUFFIX = ".zkasm"
FILE_LIMIT = 5_000
"""The most files of a workspace that are looked at."""

FOLDER_LIMIT = 20_000
_SKIPPED = frozenset({"node_modules", "__pycache__", "dist", "build", "venv"})
_INCLUDE = re.compile(r'^[^;"\r\n]*\bINCLUDE[ \t]*"([^"]+)"', re.MULTILINE)

Stamp = tuple[int, int]
"""The time of the last change of a file, in nanoseconds, and its size."""


@dataclass(slots=True)
class Kept:
    """What is kept of a file: its text, where it is from (None: an editor) and its parsed versions by machine."""

    text: Text
    stamp: Stamp | None
    sources: dict[str, Source]


class Project:
    """All files that the server knows, by their absolute paths; symbolic links keep the names that are written."""

    def __init__(self) -> None:
        self._origins = Origins()
        self._open: dict[Path, Text] = {}
        self._kept: dict[Path, Kept] = {}
        self._folders: list[Path] = []
        self._found: set[Path] = set()
        self._includers: dict[Path, list[Path]] | None = None
        self._includes: dict[Path, tuple[Stamp | Text, tuple[Path, ...]]] = {}

    # Texts

    def open(self, path: Path, text: Text) -> None:
        """An editor has `text` under `path`, or has changed it to that."""
        if path not in self._open:
            self._includers = None
        elif self._includers is not None:
            before = self._includes.get(path)
            if before is None or before[1] != self._included(path, text):
                self._includers = None
        self._open[path] = text

    def close(self, path: Path) -> None:
        """The editor has closed it; what is on disk counts."""
        self._open.pop(path, None)
        self._includers = None

    def is_open(self, path: Path) -> bool:
        return path in self._open

    @property
    def open_paths(self) -> tuple[Path, ...]:
        """The open files in the order of their paths."""
        return tuple(sorted(self._open))

    def text(self, path: Path) -> Text:
        """The text of a file. *Raises:* OSError, UnicodeError."""
        return self._file(path).text

    def source(self, path: Path, machine: Machine) -> Source:
        """The parsed file. *Raises:* OSError, UnicodeError."""
        kept = self._file(path)
        source = kept.sources.get(machine.name)
        if source is None or source.text is not kept.text:
            source = kept.sources[machine.name] = read(kept.text, machine, self._origins, source)
        return source

    def read(self, path: Path) -> str:
        """The text as the assembler's reader of sources gives it. *Raises:* OSError, UnicodeError."""
        return self._file(path).text.text

    def _file(self, path: Path) -> Kept:
        kept = self._kept.get(path)
        text = self._open.get(path)
        if text is not None:
            if kept is None:
                kept = self._kept[path] = Kept(text, None, {})
            kept.text, kept.stamp = text, None
            return kept
        stamp = _stamp(path)
        if kept is None or kept.stamp != stamp:
            text = Text.of(path.read_bytes().decode("utf-8"))
            kept = self._kept[path] = Kept(text, stamp, {} if kept is None else kept.sources)
        return kept

    # Folders

    def set_folders(self, folders: Iterable[Path]) -> None:
        """The folders of the workspace; their files are looked for at once."""
        self._folders = sorted(set(folders))
        self.look_for_files()

    def look_for_files(self) -> None:
        """Look for the files of the workspace again."""
        self._found = set()
        for folder in self._folders:
            for path in _files_below(folder):
                if len(self._found) < FILE_LIMIT:
                    self._found.add(path)
        self._includers = None

    def note_on_disk(self, path: Path, *, exists: bool) -> None:
        """A file of the workspace has come, changed, or gone."""
        if not exists:
            self._found.discard(path)
        elif path.suffix == SUFFIX and len(self._found) < FILE_LIMIT:
            self._found.add(path)
        self._includers = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All known files, open or not, in the order of their paths."""
        return tuple(sorted(self._found | self._open.keys()))

    # Programs

    def included(self, path: Path, source: Source) -> Iterator[Path]:
        """The files that a file includes, in its order; they need not exist."""
        for occurrence, _ in source.index.get(Sort.FILE, ()):
            yield include_path(path, occurrence.name)

    def main_of(self, path: Path) -> Path:
        """The main file of the program that a file belongs to."""
        includers = self._graph()
        roots: set[Path] = set()
        seen = {path}
        work = [path]
        while work:
            here = work.pop()
            above = includers.get(here, [])
            if not above:
                roots.add(here)
            for other in above:
                if other not in seen:
                    seen.add(other)
                    work.append(other)
        return min(roots, default=path)

    def _graph(self) -> dict[Path, list[Path]]:
        """The files that include each file."""
        if self._includers is None:
            self._includers = {}
            for path in self.paths:
                for other in self._included_quickly(path):
                    if other != path:
                        self._includers.setdefault(other, []).append(path)
        return self._includers

    def _included_quickly(self, path: Path) -> tuple[Path, ...]:
        text = self._open.get(path)
        if text is not None:
            return self._included(path, text)
        try:
            stamp = _stamp(path)
            known = self._includes.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            found = _includes_of(path, path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            return ()
        self._includes[path] = (stamp, found)
        return found

    def _included(self, path: Path, text: Text) -> tuple[Path, ...]:
        known = self._includes.get(path)
        if known is not None and known[0] is text:
            return known[1]
        found = _includes_of(path, "\n".join(line for line in text.lines if "INCLUDE" in line))
        self._includes[path] = (text, found)
        return found


def include_path(including: Path, written: str) -> Path:
    """The path that an INCLUDE in a file means."""
    return Path(os.path.abspath(including.parent / written))


def _includes_of(path: Path, text: str) -> tuple[Path, ...]:
    return tuple(include_path(path, written) for written in _INCLUDE.findall(text) if "\0" not in written)


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _files_below(folder: Path) -> Iterator[Path]:
    """The zkASM files in a folder, those of hidden and generated folders left out."""
    for visited, (here, folders, names) in enumerate(os.walk(folder)):
        if visited >= FOLDER_LIMIT:
            return
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(names):
            if name.endswith(SUFFIX):
                yield Path(os.path.abspath(os.path.join(here, name)))
