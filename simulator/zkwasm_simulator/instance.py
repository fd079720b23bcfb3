"""Compiled programs as instances: call exports with Python values, keep state between calls, know what a call costs.

An instance answers two questions about a call. *What does it do*: the program runs on the memory that earlier calls
left, entering where the arguments are dispatched. *What does it cost to prove*: a proof is of one call, so the cost is
that of a run from row 0, with initialisation. The first call of an instance is such a run itself; for later ones the
cost is found by a run of its own when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from zkwasm_compiler.asm.positions import Position
from zkwasm_compiler.asm.program import Export, Interface, Program
from zkwasm_compiler.errors import ConfigurationError, ExecutionError
from zkwasm_compiler.ir.function import Trap
from zkwasm_simulator.counters import Counters
from zkwasm_simulator.field import LIMB_MASK, Limbs, split
from zkwasm_simulator.global_cells import Globals
from zkwasm_simulator.inputs import PublicInputs, check_data
from zkwasm_simulator.interpreter import (
    DEFAULT_STEP_LIMIT,
    Engine,
    Entry,
    Execution,
    PreparedProgram,
    Progress,
    enter,
    run_to_end,
)
from zkwasm_simulator.linear_memory import LinearMemory, initial_cells
from zkwasm_simulator.machine import Listener, Machine
from zkwasm_simulator.table_entries import TableEntries
from zkwasm_simulator.texts import Texts, assertions
from zkwasm_simulator.values import BITS, Value, from_bits, require_pattern, to_bits

INSTANTIATE = 0
"""The public function index that runs the initialisation and nothing else."""
PRIVATE_POSITION = "_private"
"""The advice variable that counts the bytes of the private input that were read."""
EXITED = 256
LARGEST_EXIT_CODE = 255
"""The status of a program that ended itself is the sum of 256 and its exit code, if that is not 0."""


class InstantiationError(ExecutionError):
    """The module's initialisation trapped; `trap` says why."""

    def __init__(self, trap: Trap) -> None:
        super().__init__(
            f"instantiating the module trapped: {trap.message}; its segments must lie inside the memory and tables, "
            "and its start function must return"
        )
        self.trap = trap


@dataclass(frozen=True, slots=True)
class HostData:
    """What a call gets from its host besides arguments: the private input and the public one, as bytes."""

    private: bytes = b""
    public: bytes = b""


class CallResult:
    """What a call gave.

    `values` are the results as Python values, `raw` their unsigned patterns; both are empty when `trap` says that the
    call trapped, or `exit_code` that it ended the program with a code that is not 0; `position` is the instruction of
    the module that trapped. `status` is the public status word. `public_output` are the bytes that it wrote, `log` the
    texts, which no proof is about. The cost (`steps`, `counters`, `rows`, `n`) is that of a provable run of this one
    call, from row 0; `rows` are those of the fullest state machine, `n` the length of the trace.
    """

    def __init__(
        self,
        export: Export,
        raw: tuple[int, ...],
        status: int,
        provable: Callable[[], Execution],
        position: Position | None = None,
        public_output: bytes = b"",
        log: tuple[str, ...] = (),
    ) -> None:
        self.export = export
        self.position = position
        self.status = status
        self.exit_code = status - EXITED if EXITED < status <= EXITED + LARGEST_EXIT_CODE else 0
        self.trap = None if self.exit_code else _trap(status)
        self.raw = () if status else raw
        self.public_output = public_output
        self.log = log
        self._provable = provable

    @property
    def values(self) -> tuple[Value, ...]:
        """The results as Python values; integers are signed."""
        return tuple(from_bits(type_, pattern) for type_, pattern in zip(self.export.results, self.raw, strict=False))

    @property
    def value(self) -> Value | list[Value] | None:
        """The results as wasmtime gives them: None, the value, or a list of several."""
        values = self.values
        return None if not values else values[0] if len(values) == 1 else list(values)

    @cached_property
    def execution(self) -> Execution:
        """The provable run of this call."""
        return self._provable()

    @property
    def steps(self) -> int:
        """Steps from row 0 to `finalizeExecution`."""
        return self.execution.steps

    @property
    def counters(self) -> Counters:
        """How often each secondary state machine is used."""
        return self.execution.counters

    @property
    def rows(self) -> int:
        """The rows of the fullest state machine."""
        return self.counters.most_rows

    @property
    def n(self) -> int:
        """The length of the trace: the smallest power of two that holds the rows."""
        return self.counters.n

    def __repr__(self) -> str:
        outcome = f"trap={self.trap.message!r}" if self.trap else f"values={self.values!r}"
        if self.exit_code:
            outcome = f"exit_code={self.exit_code}"
        return f"CallResult({self.export.name}, {outcome}, status={self.status})"


