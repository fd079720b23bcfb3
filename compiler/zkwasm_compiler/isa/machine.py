"""The shape of a target machine as data: registers, operations with their ROM fields, costs, dialect and limits.

A machine is one module of rows (`zkvm64.py`). Everything that knows about instructions derives from the rows: the
assembler (keywords, operand syntax, fields and their order), the printer, legality and cost of a step, the simulator's
dispatch, the reference page and the editor. A machine is checked when it is built, so a wrong row fails at import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType

from zkwasm_compiler.errors import InternalError


class Slot(Enum):
    """What of the operand a ROM field takes instead of a fixed number."""

    NUMBER = "n"
    NEGATED_NUMBER = "-n"
    FIRST_NAME = "name"
    SECOND_NAME = "other name"
    NEXT = "next"


FieldValue = int | Slot
Fields = tuple[tuple[str, FieldValue], ...]

NAME = "name"
"""The symbol of an operand's shape that stands for a label or a variable."""
REFERENCE = "@name"
NUMBER = "number"


@dataclass(frozen=True, slots=True)
class OperandForm:
    """One way to write an operand: `shape` are its tokens, `fields` what the instruction emits, in emission order.

    ``SP + number`` is a shape; in it ``name``, ``@name`` and ``number`` stand for a token of that kind and everything
    else for itself. `reads` are the registers that address the operand, `writes` those that it changes.
    """

    shape: str
    fields: Fields
    reads: tuple[str, ...] = ()
    meaning: str = ""
    writes: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The tokens of the shape."""
        return tuple(self.shape.split())


class Kind(Enum):
    """The state machine or column group that an operation belongs to."""

    MEMORY = "memory"
    BINARY = "binary"
    ARITH = "arith"
    ALIGN = "align"
    HASH = "hash"
    ASSERT = "assert"
    STORAGE = "storage"
    JUMP = "jump"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation after the colon.

    `forms` are all its spellings with all fields; an operation without operand has one form with an empty shape.
    `reads` and `writes` are registers that it uses whatever its operand is; `rows` are the rows it takes in the state
    machines besides its step. `defines_free` means that it gives the value of a bare `$`, `needs_sum` that the step
    must have a left side.
    """

    name: str
    kind: Kind
    forms: tuple[OperandForm, ...]
    effect: str
    constraint: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    defines_free: bool = False
    needs_sum: bool = True
    falls_through: bool = True

    def form(self, shape: str) -> OperandForm:
        """The form written `shape` (`""` for an operation without operand)."""
        for form in self.forms:
            if form.shape == shape:
                return form
        allowed = ", ".join(repr(form.shape) for form in self.forms)
        raise KeyError(f"{self.name} has no operand of shape {shape!r}; it has {allowed}")


@dataclass(frozen=True, slots=True)
class Register:
    """A register. `input_field` is the ROM field of its coefficient, `set_field` that of its assignment.

    `own_address` marks the program counter: on the left side it is the constant address of the instruction itself.
    """

    name: str
    limbs: int
    input_field: str | None
    set_field: str | None
    read_only: bool = False
    in_advice: bool = True
    own_address: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """A row counter that programs can read."""

    name: str
    input_field: str
    counts: str


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A state machine of the proof system: what makes its rows."""

    name: str
    rows_for: str


@dataclass(frozen=True, slots=True)
class AdviceFunction:
    """A function of the advice language; `most` is None when the number of parameters is open."""

    name: str
    least: int
    most: int | None
    result: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Two things that assemble together but must not be emitted: operations, or an operation and ``=> REGISTER``."""

    first: str
    second: str
    reason: str


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the memory of one context."""

    name: str
    first_cell: int
    cells: int
    use: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the machine; `single_limbs` says what registers of one limb hold."""

    field_prime: int
    limbs: int
    limb_bits: int
    context_stride: int
    regions: tuple[Region, ...]
    address_limit: int
    memory_address_limit: int
    executor_index_limit: int
    single_limbs: str
    trace_rows: int
    input_words: int
    output_words: int
    rows_before_end: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """What of the zkASM language differs between machines; the parser and the resolver read it, nothing else branches.

    `free_fields` are emitted for a free input besides its advice; `low_free_fields` for a free input of the low limb
    only (``$0{…}``), None where the language lacks it.
    """

    name: str
    constant_range: tuple[int, int]
    long_constant_range: tuple[int, int]
    free_fields: tuple[tuple[str, int], ...]
    low_free_fields: tuple[tuple[str, int], ...] | None = None
    array_size_may_be_constant: bool = False
    context_variables_take_global_cells: bool = False
    array_bounds: bool = False
    global_cells_limit: int | None = None
    advice_reads_use_context: bool = False
    advice_address_is_text: bool = False
    sign_keeps_names: bool = False


