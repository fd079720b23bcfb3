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


def run(wasm: bytes, folder: Path, given: bytes, arguments: Sequence[str], environment: dict[str, str]) -> Run:
    """Run `_start`; `folder` is for the files of the streams."""
    files = {name: folder / name for name in ("input", "output", "errors")}
    files["input"].write_bytes(given)
    config = wasmtime.WasiConfig()
    config.argv = list(arguments)
    config.env = list(environment.items())
    config.stdin_file = str(files["input"])
    config.stdout_file = str(files["output"])
    config.stderr_file = str(files["errors"])
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    store.set_wasi(config)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    exports: Any = linker.instantiate(store, wasmtime.Module(engine, wasm)).exports(store)
    code = 0
    try:
        exports["_start"](store)
    except wasmtime.ExitTrap as ended:
        code = ended.code
    store.close()
    return Run(files["output"].read_bytes(), files["errors"].read_bytes(), code)
