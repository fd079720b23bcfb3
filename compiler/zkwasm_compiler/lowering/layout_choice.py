"""Which memory layout a module is given when nobody chose one: bytes where its accesses are expected to take clearly
fewer steps than with words.

What an access takes in a layout is not written down here but found by lowering one like it (`access_steps`). The steps
are weighted by how often the access is expected to run (ten times a loop). Neither active data segments count, which
are read more often than they are written, nor bulk operations: how many bytes they move is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from zkwasm_compiler.analysis.alignment import Alignment
from zkwasm_compiler.analysis.bits import PossibleBits
from zkwasm_compiler.analysis.expected_runs import expected_runs
from zkwasm_compiler.analysis.loops import loop_nest
from zkwasm_compiler.analysis.ranges import Ranges, value_ranges
from zkwasm_compiler.errors import InputError
from zkwasm_compiler.ir.function import Function, Memory, Module, Type, Value
from zkwasm_compiler.ir.memory_layout import AUTO, BYTES, LAYOUTS, WORDS, MemoryLayout
from zkwasm_compiler.ir.ops import ACCESS_BYTES, OPS
from zkwasm_compiler.lowering.conventions import signatures
from zkwasm_compiler.lowering.legalize import legalize_module
from zkwasm_compiler.lowering.select import select
from zkwasm_compiler.lowering.symbols import Symbols
from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import Step, VirtualRegister
from zkwasm_compiler.runtime.routines import Routines

CLEARLY_FEWER = 0.75
"""The share of the steps with words that bytes may take. memset and memcpy in C have a loop over words beside one over
bytes, and no estimate knows that the first does the work."""


@dataclass(frozen=True, slots=True)
class AccessKind:
    """What the steps of an access depend on: the op, the address modulo 4 where that is known, how many bytes a stored
    value may take (0: it is a constant), and whether the memory may grow."""

    op: str
    rest: int | None
    stored_bytes: int
    growing: bool


def choose_layout(module: Module, choice: str, ranges: Mapping[int, Ranges] | None) -> MemoryLayout:
    """The layout for an optimised module, by name or, for `AUTO`, by expected steps; `ranges` by function index, where
    they are known. *Raises:* InputError for a memory that is too large for the layout of that name."""
    if module.memory is None:
        return WORDS
    minimum = module.memory.minimum
    fitting = [layout for layout in LAYOUTS if minimum <= layout.maximum_pages]
    named = next((layout for layout in LAYOUTS if layout.name == choice), None)
    if named is not None and named not in fitting:
        raise InputError(
            f"the memory has {minimum} pages; the memory layout {named.name!r} takes up to {named.maximum_pages}. "
            f"Choose {' or '.join(repr(layout.name) for layout in fitting)}, or {AUTO!r}"
        )
    if named is not None or BYTES not in fitting:
        return named or WORDS
    weights = expected_accesses(module, ranges)
    clear = expected_steps(weights, BYTES) < CLEARLY_FEWER * expected_steps(weights, WORDS)
    return BYTES if clear else WORDS


def expected_steps(weights: Mapping[AccessKind, float], layout: MemoryLayout) -> float:
    """The steps of the accesses in a layout."""
    return sum(weight * access_steps(kind, layout) for kind, weight in weights.items())


def expected_accesses(module: Module, ranges: Mapping[int, Ranges] | None) -> dict[AccessKind, float]:
    """How often accesses of each kind are expected to run for a call of each export."""
    growing, alignment, bits = Routines(module).growing, Alignment(module), PossibleBits()
    nests = {index: loop_nest(function) for index, function in module.functions.items()}
    runs = expected_runs(module, nests)
    weights: dict[AccessKind, float] = {}
    for index, function in module.functions.items():
        for block in function.blocks:
            for value in block.body:
                if value.op in ACCESS_BYTES:
                    largest = bits.possible(value.args[-1])
                    if ranges is not None and index in ranges:
                        largest = min(largest, ranges[index].at(value.args[-1], block).u_high)
                    kind = _kind(value, alignment, largest, growing)
                    weights[kind] = weights.get(kind, 0.0) + runs[index] * nests[index].frequency(block)
    return weights


def _kind(value: Value, alignment: Alignment, largest: int, growing: bool) -> AccessKind:
    assert isinstance(value.immediate, int)
    residue = alignment.modulo(value.args[0], 2)
    rest = None if residue is None else (residue + value.immediate) % 4
    if "load" in value.op:
        return AccessKind(value.op.replace("_s", "_u"), rest, 0, growing)  # the sign costs the same in every layout
    stored_bytes = 0 if value.args[1].op.endswith(".const") else max(1, (largest.bit_length() + 7) // 8)
    return AccessKind(value.op, rest, stored_bytes, growing)


@lru_cache(maxsize=4096)
def access_steps(kind: AccessKind, layout: MemoryLayout) -> float:
    """The steps of a function that does nothing but such an access (and makes its operands, alike in every layout). An
    address of which nothing is known is expected to be a multiple of the access's width."""
    module = _sample(kind, layout)
    legalize_module(module, {0: value_ranges(module.functions[0])})
    ways = list(_Ways(module).of(0))
    if len(ways) < 4:  # the rest of the address does not matter, or is known
        return sum(ways) / len(ways)
    likely = ways[kind.rest : kind.rest + 1] if kind.rest is not None else ways[:: min(ACCESS_BYTES[kind.op], 4)]
    return sum(likely) / len(likely)


