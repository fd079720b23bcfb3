"""Profiles: a run at native speed that counts its rows and calls.

A block is a run of rows without a label in it that were executed equally often. The row counts of a program are exact,
and so is the tree of calls; only what CALL and RETURN do not show, a jump into another function, is not seen as a call.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zkwasm_compiler.asm.positions import Position
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.decode import require_rows
from zkwasm_simulator.faults import steps_exhausted
from zkwasm_simulator.functions import Function, functions_of
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.interpreter import DEFAULT_STEP_LIMIT, Execution, PreparedProgram, Progress, finish
from zkwasm_simulator.jit.call_tree import TreeNode
from zkwasm_simulator.jit.engine import CompiledProgram
from zkwasm_simulator.jit.profiled import ProfiledRun
from zkwasm_simulator.machine import Machine
from zkwasm_simulator.profile.costs import Costs, total
from zkwasm_simulator.values import Value


@dataclass(frozen=True, slots=True)
class FunctionCosts:
    """What a function cost: itself, and with everything that it called."""

    function: Function
    calls: int
    own: Costs
    inclusive: Costs


@dataclass(frozen=True, slots=True)
class BlockCosts:
    """Rows `start` to `end - 1` of `function`, and what they cost."""

    function: Function
    start: int
    end: int
    executions: int
    costs: Costs


@dataclass(frozen=True, slots=True)
class LineCosts:
    """What was compiled from a line of the source, in `function`, and what it cost."""

    file: str
    line: int
    function: str
    costs: Costs


@dataclass(slots=True)
class CallNode:
    """A function in the context of its callers; recursion comes back to the node that a function has already."""

    function: Function
    calls: int
    own: Costs
    children: list[CallNode] = field(default_factory=list)

    @property
    def inclusive(self) -> Costs:
        return total([self.own, *(child.inclusive for child in self.children)])

    def paths(self, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], CallNode]]:
        """Every node with the names on the way to it."""
        names = (*above, self.function.name)
        yield names, self
        for child in self.children:
            yield from child.paths(names)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a run did. `executions` says how often each row was executed, `costs` what each cost.

    `instructions` are those of the WebAssembly module by their byte offset, where it is at hand. `lost_calls` were made
    when the tree of calls was full: it has what they cost with the caller.
    """

    program: Program
    execution: Execution
    executions: Sequence[int]
    costs: Sequence[Costs]
    functions: Sequence[Function]
    root: CallNode
    instructions: Mapping[int, str] = field(default_factory=dict)
    lost_calls: int = 0

    def function_at(self, row: int) -> Function:
        """The function that holds a row."""
        return self.functions[bisect_right([function.start for function in self.functions], row) - 1]

    def function_costs(self) -> list[FunctionCosts]:
        """What the functions that were executed cost, the most steps first."""
        calls: dict[str, int] = {}
        inclusive: dict[str, Costs] = {}
        for names, node in self.root.paths():
            label = node.function.label
            calls[label] = calls.get(label, 0) + node.calls
            if node.function.name not in names[:-1]:
                inclusive[label] = inclusive.get(label, Costs()) + node.inclusive
        found = []
        for function in self.functions:
            own = total(self.costs[function.start : function.end])
            if own.steps:
                everything = inclusive.get(function.label, own)
                found.append(FunctionCosts(function, calls.get(function.label, 0), own, everything))
        return sorted(found, key=lambda costs: (-costs.own.steps, costs.function.start))

    def block_costs(self) -> list[BlockCosts]:
        """What the blocks that were executed cost, the most steps first."""
        labels = set(self.program.labels.values())
        found, start = [], 0
        for row in range(1, len(self.executions) + 1):
            ends = row == len(self.executions) or row in labels or self.executions[row] != self.executions[start]
            if ends:
                if self.executions[start]:
                    costs = total(self.costs[start:row])
                    found.append(BlockCosts(self.function_at(start), start, row, self.executions[start], costs))
                start = row
        return sorted(found, key=lambda block: (-block.costs.steps, block.start))

    def position_at(self, row: int) -> Position | None:
        """The instruction of the WebAssembly module that a row was compiled from, where that is known."""
        positions = self.program.positions
        return positions.at(row) if positions is not None else None

    def line_costs(self) -> list[LineCosts]:
        """What the lines of the source cost, the most steps first; empty when the module does not tell lines."""
        found: dict[tuple[str, int, str], Costs] = {}
        for row, costs in enumerate(self.costs):
            position = self.position_at(row) if costs.steps else None
            if position is not None and position.line:
                key = position.file, position.line, position.function
                found[key] = found.get(key, Costs()) + costs
        lines = [LineCosts(*key, costs) for key, costs in found.items()]
        return sorted(lines, key=lambda line: (-line.costs.steps, line.file, line.line))


def profile_call(
    program: Program,
    name: str,
    arguments: Sequence[Value],
    *,
    private_input: bytes = b"",
    public_input: bytes = b"",
    step_limit: int = DEFAULT_STEP_LIMIT,
    progress: Progress | None = None,
) -> Profile:
    """Profile a provable run of a call, from row 0. *Raises:* ConfigurationError, ExecutionFault."""
    interface = program.interface
    export = interface.export(name) if interface is not None else None
    if interface is None or export is None:
        raise ConfigurationError(f"the program exports no function {name!r}")
    return profile_run(
        program,
        inputs=PublicInputs.of_call(export, arguments).with_data(private_input, public_input),
        step_limit=step_limit,
        skip_address_check=interface.skip_address_check,
        progress=progress,
    )


def profile_run(
    program: Program,
    *,
    inputs: PublicInputs | None = None,
    step_limit: int = DEFAULT_STEP_LIMIT,
    skip_address_check: bool = False,
    progress: Progress | None = None,
) -> Profile:
    """Profile a run from row 0 to `finalizeExecution`. *Raises:* ExecutionFault."""
    require_rows(program, "profile")
    prepared = PreparedProgram(program, skip_address_check=skip_address_check)
    machine = Machine(inputs or PublicInputs(), step_limit, {})
    run = ProfiledRun(CompiledProgram(program, skip_address_check, profiled=True), prepared, machine)
    try:
        zkpc, steps = run.advance(0, 0, step_limit, prepared.end, progress)
        run.finish()
        nodes, lost_calls = run.calls(steps), run.lost_calls
    finally:
        run.release()
    if zkpc != prepared.end:
        fault = steps_exhausted(step_limit)
        prepared.locate(fault, steps, zkpc)
        raise fault
    functions = functions_of(program)
    executions = run.executions()
    costs = [Costs.of_row(prepared.decoded(row), count, run.keccak_of_row[row]) for row, count in enumerate(executions)]
    return Profile(
        program,
        finish(prepared, machine, zkpc, steps),
        executions,
        costs,
        functions,
        _tree(nodes, functions),
        lost_calls=lost_calls,
    )


def _tree(nodes: Sequence[TreeNode], functions: Sequence[Function]) -> CallNode:
    """The tree with functions instead of rows; the first node is where the run began."""
    starts = [function.start for function in functions]
    made: list[CallNode] = []
    for node in nodes:
        function = functions[bisect_right(starts, max(node.target, 0)) - 1]
        made.append(CallNode(function, node.calls, Costs(*node.counters)))
        if node.parent >= 0:
            made[node.parent].children.append(made[-1])
    for call in made:
        call.children.sort(key=lambda child: child.function.start)
    return made[0]
