"""Every kind of diagnostic: its code, how grave it is, and what it means.

The codes of the assembler are its own (`Problem.code`). diagnostics.md, which is installed with the server, has a
section for each row, which a diagnostic links to; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

DOCUMENTATION = Path(__file__).resolve().parent.parent / "diagnostics.md"


class Severity(Enum):
    """How grave a diagnostic is."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic; `faded` is for code that has no use."""

    name: str
    severity: Severity
    meaning: str
    faded: bool = False

    @property
    def link(self) -> str:
        """Where it is explained."""
        return f"{DOCUMENTATION.as_uri()}#L{_section_lines()[self.name]}"


@lru_cache(maxsize=1)
def _section_lines() -> dict[str, int]:
    """The line, counted from 1, of each section of the page."""
    lines = DOCUMENTATION.read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("## "): number for number, line in enumerate(lines, 1) if line.startswith("## ")}


def _errors(**meanings: str) -> tuple[Code, ...]:
    return tuple(Code(name, Severity.ERROR, meaning) for name, meaning in meanings.items())


def _warnings(**meanings: str) -> tuple[Code, ...]:
    return tuple(Code(name, Severity.WARNING, meaning) for name, meaning in meanings.items())


def _faded(**meanings: str) -> tuple[Code, ...]:
    return tuple(Code(name, Severity.HINT, meaning, faded=True) for name, meaning in meanings.items())


_ROWS = (
    *_errors(
        syntax="The line is not what the language allows at that place.",
        lexical="A line separator of Unicode outside of a comment, which the assembler cannot read.",
        tag_syntax="The advice between braces cannot be read.",
        tag_module="Advice reads only `mem.x`, `addr.x` and `const.X`.",
        tag_reference_undefined="Advice names a variable that is not declared.",
        constant_range="A constant is outside of what its kind holds.",
        constant_undefined="A constant is used that is not defined before that place.",
        constant_redefined="A constant is defined twice.",
        const_arithmetic="A constant expression has no value: a division by zero, a negative exponent, a huge number.",
        mix_const_constl="A plain constant and one with the suffix `n` meet in a sum or a product.",
        multiplication="A product needs a plain constant on one side.",
        two_tags="A step takes at most one free input.",
        negation="A long constant cannot be negated in this dialect.",
        reference_undefined="`@name` needs a label or a variable that is defined before it.",
        label_undefined="A jump goes to a label that is not defined.",
        label_redefined="A label is defined twice.",
        variable_undefined="An address names a variable that is not declared.",
        variable_redefined="A variable is declared twice.",
        global_too_big="The variables take more cells than there are.",
        destination_twice="A register is assigned twice in a step.",
        readonly_destination="A register that is only read is assigned.",
        field_collision="Two operations need the same part of an instruction, so they cannot share a step.",
        left_required="An operation needs a value before the colon.",
        jmpc_without_bin="A jump on the carry needs a binary operation in its step.",
        command_before_label="A command stands before a label and not at a step.",
        command_before_var="A command stands before a variable and not at a step.",
        command_before_include="A command stands before an INCLUDE and not at a step.",
        include_not_found="An included file cannot be read.",
        include_recursive="A file includes itself, directly or through others.",
        dialect="A line that names a dialect is wrong, or contradicts the dialect of its program.",
        configuration="The settings of the project are wrong, so they name no dialect.",
        interface="The interface line of a compiled program is damaged.",
        directive="A `;@ run` line cannot be read.",
        run_failed="A `;@ run` line did not come to what it expects.",
        trap="A run stopped at this step, which no proof can show.",
    ),
    *_warnings(
        inexact_number="A plain number above 2^53 is rounded as a double.",
        advice_lost="A sign before a free input drops its advice.",
        reference_name_lost="A sign or a product drops the name of a reference from the ROM.",
        command_dropped="A command stands behind the last step, so it never runs.",
        constant_defined_outside="The options of the assembler give the constant another value.",
        address_index_as_text="An index of `addr.x` is written behind the address as text.",
        unportable_name="The public assembler refuses the name.",
        free_input="Nothing, or more than one thing, defines a bare `$`.",
        never_emit="The step assembles, but executor and constraints disagree about it.",
        advice_function="Advice calls a function that does not exist, or with the wrong number of parameters.",
        array_index="A fixed index is outside of its array.",
        address_limit="An address is outside of the region that it belongs to.",
        program_too_long="The program has more instructions than a trace has rows.",
        free_input_unpinned="The prover can choose this free input, and it reaches a result.",
        next_label="A label is called `next`, which in a jump always means the following step.",
    ),
    *_faded(
        unreachable_code="No way leads to this step.",
        unused_label="No jump and no reference names the label.",
        unused_variable="Nothing reads or writes the variable.",
        unused_constant="Nothing uses the constant.",
        no_effect="The step assigns nothing and has no operation.",
    ),
    Code("foreign_file", Severity.INFORMATION, "The file seems to be of another language with the same ending."),
)

CODES = {row.name: row for row in _ROWS}
"""The kinds of diagnostics by their codes."""
