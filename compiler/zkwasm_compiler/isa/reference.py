"""The reference page of a machine, generated from its rows: `python -m zkwasm_compiler.isa.reference > docs/…`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from zkwasm_compiler.isa import machine as machine_named
from zkwasm_compiler.isa.machine import Dialect, Machine, OperandForm, Operation, Slot

_PLACEHOLDERS = {
    Slot.NUMBER: "n",
    Slot.NEGATED_NUMBER: "−n",
    Slot.FIRST_NAME: "first name",
    Slot.SECOND_NAME: "second name",
    Slot.NEXT: "`next`",
}


def reference_page(machine: Machine) -> str:
    """The page as Markdown."""
    parts = [
        f"# {machine.title}: `{machine.name}`",
        f"Generated from the tables of `zkwasm_compiler.isa.{machine.name}`; change the rows, not this page.\n\n"
        "A step computes `op`, the sum of its left side, assigns it to registers and holds operations on it:\n\n"
        "```\nop = Σ coefficient · register + constant + free input\n"
        "sum => registers :operations\n```",
        _limits(machine),
        f"## Dialect\n\nIts zkASM is dialect `{machine.dialect.name}`. Dialects differ in the words below and in this:"
        "\n\n" + _dialect(machine.dialect),
        "## Registers\n\n" + _table(("register", "limbs", "left side", "assigned by", "use"), _registers(machine)),
        "## Counters\n\nReadable on the left side and in advice.\n\n"
        + _table(
            ("counter", "left side", "counts"),
            ((f"`{c.name}`", f"`{c.input_field}`", c.counts) for c in machine.counters),
        ),
        "## Rows\n\nEvery state machine of a run has the same number of rows, a power of two; the largest decides.\n\n"
        + _table(("state machine", "rows"), ((row.name, row.rows_for) for row in machine.state_machines)),
        "## Operations\n\n"
        + _table(("operation", "effect", "constrained", "reads", "writes", "rows", "`$`"), _operations(machine)),
        "A `yes` in the last column: the operation gives the value of a bare `$`.",
        "## Operand forms and fields\n\n"
        "The fields are in the order in which the ROM has them.\n\n" + "\n\n".join(_forms(machine)),
        "## What may share a step\n\n" + _sharing(machine),
        "## Never emitted together\n\n"
        + _table(("first", "second", "why"), ((f"`{r.first}`", f"`{r.second}`", r.reason) for r in machine.forbidden)),
        "## Advice functions\n\n" + _table(("function", "parameters", "gives"), _functions(machine)),
    ]
    return "\n\n".join(parts) + "\n"


def _limits(machine: Machine) -> str:
    limits, dialect = machine.limits, machine.dialect
    lines = [
        f"- Field: p = {limits.field_prime}. A normalised register of {limits.limbs} limbs has {limits.limb_bits} bits "
        "a limb.",
        f"- Constants: plain in [{dialect.constant_range[0]}, {dialect.constant_range[1]}], in the low limb; "
        f"with suffix `n` in [{dialect.long_constant_range[0]}, {dialect.long_constant_range[1]}], over all limbs.",
        f"- Memory of a context, {limits.context_stride:#x} cells apart: "
        + ", ".join(f"{r.name} from {r.first_cell:#x}, {r.cells:#x} cells ({r.use})" for r in limits.regions)
        + ".",
        f"- A relative address is below {limits.address_limit:#x}, in memory below {limits.memory_address_limit:#x}; "
        f"{limits.single_limbs}.",
        f"- Public values: {limits.input_words} input words, {limits.output_words} output words; a trace has at most "
        f"{limits.trace_rows:#x} rows, the last {limits.rows_before_end} are the end.",
    ]
    return "\n".join(lines)


def _dialect(dialect: Dialect) -> str:
    free = _shown_fields(dialect.free_fields)
    low = "not in this dialect"
    if dialect.low_free_fields is not None:
        low = f"free in the low limb only; {_shown_fields(dialect.low_free_fields)}"
    size = "a number or a `%constant`" if dialect.array_size_may_be_constant else "a number"
    shared = "and leaves as many global cells free" if dialect.context_variables_take_global_cells else "only"
    bounds = "in the ROM, checked when it runs" if dialect.array_bounds else "not checked"
    cells = "no limit" if dialect.global_cells_limit is None else f"at most {dialect.global_cells_limit} cells"
    context = "of the context" if dialect.advice_reads_use_context else "of context 0 also for a `VAR CTX`"
    index = "is put behind the address as text, write `+`" if dialect.advice_address_is_text else "is added"
    sign = (
        "keeps advice and name; a coefficient of advice is allowed, a leading sign of a long constant is not"
        if dialect.sign_keeps_names
        else "drops the advice or the name (a warning says so); advice has no coefficient"
    )
    rows = (
        ("`$`, `${advice}`", free),
        ("`$0{advice}`", low),
        ("`VAR GLOBAL name[size]`", f"size is {size}; {cells} for all"),
        ("`VAR CTX name[size]`", f"takes cells of the context {shared}"),
        ("bounds of `name[E]`", bounds),
        ("`mem.name` in advice", f"the cell {context}"),
        ("`addr.name[i]` in advice", f"i {index}"),
        ("`-${advice}`, `-@name`", sign),
    )
    return _table(("what", "how"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _registers(machine: Machine) -> Iterator[tuple[str, ...]]:
    for row in machine.registers:
        left = f"`{row.input_field}`" if row.input_field else "`CONST`"
        yield f"`{row.name}`", str(row.limbs), left, f"`{row.set_field}`" if row.set_field else "read only", row.note


def _operations(machine: Machine) -> Iterator[tuple[str, ...]]:
    for row in machine.operations:
        operand = "(…)" if any(form.shape for form in row.forms) else ""
        cost = ", ".join(f"{count} {name}" for name, count in row.rows) or "–"
        reads, writes = " ".join(row.reads) or "–", " ".join(row.writes) or "–"
        yield (
            f"`{row.name}{operand}`",
            row.effect,
            row.constraint,
            reads,
            writes,
            cost,
            "yes" if row.defines_free else "",
        )


def _forms(machine: Machine) -> Iterator[str]:
    """One table for all operations whose operands are written alike."""
    groups: dict[tuple[tuple[str, str], ...], list[Operation]] = {}
    for operation in machine.operations:
        key = tuple((form.shape, _shown_fields(_operand_fields(operation, form))) for form in operation.forms)
        groups.setdefault(key, []).append(operation)
    for operations in groups.values():
        names = ", ".join(f"`{row.name}`" for row in operations)
        own = "\n".join(f"- `{row.name}`: {_shown_fields(_own_fields(row))}" for row in operations)
        if operations[0].forms[0].shape:
            rows = [
                (f"`{form.shape}`", form.meaning, _shown_fields(_operand_fields(operations[0], form)))
                for form in operations[0].forms
            ]
            yield f"### {names}\n\n{own}\n\n" + _table(("operand", "means", "fields"), rows)
        else:
            yield f"### {names}\n\n{own}"


def _own_fields(operation: Operation) -> list[tuple[str, int | Slot]]:
    """The fields that all forms of an operation share with the same value."""
    shared = set(operation.forms[0].fields).intersection(*(form.fields for form in operation.forms))
    return [entry for entry in operation.forms[0].fields if entry in shared]


def _operand_fields(operation: Operation, form: OperandForm) -> list[tuple[str, int | Slot]]:
    own = _own_fields(operation)
    return [entry for entry in form.fields if entry not in own]


def _shown_fields(fields: Iterable[tuple[str, int | Slot]]) -> str:
    shown = (f"{name} {_PLACEHOLDERS[value] if isinstance(value, Slot) else value}" for name, value in fields)
    return ", ".join(shown) or "no further fields"


def _sharing(machine: Machine) -> str:
    lines = [
        "Operations share a step when they have no field in common: `+` in every pair of their operand forms, `·` in",
        "some, nothing in none. Operations that share alike have one line. A conditional jump on the carry needs a",
        "binary operation beside it.",
        "",
    ]
    groups: dict[tuple[str, ...], list[Operation]] = {}
    for operation in machine.operations:
        groups.setdefault(tuple(_sharing_mark(operation, other) for other in machine.operations), []).append(operation)
    heads = [group[0] for group in groups.values()]
    rows = [
        (" ".join(f"`{row.name}`" for row in group), *(_sharing_mark(group[0], head) for head in heads))
        for group in groups.values()
    ]
    return "\n".join(lines) + "\n" + _table(("", *(_group_name(group) for group in groups.values())), rows)


def _group_name(group: list[Operation]) -> str:
    return f"`{group[0].name}`" + (" …" if len(group) > 1 else "")


def _sharing_mark(first: Operation, second: Operation) -> str:
    outcomes = {
        {name for name, _ in one.fields}.isdisjoint(name for name, _ in other.fields)
        for one in first.forms
        for other in second.forms
    }
    return "" if outcomes == {False} else "+" if outcomes == {True} else "·"


def _functions(machine: Machine) -> Iterator[tuple[str, ...]]:
    for row in machine.advice_functions:
        count = f"{row.least} or more" if row.most is None else str(row.least)
        if row.most is not None and row.most != row.least:
            count = f"{row.least} to {row.most}"
        yield f"`{row.name}`", count, row.result


if __name__ == "__main__":
    sys.stdout.write(reference_page(machine_named(*sys.argv[1:2])))
