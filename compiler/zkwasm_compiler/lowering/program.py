"""From a legalised SSA module to the text of a zkASM program.

conventions → (select → allocate → check → layout) a function → frames → text. `Stages` keeps what each stage made, for
`explain` and for dumps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from zkwasm_compiler.analysis.callgraph import CallGraph, call_graph
from zkwasm_compiler.analysis.ranges import Ranges
from zkwasm_compiler.asm.interface import directive
from zkwasm_compiler.asm.program import Export, GlobalCell, Interface, MemoryCells, Program, TableArray
from zkwasm_compiler.errors import InputError, Problem
from zkwasm_compiler.ir.function import Module, Trap
from zkwasm_compiler.ir.memory_layout import WORDS_A_PAGE
from zkwasm_compiler.isa.zkvm64 import MACHINE
from zkwasm_compiler.lowering.allocate import allocate_best
from zkwasm_compiler.lowering.conventions import PLACES, signatures
from zkwasm_compiler.lowering.initialisation import Initialisation, initial_content
from zkwasm_compiler.lowering.layout import Label, carrying
from zkwasm_compiler.lowering.select import select
from zkwasm_compiler.lowering.select_tables import INDEXED
from zkwasm_compiler.lowering.signature import Signature
from zkwasm_compiler.lowering.stack_frames import STACK
from zkwasm_compiler.lowering.symbols import Symbols, trap_label
from zkwasm_compiler.machine.allocation_checker import check_allocation
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.printer import print_step, uses_one
from zkwasm_compiler.machine.step import Slot, Step, VirtualRegister
from zkwasm_compiler.runtime.frames import STACK_CELLS, Frames, place_frames
from zkwasm_compiler.runtime.host_routines import PREFIX, Host
from zkwasm_compiler.runtime.initial_cells import CellPlan, plan_cells
from zkwasm_compiler.runtime.jump_tables import END, REFERENCES, JumpTables
from zkwasm_compiler.runtime.powers import power_tables
from zkwasm_compiler.runtime.routines import Routines
from zkwasm_compiler.runtime.segments import dropped_cells, segment_table, table_words
from zkwasm_compiler.runtime.skeleton import (
    ARGUMENT_WORDS,
    INSTANTIATED,
    RESULT_WORDS,
    Entry,
    Skeleton,
    epilogue,
    prologue,
)
from zkwasm_compiler.runtime.table_cells import TableCells, cells_name
from zkwasm_compiler.runtime.word_loops import keeps_return, word_loops

WINDOW_CELLS = 0x20000
"""Cells of the memory region that the public executor addresses without its option skipAddrRelControl."""

Items = list[Label | Step[str]]


@dataclass(slots=True)
class Stages:
    """What lowering made of each function, by WebAssembly index."""

    selected: dict[int, MachineFunction[VirtualRegister]] = field(default_factory=dict)
    allocated: dict[int, MachineFunction[str]] = field(default_factory=dict)
    laid_out: dict[int, Items] = field(default_factory=dict)
    lines: dict[int, list[str]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    """By line of the text, from 1: the byte offset of the instruction that it is for."""


def lower(
    module: Module,
    title: str,
    progress: Callable[[str], None],
    initialisation: Initialisation,
    ranges: Mapping[int, Ranges] | None = None,
) -> tuple[str, Stages]:
    """The zkASM text of the program for a legalised module. `progress` hears each function's name; `ranges` are those
    of the functions' values, by index, where they are known."""
    found = signatures(module)
    graph = call_graph(module)
    clobbers: dict[int, frozenset[str]] = {}
    memory = Routines(module)
    words = 0 if memory.growing else memory.minimum_words
    tables = TableCells(module)
    symbols = Symbols(
        _labels(module),
        graph.recursive,
        clobbers,
        words,
        module.memory_layout,
        segment_words=table_words(module),
        table_entries={table: tables.entries(table) for table in tables.capacity},
        jump_tables=JumpTables(module),
    )
    on_stack = frozenset(symbols.functions[index] for index in graph.reaching_recursion())
    stages = Stages()
    for index in graph.callees_first():
        function = module.functions[index]
        progress(function.name)
        best = allocate_best(select(function, found, symbols, (ranges or {}).get(index)), on_stack)
        check_allocation(best.selected, best.allocated)
        stages.selected[index] = best.selected
        stages.allocated[index] = best.framed
        stages.laid_out[index] = best.laid_out.items
        if index not in graph.recursive:
            clobbers[index] = _changed_registers(stages.laid_out[index])
    return _write(module, title, found, graph, symbols, stages, initialisation), stages


