"""Writes files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hatch_zkwasm.errors import BuildError
from zkwasm_compiler.errors import Problem

STANDARD_OUTPUT = "-"
"""The file name that means standard output."""


def write_output(name: str | None, text: str) -> None:
    """Write `text` to the file `name`, or print it when that is None or `-`."""
    if name is None or name == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        write_files({Path(name): text.encode()})


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write every file under a temporary name, then rename them all in the order given; folders are made.

    Raises: BuildError when a name is that of a folder or the system refuses; then no temporary file is left.
    """
    folders = [path for path in contents if path.is_dir()]
    if folders:
        raise BuildError(*(Problem("cannot be written: it is a folder", file=str(path)) for path in folders))
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in contents}
    path = Path()
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary[path].write_bytes(data)
        for path in contents:
            temporary[path].replace(path)
    except OSError as error:
        raise BuildError(Problem(f"cannot be written: {error.strerror}", file=str(path))) from None
    finally:
        for name in temporary.values():
            if name.exists():
                name.unlink()
