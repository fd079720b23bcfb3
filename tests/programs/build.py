"""Builds kernels.wasm from kernels.c with the C compiler of the package `ziglang`: `python tests/programs/build.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-freestanding", "-mcpu=mvp+sign_ext"]
    command += ["-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-debug", "-o", "kernels.wasm", "kernels.c"]
    subprocess.run(command, cwd=FOLDER, check=True)


if __name__ == "__main__":
    main()
