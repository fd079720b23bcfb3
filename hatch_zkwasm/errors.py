"""The two kinds of wrong input that only the command line and the build know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zkwasm_compiler.errors import ConfigurationError, InputError


class UsageError(ConfigurationError):
    """The command line asks for something that does not exist: a file, an export, an argument. Exit status 2."""


class BuildError(InputError):
    """Programs that do not compile, examples that go wrong, files that cannot be written. Carries every problem."""


@contextmanager
def as_usage() -> Iterator[None]:
    """Turn a `ConfigurationError` about something that the command line named into a `UsageError`."""
    try:
        yield
    except ConfigurationError as error:
        raise UsageError(*error.problems) from error
