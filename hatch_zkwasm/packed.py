"""Reads a packed program back: from a folder, a package (`importlib.resources`) or a wheel.

A package that ships programs needs nothing else at run time:

    from importlib.resources import files
    from hatch_zkwasm.packed import load_packed
    program = load_packed(files("my_package") / "programs", "numbers")
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from pathlib import Path

from hatch_zkwasm.manifest import (
    MANIFEST_SUFFIX,
    MAP_SUFFIX,
    OUTPUT_SUFFIXES,
    ROM_SUFFIX,
    ZKASM_SUFFIX,
    Manifest,
    parse_manifest,
    sha256,
)
from zkwasm_compiler.asm.positions import positions_from_json
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError, Problem


@dataclass(frozen=True, slots=True)
class PackedProgram:
    """A program with its manifest, whose hashes were checked."""

    name: str
    program: Program
    manifest: Manifest


def load_packed(folder: Traversable, name: str) -> PackedProgram:
    """The program `name` in `folder`, ready for `zkwasm_simulator.Instance(packed.program)`.

    Raises: ConfigurationError when a file is missing or is not the one that the manifest names.
    """
    from zkwasm_compiler.asm import load_rom

    manifest = parse_manifest(_read(folder, name + MANIFEST_SUFFIX).decode("utf-8"), name + MANIFEST_SUFFIX)
    texts = {}
    for suffix in OUTPUT_SUFFIXES:
        data = _read(folder, name + suffix)
        if sha256(data) != manifest["outputs"][name + suffix]:
            message = f"is not the file that {name + MANIFEST_SUFFIX} describes; build the program again"
            raise ConfigurationError(Problem(message, file=name + suffix))
        texts[suffix] = data.decode("utf-8")
    rom = load_rom(texts[ROM_SUFFIX], name + ROM_SUFFIX)
    positions = positions_from_json(texts[MAP_SUFFIX])
    return PackedProgram(name, replace(rom, source=texts[ZKASM_SUFFIX], positions=positions), manifest)


def _read(folder: Traversable, file_name: str) -> bytes:
    try:
        return (folder / file_name).read_bytes()
    except (FileNotFoundError, KeyError):
        raise ConfigurationError(Problem(f"there is no such file in {folder}", file=file_name)) from None


@contextmanager
def open_wheel(path: Path) -> Iterator[dict[str, Traversable]]:
    """The programs packed in the wheel at `path`: the folder of each by its name.

    Raises: ConfigurationError when it is no wheel or packs two programs of one name.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ConfigurationError(Problem(f"cannot be read as a wheel: {error}", file=str(path))) from None
    with archive:
        folders: dict[str, Traversable] = {}
        for entry in sorted(archive.namelist()):
            if not entry.endswith(MANIFEST_SUFFIX):
                continue
            folder, _, file_name = entry.rpartition("/")
            name = file_name.removesuffix(MANIFEST_SUFFIX)
            if name in folders:
                raise ConfigurationError(Problem(f"packs two programs called {name}", file=str(path)))
            folders[name] = zipfile.Path(archive, folder + "/" if folder else "")
        yield folders
