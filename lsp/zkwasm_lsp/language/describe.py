"""What things mean, as Markdown: operations, registers and advice functions from the machine's rows; labels, variables
and constants from the program; literals; what a step costs."""

from __future__ import annotations

from pathlib import Path

from zkwasm_compiler.asm import lexer
from zkwasm_compiler.asm.syntax import StepStatement
from zkwasm_compiler.isa import legality
from zkwasm_compiler.isa.machine import AdviceFunction, Counter, Machine, OperandForm, Operation, Register
from zkwasm_lsp.language import costs
from zkwasm_lsp.language.comments import documentation
from zkwasm_lsp.language.cursor import Cursor
from zkwasm_lsp.language.names import NEXT, Sort
from zkwasm_lsp.language.program import Named, Program, StepPlace, meaning

Names = dict[tuple[Sort, str], list[Named]]


def describe(cursor: Cursor, program: Program, path: Path, names: Names) -> tuple[str, int, int] | None:
    """The description of what is at a place, with the begin and end of it; None when there is nothing to say."""
    machine = program.machine
    found = _thing(cursor, program, names)
    if found is None:
        return None
    text, start, end = found
    step = cursor.chunk.step
    if step is not None and cursor.kind not in (lexer.NUMBER, lexer.LONG_NUMBER):
        text += f"\n\n---\n\n{step_cost(step, machine)}"
        addresses = program.addresses.get(StepPlace(path, cursor.index), [])
        if addresses:
            text += f" · address {', '.join(map(str, addresses))}"
    return text, start, end


def _thing(cursor: Cursor, program: Program, names: Names) -> tuple[str, int, int] | None:
    machine = program.machine
    name = cursor.name
    if name is not None and name.sort is not Sort.FILE:
        start, end = cursor.base + name.start, cursor.base + name.end
        sort = meaning(name, names)
        if sort is Sort.LABEL:
            return label(name.name, program, names), start, end
        if sort is Sort.VARIABLE:
            return variable(name.name, program, names), start, end
        return constant(name.name, program, names), start, end
    if cursor.word is not None:
        return _in_advice(cursor, machine)
    if cursor.kind in machine.operation_table:
        operation = machine.operation(cursor.kind)
        call = cursor.operation
        shape = None if call is None or call.operand is None else call.operand.shape
        return describe_operation(operation, shape), cursor.start, cursor.end
    word = register_or_counter(cursor.kind, machine)
    if word:
        return word, cursor.start, cursor.end
    if cursor.kind in (lexer.NUMBER, lexer.LONG_NUMBER):
        return literal(cursor.text, machine), cursor.start, cursor.end
    if cursor.kind == lexer.FREE_INPUT and cursor.text == "$":
        return _bare_free_input(cursor.chunk.step, machine), cursor.start, cursor.end
    if cursor.kind == lexer.NAME and cursor.text == NEXT:
        return "`next`: the following step", cursor.start, cursor.end
    if cursor.kind in (":", "=>", ",", "+", "-", "*") and cursor.chunk.step is not None:
        return f"```zkasm\n{cursor.chunk.text.strip()}\n```", cursor.start, cursor.end
    return None


# The machine


def describe_operation(operation: Operation, shape: str | None = None) -> str:
    """An operation, and the operand form that is used."""
    parts = [f"```zkasm\n{signature(operation)}\n```", operation.effect]
    if shape:
        form = operation.form(shape)
        if form.meaning:
            parts[-1] += f"\n\nOperand `{show_shape(form)}`: {form.meaning}"
    parts.append(f"**Constrained:** {operation.constraint}")
    facts = []
    if operation.reads:
        facts.append(f"reads {', '.join(operation.reads)}")
    if operation.writes:
        facts.append(f"writes {', '.join(operation.writes)}")
    rows = ", ".join(f"{count} {name}" for name, count in operation.rows)
    facts.append(f"rows besides its step: {rows or 'none'}")
    if operation.defines_free:
        facts.append("gives a bare `$` its value")
    parts.append(" · ".join(facts))
    return "\n\n".join(parts)


def signature(operation: Operation) -> str:
    """An operation as it is written, `(…)` for any of several operands."""
    shapes = [form for form in operation.forms if form.shape]
    if not shapes:
        return operation.name
    return f"{operation.name}({show_shape(shapes[0]) if len(shapes) == 1 else '…'})"


def show_shape(form: OperandForm) -> str:
    """An operand form as people write it."""
    text = form.shape.replace("name [", "name[").replace("[ ", "[").replace(" ]", "]")
    for symbol in ("++", "--"):
        text = text.replace(f" {symbol}", symbol)
    return text.replace(" :", ":").replace(": ", ":").replace(" ,", ",")


def register_or_counter(name: str, machine: Machine) -> str:
    """A register or a counter; empty for any other name."""
    if name in machine.register_table:
        return _register(machine.register(name), machine)
    if name in machine.counter_table:
        return _counter(machine.counter_table[name])
    return ""


def _register(row: Register, machine: Machine) -> str:
    limbs = "one limb" if row.limbs == 1 else f"{row.limbs} limbs of {machine.limits.limb_bits} bits"
    access = "read only" if row.read_only else "read and written"
    note = f"\n\n{row.note[0].upper()}{row.note[1:]}." if row.note else ""
    return f"**{row.name}**: register, {limbs}, {access}{note}"


def _counter(row: Counter) -> str:
    return f"**{row.name}**: counter, read only\n\nCounts {row.counts}."


