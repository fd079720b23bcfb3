"""The process beside the server: audits a program or runs its assertions, away from the typing path.

A request comes as JSON on standard input, the answer goes as JSON to standard output: `python -m zkwasm_lsp.worker`.
`texts` has the unsaved texts by path. Whatever is wrong with the program is part of the answer.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zkwasm_compiler.asm import AssembleOptions, Program, assemble_file
from zkwasm_compiler.asm.assembler import SourceReader, read_source
from zkwasm_compiler.errors import InputError

Answer = dict[str, Any]


def main() -> int:
    request = json.load(sys.stdin)
    _be_modest(request["seconds"])
    json.dump(TASKS[request["task"]](request), sys.stdout)
    return 0


def _be_modest(seconds: float) -> None:
    """Leave the processor to who types, and end when nobody waits any more, also if the server is gone."""
    if hasattr(os, "nice"):
        os.nice(10)
    if hasattr(signal, "alarm"):
        signal.alarm(math.ceil(seconds) + 1)


def _program(request: dict[str, Any]) -> Program:
    """The program of a request. *Raises:* InputError."""
    return assemble_file(request["main"], AssembleOptions(dialect=request["dialect"]), read=_reader(request))


def _reader(request: dict[str, Any]) -> SourceReader:
    """Reads the unsaved texts of a request before those on disk."""
    texts = {Path(path): text for path, text in request["texts"].items()}

    def read(path: Path) -> str:
        return texts[path] if path in texts else read_source(path)

    return read


def audit(request: dict[str, Any]) -> Answer:
    """The free inputs that nothing pins, by file and line; nothing for a program without an end."""
    from zkwasm_simulator import static_audit

    try:
        report = static_audit(_program(request))
    except InputError:
        return {"findings": []}
    return {"findings": report.to_json()["findings"]}


def run(request: dict[str, Any]) -> Answer:
    """The outcomes of the assertions of a program, or of one of them, and how often each line was executed."""
    from zkwasm_simulator.assertions import run_assertions

    only = request["only"]
    try:
        report = run_assertions(
            request["main"],
            read=_reader(request),
            step_limit=request["step_limit"],
            only=None if only is None else (only["file"], only["line"]),
            whole_program=request["whole_program"],
            options=AssembleOptions(dialect=request["dialect"]),
        )
    except InputError as error:
        return {"runs": [], "counts": [], "wrong": str(error.problems[0]), "whole_program": False}
    runs = [one.to_json() for one in report.runs]
    return {"runs": runs, "counts": report.lines(), "wrong": "", "whole_program": request["whole_program"]}


TASKS: dict[str, Callable[[dict[str, Any]], Answer]] = {"audit": audit, "run": run}


if __name__ == "__main__":
    sys.exit(main())