def _trap(status: int) -> Trap | None:
    if status == 0:
        return None
    try:
        return Trap(status)
    except ValueError:
        raise ExecutionError(
            f"the program ended with status {status}; a call ends with 0 or a trap, 1 to {len(Trap)}"
        ) from None


class Instance:
    """One instance of a compiled program.

    `engine` says what executes it, `progress` is told how far a long run has come.

    *Raises:* InstantiationError when the module's initialisation traps.
    """

    def __init__(
        self,
        program: Program,
        *,
        step_limit: int = DEFAULT_STEP_LIMIT,
        engine: Engine = "auto",
        progress: Progress | None = None,
    ) -> None:
        if program.interface is None:
            raise ConfigurationError(
                f"{program.file_name or 'the program'} has no interface, so nothing in it can be called; "
                "compile a WebAssembly module, or run it with `execute`"
            )
        self.program = program
        self.interface: Interface = program.interface
        self.step_limit = step_limit
        self._prepared = PreparedProgram(program, skip_address_check=self.interface.skip_address_check, engine=engine)
        self._progress = progress
        self._untouched = True
        self._at_dispatch: Mapping[str, int | Limbs] = {}
        self._cells: dict[int, Limbs] = {}
        self._instantiate()

    def call(self, name: str, *arguments: Value, private_input: bytes = b"", public_input: bytes = b"") -> CallResult:
        """Call the export `name` with Python numbers, and with inputs for the program to read.

        *Raises:* ConfigurationError for arguments that do not fit; ExecutionFault when the program cannot go on. A trap
        is no exception: the result's `trap` says it.
        """
        export = self._export(name, len(arguments))
        pairs = zip(export.parameters, arguments, strict=True)
        return self._call(
            export,
            [to_bits(type_, value, f"argument {i} of {name}") for i, (type_, value) in enumerate(pairs, 1)],
            self._data(private_input, public_input),
        )

    def call_raw(
        self, name: str, bits: Sequence[int], *, private_input: bytes = b"", public_input: bytes = b""
    ) -> CallResult:
        """Call the export `name` with unsigned patterns."""
        export = self._export(name, len(bits))
        pairs = zip(export.parameters, bits, strict=True)
        return self._call(
            export,
            [require_pattern(type_, value, f"argument {i} of {name}") for i, (type_, value) in enumerate(pairs, 1)],
            self._data(private_input, public_input),
        )

    @property
    def globals(self) -> Globals:
        """The module's globals that the program keeps in memory, by exported name or index."""
        return Globals(self.interface.globals, self._cells, self._touch)

    @property
    def memory(self) -> LinearMemory:
        """The module's linear memory. *Raises:* ConfigurationError when it has none."""
        if self.interface.memory is None:
            raise ConfigurationError("the program has no linear memory to read or write; its interface names none")
        return LinearMemory(self.interface.memory, self._cells, self._touch)

    @property
    def memories(self) -> Mapping[str, LinearMemory]:
        """The linear memory by each of its exported names."""
        layout = self.interface.memory
        return dict.fromkeys(layout.exports, self.memory) if layout is not None else {}

    @property
    def tables(self) -> Mapping[str | int, TableEntries]:
        """The tables that the program keeps in cells, by index and by each exported name."""
        found: dict[str | int, TableEntries] = {}
        for table in self.interface.tables:
            entries = TableEntries(table, self._cells)
            found[table.index] = entries
            found.update(dict.fromkeys(table.exports, entries))
        return found

    def _data(self, private: bytes, public: bytes) -> HostData:
        """The inputs of a call. *Raises:* ConfigurationError for one that the program does not read."""
        check_data(self.interface, private, public)
        return HostData(private, public)

    def _export(self, name: str, given: int) -> Export:
        export = self.interface.export(name)
        if export is None:
            known = ", ".join(_signature(export) for export in self.interface.exports) or "nothing"
            raise ConfigurationError(f"the program exports no function {name!r}; it exports {known}")
        if given != len(export.parameters):
            raise ConfigurationError(f"{_signature(export)} takes {len(export.parameters)} arguments, {given} given")
        return export

    def _instantiate(self) -> None:
        """Run the initialisation and note the registers with which calls are dispatched."""
        dispatch = self.program.labels.get(self.interface.dispatch_label)
        if dispatch is None:
            raise ConfigurationError(
                f"the program has no label {self.interface.dispatch_label!r}, where calls enter by its interface"
            )
        rows = self._prepared.rows
        original = rows[dispatch]

        def note(machine: Machine, step: int) -> int:
            self._at_dispatch = machine.registers()
            rows[dispatch] = original
            return original(machine, step)

        rows[dispatch] = note
        execution = self._run_from_start(INSTANTIATE, (), HostData())
        trap = _trap(_status(execution))
        if trap is not None:
            raise InstantiationError(trap)
        self._cells.update(self._complete(execution))

    def _run_from_start(
        self, index: int, words: Sequence[int], data: HostData, listener: Listener = assertions
    ) -> Execution:
        """A provable run: from row 0, with the public inputs of a call."""
        inputs = PublicInputs.of_words(words, function_index=index).with_data(data.private, data.public)
        machine = Machine(inputs, self.step_limit, {})
        machine.listener = listener
        return run_to_end(self._prepared, machine, 0, self.step_limit, progress=self._progress)

    def _call(self, export: Export, words: list[int], data: HostData) -> CallResult:
        texts = Texts(self.interface)
        provable = partial(self._run_from_start, export.index, words, data)
        if self._untouched:
            execution = provable(texts.hear)
            self._cells.clear()
            self._cells.update(self._complete(execution))
            self._untouched = False
            return self._result(export, execution, lambda: execution, texts)
        for number, word in enumerate(words):
            self._cells[self.interface.argument_cell + number] = split(word)
        for cell, begins in self.interface.call_cells:
            self._cells[cell] = (begins, 0)
        public = self.interface.stream("input")
        if public is not None and public.length_cell is not None:
            self._cells[public.length_cell] = (len(data.public), 0)
        machine = Machine(PublicInputs().with_data(data.private, data.public), self.step_limit, self._cells)
        machine.listener = texts.hear
        machine.variables[PRIVATE_POSITION] = 0
        label = export.label or self.interface.dispatch_label
        entry = Entry(label, {**self._at_dispatch, "SP": export.index})
        zkpc = enter(self.program, machine, entry)
        execution = run_to_end(self._prepared, machine, zkpc, self.step_limit, progress=self._progress)
        return self._result(export, execution, provable, texts)

    def _complete(self, execution: Execution) -> dict[int, Limbs]:
        """The cells after a run from row 0, with those of a new instance that the run had no need to initialise."""
        return initial_cells(self.interface) | dict(execution.memory)

    def _touch(self) -> None:
        """State was changed from outside: the next call cannot be a run from row 0."""
        self._untouched = False

    def _result(
        self, export: Export, execution: Execution, provable: Callable[[], Execution], texts: Texts
    ) -> CallResult:
        first = self.interface.result_cell
        raw = tuple(
            _pattern(export, number, execution.memory.get(first + number, (0, 0)))
            for number in range(len(export.results))
        )
        positions = self.program.positions
        position = None if positions is None else positions.at(execution.trapped_at)
        output = self.interface.stream("output")
        strings = {string.id: string.content for string in execution.hash_streams}
        written = strings.get(output.string, b"") if output is not None else b""
        return CallResult(export, raw, _status(execution), provable, position, written, tuple(texts.log))


def _status(execution: Execution) -> int:
    status = execution.registers["PC"]
    assert isinstance(status, int)
    return status


def _pattern(export: Export, number: int, cell: Limbs) -> int:
    type_ = export.results[number]
    low, high = cell if BITS[type_] == 64 else (cell[0], 0)
    if (low | high) > LIMB_MASK:
        raise ExecutionError(
            f"result {number} of {export.name} has the limbs {low} and {high}; those of a public {type_} are below 2^32"
        )
    return low | high << 32


def _signature(export: Export) -> str:
    results = ", ".join(export.results) if export.results else "nothing"
    return f"{export.name}({', '.join(export.parameters)}) -> {results}"