@dataclass(frozen=True, eq=False)
class Machine:
    """A target machine. `flags` are the ROM's one-bit fields in the order of their bits."""

    name: str
    title: str
    dialect: Dialect
    registers: tuple[Register, ...]
    counters: tuple[Counter, ...]
    operations: tuple[Operation, ...]
    state_machines: tuple[StateMachine, ...]
    advice_functions: tuple[AdviceFunction, ...]
    forbidden: tuple[Forbidden, ...]
    flags: tuple[str, ...]
    value_fields: tuple[str, ...]
    limits: Limits

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise InternalError(f"machine {self.name}: {problem}")

    @cached_property
    def register_table(self) -> Mapping[str, Register]:
        """Registers by name."""
        return MappingProxyType({row.name: row for row in self.registers})

    @cached_property
    def counter_table(self) -> Mapping[str, Counter]:
        """Counters by name."""
        return MappingProxyType({row.name: row for row in self.counters})

    @cached_property
    def operation_table(self) -> Mapping[str, Operation]:
        """Operations by name."""
        return MappingProxyType({row.name: row for row in self.operations})

    @cached_property
    def advice_function_table(self) -> Mapping[str, AdviceFunction]:
        """Advice functions by name."""
        return MappingProxyType({row.name: row for row in self.advice_functions})

    def register(self, name: str) -> Register:
        """The register called `name`. *Raises:* KeyError."""
        return self.register_table[name]

    def operation(self, name: str) -> Operation:
        """The operation called `name`. *Raises:* KeyError."""
        return self.operation_table[name]

    def _problems(self) -> Iterable[str]:
        tables = (self.registers, self.counters, self.operations, self.state_machines, self.advice_functions)
        for table in tables:
            names = [row.name for row in table]
            yield from (f"{name} has two rows" for name in sorted({n for n in names if names.count(n) > 1}))
        known_fields = {*self.flags, *self.value_fields}
        for register in self.registers:
            if register.set_field and not register.read_only and register.set_field not in known_fields:
                yield f"register {register.name} sets the unknown field {register.set_field}"
        for operation in self.operations:
            yield from self._operation_problems(operation, known_fields)
        for pair in self.forbidden:
            for side in (pair.first, pair.second):
                if side.removeprefix("=> ") not in {*self.operation_table, *self.register_table}:
                    yield f"a forbidden pair names {side}, which is no operation and no register"

    def _operation_problems(self, operation: Operation, known_fields: set[str]) -> Iterable[str]:
        machines = {row.name for row in self.state_machines}
        used = (*operation.reads, *operation.writes, *(r for form in operation.forms for r in form.reads + form.writes))
        yield from (f"{operation.name} uses the unknown register {r}" for r in used if r not in self.register_table)
        yield from (f"{operation.name} costs rows of the unknown {m}" for m, _ in operation.rows if m not in machines)
        if not operation.forms:
            yield f"{operation.name} has no operand form"
        if not operation.effect or not operation.constraint:
            yield f"{operation.name} lacks its effect or its constraint"
        for form in operation.forms:
            fields = [name for name, _ in form.fields]
            yield from (f"{operation.name} emits the unknown field {f}" for f in fields if f not in known_fields)
            if len(fields) != len(set(fields)):
                yield f"{operation.name}({form.shape}) emits a field twice"
