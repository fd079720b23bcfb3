"""The exceptions of hatch-zkwasm.

Every message says what was found, where, what was allowed and what to do. Programs catch `ZkwasmError`; the command
line prints it as one line a problem and exits with status 1.
"""

from __future__ import annotations

from dataclasses import dataclass


class ZkwasmError(Exception):
    """Base of everything that hatch-zkwasm raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input, and where.

    `line` and `column` are 1-based; `byte_offset` counts from the start of a binary module. `code` is a stable name of
    the kind of problem (for assembly sources those of the recorded assembler outcomes, e.g. ``label_undefined``).
    `span` is what of an assembly source is wrong: offsets into its text in characters, from the first up to the second.
    It may begin on a later line than `line`, which is that of the whole statement.
    """

    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None
    byte_offset: int | None = None
    code: str = ""
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
            if self.column is not None:
                place += f":{self.column}"
        elif self.byte_offset is not None:
            place += (": " if place else "") + f"byte {self.byte_offset:#x}"
        return f"{place}: {self.message}" if place else self.message


class InputError(ZkwasmError):
    """The input is wrong: a module, an assembly source, a configuration. Carries every problem that was found."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems: tuple[Problem, ...] = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DecodeError(InputError):
    """A WebAssembly binary that breaks the binary format (the specification's *malformed*)."""


class ValidationError(InputError):
    """A WebAssembly module that decodes but breaks the validation rules (the specification's *invalid*)."""


class UnsupportedError(InputError):
    """A valid module or program that needs what is not supported; the message names it with its place."""


class LinkError(InputError):
    """Modules that do not fit together: an import that is unknown, or whose type what is exported does not match."""


class AssemblyError(InputError):
    """A zkASM source that does not assemble."""


class ConfigurationError(InputError):
    """Wrong options, project tables or call arguments."""


class ExecutionError(ZkwasmError):
    """A program stopped without a provable result."""


class InternalError(ZkwasmError):
    """A bug of hatch-zkwasm itself. The message says how to reproduce it."""
