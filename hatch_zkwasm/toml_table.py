"""Typed reading of TOML tables that collects every problem with its full path instead of stopping at the first.

A `TableReader` wraps one table; its methods return a usable default after a problem, so that reading goes on. The
caller raises once, with everything that was found.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zkwasm_compiler.errors import Problem

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: str, key: str) -> str:
    """The TOML path of `key` below `path`, quoted where TOML needs it."""
    return f"{path}.{key}" if _BARE_KEY.fullmatch(key) else f'{path}."{key}"'


def type_name(value: object) -> str:
    """What TOML calls the type of `value`."""
    names: dict[type, str] = {
        bool: "a boolean",
        int: "an integer",
        float: "a float",
        str: "a string",
        list: "an array",
        dict: "a table",
    }
    return names.get(type(value), "a date or time")


class TableReader:
    """One TOML table, its path in the file and the shared list of problems."""

    def __init__(self, table: Mapping[str, Any], path: str, file: str, problems: list[Problem]) -> None:
        self.table = table
        self.path = path
        self.file = file
        self.problems = problems

    def problem(self, message: str, key: str | None = None, index: int | None = None) -> None:
        """Report `message` about `key` of this table (element `index` of its array), or about the table itself."""
        path = self.path if key is None else dotted(self.path, key)
        path += "" if index is None else f"[{index}]"
        self.problems.append(Problem(f"{path}: {message}", file=self.file, code="configuration"))

    def allow(self, keys: Iterable[str]) -> None:
        """Report each key that is not one of `keys`."""
        allowed = sorted(keys)
        for key in self.table:
            if key not in allowed:
                close = difflib.get_close_matches(key, allowed, n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"allowed are {', '.join(allowed)}"
                self.problem(f"unknown key; {hint}", key)

    def string(self, key: str, *, required: str = "") -> str:
        """The string at `key`; `required` says what to write there when it is missing."""
        value = self.table.get(key)
        if value is None:
            if required:
                self.problem(f"is missing; {required}", key)
            return ""
        if not isinstance(value, str) or not value:
            found = "an empty string" if value == "" else type_name(value)
            self.problem(f"must be a non-empty string, found {found}", key)
            return ""
        return value

    def integer(self, key: str, *, default: int, lowest: int, highest: int) -> int:
        """The integer at `key`, from `lowest` to `highest`."""
        value = self.table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            found = repr(value) if isinstance(value, int | float) else type_name(value)
            self.problem(f"must be an integer from {lowest} to {highest}, found {found}", key)
            return default
        return value

    def choice(self, key: str, *, default: str, choices: Sequence[str]) -> str:
        """The string at `key`, one of `choices`."""
        value = self.table.get(key, default)
        if value not in choices:
            found = repr(value) if isinstance(value, str) else type_name(value)
            self.problem(f"must be one of {', '.join(choices)}, found {found}", key)
            return default
        return str(value)

    def array(self, key: str) -> list[Any]:
        """The array at `key`, empty when there is none."""
        value = self.table.get(key, [])
        if not isinstance(value, list):
            self.problem(f"must be an array, found {type_name(value)}", key)
            return []
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """The array of non-empty strings at `key`, without those that are not."""
        good = []
        for index, value in enumerate(self.array(key)):
            if isinstance(value, str) and value:
                good.append(value)
            else:
                self.problem(f"must be a non-empty string, found {type_name(value)}", key, index)
        return tuple(good)

    def numbers(self, key: str) -> tuple[int | float, ...]:
        """The array of integers and floats at `key`, without those that are neither."""
        good: list[int | float] = []
        for index, value in enumerate(self.array(key)):
            if isinstance(value, int | float) and not isinstance(value, bool):
                good.append(value)
            else:
                self.problem(f"must be an integer or a float, found {type_name(value)}", key, index)
        return tuple(good)

    def tables(self, key: str) -> list[TableReader]:
        """The array of tables at `key`."""
        readers = []
        for index, value in enumerate(self.array(key)):
            if isinstance(value, dict):
                path = f"{dotted(self.path, key)}[{index}]"
                readers.append(TableReader(value, path, self.file, self.problems))
            else:
                self.problem(f"must be a table, found {type_name(value)}", key, index)
        return readers

    def inner(self, key: str) -> TableReader:
        """The table at `key`, empty when there is none."""
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            self.problem(f"must be a table, found {type_name(value)}", key)
            value = {}
        return TableReader(value, dotted(self.path, key), self.file, self.problems)

    def named_tables(self, key: str) -> list[tuple[str, TableReader]]:
        """The tables inside the table at `key`, in the order of the file."""
        value = self.table.get(key, {})
        path = dotted(self.path, key)
        if not isinstance(value, dict):
            self.problem(f"must be a table of tables, write [{path}.<name>], found {type_name(value)}", key)
            return []
        readers = []
        for name, table in value.items():
            reader = TableReader({}, dotted(path, name), self.file, self.problems)
            if isinstance(table, dict):
                reader.table = table
                readers.append((name, reader))
            else:
                reader.problem(f"must be a table, found {type_name(table)}")
        return readers
