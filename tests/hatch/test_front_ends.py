"""The example project through every build front-end: what is in the wheel and in the source distribution."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from zkwasm_compiler import compile_module
from zkwasm_simulator import Instance

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "provable_numbers/programs/"
PROGRAMS = ("collatz", "numbers", "sha256")
EXAMPLES = {
    name: len(program.get("examples", ()))
    for name, program in tomllib.loads((ROOT / "example_project" / "pyproject.toml").read_text())["tool"]["zkwasm"][
        "programs"
    ].items()
}
SUFFIXES = (".zkasm", ".rom.json", ".map.json", ".manifest.json")
PACKED = sorted(
    [f"{FOLDER}{name}{suffix}" for name in PROGRAMS for suffix in SUFFIXES]
    + [f"{FOLDER}{name}.{number}.input.json" for name in PROGRAMS for number in range(1, EXAMPLES[name] + 1)]
)
WHEEL = "provable_numbers-0.1.0-py3-none-any.whl"
SDIST = "provable_numbers-0.1.0.tar.gz"


def python(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def packed(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if name.startswith(FOLDER))


def check_wheel(wheel: Path) -> None:
    """The wheel holds the programs that its manifests describe, and they run."""
    assert packed(wheel) == PACKED
    with zipfile.ZipFile(wheel) as archive:
        for name in PROGRAMS:
            manifest = json.loads(archive.read(f"{FOLDER}{name}.manifest.json"))
            hashes = {file: hashlib.sha256(archive.read(FOLDER + file)).hexdigest() for file in manifest["outputs"]}
            assert hashes == manifest["outputs"]
            assert all(example["steps"] > 0 for example in manifest["examples"])
    output = good(python("hatch_zkwasm", "run", str(wheel), "--call", "gcd", "1071", "462", folder=wheel.parent))
    assert output.startswith("gcd(1071, 462) = 21\n")


def check_sdist(sdist: Path) -> None:
    """The source distribution holds the sources of the programs and nothing that was compiled."""
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert {name.partition("/")[2] for name in names} >= {
        "native/numbers.wasm",
        "native/numbers.c",
        "native/collatz.wat",
        "native/sha256.wasm",
        "native/sha256.c",
    }
    assert [name for name in names if "programs" in name] == []


def test_hatchling(example: Path) -> None:
    first = good(python("hatchling", "build", folder=example))
    assert "zkwasm: 3 compiled, 0 up to date" in first
    assert "gcd(1071, 462) = 21" in first
    check_wheel(example / "dist" / WHEEL)
    check_sdist(example / "dist" / SDIST)
    assert "zkwasm: 0 compiled, 3 up to date" in good(python("hatchling", "build", "-t", "wheel", folder=example))
    again = good(python("hatchling", "build", "-t", "wheel", folder=example, ZKWASM_REBUILD="1"))
    assert "zkwasm: 3 compiled, 0 up to date" in again
    check_sdist_after_wheel(example)
    good(python("hatchling", "build", "-t", "wheel", "--clean-only", folder=example))
    assert not (example / "src" / "provable_numbers" / "programs").exists()


def check_sdist_after_wheel(example: Path) -> None:
    assert (example / "src" / "provable_numbers" / "programs" / "numbers.zkasm").is_file()
    good(python("hatchling", "build", "-t", "sdist", folder=example))
    check_sdist(example / "dist" / SDIST)


def test_build_by_way_of_the_source_distribution(example: Path) -> None:
    good(python("build", "--no-isolation", folder=example))
    check_wheel(example / "dist" / WHEEL)
    check_sdist(example / "dist" / SDIST)
    assert not (example / "src" / "provable_numbers" / "programs").exists(), "the wheel was built from the tree"


def test_same_wheel_and_sdist_from_two_folders(example: Path, tmp_path: Path) -> None:
    other = tmp_path / "some" / "other" / "folder"
    shutil.copytree(example, other)
    hashes = []
    for folder in (example, other):
        good(python("hatchling", "build", folder=folder))
        hashes.append([hashlib.sha256((folder / "dist" / name).read_bytes()).hexdigest() for name in (WHEEL, SDIST)])
    assert hashes[0] == hashes[1]


def test_editable(example: Path) -> None:
    good(python("hatchling", "build", "-t", "wheel:editable", folder=example))
    assert packed(example / "dist" / WHEEL) == []
    program = "import provable_numbers as p; print(p.gcd(1071, 462), p.collatz(27), p.modpow(3, 200, 1000007))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(example / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "21 (111, 9232) 959082\n"


def test_the_wheel_works_where_it_is_installed(example: Path, tmp_path: Path) -> None:
    good(python("hatchling", "build", "-t", "wheel", folder=example))
    with zipfile.ZipFile(example / "dist" / WHEEL) as archive:
        archive.extractall(tmp_path / "site")
    program = (
        "import provable_numbers as p\n"
        "print(p.xorshift64(88172645463325252), p.xorshift32(2463534242))\n"
        "try: p.modpow(2, 10, 0)\n"
        "except ArithmeticError as error: print(error)\n"
        "print(p.sha256(b'abc').hex())\n"
        "try: p.sha256(bytes(56))\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "8748534153485358512 723471715",
        "modpow(2, 10, 0) trapped: unreachable",
        hashlib.sha256(b"abc").hexdigest(),
        "the message has 56 bytes; the program takes at most 55",
    ]


def test_sha256_is_that_of_hashlib() -> None:
    source = (ROOT / "example_project" / "native" / "sha256.wasm").read_bytes()
    instance = Instance(compile_module(source))
    for length in (0, 1, 2, 3, 4, 11, 31, 32, 53, 54, 55):
        message = bytes(range(7, 7 + length))
        words = [int.from_bytes(message.ljust(56, b"\xaa")[start : start + 8], "big") for start in range(0, 56, 8)]
        digest = hashlib.sha256(message).digest()
        expected = tuple(int.from_bytes(digest[start : start + 4], "big") for start in range(0, 32, 4))
        assert instance.call_raw("sha256", [*words, length]).raw == expected, length


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("result = 21", "result = 22", "examples[0]: gcd(1071, 462) returned 21, but 22 was expected"),
        ('source = "native/numbers.wasm"', 'sauce = "x"', "numbers.sauce: unknown key; did you mean `source`?"),
        (
            "[tool.hatch.build.hooks.zkwasm]",
            '[tool.hatch.build.hooks.zkwasm]\noutput = "x"',
            "tool.hatch.build.hooks.zkwasm.output: the hook has no options of its own",
        ),
        (
            "[tool.hatch.build.hooks.zkwasm]",
            '[tool.hatch.build.targets.wheel.hooks.zkwasm]\noutput = "x"',
            "tool.hatch.build.targets.wheel.hooks.zkwasm.output: the hook has no options of its own",
        ),
        (
            'output = "src/provable_numbers/programs"',
            'output = "elsewhere"',
            "elsewhere/numbers.zkasm: is not in the wheel; `output` must name a folder of a package",
        ),
    ],
)
def test_a_failing_build_says_why_and_leaves_no_wheel(example: Path, old: str, new: str, message: str) -> None:
    file = example / "pyproject.toml"
    file.write_text(file.read_text().replace(old, new))
    done = python("hatchling", "build", "-t", "wheel", folder=example)
    assert done.returncode == 1
    assert message in done.stderr
    assert all(line.startswith("zkwasm: ") for line in done.stderr.splitlines() if "error" in line)
    assert "Traceback" not in done.stderr
    assert list((example / "dist").glob("*.whl")) == []
    assert list(example.rglob("*.tmp")) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[tool.hatch.build.targets.wheel]",
            '[tool.hatch.build.targets.sdist]\nexclude = ["/native"]\n[tool.hatch.build.targets.wheel]',
            "zkwasm: error: native/numbers.wasm: is not in the sdist; include it in [tool.hatch.build.targets.sdist]",
        ),
        (
            'dev-mode-dirs = ["src"]',
            'dev-mode-dirs = ["src"]\nignore-vcs = true',
            "programs/numbers.zkasm: is compiled and must not be in the sdist; ignore it in .gitignore",
        ),
    ],
)
def test_a_source_distribution_that_would_mislead(example: Path, old: str, new: str, message: str) -> None:
    file = example / "pyproject.toml"
    file.write_text(file.read_text().replace(old, new))
    good(python("hatch_zkwasm", "build", folder=example))
    done = python("hatchling", "build", "-t", "sdist", folder=example)
    assert done.returncode == 1
    assert message in done.stderr
    assert list((example / "dist").glob("*.tar.gz")) == []


CHANGING_HOOK = """
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Changing(BuildHookInterface):
    def initialize(self, version, build_data):
        with Path(self.root, "src/provable_numbers/programs/numbers.zkasm").open("a") as file:
            file.write("; changed\\n")
