"""Assertions in zkASM sources: comment lines ``;@ run A=2 B=3 => A=5`` that say what a routine or a program does.

`directive` reads a line, `discovery` finds the lines of a program and what they run, `running` runs one, `report` has
the outcomes of a file; `zkwasm test` and the editor show them. docs/language-server.md has the syntax.
"""

from __future__ import annotations

from zkwasm_simulator.assertions.directive import Directive, DirectiveError, parse_directive
from zkwasm_simulator.assertions.discovery import Run, runs_in
from zkwasm_simulator.assertions.report import FileReport, run_assertions
from zkwasm_simulator.assertions.running import Outcome, run_assertion

__all__ = [
    "Directive",
    "DirectiveError",
    "FileReport",
    "Outcome",
    "Run",
    "parse_directive",
    "run_assertion",
    "runs_in",
    "run_assertions",
]
