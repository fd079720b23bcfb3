"""The decoder and the validator on the official specification suite: each module is accepted or refused as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.spec_suite import convert, wast_names
from zkwasm_compiler.errors import DecodeError, InputError, ValidationError
from zkwasm_compiler.wasm import decode, validate

# The modules of these commands are valid: they fail later, or not at all
VALID = {"module", "assert_unlinkable", "assert_uninstantiable"}

# The modules of the suite of tag wg-2.0 without SIMD, by the command that carries them
EXPECTED_COUNTS = {
    "assert_invalid": 1477,
    "assert_malformed": 719,
    "assert_uninstantiable": 34,
    "assert_unlinkable": 83,
    "module": 1126,
}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spec")


def modules(script: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The commands of a script that carry a module in binary form, with it."""
    for command in script["commands"]:
        name = command.get("binary_filename", command.get("filename", ""))
        if name.endswith(".wasm"):
            yield command, (script["folder"] / name).read_bytes()


@pytest.mark.parametrize("name", wast_names())
def test_modules_are_judged_as_the_specification_says(spec: Path, converted: Path, name: str) -> None:
    script = convert(spec / f"{name}.wast", converted)
    disagreements: list[str] = []
    for command, data in modules(script):
        verdict = judge(command["type"], data)
        if verdict:
            disagreements.append(f"line {command['line']}: {command['type']} {command.get('text', '')!r}: {verdict}")
    assert not disagreements, "\n".join(disagreements)


def test_the_whole_suite_was_judged(spec: Path, converted: Path) -> None:
    scripts = [convert(spec / f"{name}.wast", converted) for name in wast_names()]
    counts = Counter(command["type"] for script in scripts for command, _ in modules(script))
    print(f"modules of the specification suite: {dict(sorted(counts.items()))}")
    assert counts == EXPECTED_COUNTS


def judge(kind: str, data: bytes) -> str:
    """What is wrong with our answer to a module of a command of this kind; nothing if it is right."""
    try:
        module = decode(data)
    except InputError as error:
        if kind == "assert_malformed" and isinstance(error, DecodeError):
            return ""
        return f"decode raised {type(error).__name__}: {error}"
    try:
        validate(module)
    except ValidationError as error:
        return "" if kind == "assert_invalid" else f"validate raised {error}"
    return "" if kind in VALID else "accepted"
