"""Rows of the ROM from steps: `add` merges the fields of a step, `finish` puts in what names mean.

Between the two lie all later statements, because labels and variables may be defined after their use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.advice import Advice, AdviceSyntaxError, UnresolvedError
from zkwasm_compiler.asm.constants import ConstantError
from zkwasm_compiler.asm.left_side import LeftSide
from zkwasm_compiler.asm.program import AdviceNode, RomRow
from zkwasm_compiler.asm.report import Report, Unit
from zkwasm_compiler.asm.symbols import JAVASCRIPT_MEMBERS, JAVASCRIPT_NUMBER, Symbols
from zkwasm_compiler.asm.syntax import (
    CommandStatement,
    ConstantName,
    FreeInput,
    Node,
    Number,
    Operand,
    OperationCall,
    Reference,
    RegisterName,
    StepStatement,
)
from zkwasm_compiler.asm.templates import Template, templates
from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.isa import legality
from zkwasm_compiler.isa.machine import Machine, Slot

NEXT = "next"
"""The label that always means the following instruction."""


MOST_OLD_STEPS = 1_000
"""So many steps that are not in the program any more are kept in any case."""


@dataclass(slots=True)
class _OpenRow:
    """A row whose names are not resolved yet."""

    row: dict[str, Any]
    step: StepStatement
    line: int
    unit: Unit
    advice: Advice | None = None
    before: list[CommandStatement] | None = None
    after: list[CommandStatement] | None = None
    has_names: bool = False
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class _KnownStep:
    """What became of a step that means the same wherever it stands.

    `needs` are the names without which something is reported, as `_defined` writes them; None: something always is.
    """

    step: StepStatement
    row: dict[str, Any]
    advice: Advice | None
    has_names: bool
    needs: frozenset[str] | None
    command_may_follow: bool


_SIGNS = {"mem": "", "addr": "", "const": "%"}
"""What the names of the modules of advice begin with in `_KnownStep.needs`."""

_KnownRow = tuple[_KnownStep, Unit, int]
"""A known step, its unit and its line."""


class StepMemo:
    """Steps that an editor has resolved before, and what became of them.

    Only steps that nothing was reported about, without constants, references and their own address are kept: they mean
    the same in every program of the machine. Steps are told apart as objects; equal ones are kept each.
    """

    def __init__(self) -> None:
        self._known: dict[int, _KnownStep] = {}
        self._least = 0

    def __len__(self) -> int:
        return len(self._known)

    def find(self, step: StepStatement) -> _KnownStep | None:
        """What became of `step`."""
        known = self._known.get(id(step))
        return known if known is not None and known.step is step else None

    def keep(self, known: _KnownStep) -> None:
        """Remember a step."""
        self._known[id(known.step)] = known

    def tidy(self, steps: Iterable[StepStatement]) -> None:
        """Forget what is not among `steps`, those of a program, when that is much."""
        if len(self._known) > 2 * self._least + MOST_OLD_STEPS:
            self._known = {id(step): known for step in steps if (known := self.find(step)) is not None}
            self._least = len(self._known)


class StepRows:
    """The rows of one program. With a memo its known steps have no rows: an editor asks for problems and places."""

    def __init__(self, machine: Machine, symbols: Symbols, report: Report, memo: StepMemo | None = None) -> None:
        self._memo = memo
        self._machine = machine
        self._symbols = symbols
        self._report = report
        self._left_side = LeftSide(machine, symbols, report)
        self._templates = templates(machine)
        self._set_fields = {row.name: row.set_field for row in machine.registers if not row.read_only}
        self._own_addresses = frozenset(row.name for row in machine.registers if row.own_address)
        self._rarely_together = frozenset(row.first for row in machine.forbidden)
        self._rows: list[_OpenRow | _KnownRow] = []

    def __len__(self) -> int:
        return len(self._rows)

    # Pass 1

    def add(self, step: StepStatement, unit: Unit, line: int) -> None:
        """The row of a step, with the commands that wait for it."""
        if self._memo is not None:
            known = self._memo.find(step)
            if known is not None and not unit.commands:
                self._rows.append((known, unit, line))
                unit.command_may_follow = known.command_may_follow
                return
        self._report.enter(unit, step, line)
        open_row = self._resolved(step, unit, line)
        row = open_row.row
        row["line"] = line
        if unit.commands:
            row["cmdBefore"] = None
            open_row.before, unit.commands = unit.commands, []
        self._rows.append(open_row)
        unit.command_may_follow = _command_may_follow(row)

    def _resolved(self, step: StepStatement, unit: Unit, line: int) -> _OpenRow:
        """The fields of a step, its names still open."""
        row: dict[str, Any] = {}
        open_row = _OpenRow(row, step, line, unit)
        reported, warned = len(self._report.problems), len(self._report.warnings)
        bare_free_input = self._add_left_side(open_row) if step.terms else False
        if step.destinations:
            self._add_destinations(row, step.destinations)
        defining = self._add_operations(open_row, step.operations) if step.operations else 0
        if bare_free_input and defining != 1:
            for message in legality.free_input_problems(self._machine, [call.name for call in step.operations]):
                self._report.warn("free_input", message, step)
        open_row.is_broken = len(self._report.problems) > reported
        nothing_reported = not open_row.is_broken and len(self._report.warnings) == warned
        if self._memo is not None and nothing_reported and self._means_the_same_everywhere(step):
            needs, follow = self._needs(open_row), _command_may_follow(row)
            self._memo.keep(_KnownStep(step, row.copy(), open_row.advice, open_row.has_names, needs, follow))
        return open_row

    def _means_the_same_everywhere(self, step: StepStatement) -> bool:
        """Has a step no factor whose value depends on the program or on where the step stands?"""
        return not any(
            isinstance(factor, ConstantName | Reference)
            or (isinstance(factor, RegisterName) and factor.name in self._own_addresses)
            for term in step.terms
            for factor in term.factors
        )

    def _needs(self, open_row: _OpenRow) -> frozenset[str] | None:
        """What must be defined so that `finish` reports nothing about a row; None when it always does."""
        row = open_row.row
        found = set()
        if open_row.has_names:
            found = {
                f":{name}" for field in ("jmpAddr", "elseAddr") if _is_name(name := row.get(field)) and name != NEXT
            }
            if _is_name(name := row.get("offset")):
                found.add(f":{name}" if _jumps_to_offset(row) else name)
        for node in () if open_row.advice is None else advice.data_nodes(open_row.advice):
            is_text = self._machine.dialect.advice_address_is_text and node.module == "addr" and node.index is not None
            if is_text or node.module not in _SIGNS:
                return None
            found.add(f"{_SIGNS[node.module]}{node.name}")
        return frozenset(found)

    def add_command_after(self, command: CommandStatement) -> None:
        """A command that runs after the last step."""
        last = self._rows[-1] = self._opened(self._rows[-1])
        if last.after is None:
            last.row["cmdAfter"] = None  # takes its place in the order of keys
            last.after = []
        last.after.append(command)

    def _add_left_side(self, open_row: _OpenRow) -> bool:
        """The fields of the left side; whether it has a bare ``$``."""
        row = open_row.row
        try:
            row.update(self._left_side.fields(open_row.step.terms, len(self._rows)))
        except ConstantError as error:
            self._report.problem(error.code, str(error), error.node)
            return False
        except AdviceSyntaxError as error:
            free, opening = _free_input(open_row.step)
            place = _place_in(free, opening, error.offset)
            self._report.problem("tag_syntax", f"in the advice: {error.message}", place)
            return False
        node = row.get("freeInTag")
        if node is None:
            return False
        if type(node) is advice.Empty:
            row["freeInTag"] = {"op": ""}
            return True
        open_row.advice = node
        return False

    def _add_destinations(self, row: dict[str, Any], destinations: tuple[RegisterName, ...]) -> None:
        for register in destinations:
            set_field = self._set_fields.get(register.name)
            if set_field is None:
                self._report.problem("readonly_destination", f"{register.name} is read only", register)
                continue
            if set_field in row:
                self._report.problem("destination_twice", f"{register.name} is assigned twice", register)
            row[set_field] = 1

    def _add_operations(self, open_row: _OpenRow, operations: tuple[OperationCall, ...]) -> int:
        """The fields of the operations; how many of these define ``$``."""
        row, step = open_row.row, open_row.step
        needs_sum: OperationCall | None = None
        defining = 0
        for call in operations:
            operand = call.operand
            template = self._templates.get((call.name, "" if operand is None else operand.shape))
            if template is None:
                raise InternalError(f"a built syntax tree has {call} in line {open_row.line}, which the machine lacks")
            if row.keys().isdisjoint(template.fields):
                row.update(template.fields)
                if operand is not None and template.slots:
                    self._fill(row, template, operand)
                    open_row.has_names = open_row.has_names or template.has_names
            else:
                shared = next(name for name in template.fields if name in row)
                message = f"{call.name} needs the field `{shared}`, which the step already uses; use two steps"
                self._report.problem("field_collision", message, call)
            defining += template.defines_free
            if template.needs_sum:
                needs_sum = needs_sum or call
            if call.name in self._rarely_together:
                self._warn_of_forbidden(step, call)
        if needs_sum is not None and not step.terms:
            message = f"{needs_sum.name} needs a left side: a value before the colon"
            self._report.problem("left_required", message, needs_sum)
        if row.get("JMPC") == 1 and "bin" not in row:
            message = "a jump on the carry needs a binary operation in the same step"
            self._report.problem("jmpc_without_bin", message, step)
        return defining

    def _warn_of_forbidden(self, step: StepStatement, call: OperationCall) -> None:
        """Warn of what must not be in a step together with `call`."""
        others = [other.name for other in step.operations if other is not call]
        destinations = [register.name for register in step.destinations]
        for other in (*others, *(f"=> {name}" for name in destinations)):
            if reason := legality.forbidden_pair(self._machine, call.name, other):
                self._report.warn("never_emit", f"{call.name} with {other}: {reason}", step)

    def _fill(self, row: dict[str, Any], template: Template, operand: Operand) -> None:
        """Put names and numbers of the operand into their fields."""
        for name, slot in template.slots:
            if slot is Slot.FIRST_NAME:
                row[name] = operand.names[0].text
            elif slot is Slot.NEXT:
                row[name] = NEXT
            elif slot is Slot.SECOND_NAME:
                row[name] = operand.names[1].text
            else:
                value = self._operand_number(operand)
                row[name] = value if slot is Slot.NUMBER else -value

    def _operand_number(self, operand: Operand) -> int:
        value = operand.number or 0
        if value < 1 << 53:
            return value
        try:
            return self._symbols.literal(Number(value, start=operand.start, end=operand.end))
        except ConstantError as error:
            self._report.problem(error.code, str(error), operand)
            return 0

    # Pass 2

    def finish(self) -> tuple[RomRow, ...]:
        """Resolve the names of all rows; empty with a memo, which `places` is for."""
        defined = self._defined()
        rows = []
        for index, entry in enumerate(self._rows):
            if isinstance(entry, tuple):
                needs = entry[0].needs
                if needs is not None and needs <= defined:
                    continue
            rows.append(self._finished(index, self._opened(entry)))
        if self._memo is None:
            return tuple(rows)
        self._memo.tidy(entry[0].step if isinstance(entry, tuple) else entry.step for entry in self._rows)
        return ()

    def places(self) -> list[tuple[str, int]]:
        """The file and the line of each row."""
        return [
            (entry[1].file_name, entry[2]) if isinstance(entry, tuple) else (entry.unit.file_name, entry.line)
            for entry in self._rows
        ]

    def _defined(self) -> frozenset[str]:
        """The names of the program: labels behind a colon, constants behind a `%`."""
        symbols = self._symbols
        return frozenset((*map(":".__add__, symbols.labels), *symbols.variables, *map("%".__add__, symbols.constants)))

    def _opened(self, entry: _OpenRow | _KnownRow) -> _OpenRow:
        """A row to be filled."""
        if not isinstance(entry, tuple):
            return entry
        known, unit, line = entry
        row = known.row | {"line": line}
        return _OpenRow(row, known.step, line, unit, known.advice, has_names=known.has_names)

    def _finished(self, index: int, open_row: _OpenRow) -> RomRow:
        """The row at an address, its names resolved."""
        row, unit = open_row.row, open_row.unit
        self._report.enter(unit, open_row.step, open_row.line)
        if open_row.has_names and not open_row.is_broken:
            self._resolve_offset(row)
            self._resolve_jump(row, "jmpAddr", index)
            self._resolve_jump(row, "elseAddr", index)
        if open_row.before is not None:
            row["cmdBefore"] = self._commands(open_row.before)
        if open_row.after is not None:
            row["cmdAfter"] = self._commands(open_row.after)
        if open_row.advice is not None:
            free, opening = _free_input(open_row.step)
            row["freeInTag"] = self._advice(open_row.advice, free, opening)
        row["fileName"] = unit.file_name
        row["lineStr"] = unit.lines.texts[open_row.line - 1]
        return cast(RomRow, row)

    def _resolve_offset(self, row: dict[str, Any]) -> None:
        name = row.get("offset")
        if not _is_name(name):
            return
        row["offsetLabel"] = name
        if _jumps_to_offset(row):
            row["offset"] = self._symbols.label_address(name)
            return
        variable = self._symbols.addressed_variable(name)
        if variable is None:
            row["offset"] = 0
            return
        offset = row["offset"] = variable.offset + row.get("extraOffset", 0)
        row["useCTX"] = int(variable.scope == "CTX")
        if variable.count > 1 and self._machine.dialect.array_bounds:
            row["maxInd"] = variable.offset + variable.count - 1 - offset
            row["baseLabel"] = variable.offset
            row["sizeLabel"] = variable.count

    def _resolve_jump(self, row: dict[str, Any], field: str, index: int) -> None:
        name = row.get(field)
        if not _is_name(name):
            return
        row[field + "Label"] = name
        if name == NEXT:
            row[field] = index + 1
        elif name in JAVASCRIPT_MEMBERS and name not in self._symbols.labels:
            # The public assembler finds a function there, which it cannot write into the JSON.
            self._report.warn("label_undefined", f"the label `{name}` is not defined; the jump goes to 0")
            del row[field]
        else:
            row[field] = self._symbols.label_address(name)

    def _commands(self, commands: list[CommandStatement]) -> list[AdviceNode]:
        found = []
        for command in commands:
            try:
                node = advice.parse(command.text, self._machine)
                found.append(self._advice(node, command, len("$${")))
            except AdviceSyntaxError as error:
                place = _place_in(command, len("$${"), error.offset)
                self._report.problem("tag_syntax", f"in the command `{command.text}`: {error.message}", place)
        return found

    def _advice(self, node: Advice, place: Node, opening: int) -> AdviceNode:
        """The JSON of advice whose text begins `opening` characters into `place`."""
        data = advice.data_nodes(node)
        if not data:
            return advice.to_json(node)
        if self._machine.dialect.advice_address_is_text:
            self._warn_of_indexes(data, place, opening)
        try:
            node = advice.resolve(node, self._symbols, self._machine)
        except UnresolvedError as error:
            wrong = _place_in(place, opening, error.node.start, error.node.end)
            self._report.problem(error.code, str(error), wrong)
        return advice.to_json(node)

    def _warn_of_indexes(self, data: tuple[advice.Data, ...], place: Node, opening: int) -> None:
        for node in data:
            if node.module == "addr" and node.index is not None:
                shown = f"addr.{node.name}[{advice.show(node.index)}]"
                message = f"the index of `{shown}` is put behind the address as text instead of added; write `+`"
                self._report.warn("address_index_as_text", message, _place_in(place, opening, node.start, node.end))


def _is_name(value: object) -> TypeGuard[str]:
    """Is what a row has in a field a name to be resolved?"""
    return type(value) is str and value != JAVASCRIPT_NUMBER


def _jumps_to_offset(row: dict[str, Any]) -> bool:
    """Is the name in `offset` a label?"""
    return any(row.get(flag) for flag in ("JMP", "JMPC", "JMPN", "JMPZ", "call")) and not row.get("useJmpAddr")


def _command_may_follow(row: dict[str, Any]) -> bool:
    """May a command stand behind a step? As in the public assembler JMPZ is not among those that forbid it."""
    return not any(row.get(flag) for flag in ("JMP", "JMPC", "JMPN", "call", "return"))


def _free_input(step: StepStatement) -> tuple[FreeInput, int]:
    """The free input of a step that has advice, and how many characters before it."""
    free = next(
        factor for term in step.terms for factor in term.factors if isinstance(factor, FreeInput) and factor.text
    )
    return free, len("$0{" if free.low_limb_only else "${")


def _place_in(node: Node, opening: int, first: int, last: int | None = None) -> Node | None:
    """The part of advice from `first` on, whose text begins `opening` characters into `node`."""
    if node.start < 0:
        return None
    start = node.start + opening
    return Node(start=start + first, end=start + (first if last is None else last))
