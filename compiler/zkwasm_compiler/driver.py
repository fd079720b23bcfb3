"""The compiler's front door: WebAssembly bytes to a `Program`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

from zkwasm_compiler import wasm
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.positions import NOWHERE, Positions, changes
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError, InputError, Problem
from zkwasm_compiler.frontend.hosts import HostOptions
from zkwasm_compiler.frontend.translate import translate
from zkwasm_compiler.ir.function import Function, Module
from zkwasm_compiler.ir.memory_layout import AUTO, CHOICES
from zkwasm_compiler.ir.printer import format_function
from zkwasm_compiler.lowering.carried_indexes import carry_indexes
from zkwasm_compiler.lowering.initialisation import Initialisation
from zkwasm_compiler.lowering.layout_choice import choose_layout
from zkwasm_compiler.lowering.legalize import legalize_module
from zkwasm_compiler.lowering.program import Stages, check_computed_jumps, check_limits, lower
from zkwasm_compiler.passes.branches import branches
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.passes.dce import dce
from zkwasm_compiler.passes.known_bits import known_bits
from zkwasm_compiler.passes.narrow import narrow
from zkwasm_compiler.passes.parameters import parameters
from zkwasm_compiler.passes.pipeline import LEVELS, optimize
from zkwasm_compiler.runtime.hosts import add_hosts
from zkwasm_compiler.wasm.link import link, load_library
from zkwasm_compiler.wasm.module import Source
from zkwasm_compiler.wasm.source_lines import SourceLines, source_lines

CLEAN_UP = (branches, parameters, known_bits, dce)
"""After legalisation, at every level: its diamonds leave empty blocks and single-edge parameters, its masks overlap."""
CARRIES_INDEXES = 2
"""The first optimisation level at which loops carry indexes (`lowering.carried_indexes`)."""


@dataclass(frozen=True, slots=True)
class CompileOptions(HostOptions):
    """`exports`: the exported functions to make provable (all when None); only what they and the start function reach
    is compiled. `optimization_level`: 0 to 3. `name`: what the program's first line calls it. `memory_layout`: how the
    cells of the machine hold the linear memory, `words` or `bytes`; `auto` takes what is expected to take fewer steps.
    `links` are the binaries of modules to link, by the module names of the imports that they serve: each is
    instantiated once, in this order, and may import from those before it. What host functions tell the program
    (`arguments`, `environment`, `clock`, `random_seed`) is as in `HostOptions`.
    """

    exports: tuple[str, ...] | None = None
    optimization_level: int = 2
    name: str = ""
    memory_layout: str = AUTO
    links: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.optimization_level not in LEVELS:
            raise ConfigurationError(
                f"optimization level {self.optimization_level} does not exist; the levels are 0 to 3"
            )
        if self.memory_layout not in CHOICES:
            raise ConfigurationError(
                f"memory layout {self.memory_layout!r} does not exist; the layouts are {', '.join(CHOICES)}"
            )
        for text in (*self.arguments, *self.environment):
            if "\0" in text:
                raise ConfigurationError(f"{text!r} holds a zero byte, which ends an argument; leave it out")
        for entry in self.environment:
            if "=" not in entry[1:]:
                raise ConfigurationError(f"{entry!r} is no entry of an environment; write NAME=value")
        for name, value in (("clock", self.clock), ("random seed", self.random_seed)):
            if value is not None and not 0 <= value < 1 << 64:
                raise ConfigurationError(f"the {name} {value} is not below 2^64; it must be from 0 to {(1 << 64) - 1}")

    def with_hosts(self, hosts: HostOptions) -> CompileOptions:
        """These options with what host functions tell the program."""
        return replace(self, **{column.name: getattr(hosts, column.name) for column in fields(HostOptions)})


@dataclass(slots=True)
class Compilation:
    """A program with what every stage made: `ssa` and `optimized` are texts by function index."""

    module: Module
    ssa: dict[int, str] = field(default_factory=dict)
    optimized: dict[int, str] = field(default_factory=dict)
    legalized: dict[int, str] = field(default_factory=dict)
    stages: Stages = field(default_factory=Stages)
    program: Program = field(default_factory=lambda: Program((), {}))


def compile_module(
    data: bytes, options: CompileOptions | None = None, *, progress: Callable[[str], None] = lambda _: None
) -> Program:
    """Compile a WebAssembly binary to a zkASM program.

    *Raises:* InputError for a module that is malformed, invalid or unsupported, with every problem's byte offset;
    LinkError for imports that linked modules do not serve; ConfigurationError for wrong options. `progress` hears the
    name of each function that is lowered.
    """
    return compile_stages(data, options or CompileOptions(), progress=progress, dumps=False).program


def compile_stages(
    data: bytes,
    options: CompileOptions,
    *,
    progress: Callable[[str], None] = lambda _: None,
    dumps: bool = True,
    verify: bool = False,
) -> Compilation:
    """Compile and keep the stages; `dumps` prints the SSA after each, `verify` checks it after each pass."""
    linked = link(wasm.load(data), {name: load_library(name, library) for name, library in options.links.items()})
    try:
        return compile_valid(linked, options, progress=progress, dumps=dumps, verify=verify)
    except InputError as error:
        if not linked.sources:
            raise
        raise type(error)(*(in_its_module(problem, linked) for problem in error.problems)) from None


def compile_valid(
    source: wasm.Module,
    options: CompileOptions,
    *,
    progress: Callable[[str], None] = lambda _: None,
    dumps: bool = False,
    verify: bool = False,
) -> Compilation:
    """The same for a module that is decoded, validated and linked."""
    module = translate(source, exports=options.exports, missing=options.missing)
    add_hosts(module, options)
    names = {index: function.name for index, function in module.functions.items()}
    check_limits(module)
    result = Compilation(module)

    def dump(texts: dict[int, str]) -> None:
        if dumps:
            texts.update({index: format_function(function) for index, function in sorted(module.functions.items())})

    dump(result.ssa)
    context = optimize(module, options.optimization_level, verify=verify)
    dump(result.optimized)
    ranges = None
    if options.optimization_level > 0:
        ranges = {index: narrow(function, context) for index, function in module.functions.items()}
    initialisation = Initialisation.of(module, ranges)
    module.memory_layout = choose_layout(module, options.memory_layout, ranges)
    legalize_and_clean(module, context, ranges)
    dump(result.legalized)
    title = f"{options.name or 'module'}, compiled by hatch-zkwasm at optimization level {options.optimization_level}"
    text, result.stages = lower(module, title, progress, initialisation, ranges)
    program = assemble(text, file_name=f"{options.name or 'module'}.zkasm")
    result.program = replace(program, positions=positions_of(program, result.stages.offsets, source, names))
    check_computed_jumps(result.program)
    return result


def legalize_and_clean(module: Module, context: Context, ranges: Mapping[int, Ranges] | None) -> None:
    """Legalise every function, clean up, and let loops carry indexes at the context's level; `ranges` by function."""
    legalize_module(module, ranges)
    for function in module.functions.values():
        _clean(function, context)
    if context.level < CARRIES_INDEXES:
        return
    for index, function in module.functions.items():
        if carry_indexes(function, module, ranges.get(index) if ranges else None):
            _clean(function, context)


