"""The `zkwasm` command: the parser, and what every command does about errors.

Each command is a module of `hatch_zkwasm.commands` with `configure(parser)` and `execute(arguments) -> exit status`; it
imports the compiler and the simulator only when it runs, so that `zkwasm --help` starts at once.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import shlex
import sys
from collections.abc import Sequence

from hatch_zkwasm import __version__
from hatch_zkwasm.commands import COMMANDS, Command

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

TRACEBACK_VARIABLE = "ZKWASM_TRACEBACK"
"""Set to 1 to see the traceback of a bug."""

_FULL = (errno.ENOSPC, errno.EDQUOT)

_NEGATIVE_NUMBER = re.compile(r"-(\d|\.\d|0x|inf$|nan$)", re.IGNORECASE)

_DESCRIPTION = """\
Compile WebAssembly to zkASM programs that can be proved, run them in the simulator and see what they cost.
"""

_EPILOG = """\
examples:
  zkwasm run gcd.wat --call gcd 48 18      compile, run and show the cost
  zkwasm compile gcd.wat -o gcd.zkasm      compile
  zkwasm build example_project             compile the programs of [tool.zkwasm] in pyproject.toml

exit status: 0 all went well, 1 the program or the build failed, 2 the command was used wrongly
`zkwasm COMMAND --help` explains each command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone, as with `| head`. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _run(words: list[str]) -> int:
    parser = make_parser()
    try:
        arguments = _parse(parser, words)
    except SystemExit as stop:  # argparse has printed help, the version or what is wrong
        sys.stdout.flush()
        return stop.code if isinstance(stop.code, int) else WRONG_USE
    from hatch_zkwasm.errors import UsageError
    from zkwasm_compiler.errors import InputError, InternalError, ZkwasmError

    command: Command = arguments.command
    try:
        status = command.execute(arguments)
        sys.stdout.flush()
        return status
    except InputError as error:
        for problem in error.problems:
            _complain(str(problem))
        return WRONG_USE if isinstance(error, UsageError) else FAILED
    except InternalError as error:
        return _report_bug(str(error), words)
    except ZkwasmError as error:
        _complain(str(error))
        return FAILED
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _complain(f"the output cannot be written: {error.strerror}")
            return FAILED
        return _report_bug(_described(error), words)


def _report_bug(message: str, words: Sequence[str]) -> int:
    """Say what went wrong in our code and how to make it happen again."""
    if os.environ.get(TRACEBACK_VARIABLE, "") not in ("", "0"):
        import traceback

        traceback.print_exc()
    _complain(f"a bug of hatch-zkwasm {__version__}: {message}")
    _complain(f"please report it with the files that this command uses: zkwasm {shlex.join(words)}")
    return FAILED


def _described(error: Exception) -> str:
    """An exception that nobody expected, with the line of code that raised it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"
    return f"{type(error).__name__}{where}: {error}"


def _complain(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="zkwasm",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"hatch-zkwasm {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        below = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=command.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.configure(below)
        below.set_defaults(command=command, parser=below)
    return parser


def _parse(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Parse `words`, with positional arguments also after options and negative numbers of every notation.

    argparse takes `-0x10` and `-inf` for options, and drops arguments of `FILE [ARG…]` that come after an option: the
    space in front makes the first an argument, the second are what `parse_known_args` leaves over.
    """
    protected = [f" {word}" if _NEGATIVE_NUMBER.match(word) else word for word in words]
    arguments, rest = parser.parse_known_args(protected)
    if rest:
        end = rest.index("--") if "--" in rest else len(rest)
        late = rest[:end] + rest[end + 1 :]
        wrong = [word for word in rest[:end] if word.startswith("-")]
        if wrong or not hasattr(arguments, "arguments"):
            arguments.parser.error(f"unrecognized arguments: {' '.join(word.strip() for word in wrong or late)}")
        arguments.arguments += late
    return arguments
