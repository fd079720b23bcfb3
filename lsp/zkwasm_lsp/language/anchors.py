"""Findings that stay with their lines: what was found in one version of a file, placed in another.

A finding of work that takes long is kept with the chunk that it is about. In a later version it is where that chunk is,
and gone when the line has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from zkwasm_lsp.language.codes import Severity
from zkwasm_lsp.language.finding import Finding, Related
from zkwasm_lsp.language.source import Chunk, Source


@dataclass(frozen=True, slots=True)
class Anchor:
    """A span of a chunk, by offsets from its begin."""

    path: Path
    chunk: Chunk
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AnchoredFinding:
    """A finding that moves with its chunk; so do its related places."""

    anchor: Anchor
    code: str
    message: str
    gravity: Severity | None = None
    related: tuple[tuple[Anchor, str], ...] = ()


def anchor_of_line(path: Path, source: Source, line: int) -> Anchor:
    """The step on a line, counted from 0, or else all of the line."""
    chunk = source.chunks[source.index_at_line(line)]
    step = chunk.step
    if step is None:
        indent = len(chunk.text) - len(chunk.text.lstrip())
        return Anchor(path, chunk, min(indent, len(chunk.text)), len(chunk.text.rstrip()))
    return Anchor(path, chunk, step.start - chunk.origin, step.end - chunk.origin)


def placed(entries: Iterable[AnchoredFinding], source_of: Callable[[Path], Source]) -> list[Finding]:
    """The findings whose lines are still there."""
    found = []
    for entry in entries:
        place = _place(entry.anchor, source_of)
        if place is None:
            continue
        related = []
        for anchor, message in entry.related:
            other = _place(anchor, source_of)
            if other is not None:
                related.append(Related(anchor.path, *other, message))
        path = entry.anchor.path
        found.append(Finding(path, *place, entry.code, entry.message, entry.gravity, tuple(related)))
    return found


def _place(anchor: Anchor, source_of: Callable[[Path], Source]) -> tuple[int, int] | None:
    source = source_of(anchor.path)
    index = source.index_of(anchor.chunk)
    if index is None:
        return None
    start = source.start(index)
    return start + anchor.start, start + anchor.end