def _clean(function: Function, context: Context) -> None:
    for clean in CLEAN_UP:
        clean(function, context)


def positions_of(
    program: Program, offsets: Mapping[int, int], source: wasm.Module, names: Mapping[int, str]
) -> Positions:
    """Where the rows come from; `offsets` are those of the lines of the text, `names` those of functions by index."""
    rows = ((number, offsets.get(row.get("line", 0), NOWHERE)) for number, row in enumerate(program.rows))
    bodies = sorted((function.offset, function.offset + function.size, function.index) for function in source.functions)
    functions = tuple((start, end, names[index]) for start, end, index in bodies if index in names and start < end)
    files: dict[str, int] = {}
    lines: list[tuple[int, int, int]] = []
    for one in source.sources or (Source(0, "", source),):
        found = source_lines(one.module) if functions else SourceLines()
        places = [files.setdefault(name, len(files)) for name in found.files]
        lines += ((offset + one.start, places[file] if places else 0, line) for offset, file, line in found.lines)
    modules = tuple((one.start, one.name) for one in source.sources)
    return Positions(len(program.rows), changes(rows), functions, tuple(files), tuple(lines), modules)


def in_its_module(problem: Problem, source: wasm.Module) -> Problem:
    """A problem of a linked module with the byte offset that it has there, and the name of the module."""
    starts = [one for one in source.sources if problem.byte_offset is not None and one.start <= problem.byte_offset]
    if not starts or not starts[-1].name or problem.byte_offset is None:
        return problem
    return replace(problem, byte_offset=problem.byte_offset - starts[-1].start, file=f"linked module {starts[-1].name}")
