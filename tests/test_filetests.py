"""File tests: `tests/filetests/**/*.txt` are a header, an input and the exact output; `pytest --bless` rewrites it.

The header's first line names the stage and its options (`STAGES`); further lines until the first ``---`` are the test's
description. After the second ``---`` comes the output, whose last line counts what it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import wasmtime

from zkwasm_compiler.driver import legalize_and_clean
from zkwasm_compiler.errors import ZkwasmError
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Module
from zkwasm_compiler.ir.parser import parse_module
from zkwasm_compiler.ir.printer import format_module
from zkwasm_compiler.ir.renumber import renumber
from zkwasm_compiler.ir.verifier import verify
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.known_bits import known_bits
from zkwasm_compiler.passes.narrow import narrow
from zkwasm_compiler.passes.pipeline import FUNCTION_PASSES, LATE_PASSES, MODULE_PASSES, optimize
from zkwasm_compiler.wasm import decode

FOLDER = Path(__file__).resolve().parent / "filetests"
SEPARATOR = "---\n"


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.txt")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_file(path: Path, request: pytest.FixtureRequest) -> None:
    header, source, expected = path.read_text().split(SEPARATOR)
    stage, *options = header.splitlines()[0].split()
    try:
        output = STAGES[stage](source, options)
    except ZkwasmError as error:
        output = f"{type(error).__name__}: {error}\n"
    if request.config.getoption("--bless") and output != expected:
        path.write_text(SEPARATOR.join([header, source, output]))
        expected = output
    assert output == expected


def _translate(source: str, options: list[str]) -> str:
    """WebAssembly text to SSA; the options are the chosen exports, all without."""
    module = translate(decode(wasmtime.wat2wasm(source)), exports=options or None)
    return _show(module, Context(module))


def _passes(source: str, options: list[str]) -> str:
    """SSA text through the named passes."""
    module = _parse(source)
    context = Context(module, level=3)
    function_passes = {row.name: row.run for row in (*FUNCTION_PASSES, *LATE_PASSES)} | {"known_bits": known_bits}
    module_passes = {run.__name__: run for run in MODULE_PASSES}
    for name in options:
        if name in module_passes:
            module_passes[name](module, context)
            continue
        for function in module.functions.values():
            function_passes[name](function, context)
            context.changed()
    return _show(module, context)


def _optimize(source: str, options: list[str]) -> str:
    """WebAssembly text through translation and the pipeline of a level."""
    module = translate(decode(wasmtime.wat2wasm(source)))
    context = optimize(module, int(options[0]), verify=True)
    return _show(module, context)


def _narrow(source: str, options: list[str]) -> str:
    """WebAssembly text through the pipeline of a level and narrowing."""
    module = translate(decode(wasmtime.wat2wasm(source)))
    optimize(module, int(options[0]), verify=True)
    context = Context(module)
    for function in module.functions.values():
        narrow(function, context)
    return _show(module, context)


def _carry(source: str, options: list[str]) -> str:
    """WebAssembly text as driver.py has it for lowering: with legalised accesses, and indexes that loops carry."""
    module = translate(decode(wasmtime.wat2wasm(source)))
    context = optimize(module, 2, verify=True)
    ranges = {index: narrow(function, context) for index, function in module.functions.items()}
    legalize_and_clean(module, context, ranges)
    for function in module.functions.values():
        renumber(function)
    return _show(module, context)


def _verify(source: str, options: list[str]) -> str:
    """SSA text that the verifier judges."""
    return _show(_parse(source), None)


STAGES: dict[str, Callable[[str, list[str]], str]] = {
    "translate": _translate,
    "passes": _passes,
    "optimize": _optimize,
    "narrow": _narrow,
    "carry": _carry,
    "verify": _verify,
}


def _parse(source: str) -> Module:
    module = parse_module(source)
    for function in module.functions.values():
        verify(function, module)
    return module


def _show(module: Module, context: Context | None) -> str:
    blocks = values = 0
    for function in module.functions.values():
        verify(function, module)
        if context is not None:
            renumber(function)
        blocks += len(function.blocks)
        values += sum(len(block.body) + 1 for block in function.blocks)
    counts = f"; {len(module.functions)} functions, {blocks} blocks, {values} values\n"
    if context is not None and context.fired:
        rules = ", ".join(f"{name} {count}" for name, count in sorted(context.fired.items()))
        counts = f"; rules: {rules}\n{counts}"
    return format_module(module) + counts
