"""The text around the functions: row 0, public values, initialisation, dispatch, traps and the end of the trace.

docs/public-interface.md describes it for provers and verifiers. Function index 0 runs the start function and nothing
else; index i > 0 the i-th export. On the way to an export the cells are initialised that it sees (`initial_cells`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm.program import Export, GlobalCell
from zkwasm_compiler.ir.function import Trap
from zkwasm_compiler.rules.representation import CLEAN, Representation
from zkwasm_compiler.runtime.frames import STACK_CELLS
from zkwasm_compiler.runtime.host_routines import Host
from zkwasm_compiler.runtime.initial_cells import FIRST, INITIALISED, CellPlan
from zkwasm_compiler.runtime.table_cells import cells_name

ARGUMENT_WORDS = 8
OUTPUT_WORDS = 12
RESULT_WORDS = OUTPUT_WORDS - 1
"""The last output word is 0: its row clears PC."""
INSTANTIATED = "instantiated"
"""The label of the row that function index 0 ends with."""
NO_SUCH_FUNCTION = 128
"""Status of a call whose public function index is out of range."""
REGISTERS = ("A", "B", "C", "D", "E")
NO_HOST = Host(frozenset())


@dataclass(frozen=True, slots=True)
class Entry:
    """An export and what its call needs: the function's label, where its parameters are taken (a register or an
    assembly address) and how its results come back."""

    export: Export
    label: str
    places: tuple[str, ...]
    results: tuple[Representation, ...]

    @property
    def landing(self) -> str:
        """The label behind the first step where that loads an argument, which may be done on the way; else its own."""
        loads = bool(self.places) and not any(place.startswith("SP") for place in self.places)
        return f"{self.export.label}_rest" if loads else self.export.label


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Everything the text depends on.

    `uses_one`: PC holds 1 while functions run (large constants in sums are products with it). `uses_stack`: some
    function keeps its frame on the stack. `memory_words`: a cell has the size of the memory. `plan`: what is
    initialised, and when. `trap` is the label where an instantiation ends that traps before the start function.
    `keeps_return`: some loop over words keeps its return address in a cell. `references` is how many functions are
    referred to, and `passed_cells` how many cells indirect calls pass arguments in. `tables` are the indexes and the
    numbers of cells of the tables in cells, `table_sizes` the number of cells for the sizes of those that grow. `host`
    is what of the host is used.
    """

    entries: tuple[Entry, ...]
    globals: tuple[GlobalCell, ...]
    start: str | None
    uses_one: bool
    uses_stack: bool
    frame_cells: int
    returned_cells: int
    memory_words: bool
    dropped_cells: int
    plan: CellPlan
    trap: str | None
    keeps_return: bool = False
    references: int = 0
    passed_cells: int = 0
    tables: tuple[tuple[int, int], ...] = ()
    table_sizes: int = 0
    host: Host = NO_HOST

    @property
    def argument_words(self) -> int:
        """How many public words are arguments of some export."""
        return max((len(entry.export.parameters) for entry in self.entries), default=0)

    @property
    def result_words(self) -> int:
        """How many output words are results of some export."""
        return max((len(entry.export.results) for entry in self.entries), default=0)

    @property
    def published(self) -> frozenset[int]:
        """The output words that are results of some export or about streams."""
        return frozenset(range(self.result_words)) | self.host.published

    def variables(self) -> list[tuple[str, int]]:
        """Name and number of cells, in the order of their addresses."""
        sizes = [
            ("saved", 2),
            ("argument", self.argument_words),
            ("output", max(self.published, default=-1) + 1),
            ("global", len(self.globals)),
            ("memory_words", int(self.memory_words)),
            ("dropped", self.dropped_cells),
            ("table_sizes", self.table_sizes),
            *((cells_name(index), capacity) for index, capacity in self.tables),
            ("passed", self.passed_cells),
            *self.host.variables(),
            ("returned", self.returned_cells),
            ("kept", int(self.keeps_return)),
            ("frame", self.frame_cells),
        ]
        return [(name, size) for name, size in sizes if size]

    def cell(self, name: str) -> int:
        """The address of the first cell of a variable (0 for one of no cells)."""
        address = 0
        for variable, size in self.variables():
            if variable == name:
                return address
            address += size
        return 0


def prologue(skeleton: Skeleton) -> list[str]:
    """From the declarations to the dispatch of the call."""
    lines = [f"VAR GLOBAL {name}[{size}]" for name, size in skeleton.variables()]
    lines += [
        "",
        "start:",
        "  STEP => A                        ; with the next step: this is row 0",
        "  0 => B, C, D, E, PC :ASSERT",
    ]
    for word in range(ARGUMENT_WORDS):
        source = f"getPublicOldStateRootR64({word})" if word < 4 else f"getPublicOldAccInputHashR64({word - 4})"
        if word < skeleton.argument_words:
            lines.append(f"  ${{{source}}} :MSTORE(argument[{word}]), JMPN(fail)")
        else:
            lines.append(f"  ${{{source}}} :ASSERT            ; no argument: 0")
    lines += skeleton.host.opening()
    lines += ["  CTX :MSTORE(saved[0])", "  SP :MSTORE(saved[1]), JMPN(no_such_function)", *_initialisation(skeleton)]
    return lines + _dispatch(skeleton)