class _Ways:
    """The numbers of steps on the ways through the functions of a legalised module that has no loops."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.signatures = signatures(module)
        sizes = Routines(module)
        names = {index: f"f{index}" for index in module.functions}
        self.indexes = {label: index for index, label in names.items()}
        words = 0 if sizes.growing else sizes.minimum_words
        self.symbols = Symbols(names, frozenset(), memory_words=words, layout=module.memory_layout)
        self.routines: dict[int, float] = {}

    def of(self, index: int) -> Iterator[float]:
        """Of a function, from its beginning to its return, in the order of the branches."""
        selected = select(self.module.functions[index], self.signatures, self.symbols)
        return self._from(selected, selected.blocks[0].label)

    def _from(self, function: MachineFunction[VirtualRegister], label: str) -> Iterator[float]:
        block = function.block(label)
        steps = sum(1 + self._called(step) for step in block.steps)
        if block.steps and block.steps[-1].operation("RETURN") is not None:
            yield steps
        for edge in block.edges:
            for rest in self._from(function, edge.label):
                yield steps + rest

    def _called(self, step: Step[VirtualRegister]) -> float:
        """The steps of the routine that a step calls, whatever the rest of its address."""
        call = step.operation("CALL")
        if call is None:
            return 0.0
        index = self.indexes[call.targets[0]]
        if index not in self.routines:
            ways = list(self.of(index))
            self.routines[index] = sum(ways) / len(ways)
        return self.routines[index]


def _sample(kind: AccessKind, layout: MemoryLayout) -> Module:
    """A module with one function, of one access."""
    row = OPS[kind.op]
    assert row.operands is not None
    assert row.result is not None
    results = () if row.result is Type.NONE else (row.result,)
    function = Function("sample", 0, row.operands, results)
    entry = function.new_block()
    args = [function.add_parameter(entry, type_) for type_ in row.operands]

    def emit(op: str, type_: Type, *operands: Value, immediate: int | None = None) -> Value:
        value = function.new_value(op, type_, list(operands), immediate)
        entry.body.append(value)
        return value

    if kind.rest is not None:
        args[0] = emit("i32.and", Type.I32, args[0], emit("i32.const", Type.I32, immediate=0xFFFFFFFC))
    if len(args) > 1 and row.operands[1] in (Type.I32, Type.I64):
        stored = row.operands[1]
        mask = emit(f"{stored.value}.const", stored, immediate=(1 << 8 * max(kind.stored_bytes, 1)) - 1)
        args[1] = emit(f"{stored.value}.and", stored, args[1], mask) if kind.stored_bytes else mask
    access = emit(kind.op, row.result, *args, immediate=kind.rest or 0)
    entry.terminator = function.new_value("return", Type.NONE, [access] if results else [])
    module = Module({0: function}, memory=Memory(1, 1), memory_layout=layout)
    if kind.growing:
        grow = Function("grow", 1, (Type.I32,), (Type.I32,))
        block = grow.new_block()
        pages = grow.add_parameter(block, Type.I32)
        block.body.append(grow.new_value("memory.grow", Type.I32, [pages]))
        block.terminator = grow.new_value("return", Type.NONE, [block.body[0]])
        module.functions[1] = grow
    module.exports = {function.name: index for index, function in module.functions.items()}
    return module
