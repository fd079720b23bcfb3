"""Which functions a program needs: those that its exports and its start function reach, by references too.

A function may be called by a reference if the reference can come to an indirect call of its signature. From a table
that nothing writes to, only what it has from the start can; from others, every function that is referred to. What is
reachable refers to functions and writes to tables, so that all this grows until nothing is new.

What the roots reach by calls alone is searched first. A host function that the program is not compiled with is refused
there; elsewhere a call of it is made to trap, because a table may hold many functions that nothing ever calls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from zkwasm_compiler.analysis.references import DIRECT, WRITES
from zkwasm_compiler.errors import Problem, UnsupportedError
from zkwasm_compiler.frontend.hosts import FIRST_INDEX, NOTHING
from zkwasm_compiler.frontend.translate_function import translate_function
from zkwasm_compiler.ir import function as ir
from zkwasm_compiler.wasm.module import Expression, Module


@dataclass(slots=True)
class Reachable:
    """The functions by index, the first problem of those that cannot be translated, and what the code refers to:
    functions, the segments that it copies to tables (indexes among the element segments), and the tables and signatures
    of its indirect calls."""

    functions: dict[int, ir.Function] = field(default_factory=dict)
    problems: dict[int, Sequence[Problem]] = field(default_factory=dict)
    referred: set[int] = field(default_factory=set)
    segments: set[int] = field(default_factory=set)
    calls: set[tuple[int, int]] = field(default_factory=set)


def find_reachable(
    module: Module,
    roots: Iterable[int],
    tables: Sequence[Iterable[int]],
    kept: Expression,
    missing: Collection[str] = NOTHING,
) -> Reachable:
    """What the functions `roots` reach. `tables` are the functions in each table at first, `kept` the `ref.func`s that
    initialise globals, `missing` what host functions may lack and are refused for."""
    return _Search(module, tables, kept, missing).run(roots)


class _Search:
    def __init__(
        self, module: Module, tables: Sequence[Iterable[int]], kept: Expression, missing: Collection[str]
    ) -> None:
        self.module = module
        self.tables = [frozenset(entries) for entries in tables]
        self.found = Reachable(referred={instruction.immediates[0] for instruction in kept})
        self.written: set[int] = set()
        self.refused = missing

    def run(self, roots: Iterable[int]) -> Reachable:
        work = sorted(set(roots), reverse=True)
        while work:
            while work:
                work += self.translate(work.pop())
            self.refused = NOTHING
            work = sorted(self.callable_by_reference() - {*self.found.functions, *self.found.problems}, reverse=True)
        self.found.functions = dict(sorted(self.found.functions.items()))
        return self.found

    def translate(self, index: int) -> list[int]:
        """Translate a function that is new; gives what it calls."""
        found = self.found
        if index in found.functions or index in found.problems:
            return []
        try:
            function = found.functions[index] = translate_function(self.module, index, self.refused)
        except UnsupportedError as error:
            found.problems[index] = error.problems
            return []
        called: set[int] = set()
        for block in function.blocks:
            for value in block.values():
                if value.op in DIRECT and isinstance(value.immediate, int):
                    if value.immediate < FIRST_INDEX:  # else the host's
                        called.add(value.immediate)
                else:
                    self.note(value)
        return sorted(called)

    def note(self, value: ir.Value) -> None:
        """What a value refers to."""
        immediate = value.immediate
        first = immediate[0] if isinstance(immediate, tuple) else immediate
        if isinstance(first, ir.Trap):
            return
        if value.op == "funcref.const" and first:
            self.found.referred.add(first - 1)
        elif value.op in ("call_indirect", "return_call_indirect") and isinstance(immediate, tuple):
            self.found.calls.add(immediate)
        if value.op in WRITES and first is not None:
            self.written.add(first)
        if value.op == "table.init" and isinstance(immediate, tuple):
            segment = immediate[1] - len(self.module.data)
            self.found.segments.add(segment)
            self.found.referred |= segment_functions(self.module, segment)
        if value.op in ("table.get", "call_indirect", "return_call_indirect") and first is not None:
            self.found.referred |= self.tables[first]
        if value.op == "table.copy" and isinstance(immediate, tuple):
            self.found.referred |= self.tables[immediate[1]]

    def callable_by_reference(self) -> set[int]:
        """The functions that some indirect call may call."""
        found = set()
        for table, signature in self.found.calls:
            candidates = self.found.referred if table in self.written else self.tables[table]
            wanted = self.module.signatures[signature]
            found |= {index for index in candidates if self.module.function_type(index) == wanted}
        return found


def segment_functions(module: Module, segment: int) -> set[int]:
    """The functions that an element segment refers to."""
    named = (instruction for entry in module.elements[segment].entries for instruction in entry)
    return {instruction.immediates[0] for instruction in named if instruction.name == "ref.func"}
