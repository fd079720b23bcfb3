"""The manifest of a packed program: what was compiled from what, how it is called and what its examples cost.

`<name>.manifest.json` lies beside `<name>.zkasm`, `<name>.rom.json` and `<name>.map.json`. It is the state of the
incremental build too: a program is up to date when its manifest says so (`hatch_zkwasm.build`). It holds no time and no
absolute path, so that a build is reproducible; docs/configuration.md describes the fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hatch_zkwasm import __version__
from zkwasm_compiler.errors import ConfigurationError, Problem

FORMAT = 1
MACHINE = "zkvm64"
ZKASM_SUFFIX = ".zkasm"
ROM_SUFFIX = ".rom.json"
MAP_SUFFIX = ".map.json"
MANIFEST_SUFFIX = ".manifest.json"
INPUT_SUFFIX = ".input.json"
OUTPUT_SUFFIXES = (ZKASM_SUFFIX, ROM_SUFFIX, MAP_SUFFIX)
"""The files of a program that a manifest describes; those of its examples come with them."""
SUFFIXES = (*OUTPUT_SUFFIXES, MANIFEST_SUFFIX)

CODE_SUFFIXES = (".py", ".wat")
"""The routines that become part of programs are WebAssembly text."""

Manifest = dict[str, Any]


def input_file(name: str, number: int) -> str:
    """The file with the public executor's input for example `number`, counted from 1, of the program `name`."""
    return f"{name}.{number}{INPUT_SUFFIX}"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@cache
def toolchain() -> dict[str, str]:
    """The version of hatch-zkwasm and a hash of its code, so that a changed working copy compiles everything again."""
    import zkwasm_compiler
    import zkwasm_simulator

    digest = hashlib.sha256()
    for module in (zkwasm_compiler.__file__, zkwasm_simulator.__file__, __file__):
        folder = Path(str(module)).parent
        files = [file for suffix in CODE_SUFFIXES for file in folder.rglob(f"*{suffix}")]
        for file in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
            data = file.read_bytes()
            digest.update(f"{folder.name}/{file.relative_to(folder).as_posix()} {len(data)}\n".encode() + data)
    return {"name": "hatch-zkwasm", "version": __version__, "sha256": digest.hexdigest()}


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """The text of a manifest file."""
    return json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parse_manifest(text: str, file: str) -> Manifest:
    """The manifest in `text`.

    Raises: ConfigurationError when it is none or of another format.
    """
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(Problem(f"is not a manifest: {error}", file=file)) from None
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != FORMAT:
        message = f"is not a manifest of format {FORMAT} (its format is {found!r}); build the program again"
        raise ConfigurationError(Problem(message, file=file))
    return dict(manifest)
