"""The names of a program: labels, variables and constants, how they are defined and what they mean."""

from __future__ import annotations

from zkwasm_compiler.asm.constants import ConstantError, as_double, evaluate, shown
from zkwasm_compiler.asm.options import AssembleOptions, Define
from zkwasm_compiler.asm.program import ConstantEntry, Variable
from zkwasm_compiler.asm.report import Report
from zkwasm_compiler.asm.syntax import (
    ConstantName,
    ConstantStatement,
    LabelStatement,
    Node,
    Number,
    Reference,
    VariableStatement,
)
from zkwasm_compiler.isa.machine import Machine

JAVASCRIPT_MEMBERS = frozenset(
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
"""Names that look defined to the public assembler, which keeps its tables in plain JavaScript objects."""

JAVASCRIPT_NUMBER = "Infinity"
"""What the public assembler takes for a number where an operand has a name."""


class Symbols:
    """The tables of one program."""

    def __init__(self, machine: Machine, options: AssembleOptions, report: Report) -> None:
        self._dialect = machine.dialect
        self._options = options
        self._report = report
        self.labels: dict[str, int] = {}
        self.variables: dict[str, Variable] = {}
        self.constants: dict[str, ConstantEntry] = {}
        self._next_global = 0
        self._next_context = 0

    # Definitions

    def define_label(self, label: LabelStatement, address: int) -> None:
        """A label at `address`. One at address 0 may move, as in the public assembler."""
        name = label.name
        known = self.labels.get(name)
        message = f"the label `{name}` is already defined, at address {known}"
        if known and not self._options.allow_overwrite_labels:
            self._report.problem("label_redefined", message, label)
        else:
            if known is not None:
                self._report.warn("label_redefined", message, label)
            self.labels[name] = address
        self._warn_of_name(name, label)

    def define_variable(self, variable: VariableStatement) -> None:
        """A variable behind those of its scope."""
        if variable.name in self.variables:
            message = f"the variable `{variable.name}` is already defined"
            self._report.problem("variable_redefined", message, variable)
            return
        try:
            count = self._array_size(variable.size)
        except ConstantError as error:
            self._report.problem(error.code, str(error), error.node)
            return
        if variable.scope == "GLOBAL":
            offset = self._next_global
            self._next_global += count
        else:
            offset = self._next_context
            self._next_context += count
            if self._dialect.context_variables_take_global_cells:
                self._next_global += count
        self.variables[variable.name] = Variable(variable.name, variable.scope, offset, count)
        self._warn_of_name(variable.name, variable)

    def _array_size(self, size: Number | ConstantName | None) -> int:
        if size is None:
            return 1
        return self.literal(size) if isinstance(size, Number) else self.constant(size)[0]

    def check_memory(self) -> None:
        """The limit on global cells, at the end."""
        limit = self._dialect.global_cells_limit
        if limit is not None and self._next_global > limit:
            self._report.problem("global_too_big", f"the variables take {self._next_global} cells; there are {limit}")

    def define_constant(self, definition: ConstantStatement, line: int, file_name: str) -> None:
        """A constant; one that the options define keeps that value."""
        name = definition.name
        known = self.constants.get(name)
        if known is not None and "line" in known:
            message = f"the constant `%{name}` is already defined in {known['fileName']}:{known['line']}"
            self._report.problem("constant_redefined", message, definition)
            return
        try:
            value = evaluate(definition.value, lambda node: self.constant(node)[0], self._is_constant, self.literal)
        except ConstantError as error:
            self._report.problem(error.code, str(error), error.node)
            return
        self._warn_of_name(name, definition)
        kind = "CONSTL" if definition.long else "CONST"
        if name in self._options.defines:
            entry = _defined_entry(self._options.defines[name])
            entry = {
                "value": entry["value"],
                "type": entry["type"],
                "originalValue": shown(value),
                "originalType": kind,
                "defines": True,
            }
            message = f"the definition of `%{name}` is ignored: the options define it as {entry['value']}"
            self._report.warn("constant_defined_outside", message, definition)
        else:
            lowest, highest = self._dialect.long_constant_range if definition.long else self._dialect.constant_range
            if not lowest <= value <= highest:
                message = f"`%{name}` = {shown(value)}, but a {kind} must be in [{lowest}, {highest}]"
                self._report.problem("constant_range", message, definition)
                return
            entry = {"value": str(value), "type": kind}
        entry["line"], entry["fileName"] = line, file_name
        self.constants[name] = entry

    def _warn_of_name(self, name: str, node: Node) -> None:
        if name in JAVASCRIPT_MEMBERS:
            self._report.warn("unportable_name", f"the public assembler refuses the name `{name}`", node)
        elif name == JAVASCRIPT_NUMBER:
            self._report.warn("unportable_name", f"operands do not find the name `{name}`: it reads as a number", node)

    # Meanings

    def constant(self, name: ConstantName) -> tuple[int, bool]:
        """The value of a constant and whether it is long. *Raises:* ConstantError."""
        entry = self.constants.get(name.name)
        if entry is None:
            define = self._options.defines.get(name.name)
            if define is None:
                message = f"the constant `%{name.name}` is not defined before this point"
                raise ConstantError("constant_undefined", message, name)
            entry = self.constants[name.name] = _defined_entry(define)
        return int(entry["value"]), entry["type"] == "CONSTL"

    def _is_constant(self, name: str) -> bool:
        return name in self.constants or name in self._options.defines

    def literal(self, number: Number) -> int:
        """The value of a literal; a plain one is a double, which may round it. *Raises:* ConstantError."""
        written = number.value
        if number.long or written < 1 << 53:
            return written
        value = as_double(number)
        if value != written:
            message = f"{shown(written)} is rounded to {shown(value)}; write the suffix `n` for an exact number"
            self._report.warn("inexact_number", message, number)
        return value

    def reference(self, name: Reference) -> int:
        """The address of a label or else the cell of a variable, if already defined. *Raises:* ConstantError."""
        if name.name in self.labels:
            return self.labels[name.name]
        if name.name in self.variables:
            return self.variables[name.name].offset
        message = f"`@{name.name}`: no label or variable of that name is defined before this point"
        raise ConstantError("reference_undefined", message, name)

    def label_address(self, name: str) -> int | bool:
        """The address of a label; False when it is undefined and that is allowed, as in the public assembler."""
        address = self.labels.get(name)
        if address is not None:
            return address
        message = f"the label `{name}` is not defined"
        if self._options.allow_undefined_labels:
            self._report.warn("label_undefined", message)
        else:
            self._report.problem("label_undefined", message)
        return False

    def addressed_variable(self, name: str) -> Variable | None:
        """The variable of an address; None when it is undefined, which is noted."""
        variable = self.variables.get(name)
        if variable is None:
            message = f"the variable `{name}` is not defined; declare it with `VAR GLOBAL {name}` or `VAR CTX {name}`"
            if self._options.allow_undefined_variables:
                self._report.warn("variable_undefined", message)
            else:
                self._report.problem("variable_undefined", message)
        return variable

    def variable(self, name: str) -> Variable:
        """The variable that advice names. *Raises:* KeyError."""
        return self.variables[name]

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