def _changed_registers(items: Items) -> frozenset[str]:
    """The registers that a call of the function changes; what its own calls change stands in their operations."""
    changed = {"RR"}
    for item in items:
        if isinstance(item, Step):
            changed.update(item.destinations)
            for operation in item.operations:
                changed.update(operation.fixed_results, operation.clobbers)
    return frozenset(changed)


def check_limits(module: Module) -> None:
    """Refuse exports that the public interface has no room for."""
    problems = []
    for name, index in module.exports.items():
        function = module.functions[index]
        for what, count, limit in (
            ("parameters", len(function.parameters), ARGUMENT_WORDS),
            ("results", len(function.results), _result_words(module)),
        ):
            if count > limit:
                problems.append(
                    Problem(
                        f"the exported function {name!r} has {count} {what}; a provable call has at most {limit}. "
                        "Name the exports to prove without it, or pass the rest through globals"
                    )
                )
    if module.start is not None and _reads_or_writes(module, module.start):
        problems.append(
            Problem(
                "the start function reads the private or the public input or writes the public output; these belong to "
                "a call: do it in an exported function"
            )
        )
    if problems:
        raise InputError(*problems)


def _reads_or_writes(module: Module, start: int) -> bool:
    reached = call_graph(module).reachable([start])
    ops = {value.op for index in reached for block in module.functions[index].blocks for value in block.body}
    return any(op.startswith(("host.private", "host.public", "host.write")) for op in ops)


def _result_words(module: Module) -> int:
    """How many output words are left for results beside those about public streams."""
    ops = {value.op for function in module.functions.values() for block in function.blocks for value in block.body}
    host = Host.of([PREFIX + op.partition(".")[2] for op in ops if op.startswith("host.")])
    return min(host.published, default=RESULT_WORDS)


def check_computed_jumps(program: Program) -> None:
    """Refuse a program with tables behind the rows that a computed jump can reach."""
    limit = MACHINE.limits.address_limit
    ends = [row.get("offset", 0) for row in program.rows if (row.get("ind") or row.get("indRR")) and not row.get("mOp")]
    ends += [row for name, row in program.labels.items() if name.startswith(REFERENCES) and name.endswith(END)]
    if max(ends, default=0) > limit:
        raise InputError(
            f"the program has {len(program.rows)} rows, and the tables of its br_table instructions, indirect calls, "
            f"variable shifts and passive segments end at row {max(ends)}; a computed jump reaches rows below {limit}. "
            "Compile fewer functions: name the exports to prove"
        )