def _dispatch(skeleton: Skeleton) -> list[str]:
    """A jump into a table with a row for each function index, and the entries. RR counts from the end of the table.

    E is 0 on the ways to entries. The chain returns to the entry in RR; other ways keep A, so that the row of the table
    does the first step of the entry.
    """
    if skeleton.trap is not None:
        return [f"{INSTANTIATED}:", f"  :JMP({skeleton.trap})"]
    step = "0 => E " if skeleton.start is not None else "1 => PC " if skeleton.uses_one else ""
    lines = [
        "dispatch:",
        f"  SP - {len(skeleton.entries) + 1} => RR :JMPN(next, no_such_function)",
        f"  {step}:JMP(@entries_end + RR)",
    ]
    table = [f"{INSTANTIATED}:", "  :JMP(finish)                     ; index 0: instantiate only"]
    late: list[str] = []
    for entry in skeleton.entries:
        index, label = entry.export.index, entry.export.label
        text, way = _entry(entry, skeleton), skeleton.plan.way(index)
        if index in skeleton.plan.joins:
            table.append(f"  @{label} => RR :JMP({way})")
            lines += text  # the value of a label can be taken only behind it; elsewhere the table had better come early
            continue
        first = ""
        if entry.landing != label:
            first = f"{text[1]}, "
            text.insert(2, f"{entry.landing}:")
        table.append(f"{first or '  :'}JMP({way or entry.landing})")
        late += text
    return [*lines, *table, "entries_end:", *late]


def _initialisation(skeleton: Skeleton) -> list[str]:
    """Context 0, zero outputs, the start function with the cells that it sees."""
    destinations = ["CTX"]
    lines = []
    for word in range(max(skeleton.result_words, 1)):
        store = f" :MSTORE(output[{word}])" if skeleton.result_words else ""
        lines.append(f"  0 => {', '.join(destinations)}{store}" if destinations else f"  0{store}")
        destinations = []
    if skeleton.start is None or skeleton.trap is not None:
        return lines
    if skeleton.plan.first:  # E is 0 from row 1 on
        jump = f"JMP({FIRST})"
        lines[-1] += f", {jump}" if ":" in lines[-1] else f" :{jump}"
    lines.append(f"{INITIALISED}:")
    if skeleton.uses_one:
        lines.append("  1 => PC")
    return [*lines, f"  {-STACK_CELLS} => SP :CALL({skeleton.start})", "  $ => SP :MLOAD(saved[1])"]


def _entry(entry: Entry, skeleton: Skeleton) -> list[str]:
    """Arguments to their places, the call, results to the output words. An i32 result is published with a zero high
    limb: where the function does not promise that, it is masked."""
    export = entry.export
    name = repr(export.name)[1:-1]  # a name may hold line breaks and control characters
    lines = [f"{export.label}:                           ; {name}"]
    registers = [(word, place) for word, place in enumerate(entry.places) if place in REGISTERS]
    for word, type_ in enumerate(export.parameters):
        if type_ == "funcref":  # what is no number of a reference may not get to a computed call
            lines += [f"  $ => A :MLOAD(argument[{word}])", f"  A - {skeleton.references + 1} :JMPN(next, fail)"]
    stack = f"{-STACK_CELLS} => SP " if skeleton.uses_stack else ""
    if any(place.startswith("SP") for place in entry.places):
        lines.append(f"  {stack}")
        stack = ""
    for word, place in enumerate(entry.places):
        if place not in REGISTERS:
            lines += [f"  $ => A :MLOAD(argument[{word}])", f"  A :MSTORE({place})"]
    lines += [f"  $ => {place} :MLOAD(argument[{word}])" for word, place in registers]
    lines.append(f"  {stack}:CALL({entry.label})")
    masked = [
        word
        for word, (type_, representation) in enumerate(zip(export.results, entry.results, strict=True))
        if type_ not in ("i64", "f64") and representation is not CLEAN
    ]
    count = len(export.results)
    for word in range(count):
        if word < len(REGISTERS) and not (word == 0 and word in masked):
            lines.append(f"  {REGISTERS[word]} :MSTORE(output[{word}])")
    if masked:
        lines.append("  0xFFFFFFFF => B")
    if 0 in masked:
        lines.append("  $ :AND, MSTORE(output[0])")
    for word in range(len(REGISTERS), count):
        lines += [f"  $ => A :MLOAD(returned[{word - len(REGISTERS)}])", f"  A :MSTORE(output[{word}])"]
    for word in masked:
        if word > 0:
            lines += [f"  $ => A :MLOAD(output[{word}])", f"  $ :AND, MSTORE(output[{word}])"]
    if "JMP" in lines[-1] or "CALL" in lines[-1]:
        return [*lines, "  :JMP(finish)"]
    return [*lines[:-1], f"{lines[-1]}, JMP(finish)"]


def epilogue(skeleton: Skeleton, traps: Sequence[Trap]) -> list[str]:
    """Traps, the unprovable place, and the last rows of the trace."""
    lines = ["no_such_function:", f"  {NO_SUCH_FUNCTION} => PC :JMP(close)"]
    for trap in traps:
        lines += [f"trap_{trap.name.lower()}:", f"  {trap.value} => PC :JMP(close)"]
    lines += [
        "fail:                              ; nothing that gets here can be proved",
        "  1 => A",
        "  0 :ASSERT",
        "finish:",
        *(["  0 => PC"] if skeleton.uses_one else []),
        "close:",
        *skeleton.host.closing(),
        "  $ => CTX :MLOAD(saved[0])",
        "  $ => SP :MLOAD(saved[1])",
        "  0 => A, B, C, D, E, RR, RCX, HASHPOS",
        "finalizeExecution:",
        f"  ${{beforeLast({OUTPUT_WORDS + 1})}} :JMPN(finalizeExecution)",
    ]
    for word in range(OUTPUT_WORDS):
        end = " => PC" if word == OUTPUT_WORDS - 1 else ""
        last = ", JMP(start)" if word == OUTPUT_WORDS - 1 else ""
        if word in skeleton.published:
            lines.append(f"  ${end} :MLOAD(output[{word}]){last}")
        else:
            lines.append(f"  ${{0}}{end} :ASSERT{last}")
    return lines