"""


def test_a_file_that_changes_while_the_wheel_is_built_is_refused(example: Path) -> None:
    (example / "hatch_build.py").write_text(CHANGING_HOOK)
    with (example / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")
    done = python("hatchling", "build", "-t", "wheel", folder=example)
    assert done.returncode == 1
    message = "src/provable_numbers/programs/numbers.zkasm: was changed while the wheel was built"
    assert [line for line in done.stderr.splitlines() if "error" in line] == [f"zkwasm: error: {message}"]
    assert list((example / "dist").glob("*.whl")) == []


@pytest.fixture(scope="module")
def index() -> None:
    """Isolated builds install hatchling from a package index; without one they cannot be tried."""
    done = python("pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "hatchling", folder=ROOT)
    if done.returncode != 0:
        pytest.skip("pip reaches no package index, which isolated builds need")


@pytest.mark.long
@pytest.mark.usefixtures("index")
def test_hatch_build(example: Path, tmp_path: Path) -> None:
    pytest.importorskip("hatch", reason="hatch is not installed")
    environment = {"HATCH_DATA_DIR": str(tmp_path / "data"), "HATCH_CACHE_DIR": str(tmp_path / "cache")}
    good(python("hatch", "--no-interactive", "build", folder=example, **environment))
    check_wheel(example / "dist" / WHEEL)
    check_sdist(example / "dist" / SDIST)


@pytest.mark.long
@pytest.mark.usefixtures("index")
def test_isolated_build(example: Path, tmp_path: Path) -> None:
    wheels = str(tmp_path / "wheels")
    good(python("pip", "wheel", "-q", "-w", wheels, str(ROOT), "hatchling", folder=tmp_path))
    good(python("build", folder=example, PIP_NO_INDEX="1", PIP_FIND_LINKS=wheels))
    check_wheel(example / "dist" / WHEEL)
    check_sdist(example / "dist" / SDIST)
