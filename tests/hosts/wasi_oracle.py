"""What wasmtime's WASI makes of a program: the judge of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wasmtime


@dataclass(frozen=True, slots=True)
class Run:
    """What a program wrote and how it ended."""

    output: bytes
    errors: bytes
    exit_code: int


def linker(
    folder: Path, given: bytes, arguments: Sequence[str] = (), environment: dict[str, str] | None = None
) -> tuple[wasmtime.Store, wasmtime.Linker]:
    """WASI without directories; `folder` is for the files of the streams, `given` what is read."""
    files = {name: folder / name for name in ("input", "output", "errors")}
    files["input"].write_bytes(given)
    config = wasmtime.WasiConfig()
    config.argv = list(arguments)
    config.env = list((environment or {}).items())
    config.stdin_file = str(files["input"])
    config.stdout_file = str(files["output"])
    config.stderr_file = str(files["errors"])
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    store.set_wasi(config)
    made = wasmtime.Linker(engine)
    made.define_wasi()
    return store, made


def run(wasm: bytes, folder: Path, given: bytes, arguments: Sequence[str], environment: dict[str, str]) -> Run:
    """Run `_start`; `folder` is for the files of the streams."""
    store, made = linker(folder, given, arguments, environment)
    exports: Any = made.instantiate(store, wasmtime.Module(made.engine, wasm)).exports(store)
    code = 0
    try:
        exports["_start"](store)
    except wasmtime.ExitTrap as ended:
        code = ended.code
    store.close()
    return Run((folder / "output").read_bytes(), (folder / "errors").read_bytes(), code)
