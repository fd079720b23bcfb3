"""Builds the .wasm files of this folder from their sources: `python tests/programs/build.py [NAME…]`.

The .wasm files are committed, so that tests need no compiler. Those that are there were made by

- the package `ziglang`, for C, C++ and zig in `real` 0.17.1;
- for real/clang clang and wasm-ld 14.0.6, Debian's packages `clang` and `lld`;
- for real/assemblyscript `asc` 0.28.20, the package `assemblyscript` of npm; ZKWASM_ASC names another command than npx;
- for real/rust rustc 1.63.0, Debian's packages `rustc`, `libstd-rust-dev-wasm32` and `lld`; ZKWASM_RUSTC names another.
"""

from __future__ import annotations

import os
import shlex
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

ZIG = [sys.executable, "-m", "ziglang"]
REAL_WASI = ["-O2", "-Wall", "-Wextra", *WASI, *STRIP]
CLANG = ["clang", "--target=wasm32", "-O2", "-Wall", "-Wextra", "-nostdlib", "-Wl,--no-entry", "-Wl,--export-all"]
ASC = shlex.split(os.environ.get("ZKWASM_ASC", "npx --yes --package=assemblyscript@0.28.20 asc"))
RUSTC = [os.environ.get("ZKWASM_RUSTC", "rustc"), "-C", "opt-level=2", "-C", "strip=symbols"]

TOOLCHAINS: dict[str, list[str]] = {
    "real/*.c": [*ZIG, "cc", *REAL_WASI, "-o"],
    "real/*.cpp": [*ZIG, "c++", "-fno-exceptions", *REAL_WASI, "-o"],
    "real/zig/*.zig": [*ZIG, "build-exe", *WASI, "-O", "ReleaseSmall", "-femit-bin="],
    "real/clang/*.c": [*CLANG, "-o"],
    "real/clang/checksums.c": [*CLANG, "-mbulk-memory", "-o"],
    "real/assemblyscript/*.ts": [*ASC, "-O", "--outFile"],
    "real/rust/std/*.rs": [*RUSTC, "--target=wasm32-wasi", "-o"],
    "real/rust/*.rs": [*RUSTC, "--target=wasm32-unknown-unknown", "--crate-type=cdylib", "-o"],
}
"""For sources of the folder `real` the command without the output, which comes behind its last word, and the source;
the last pattern counts."""


def _complete(command: list[str], source: Path) -> list[str]:
    output = source.with_suffix(".wasm").name
    written = [f"{command[-1]}{output}"] if command[-1].endswith("=") else [command[-1], output]
    return [*command[:-1], *written, source.name]


REAL = {
    source.relative_to(FOLDER).with_suffix("").as_posix(): _complete(command, source)
    for pattern, command in TOOLCHAINS.items()
    for source in sorted(FOLDER.glob(pattern))
}

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
    for name in sys.argv[1:] or (*PROGRAMS, *REAL):
        if name in REAL:
            subprocess.run(REAL[name], cwd=(FOLDER / name).parent, check=True)
            (FOLDER / f"{name}.wasm").chmod(0o644)
            continue
        source, options = PROGRAMS[name]
        strip = [] if options is not None and "-g" in options else STRIP
        special = WASI if options is None else [*options, *FREESTANDING]
        command = [sys.executable, *COMPILE, *special, *strip, "-o", f"{name}.wasm", source]
        subprocess.run(command, cwd=FOLDER, check=True)
        (FOLDER / f"{name}.wasm").chmod(0o644)


if __name__ == "__main__":
    main()
