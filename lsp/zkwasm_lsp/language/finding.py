"""One thing that is wrong at a place of a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkwasm_lsp.language.codes import CODES, Severity


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that belongs to a finding."""

    path: Path
    start: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`start` and `end` are offsets in the file `path`; `gravity` replaces the severity of the code."""

    path: Path
    start: int
    end: int
    code: str
    message: str
    gravity: Severity | None = None
    related: tuple[Related, ...] = ()

    @property
    def severity(self) -> Severity:
        return self.gravity or CODES[self.code].severity
