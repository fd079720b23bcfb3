"""A small project for the builder and a copy of the example project for the build front-ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

GCD = """\
(module
  (func (export "gcd") (param $a i64) (param $b i64) (result i64)
    (local $rest i64)
    (block $done
      (loop $next
        (br_if $done (i64.eqz (local.get $b)))
        (local.set $rest (i64.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a))
  (func (export "div") (param i32 i32) (result i32)
    (i32.div_u (local.get 0) (local.get 1)))
  (func (export "nothing")))
"""

INCREMENT = '(module (func (export "increment") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))\n'

PROJECT = """\
[tool.zkwasm]
output = "src/pkg/programs"

[tool.zkwasm.programs.gcd]
source = "native/gcd.wat"
exports = ["gcd", "div", "nothing"]
examples = [
  { call = "gcd", args = [48, 18], result = 6 },
  { call = "div", args = [-1, 2], result = 0x7FFFFFFF },
  { call = "div", args = [1, 0], trap = "integer divide by zero" },
  { call = "nothing" },
]

[tool.zkwasm.programs.increment]
source = "native/increment.wat"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two programs, without anything that hatch needs."""
    folder = tmp_path / "project"
    (folder / "native").mkdir(parents=True)
    (folder / "native" / "gcd.wat").write_text(GCD)
    (folder / "native" / "increment.wat").write_text(INCREMENT)
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example project as a clone has it, whose `hatch build` finds the plugin in this repository."""
    return copy_example(tmp_path / "example")


def copy_example(folder: Path) -> Path:
    shutil.copytree(ROOT / "example_project", folder, ignore=shutil.ignore_patterns("dist", "programs", "__pycache__"))
    file = folder / "pyproject.toml"
    text = file.read_text()
    assert "{root:parent:uri}" in text
    file.write_text(text.replace("{root:parent:uri}", ROOT.as_uri()))
    return folder
