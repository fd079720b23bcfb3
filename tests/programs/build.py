"""Builds the .wasm files of this folder from their C sources: `python tests/programs/build.py [NAME…]`.

The compiler is that of the package `ziglang`. The .wasm files are committed, so that tests need no C compiler.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

COMPILE = ["-m", "ziglang", "cc", "-O2", "-Wall", "-Wextra"]
FREESTANDING = ["-target", "wasm32-freestanding", "-nostdlib", "-Wl,--no-entry"]
WASI = ["-target", "wasm32-wasi"]
STRIP = ["-Wl,--strip-debug"]

# Loops that fill and copy stay loops; the stack, which few of them need, lies below the data.
MEMORY = ["-mcpu=mvp+sign_ext", "-fno-builtin", "-Wl,-z,stack-size=1024", "-Wl,--export-memory"]

BULK = ["-mcpu=mvp+sign_ext+bulk_memory", *MEMORY[1:]]

DEBUG = ["-mcpu=mvp+sign_ext", "-O1", "-g", "-fno-builtin", f"-fdebug-prefix-map={FOLDER}=.", "-Wl,-z,stack-size=1024"]

PROGRAMS = {
    "kernels": ("kernels.c", ["-mcpu=mvp+sign_ext"]),
    **{f"memory/{source.stem}": (f"memory/{source.name}", MEMORY) for source in sorted(FOLDER.glob("memory/*.c"))},
    **{f"wasi/{source.stem}": (f"wasi/{source.name}", None) for source in sorted(FOLDER.glob("wasi/*.c"))},
    "memory/fill_bulk": ("memory/fill.c", BULK),
    "memory/copy_bulk": ("memory/copy.c", BULK),
    **{f"debug/lines_dwarf{n}": ("debug/lines.c", [*DEBUG, f"-gdwarf-{n}"]) for n in (4, 5)},
}
"""For each module the source and the options that it does not share with the others, None for a WASI program."""


def main() -> None:
    for name in sys.argv[1:] or PROGRAMS:
        source, options = PROGRAMS[name]
        strip = [] if options is not None and "-g" in options else STRIP
        special = WASI if options is None else [*options, *FREESTANDING]
        command = [sys.executable, *COMPILE, *special, *strip, "-o", f"{name}.wasm", source]
        subprocess.run(command, cwd=FOLDER, check=True)
        (FOLDER / f"{name}.wasm").chmod(0o644)


if __name__ == "__main__":
    main()
