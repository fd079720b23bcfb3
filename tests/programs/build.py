"""Builds the .wasm files of this folder from their C sources: `python tests/programs/build.py [NAME…]`.

The compiler is that of the package `ziglang`. The .wasm files are committed, so that tests need no C compiler.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

COMPILE = ["-m", "ziglang", "cc", "-target", "wasm32-freestanding", "-O2", "-nostdlib", "-Wall", "-Wextra"]
LINK = ["-Wl,--no-entry"]
STRIP = ["-Wl,--strip-debug"]

# Loops that fill and copy stay loops; the stack, which few of them need, lies below the data.
MEMORY = ["-mcpu=mvp+sign_ext", "-fno-builtin", "-Wl,-z,stack-size=1024", "-Wl,--export-memory"]

BULK = ["-mcpu=mvp+sign_ext+bulk_memory", *MEMORY[1:]]

DEBUG = ["-mcpu=mvp+sign_ext", "-O1", "-g", "-fno-builtin", f"-fdebug-prefix-map={FOLDER}=.", "-Wl,-z,stack-size=1024"]

PROGRAMS = {
    "kernels": ("kernels.c", ["-mcpu=mvp+sign_ext"]),
    **{f"memory/{source.stem}": (f"memory/{source.name}", MEMORY) for source in sorted(FOLDER.glob("memory/*.c"))},
    "memory/fill_bulk": ("memory/fill.c", BULK),
    "memory/copy_bulk": ("memory/copy.c", BULK),
    **{f"debug/lines_dwarf{n}": ("debug/lines.c", [*DEBUG, f"-gdwarf-{n}"]) for n in (4, 5)},
}
"""For each module the source and the options that it does not share with the others."""


def main() -> None:
    for name in sys.argv[1:] or PROGRAMS:
        source, options = PROGRAMS[name]
        strip = [] if "-g" in options else STRIP
        command = [sys.executable, *COMPILE, *options, *LINK, *strip, "-o", f"{name}.wasm", source]
        subprocess.run(command, cwd=FOLDER, check=True)
        (FOLDER / f"{name}.wasm").chmod(0o644)


if __name__ == "__main__":
    main()
