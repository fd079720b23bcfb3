"""Text modules (`.wat`) to binary, through wasmtime's parser."""

from __future__ import annotations

import re

from zkwasm_compiler.errors import InputError, Problem

_PLACE = re.compile(r"--> <anon>:(\d+):(\d+)")


def wat_to_wasm(text: str, file_name: str = "") -> bytes:
    """The binary module of `text`; `file_name` is for messages. Types are not checked: `load` does that.

    *Raises:* InputError with line and column where the text is malformed.
    """
    import wasmtime  # loads a shared library: only where a text module is read

    try:
        return bytes(wasmtime.wat2wasm(text))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise InputError(Problem("the text has a character that UTF-8 cannot encode", file_name, line)) from None
    except wasmtime.WasmtimeError as error:
        raise InputError(_problem(str(error), file_name)) from None


def _problem(report: str, file_name: str) -> Problem:
    """wasmtime's report (a message, then an arrow with the place, then the source line) as one problem."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    message = lines[0].removesuffix(":") if lines else "malformed text"
    place = _PLACE.search(report)
    if place is None:
        return Problem(f"malformed text module: {message}", file=file_name)
    return Problem(f"malformed text module: {message}", file_name, int(place[1]), int(place[2]))
