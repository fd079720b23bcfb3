"""From syntax trees to the rows of a program.

Two passes, as in the public assembler: statements in their order (descending into includes) give the rows with names
still open and collect labels, variables and constants; then every row gets its addresses, commands and advice. Problems
are collected in the order in which the public assembler would meet them, so its single error is our first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from zkwasm_compiler.asm import advice
from zkwasm_compiler.asm.advice import Advice, AdviceSyntaxError, UnresolvedError
from zkwasm_compiler.asm.constants import ConstantError, as_double, evaluate, shown
from zkwasm_compiler.asm.left_side import LeftSide
from zkwasm_compiler.asm.options import AssembleOptions, Define
from zkwasm_compiler.asm.parser import parse_source
from zkwasm_compiler.asm.program import AdviceNode, ConstantEntry, RomRow, Variable
from zkwasm_compiler.asm.source import Lines
from zkwasm_compiler.asm.syntax import (
    CommandStatement,
    CommentStatement,
    ConstantName,
    ConstantStatement,
    IncludeStatement,
    LabelStatement,
    Node,
    Number,
    Operand,
    Reference,
    RegisterName,
    Statement,
    StepStatement,
    VariableStatement,
)
from zkwasm_compiler.asm.templates import Template, templates
from zkwasm_compiler.errors import Problem
from zkwasm_compiler.isa import legality
from zkwasm_compiler.isa.machine import Machine, Slot

NEXT = "next"
INCLUDE_LIMIT = 10_000

IncludeResolver = Callable[[str, str], tuple[str, str]]
"""From the including file's name and the path as written to the included file's name and text; raises OSError."""

# The public assembler keeps its tables in plain JavaScript objects, so these names look defined to it.
_JAVASCRIPT_MEMBERS = frozenset(
    {
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
        "__proto__",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    }
)

# What the public assembler takes for a number instead of a name.
_JAVASCRIPT_NUMBER = "Infinity"


@dataclass(slots=True)
class Unit:
    """A file being processed: its statements with their lines, and the commands that wait for a step."""

    file_name: str
    lines: Lines
    statements: Sequence[tuple[Statement, int]]
    commands: list[CommandStatement] = field(default_factory=list)
    command_may_follow: bool = False


@dataclass(slots=True)
class _OpenRow:
    """A row whose names are not resolved yet."""

    row: dict[str, Any]
    statement: StepStatement
    line: int
    unit: Unit
    advice: Advice | None = None
    before: list[CommandStatement] = field(default_factory=list)
    after: list[CommandStatement] = field(default_factory=list)
    has_names: bool = False
    is_broken: bool = False


@dataclass(slots=True)
class Resolution:
    """What the resolver found."""

    rows: tuple[RomRow, ...]
    labels: dict[str, int]
    constants: dict[str, ConstantEntry]
    variables: tuple[Variable, ...]
    problems: list[Problem]
    warnings: list[Problem]


class Resolver:
    """Resolves one program; use `resolve` once."""

    def __init__(self, machine: Machine, options: AssembleOptions, resolve_include: IncludeResolver | None) -> None:
        self._machine = machine
        self._options = options
        self._resolve_include = resolve_include
        self._left_side = LeftSide(machine, self)
        self._templates = templates(machine)
        self._read_only = frozenset(row.name for row in machine.registers if row.read_only)
        self._set_fields = {row.name: row.set_field or "" for row in machine.registers}
        self._rows: list[_OpenRow] = []
        self._labels: dict[str, int] = {}
        self._variables: dict[str, Variable] = {}
        self._constants: dict[str, ConstantEntry] = {}
        self._next_global = 0
        self._next_context = 0
        self._open_files: list[str] = []
        self._included = 0
        self._unit: Unit
        self._line = 0
        self._statement: Node = Node()
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def resolve(self, unit: Unit) -> Resolution:
        """Process the main file."""
        self._process(unit)
        for index, open_row in enumerate(self._rows):
            self._finish(open_row, index)
        self._check_memory()
        rows = tuple(cast(RomRow, open_row.row) for open_row in self._rows)
        variables = tuple(self._variables.values())
        return Resolution(rows, self._labels, self._constants, variables, self.problems, self.warnings)

    # Reporting

    def _place(self, node: Node) -> tuple[int, int | None]:
        """The line of the statement, and the column of `node` if it is on that line."""
        for start in (node.start, self._statement.start):
            if start >= 0:
                line, column = self._unit.lines.position(start)
                if line == self._line:
                    return line, column
        return self._line, None

    def _problem(self, code: str, message: str, node: Node) -> None:
        line, column = self._place(node)
        self.problems.append(Problem(message, self._unit.file_name, line, column, code=code))

    def warn(self, code: str, message: str, node: Node) -> None:
        """Note a warning at the current statement."""
        line, column = self._place(node)
        self.warnings.append(Problem(message, self._unit.file_name, line, column, code=code))

    # Pass 1: statements

    def _process(self, unit: Unit) -> None:
        self._open_files.append(unit.file_name)
        outer = getattr(self, "_unit", None)
        self._unit = unit
        for statement, line in unit.statements:
            self._statement, self._line = statement, line
            match statement:
                case StepStatement():
                    self._step(statement)
                case LabelStatement():
                    self._label(statement)
                case CommandStatement():
                    self._command(statement)
                case VariableStatement():
                    self._variable(statement)
                case ConstantStatement():
                    self._constant(statement)
                case IncludeStatement():
                    self._include(statement)
                case CommentStatement():
                    pass
        for command in unit.commands:
            self.warn("command_dropped", "no step of the file follows the command, so it never runs", command)
        self._open_files.pop()
        if outer is not None:
            self._unit = outer

    def _label(self, label: LabelStatement) -> None:
        name, address = label.name, len(self._rows)
        known = self._labels.get(name)
        message = f"the label `{name}` is already defined, at address {known}"
        if known and not self._options.allow_overwrite_labels:
            self._problem("label_redefined", message, label)
        else:
            if known is not None:
                self.warn("label_redefined", message, label)
            self._labels[name] = address
        self._warn_of_member(name, label)
        self._refuse_pending("label", label)

    def _warn_of_member(self, name: str, node: Node) -> None:
        if name in _JAVASCRIPT_MEMBERS:
            self.warn("unportable_name", f"the public assembler refuses the name `{name}`", node)
        elif name == _JAVASCRIPT_NUMBER:
            self.warn("unportable_name", f"operands do not find the name `{name}`: it reads as a number", node)

    def _refuse_pending(self, what: str, node: Node) -> None:
        """Commands wait for a step; nothing else may come between."""
        unit = self._unit
        if unit.commands:
            message = f"a command stands before a {what}; it must stand directly before or after a step"
            self._problem(f"command_before_{what}", message, node)
            unit.commands = []
        unit.command_may_follow = False

    def _command(self, command: CommandStatement) -> None:
        unit = self._unit
        if unit.command_may_follow:
            last = self._rows[-1]
            last.row.setdefault("cmdAfter", None)
            last.after.append(command)
        else:
            unit.commands.append(command)

    def _variable(self, variable: VariableStatement) -> None:
        name = variable.name
        if name in self._variables:
            self._problem("variable_redefined", f"the variable `{name}` is already defined", variable)
        else:
            try:
                self._define_variable(variable, self._array_size(variable.size))
            except ConstantError as error:
                self._problem(error.code, str(error), error.node)
        self._warn_of_member(name, variable)
        self._refuse_pending("var", variable)

    def _array_size(self, size: Number | ConstantName | None) -> int:
        if size is None:
            return 1
        return self._literal(size) if isinstance(size, Number) else self.constant(size)[0]

    def _define_variable(self, variable: VariableStatement, count: int) -> None:
        if variable.scope == "GLOBAL":
            offset = self._next_global
            self._next_global += count
        else:
            offset = self._next_context
            self._next_context += count
            if self._machine.dialect.context_variables_take_global_cells:
                self._next_global += count
        self._variables[variable.name] = Variable(variable.name, variable.scope, offset, count)

    def _check_memory(self) -> None:
        limit = self._machine.dialect.global_cells_limit
        if limit is not None and self._next_global > limit:
            message = f"the variables take {self._next_global} cells; there are {limit}"
            self.problems.append(Problem(message, self._unit.file_name, code="global_too_big"))

    # Constants

    def constant(self, name: ConstantName) -> tuple[int, bool]:
        """The value of a constant and whether it is long. *Raises:* ConstantError."""
        entry = self._constants.get(name.name)
        if entry is None:
            define = self._options.defines.get(name.name)
            if define is None:
                message = f"the constant `%{name.name}` is not defined before this point"
                raise ConstantError("constant_undefined", message, name)
            entry = self._constants[name.name] = _defined_entry(define)
        return int(entry["value"]), entry["type"] == "CONSTL"

    def _is_constant(self, name: str) -> bool:
        return name in self._constants or name in self._options.defines

    def _literal(self, number: Number) -> int:
        """A literal of a constant expression or an operand; a plain one is a double."""
        if number.long:
            return number.value
        value = as_double(number)
        if value != number.value:
            message = f"{shown(number.value)} is rounded to {shown(value)}; write the suffix `n` for an exact number"
            self.warn("inexact_number", message, number)
        return value

    def _constant(self, definition: ConstantStatement) -> None:
        name = definition.name
        known = self._constants.get(name)
        if known is not None and "line" in known:
            message = f"the constant `%{name}` is already defined in {known['fileName']}:{known['line']}"
            self._problem("constant_redefined", message, definition)
            return
        try:
            value = evaluate(definition.value, lambda node: self.constant(node)[0], self._is_constant, self._literal)
        except ConstantError as error:
            self._problem(error.code, str(error), error.node)
            return
        except RecursionError:
            self._problem("const_arithmetic", "the expression is nested too deeply", definition)
            return
        self._warn_of_member(name, definition)
        if name in self._options.defines:
            self._define_over(definition, value)
            return
        dialect = self._machine.dialect
        lowest, highest = dialect.long_constant_range if definition.long else dialect.constant_range
        kind = "CONSTL" if definition.long else "CONST"
        if not lowest <= value <= highest:
            message = f"`%{name}` = {shown(value)}, but a {kind} must be in [{lowest}, {highest}]"
            self._problem("constant_range", message, definition)
            return
        self._constants[name] = {
            "value": str(value),
            "type": kind,
            "line": self._line,
            "fileName": self._unit.file_name,
        }

    def _define_over(self, definition: ConstantStatement, value: int) -> None:
        entry = _defined_entry(self._options.defines[definition.name])
        self._constants[definition.name] = {
            "value": entry["value"],
            "type": entry["type"],
            "originalValue": shown(value),
            "originalType": "CONSTL" if definition.long else "CONST",
            "defines": True,
            "line": self._line,
            "fileName": self._unit.file_name,
        }
        message = f"the definition of `%{definition.name}` is ignored: the options define it as {entry['value']}"
        self.warn("constant_defined_outside", message, definition)

    def reference(self, name: Reference) -> int:
        """The address of a label or else the cell of a variable, if already defined. *Raises:* ConstantError."""
        if name.name in self._labels:
            return self._labels[name.name]
        if name.name in self._variables:
            return self._variables[name.name].offset
        message = f"`@{name.name}`: no label or variable of that name is defined before this point"
        raise ConstantError("reference_undefined", message, name)

    # Includes

    def _include(self, include: IncludeStatement) -> None:
        unit, line = self._unit, self._line
        text = self._included_text(include)
        if text is not None:
            source = parse_source(text[1], text[0], self._machine)
            self.problems += source.problems
            self._process(unit_of(source.file_name, source.lines, source.tree.statements))
        self._statement, self._line = include, line
        assert self._unit is unit
        self._refuse_pending("include", include)

    def _included_text(self, include: IncludeStatement) -> tuple[str, str] | None:
        """The name and text of an included file, None when that is a problem."""
        if self._resolve_include is None:
            message = f'"{include.path}" cannot be included: the source is assembled from memory, without a folder'
            self._problem("include_not_found", message, include)
            return None
        try:
            name, text = self._resolve_include(self._unit.file_name, include.path)
        except (OSError, LookupError, UnicodeError, ValueError) as error:
            self._problem("include_not_found", f'"{include.path}" cannot be read: {error}', include)
            return None
        self._included += 1
        if name in self._open_files or self._included > INCLUDE_LIMIT:
            chain = " → ".join((*self._open_files[-4:], name))
            message = f'"{include.path}" includes itself ({chain})'
            if name not in self._open_files:
                message = f"more than {INCLUDE_LIMIT} files are included"
            self._problem("include_recursive", message, include)
            return None
        return name, text

    # Steps

    def _step(self, step: StepStatement) -> None:
        unit, line, index = self._unit, self._line, len(self._rows)
        row: dict[str, Any] = {}
        open_row = _OpenRow(row, step, line, unit)
        reported = len(self.problems)
        if step.terms:
            self._add_left_side(open_row, index)
        if step.destinations:
            self._add_destinations(row, step.destinations)
        if step.operations:
            self._add_operations(open_row, step)
        row["line"] = line
        if unit.commands:
            row["cmdBefore"] = None
            open_row.before, unit.commands = unit.commands, []
        open_row.is_broken = len(self.problems) > reported
        self._rows.append(open_row)
        get = row.get
        unit.command_may_follow = not (get("JMP") or get("JMPC") or get("JMPN") or get("call") or get("return"))

    def _add_left_side(self, open_row: _OpenRow, index: int) -> None:
        row = open_row.row
        try:
            row.update(self._left_side.fields(open_row.statement.terms, index))
        except ConstantError as error:
            self._problem(error.code, str(error), error.node)
            return
        except AdviceSyntaxError as error:
            self._problem("tag_syntax", f"in the advice: {error.message}", self._statement)
            return
        node = row.get("freeInTag")
        if node is not None:
            open_row.advice = node
            if type(node) is advice.Empty:
                self._check_free_input(open_row.statement)

    def _check_free_input(self, step: StepStatement) -> None:
        names = [operation.name for operation in step.operations]
        for message in legality.free_input_problems(self._machine, names):
            self.warn("free_input", message, step)

    def _add_destinations(self, row: dict[str, Any], destinations: tuple[RegisterName, ...]) -> None:
        for register in destinations:
            name = register.name
            if name in self._read_only:
                self._problem("readonly_destination", f"{name} is read only", register)
                continue
            set_field = self._set_fields[name]
            if set_field in row:
                self._problem("destination_twice", f"{name} is assigned twice", register)
            row[set_field] = 1

    def _add_operations(self, open_row: _OpenRow, step: StepStatement) -> None:
        row, operations = open_row.row, step.operations
        needs_sum = None
        for operation in operations:
            operand = operation.operand
            template = self._templates[operation.name, operand.shape if operand else ""]
            if row.keys().isdisjoint(template.fields):
                row.update(template.fields)
                if operand is not None and template.slots:
                    self._fill(row, template, operand)
                    open_row.has_names = open_row.has_names or template.has_names
            else:
                shared = next(name for name in template.fields if name in row)
                message = f"{operation.name} needs the field `{shared}`, which the step already uses; use two steps"
                self._problem("field_collision", message, operation)
            if template.needs_sum and needs_sum is None:
                needs_sum = operation
        if needs_sum is not None and not step.terms:
            message = f"{needs_sum.name} needs a left side: a value before the colon"
            self._problem("left_required", message, needs_sum)
        if row.get("JMPC") == 1 and "bin" not in row:
            message = "a jump on the carry needs a binary operation in the same step"
            self._problem("jmpc_without_bin", message, step)
        if len(operations) > 1 or step.destinations:
            names = [operation.name for operation in operations]
            for reason in legality.forbidden(self._machine, names, [register.name for register in step.destinations]):
                self.warn("never_emit", reason, step)

    def _fill(self, row: dict[str, Any], template: Template, operand: Operand) -> None:
        """Put names and numbers of the operand into their fields."""
        for name, slot in template.slots:
            match slot:
                case Slot.FIRST_NAME:
                    row[name] = operand.names[0].text
                case Slot.NEXT:
                    row[name] = NEXT
                case Slot.SECOND_NAME:
                    row[name] = operand.names[1].text
                case _:
                    number = Number(operand.number or 0, start=operand.start, end=operand.end)
                    try:
                        value = self._literal(number)
                    except ConstantError as error:
                        self._problem(error.code, str(error), operand)
                        value = 0
                    row[name] = value if slot is Slot.NUMBER else -value

    # Pass 2: names

    def _finish(self, open_row: _OpenRow, index: int) -> None:
        """Resolve the names of a row and complete it."""
        row, unit = open_row.row, open_row.unit
        self._unit, self._statement, self._line = unit, open_row.statement, open_row.line
        if not open_row.is_broken:
            if open_row.has_names:
                self._resolve_names(row, index)
            if open_row.before:
                row["cmdBefore"] = self._commands(open_row.before)
            if open_row.after:
                row["cmdAfter"] = self._commands(open_row.after)
            if open_row.advice is not None:
                row["freeInTag"] = self._advice(open_row.advice)
        row["fileName"] = unit.file_name
        row["lineStr"] = unit.lines.texts[open_row.line - 1]

    def _resolve_names(self, row: dict[str, Any], index: int) -> None:
        offset = row.get("offset")
        if type(offset) is str and offset != _JAVASCRIPT_NUMBER:
            row["offsetLabel"] = offset
            is_code = any(row.get(name) for name in ("JMP", "JMPC", "JMPN", "JMPZ", "call"))
            if is_code and not row.get("useJmpAddr"):
                row["offset"] = self._label_address(offset)
            else:
                self._resolve_variable(row, offset)
        for name in ("jmpAddr", "elseAddr"):
            label = row.get(name)
            if type(label) is str and label != _JAVASCRIPT_NUMBER:
                row[name + "Label"] = label
                if label in _JAVASCRIPT_MEMBERS and label not in self._labels:
                    # The public assembler finds a function there, which is not written into the JSON.
                    self.warn(
                        "label_undefined", f"the label `{label}` is not defined; the jump goes to 0", self._statement
                    )
                    del row[name]
                else:
                    row[name] = index + 1 if label == NEXT else self._label_address(label)

    def _label_address(self, name: str) -> int | bool:
        """The address of a label; False when it is undefined and that is allowed, as in the public assembler."""
        address = self._labels.get(name)
        if address is not None:
            return address
        message = f"the label `{name}` is not defined"
        if self._options.allow_undefined_labels:
            self.warn("label_undefined", message, self._statement)
        else:
            self._problem("label_undefined", message, self._statement)
        return False

    def _resolve_variable(self, row: dict[str, Any], name: str) -> None:
        variable = self._variables.get(name)
        if variable is None:
            row["offset"] = 0
            message = f"the variable `{name}` is not defined; declare it with `VAR GLOBAL {name}` or `VAR CTX {name}`"
            if self._options.allow_undefined_variables:
                self.warn("variable_undefined", message, self._statement)
            else:
                self._problem("variable_undefined", message, self._statement)
            return
        offset = row["offset"] = variable.offset + row.get("extraOffset", 0)
        row["useCTX"] = int(variable.scope == "CTX")
        if variable.count > 1 and self._machine.dialect.array_bounds:
            row["maxInd"] = variable.offset + variable.count - 1 - offset
            row["baseLabel"] = variable.offset
            row["sizeLabel"] = variable.count

    def _commands(self, commands: list[CommandStatement]) -> list[AdviceNode]:
        found = []
        for command in commands:
            try:
                found.append(self._advice(advice.parse(command.text, self._machine)))
            except AdviceSyntaxError as error:
                self._problem("tag_syntax", f"in the command `{command.text}`: {error.message}", self._statement)
        return found

    def _advice(self, node: Advice) -> AdviceNode:
        if type(node) is advice.Empty:
            return {"op": ""}
        if advice.has_data(node):
            try:
                node = advice.resolve(node, self, self._machine)
            except UnresolvedError as error:
                self._problem(error.code, str(error), self._statement)
        return advice.to_json(node)

    def variable(self, name: str) -> Variable:
        """The variable that advice names. *Raises:* KeyError."""
        return self._variables[name]

    def constant_value(self, name: str) -> int:
        """The constant that advice names. *Raises:* KeyError."""
        try:
            return self.constant(ConstantName(name))[0]
        except ConstantError:
            raise KeyError(name) from None


def _defined_entry(define: Define | int) -> ConstantEntry:
    if not isinstance(define, Define):
        define = Define(define)
    return {"value": str(define.value), "type": "CONSTL" if define.long else "CONST", "defines": True}


def unit_of(file_name: str, lines: Lines, statements: Sequence[Statement]) -> Unit:
    """A parsed file as a unit."""
    return Unit(file_name, lines, [(statement, lines.line(statement.start)) for statement in statements])