def _labels(module: Module) -> dict[int, str]:
    """A label for every function: `f_` and its name in the letters that zkASM allows, numbered where two agree."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for index, function in sorted(module.functions.items()):
        name = "f_" + re.sub(r"[^A-Za-z0-9_]", "_", function.name)
        if name in taken:
            name = f"{name}_{index}"
        while name in taken:
            name += "_"
        taken.add(name)
        names[index] = name
    return names


def _write(
    module: Module,
    title: str,
    found: dict[int, Signature],
    graph: CallGraph,
    symbols: Symbols,
    stages: Stages,
    initialisation: Initialisation,
) -> str:
    frames = place_frames(graph, {index: function.frame_size for index, function in stages.allocated.items()})
    globals_ = {item.index: number for number, item in enumerate(g for g in module.globals if g.mutable)}
    printers = {index: _FunctionPrinter(index, stages, frames, symbols, globals_) for index in sorted(module.functions)}
    jump_tables = symbols.jump_tables.lines(
        lambda index: printers[index].enter(),
        lambda row: trap_label(row) if isinstance(row, Trap) else symbols.functions[row],
        lambda index, slot: _argument_address(index, slot, frames, symbols),
    )
    for index, printer in printers.items():
        stages.lines[index] = printer.lines()
    plan = plan_cells(initialisation.cells(module))
    skeleton = _skeleton(module, found, frames, symbols, stages, plan)
    used = {*_targets(stages), *([trap_label(module.trap)] if module.trap else [])}
    used |= {trap_label(trap) for trap in symbols.jump_tables.traps}
    traps = [
        trap for trap in Trap if trap_label(trap) in used or (trap is Trap.CALL_STACK_EXHAUSTED and graph.recursive)
    ]
    names = [(symbols.functions[index], module.functions[index].name) for index in sorted(module.functions)]
    interface = _interface(module, skeleton, names)
    lines = [f"; {title}", directive(interface), "", *prologue(skeleton), ""]
    loops = word_loops(used, uses_one=skeleton.uses_one)
    for shared in (power_tables(used), segment_table(module, used), jump_tables, loops, skeleton.host.routines()):
        lines += [*shared, ""] if shared else []
    for index in _text_order(stages):
        places = enumerate(printers[index].offsets, len(lines) + 1)
        stages.offsets |= {number: offset for number, offset in places if offset is not None}
        lines += stages.lines[index] + [""]
    lines += skeleton.plan.lines({entry.export.index: entry.landing for entry in skeleton.entries})
    lines += epilogue(skeleton, traps)
    return "\n".join(lines) + "\n"


def _text_order(stages: Stages) -> list[int]:
    """The functions in the order of the text. Those with tables come first, as the tables of powers do: a computed
    jump reaches no row beyond the address limit, and large programs are longer."""
    return sorted(stages.laid_out, key=lambda index: (not _has_table(stages.laid_out[index]), index))


def _has_table(items: Items) -> bool:
    return any(
        operation.name == "JMP" and operation.computed
        for item in items
        if isinstance(item, Step)
        for operation in item.operations
    )


def _targets(stages: Stages) -> Iterable[str]:
    for items in stages.laid_out.values():
        for item in items:
            if isinstance(item, Step):
                for operation in item.operations:
                    yield from operation.targets


def _skeleton(
    module: Module,
    found: dict[int, Signature],
    frames: Frames,
    symbols: Symbols,
    stages: Stages,
    plan: CellPlan,
) -> Skeleton:
    entries = []
    for number, (name, index) in enumerate(module.exports.items(), start=1):
        function = module.functions[index]
        places = tuple(
            PLACES[i] if i < len(PLACES) else _argument_address(index, i - len(PLACES), frames, symbols)
            for i in range(len(function.parameters))
        )
        types = tuple(t.value for t in function.parameters), tuple(t.value for t in function.results)
        export = Export(name, number, *types, f"entry_{number}")
        entries.append(Entry(export, symbols.functions[index], places, tuple(found[index].results)))
    mutable = [item for item in module.globals if item.mutable]
    steps = [item for items in stages.laid_out.values() for item in items if isinstance(item, Step)]
    results = [function.results for function in module.functions.values()]
    results += [signature.results for signature in module.signatures]
    skeleton = Skeleton(
        entries=tuple(entries),
        globals=tuple(GlobalCell(g.index, g.type.value, True, 0, g.export, g.initial) for g in mutable),
        start=None if module.start is None else symbols.functions[module.start],
        uses_one=any(map(uses_one, steps)),
        uses_stack=bool(symbols.recursive),
        frame_cells=frames.cells,
        memory_words=Routines(module).growing,
        plan=plan,
        dropped_cells=dropped_cells(module),
        trap=None if module.trap is None else trap_label(module.trap),
        returned_cells=max((len(types) - len(PLACES) for types in results), default=0),
        keeps_return=keeps_return(set(_targets(stages))),
        references=len(module.references),
        passed_cells=symbols.jump_tables.passed_cells,
        tables=tuple(TableCells(module).cells()),
        table_sizes=max(TableCells(module).growing, default=-1) + 1,
        host=Host.of(set(_targets(stages))),
    )
    skeleton = replace(skeleton, returned_cells=max(skeleton.returned_cells, 0))
    first = skeleton.cell("global")
    return replace(skeleton, globals=tuple(replace(cell, cell=first + n) for n, cell in enumerate(skeleton.globals)))


def _argument_address(index: int, slot: int, frames: Frames, symbols: Symbols) -> str:
    """Where an entry puts an argument that no register holds: the frame of the function it calls."""
    if index in symbols.recursive:
        return f"SP+{STACK_CELLS + slot}"
    return f"frame[{frames.bases[index] + slot}]"


def _interface_memory(module: Module, skeleton: Skeleton) -> MemoryCells | None:
    memory = module.memory
    if memory is None:
        return None
    words_cell = skeleton.cell("memory_words") if skeleton.memory_words else None
    content = initial_content(module)
    cell_bytes = module.memory_layout.cell_bytes
    minimum, maximum = memory.minimum, memory.maximum
    if memory.visible is not None:
        minimum, maximum = memory.visible.minimum, memory.visible.maximum
        counters = [cell.cell for cell in skeleton.globals if cell.index == memory.visible.words_global]
        words_cell = counters[0] if counters else None
    return MemoryCells(minimum, maximum, words_cell, memory.exports, memory.imported, content, cell_bytes)


def _beyond_window(module: Module) -> bool:
    """Whether the memory may be larger than what the public executor addresses by default."""
    if module.memory is None:
        return False
    size = Routines(module)
    pages = size.maximum_pages if size.growing else module.memory.minimum
    return pages * WORDS_A_PAGE * module.memory_layout.cells_a_word > WINDOW_CELLS


def _interface(module: Module, skeleton: Skeleton, names: list[tuple[str, str]]) -> Interface:
    return Interface(
        exports=tuple(entry.export for entry in skeleton.entries),
        globals=skeleton.globals,
        argument_cell=skeleton.cell("argument"),
        argument_words=skeleton.argument_words,
        result_cell=skeleton.cell("output"),
        result_words=skeleton.result_words,
        dispatch_label=INSTANTIATED,
        functions=tuple(names),
        memory=_interface_memory(module, skeleton),
        skip_address_check=_beyond_window(module),
        tables=_interface_tables(module, skeleton),
        streams=skeleton.host.streams(skeleton.cell),
        private_input=skeleton.host.private,
        call_cells=tuple((skeleton.cell(name), begins) for name, begins in skeleton.host.beginnings()),
        notes=tuple(sorted(module.notes.items())),
    )


def _interface_tables(module: Module, skeleton: Skeleton) -> tuple[TableArray, ...]:
    growing = TableCells(module).growing
    sizes = skeleton.cell("table_sizes")
    return tuple(
        TableArray(
            index,
            module.tables[index].type.value,
            module.tables[index].minimum,
            skeleton.cell(cells_name(index)),
            sizes + index if index in growing else None,
            module.tables[index].exports,
            tuple(sorted(module.tables[index].entries.items())),
        )
        for index, _ in skeleton.tables
    )


class _FunctionPrinter:
    """Prints one function: labels, and steps with their cells named."""

    def __init__(
        self, index: int, stages: Stages, frames: Frames, symbols: Symbols, globals_: Mapping[int, int]
    ) -> None:
        self.function_index = index
        self.items = stages.laid_out[index]
        self.function = stages.allocated[index]
        self.base = frames.bases[index]
        self.frames = frames
        self.symbols = symbols
        self.globals = globals_
        self.by_label = {label: number for number, label in symbols.functions.items()}
        self.entered = False
        """Whether calls come in behind the first step, having done it elsewhere."""
        self.offsets: list[int | None] = []
        """Those of the lines. A step that the compiler added has that of the step before it."""

    def lines(self) -> list[str]:
        lines: list[str] = []
        begun = False
        steps = (item for item in self.items if isinstance(item, Step))
        offset = next((step.offset for step in steps if step.offset is not None), None)
        for item in self.items:
            self.offsets += [offset] * (len(lines) - len(self.offsets))
            if isinstance(item, Step) and item.offset is not None:
                offset = item.offset
            if isinstance(item, Label):
                lines.append(f"{item.name}:")
                continue
            lines.append("  " + print_step(item, self.slot))
            if self.entered and not begun:
                lines.append(f"{self.inside}:")
            begun = True
        self.offsets += [offset] * (len(lines) - len(self.offsets))
        return lines

    @property
    def inside(self) -> str:
        """The label behind the first step."""
        return f"{self.items[0].name}$in" if isinstance(self.items[0], Label) else ""

    def enter(self) -> str:
        """A step that enters the function: its first one, if that can be done elsewhere, else a jump."""
        first = next(item for item in self.items if isinstance(item, Step))
        operation = first.jump
        if operation is not None and operation.name in ("JMP", "RETURN") and not operation.computed:
            return print_step(first, self.slot)  # what follows it does not matter
        jumping = carrying(first, self.inside)
        if jumping is None:
            return f":JMP({self.symbols.functions[self.function_index]})"
        self.entered = True
        return print_step(jumping, self.slot)

    def slot(self, slot: Slot) -> str:
        """The assembly address of a cell."""
        area, _, callee = slot.area.partition(":")
        if area == "frame":
            return f"frame[{self.base + slot.index}]"
        if area == STACK:
            return f"SP+{STACK_CELLS + slot.index}"
        if area == "outgoing":
            index = self.by_label[callee]
            if index in self.symbols.recursive:
                return f"SP+{STACK_CELLS + slot.index}"
            return f"frame[{self.frames.bases[index] + slot.index}]"
        if area == "global":
            return f"global[{self.globals[slot.index]}]"
        if area == "memory":
            return f"MEM:E{slot.index:+d}" if slot.index else "MEM:E"
        if slot.area.startswith(INDEXED):
            return f"{callee}[E{slot.index:+d}]" if slot.index else f"{callee}[E]"
        return f"{area}[{slot.index}]"
