"""Reading the recorded outcomes of the public assembler."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from zkwasm_compiler.asm import AssembleOptions, Define


def cases(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def includes(files: dict[str, str]) -> Callable[[str, str], tuple[str, str]]:
    """A resolver of includes among files in memory."""

    def resolve(including: str, path: str) -> tuple[str, str]:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(including), path))
        if name not in files:
            raise FileNotFoundError(name)
        return name, files[name]

    return resolve


def options_of_config(config: dict[str, Any], dialect: str) -> AssembleOptions:
    """The options of a case of asm64.jsonl or asm256.jsonl."""
    defines = {
        name: Define(int(entry["value"]), entry["type"] == "CONSTL")
        for name, entry in config.get("defines", {}).items()
    }
    return AssembleOptions(
        defines=defines,
        allow_undefined_labels=bool(config.get("allowUndefinedLabels")),
        allow_overwrite_labels=bool(config.get("allowOverwriteLabels")),
        allow_undefined_variables=bool(config.get("allowUndefinedVariables")),
        dialect=dialect,
    )


def options_of_arguments(arguments: list[str], dialect: str) -> AssembleOptions:
    """The options of command-line arguments of the public assembler, its reading of ``-D X=5n`` as 0 included."""
    defines: dict[str, Define | int] = {}
    switches = {}
    for option, value in zip(arguments[::2], arguments[1::2], strict=True):
        name, _, text = value.partition("=")
        if option == "-D":
            defines[name] = Define(0, True) if text.endswith("n") else Define(int(text, 0))
        else:
            switches[re.sub("([A-Z])", lambda match: "_" + match[1].lower(), name)] = text != "0"
    return AssembleOptions(defines=defines, dialect=dialect, **switches)
