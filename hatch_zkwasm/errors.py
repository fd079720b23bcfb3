"""The two kinds of wrong input that only the command line and the build know."""

from __future__ import annotations

from zkwasm_compiler.errors import ConfigurationError, InputError


class UsageError(ConfigurationError):
    """The command line asks for something that does not exist: a file, an export, an argument. Exit status 2."""


class BuildError(InputError):
    """Programs that do not compile, examples that go wrong, files that cannot be written. Carries every problem."""
