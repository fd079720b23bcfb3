"""`zkwasm build`: compile the programs of a project, as the hatch hook does, without building a wheel."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

NAME = "build"
HELP = "compile the programs of a project's [tool.zkwasm] and run their examples"
DESCRIPTION = """\
Compile the programs that [tool.zkwasm] in pyproject.toml names into its output folder, run their examples and show what
they cost: what the hatch build hook does before it packs the wheel. What is up to date is left alone.
"""
EPILOG = """\
examples:
  zkwasm build                    the project in this folder
  zkwasm build example_project --rebuild
  zkwasm build --json             the manifests, for other tools
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "project", metavar="FOLDER", type=Path, nargs="?", default=Path(), help="the project (default: this folder)"
    )
    parser.add_argument("--rebuild", action="store_true", help="compile also what is up to date")
    parser.add_argument("--clean", action="store_true", help="remove the compiled files instead")
    parser.add_argument("--json", action="store_true", help="print the manifests of all programs as JSON")


def execute(arguments: argparse.Namespace) -> int:
    import json

    from hatch_zkwasm.build import build, clean
    from hatch_zkwasm.configuration import load_configuration
    from hatch_zkwasm.costs import example_table

    configuration = load_configuration(arguments.project)
    if arguments.clean:
        clean(configuration)
        return 0
    report = build(configuration, rebuild=arguments.rebuild)
    print(report.summary, file=sys.stderr)
    manifests = [program.manifest for program in report.programs]
    if arguments.json:
        entries = [
            {"compiled": program.compiled, "files": list(program.files), "manifest": program.manifest}
            for program in report.programs
        ]
        print(json.dumps({"programs": entries}, indent=2, ensure_ascii=False))
    else:
        print("\n".join(example_table(manifests)) or "no examples")
    return 0
