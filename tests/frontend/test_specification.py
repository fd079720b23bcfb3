"""The official specification suite through translation, optimisation and the interpreter of the SSA.

Each exported function is translated by itself, so that one which needs what is not supported leaves the others alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.spec.script_values import pattern, unlike
from tests.spec_suite import convert
from zkwasm_compiler.errors import UnsupportedError
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Module
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.interpreter import instantiate, run
from zkwasm_compiler.ir.linear_memory import LinearMemory
from zkwasm_compiler.passes.pipeline import optimize
from zkwasm_compiler.wasm import decode
from zkwasm_compiler.wasm.module import Module as WasmModule

PASSING = {
    "block": 52,
    "br": 76,
    "br_if": 88,
    "br_table": 149,
    "call": 72,
    "const": 300,
    "conversions": 593,
    "f32": 2500,
    "f32_cmp": 2400,
    "f64": 2500,
    "f64_cmp": 2400,
    "fac": 7,
    "float_misc": 470,
    "float_literals": 99,
    "forward": 4,
    "func": 96,
    "i32": 374,
    "i64": 384,
    "if": 124,
    "int_exprs": 89,
    "int_literals": 30,
    "labels": 25,
    "local_get": 19,
    "local_set": 19,
    "local_tee": 55,
    "loop": 77,
    "names": 481,
    "nop": 83,
    "return": 63,
    "select": 118,
    "stack": 5,
    "switch": 26,
    "traps": 32,
    "unreachable": 63,
    "unreached-valid": 5,
    "unwind": 49,
}
"""The assertions of each file that pass; the others need what is not supported yet."""


class _Instance:
    """A module of the suite: each export is translated when it is called; globals and memory are common to all."""

    def __init__(self, data: bytes, level: int) -> None:
        self.source: WasmModule = decode(data)
        self.level = level
        self.translated: dict[str, Module] = {}
        self.globals: list[int] | None = None
        self.memory: LinearMemory | None = None

    def call(self, action: dict[str, Any]) -> list[int]:
        name = action["field"]
        if name not in self.translated:
            module = translate(self.source, exports=[name])
            optimize(module, self.level, verify=True)
            self.translated[name] = module
        module = self.translated[name]
        if self.globals is None:
            self.globals = instantiate(module)
            self.memory = LinearMemory.of(module)
        args = [pattern(arg) for arg in action["args"]]
        return run(module, module.exports[name], args, globals=self.globals, memory=self.memory, call_depth=500)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spec")


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", PASSING)
def test_assertions(spec: Path, converted: Path, name: str, level: int) -> None:
    script = convert(spec / f"{name}.wast", converted)
    counts: Counter[str] = Counter()
    failures: list[str] = []
    instance: _Instance | None = None
    for command in script["commands"]:
        if command["type"] == "module":
            instance = _Instance((script["folder"] / command["filename"]).read_bytes(), level)
        elif command["type"] in ("assert_return", "assert_trap", "assert_exhaustion", "action") and instance:
            try:
                problem = _check(command, instance)
            except UnsupportedError:
                counts["unsupported"] += 1
                continue
            counts["passed"] += not problem
            failures += [f"line {command['line']}: {problem}"] if problem else []
    assert not failures, "\n".join(failures)
    assert counts["passed"] == PASSING[name], f"{counts}"


def _check(command: dict[str, Any], instance: _Instance) -> str:
    """What is wrong with the outcome of a command; nothing if it is right."""
    try:
        results = instance.call(command["action"])
    except TrapError as error:
        expected = command.get("text", "")
        return "" if error.trap.message == expected else f"trapped with {error.trap.message}, expected {expected!r}"
    if command["type"] not in ("assert_return", "action"):
        return f"gave {results}, expected {command['text']}"
    return unlike(command.get("expected", []), results)
