"""The walk of a function through every stage of the compiler, as text: `zkwasm explain` and docs/walkthrough.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkwasm_compiler import wasm
from zkwasm_compiler.driver import Compilation, CompileOptions, compile_stages
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.printer import print_step
from zkwasm_compiler.machine.step import R, Slot
from zkwasm_compiler.wasm.module import Instruction, Module


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name (as `--dump` takes it), what happened before it, and the function as it is then."""

    name: str
    title: str
    text: str


STAGES = {
    "wasm": "WebAssembly, decoded and validated",
    "ssa": "SSA with block parameters",
    "opt": "SSA after the optimisation passes",
    "legal": "SSA of ops that the machine has a straight line of steps for",
    "steps": "Steps on virtual registers, one lowering rule after the other",
    "alloc": "Steps on registers and cells, fused",
    "asm": "zkASM",
}


def explain(data: bytes, function: str | None = None, options: CompileOptions | None = None) -> str:
    """All stages of `function` (an exported or internal name; the first exported one by default) as one text.

    *Raises:* InputError for a bad module, ConfigurationError when there is no such function in the compiled part.
    """
    return "\n".join(f"== {stage.name}: {stage.title}\n\n{stage.text}\n" for stage in stages(data, function, options))


def stages(data: bytes, function: str | None = None, options: CompileOptions | None = None) -> list[Stage]:
    """The stages of one function, in order."""
    module = wasm.load(data)
    compilation = compile_stages(data, options or CompileOptions())
    index = _find(compilation, function)
    texts = {
        "wasm": "\n".join(_body(module, index)),
        "ssa": compilation.ssa.get(index, "(inlined into its callers)"),
        "opt": compilation.optimized[index],
        "legal": compilation.legalized[index],
        "steps": "\n".join(_machine_function(compilation.stages.selected[index])),
        "alloc": "\n".join(_machine_function(compilation.stages.allocated[index])),
        "asm": "\n".join(compilation.stages.lines[index]),
    }
    return [Stage(name, title, texts[name].rstrip()) for name, title in STAGES.items()]


def _find(compilation: Compilation, name: str | None) -> int:
    functions = compilation.module.functions
    if name is None and compilation.module.exports:
        return next(iter(compilation.module.exports.values()))
    if name in compilation.module.exports:
        return compilation.module.exports[name]
    for index, function in sorted(functions.items()):
        if function.name == name or name is None:
            return index
    known = ", ".join(dict.fromkeys([*compilation.module.exports, *(f.name for f in functions.values())]))
    raise ConfigurationError(f"no function {name!r} was compiled; the compiled functions are: {known or 'none'}")


def _body(module: Module, index: int) -> Iterator[str]:
    function = module.defined_function(index)
    assert function is not None, f"function {index} is imported"
    depth = 1
    for instruction in function.body:
        depth -= instruction.name in ("end", "else")
        yield f"{instruction.offset:#06x}  {'  ' * depth}{_instruction(instruction)}"
        depth += instruction.name in ("block", "loop", "if", "else")


def _instruction(instruction: Instruction) -> str:
    words = [instruction.name]
    for immediate in instruction.immediates:
        if immediate is not None:
            words.append(str(getattr(immediate, "value", immediate)))
    return " ".join(words)


def _machine_function(function: MachineFunction[R]) -> Iterator[str]:
    def slot_text(slot: Slot) -> str:
        return f"{slot.area}[{slot.index}]"

    for block in function.blocks:
        parameters = ", ".join(map(str, block.parameters))
        yield f"{block.label}({parameters}):" if parameters else f"{block.label}:"
        for step in block.steps:
            yield f"  {print_step(step, slot_text)}"
        for edge in block.edges:
            if edge.args:
                yield f"    -> {edge.label}({', '.join(map(str, edge.args))})"
