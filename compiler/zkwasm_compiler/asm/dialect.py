"""Which dialect of zkASM a program is written in.

The first that says something decides: the option; the first line of the main file, ``;@ dialect durian``; of a file
on disk the nearest ``zkwasm.toml`` or ``[tool.zkwasm]``, key `dialect` (`project_dialect`), and then what the program
uses, which is the dialect in which it has the fewest errors; the dialect of the default machine. The first line of a
file must not contradict what its program is assembled as (`contradictions`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkwasm_compiler.asm.interface import DIRECTIVE
from zkwasm_compiler.asm.source import SourceFile
from zkwasm_compiler.errors import ConfigurationError, Problem
from zkwasm_compiler.isa import DIALECTS, machine

DEFAULT_DIALECT = machine().dialect.name
PROJECT_FILE, PYPROJECT_FILE, KEY = "zkwasm.toml", "pyproject.toml", "dialect"

_COMMENT = re.compile(r";@[ \t]*dialect\b[ \t]*(.*?)[ \t]*$")
_FIRST_LINE = re.compile(r"[ \t]*(;@[ \t]*dialect\b[^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A dialect and who chose it, for a message: ``as zkwasm.toml says``.

    When it was chosen by what the program uses, `evidence` is the first error in the default dialect.
    """

    dialect: str
    reason: str
    evidence: Problem | None = None


DEFAULT_CHOICE = Choice(DEFAULT_DIALECT, "by default")


def named_dialect(text: str) -> str | None:
    """The dialect that the first line of a source names, if it exists; `contradictions` tells of one that does not.

    The interface of a compiled program names the one that is compiled to.
    """
    if text.startswith(DIRECTIVE):
        return DEFAULT_DIALECT
    first = _FIRST_LINE.match(text)
    name = _COMMENT.match(first[1]) if first else None
    return name[1] if name and name[1] in DIALECTS else None


def contradictions(file: SourceFile, dialect: str) -> Iterator[Problem]:
    """What is wrong with the comments of a file that name a dialect, when its program is assembled as `dialect`."""
    for comment in file.comments:
        if not comment.text.startswith(";@"):
            continue
        named = _COMMENT.match(comment.text)
        line, column = file.position(comment.start)
        if named is None:
            if not comment.text.startswith(DIRECTIVE) or dialect == DEFAULT_DIALECT:
                continue
            message = f"a compiled program is in dialect {DEFAULT_DIALECT}, but it is assembled in dialect {dialect}"
        elif line != 1 or file.text[: comment.start].strip(" \t"):
            message = "a file names its dialect on its first line, before everything else"
        elif named[1] not in DIALECTS:
            message = f"no zkASM dialect is called {named[1]!r}; there is {', '.join(DIALECTS)}"
        elif named[1] != dialect:
            message = (
                f"the file is in dialect {named[1]}, but the program is assembled in dialect {dialect}; a program has "
                "one dialect, which the first line of its main file names"
            )
        else:
            continue
        yield Problem(message, file.file_name, line, column, code="dialect", span=(comment.start, comment.end))


def project_dialect(source: Path) -> Choice | None:
    """The dialect that the project of a source file names.

    The project is the nearest folder above with a `zkwasm.toml` or a `[tool.zkwasm]` in its `pyproject.toml`.
    *Raises:* ConfigurationError.
    """
    for folder in source.absolute().parents:
        tables = {file: table for file in (folder / PROJECT_FILE, folder / PYPROJECT_FILE) if (table := _table(file))}
        named = {file: _dialect(file, table) for file, table in tables.items() if KEY in table}
        if len(set(named.values())) > 1:
            shown = " but ".join(f"{file.name} says {dialect}" for file, dialect in named.items())
            raise ConfigurationError(Problem(f"two dialects for one project: {shown}", str(folder), code="dialect"))
        if named:
            file, dialect = next(iter(named.items()))
            return Choice(dialect, f"as {file} says")
        if tables:
            return None
    return None


def _table(file: Path) -> dict[str, Any]:
    """The settings in a file; empty when it has none."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(Problem(f"cannot be read: {error}", str(file), code="configuration")) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(Problem(f"is not valid TOML: {error}", str(file), code="configuration")) from None
    if file.name == PYPROJECT_FILE:
        tool = document.get("tool")
        table = tool.get("zkwasm") if isinstance(tool, dict) else None
        return table if isinstance(table, dict) else {}
    for key in document:
        if key != KEY:
            message = f"{key}: unknown key; allowed is `{KEY}`"
            raise ConfigurationError(Problem(message, str(file), code="configuration"))
    return document


def _dialect(file: Path, table: dict[str, Any]) -> str:
    name = table[KEY]
    if not isinstance(name, str) or name not in DIALECTS:
        path = KEY if file.name == PROJECT_FILE else f"tool.zkwasm.{KEY}"
        message = f"{path}: must be one of {', '.join(map(repr, DIALECTS))}, found {name!r}"
        raise ConfigurationError(Problem(message, str(file), code="configuration"))
    return name