def _in_advice(cursor: Cursor, machine: Machine) -> tuple[str, int, int] | None:
    assert cursor.word is not None
    word, start, end = cursor.word
    function = machine.advice_function_table.get(word)
    if function is not None:
        return describe_function(function), start, end
    known = register_or_counter(word, machine)
    if known:
        return known, start, end
    if word[0].isdigit():
        return literal(word, machine), start, end
    if cursor.kind == lexer.COMMAND:
        return "A command: runs for its effect on the executor and constrains nothing.", cursor.start, cursor.end
    return _ADVICE, cursor.start, cursor.end


_ADVICE = (
    "Advice: the executor computes this value of the free input. **Nothing constrains it** but the operations that the "
    "step and later ones do with it."
)


def describe_function(row: AdviceFunction) -> str:
    count = f"{row.least} or more" if row.most is None else str(row.least)
    if row.most is not None and row.most != row.least:
        count = f"{row.least} to {row.most}"
    return f"**{row.name}**: function of advice, parameters: {count}\n\nGives {row.result}."


def _bare_free_input(step: StepStatement | None, machine: Machine) -> str:
    names = [] if step is None else [call.name for call in step.operations]
    defining = [name for name in names if machine.operation(name).defines_free]
    if len(defining) == 1:
        operation = machine.operation(defining[0])
        return f"`$`: the value that {operation.name} defines. {operation.effect}; {operation.constraint}"
    return "\n\n".join(legality.free_input_problems(machine, names))


def literal(text: str, machine: Machine) -> str:
    """A number in other notations."""
    digits = text.replace("_", "").removesuffix("n")
    value = int(digits, 16) if digits.startswith("0x") else int(digits)
    kind = "over all limbs" if text.endswith("n") else "in the low limb"
    lines = [f"{value:,}".replace(",", "\u202f") + f" = {value:#x}, {kind}"]
    if value and value & (value - 1) == 0:
        lines[0] += f" = 2^{value.bit_length() - 1}"
    prime = machine.limits.field_prime
    if prime - 2**32 < value < prime:
        lines.append(f"as an element of the field: {value - prime}")
    return "\n\n".join(lines)


# Names


def label(name: str, program: Program, names: Names) -> str:
    """A label: its comment, its address, what its block and its routine cost."""
    named = names.get((Sort.LABEL, name), [])
    address = program.resolution.labels.get(name)
    parts = [f"```zkasm\n{name}:\n```"]
    parts += _documentation(named)
    if address is None:
        parts.append("not defined")
        return "\n\n".join(parts)
    uses = sum(not one.occurrence.defines for one in named)
    parts.append(f"label at address {address} · named {uses} time{'' if uses == 1 else 's'}")
    addresses = costs.block(program, address)
    if addresses:
        parts.append(f"**Block:** {costs.shown(costs.rows_at(program, addresses))}")
    found = costs.routine(program, name)
    if found is not None and (found.returns or found.calls or found.steps != len(addresses)):
        parts.append(_routine(found))
    return "\n\n".join(parts)


def _routine(found: costs.Routine) -> str:
    rows = {machine: count for machine, count in found.rows.items() if machine != "main"}
    text = f"**Routine:** {found.steps} steps"
    if rows:
        text += f", each once: {costs.shown(rows)}"
    if found.fewest is not None:
        if found.most is None:
            text += f"; a run takes at least {found.fewest} (it has a loop)"
        elif found.most == found.fewest:
            text += f"; every run takes {found.fewest}"
        else:
            text += f"; a run takes {found.fewest} to {found.most}"
    if found.calls:
        text += f"; calls {', '.join(f'`{name}`' for name in found.calls)}, which comes on top"
    return text


def variable(name: str, program: Program, names: Names) -> str:
    """A variable: its scope, its cells, their addresses."""
    named = names.get((Sort.VARIABLE, name), [])
    row = next((one for one in program.resolution.variables if one.name == name), None)
    if row is None:
        return "\n\n".join([f"```zkasm\n{name}\n```", *_documentation(named), "not defined"])
    size = "" if row.count == 1 else f"[{row.count}]"
    first, last = row.offset, row.offset + row.count - 1
    cells = f"cell {first:#x}" if row.count == 1 else f"cells {first:#x} to {last:#x}"
    where = (
        "of context 0"
        if row.scope == "GLOBAL"
        else f"of its context (+ CTX·{program.machine.limits.context_stride:#x})"
    )
    return "\n\n".join([f"```zkasm\nVAR {row.scope} {name}{size}\n```", *_documentation(named), f"{cells} {where}"])


def constant(name: str, program: Program, names: Names) -> str:
    """A constant and its value."""
    named = names.get((Sort.CONSTANT, name), [])
    entry = program.resolution.constants.get(name)
    if entry is None:
        return "\n\n".join([f"```zkasm\n%{name}\n```", *_documentation(named), "not defined, or without a value"])
    value = int(entry["value"])
    shown = f"{value} = {value:#x}" if value >= 0 else str(value)
    kind = "over all limbs" if entry["type"] == "CONSTL" else "in the low limb"
    return "\n\n".join(
        [f"```zkasm\n{entry['type']} %{name} = {value}\n```", *_documentation(named), f"{shown}, {kind}"]
    )


def _documentation(named: list[Named]) -> list[str]:
    """The comment of the definition, as a list of one or none."""
    for one in named:
        if one.occurrence.defines:
            text = documentation(one.source, one.source.index_at(one.start))
            return [text] if text else []
    return []


# Costs


def step_cost(step: StepStatement, machine: Machine) -> str:
    """What a step costs in each state machine."""
    rows = costs.step_rows(step, machine)
    return f"**This step:** {costs.shown(rows)} row{'' if sum(rows.values()) == 1 else 's'}"
