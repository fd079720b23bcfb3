"""The 44 public numbers: what the verifier of a proof sees of the execution."""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_simulator.constraints.columns import Table, Trace
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text
from zkwasm_simulator.field import PRIME, ZERO, Limbs, split
from zkwasm_simulator.inputs import WORDS_PER_ROOT, PublicInputs, root_word
from zkwasm_simulator.interpreter import PublicValues
from zkwasm_simulator.trace import INPUT_STEPS, OUTPUT_ROWS

NO_OUTPUTS = (ZERO,) * OUTPUT_ROWS


@dataclass(frozen=True, slots=True)
class Statement:
    """What a proof is about: three registers and the free inputs of rows 2 to 9 go in, those of the last twelve rows
    and PC of the last row come out. All are field elements."""

    sp: int
    gas: int
    ctx: int
    inputs: tuple[Limbs, ...]
    outputs: tuple[Limbs, ...] = NO_OUTPUTS
    status: int = 0

    @classmethod
    def of(cls, inputs: PublicInputs, public: PublicValues | None = None) -> Statement:
        """The statement of a run with these inputs; `public` is what came out, everything 0 without it."""
        roots = (inputs.old_state_root, inputs.old_acc_input_hash)
        words = tuple(split(root_word(root, number)) for root in roots for number in range(WORDS_PER_ROOT))
        registers = inputs.old_num_batch % PRIME, inputs.chain_id % PRIME, inputs.fork_id % PRIME
        if public is None:
            return cls(*registers, words)
        return cls(*registers, words, public.outputs, public.status % PRIME)

    @classmethod
    def of_trace(cls, trace: Trace) -> Statement:
        """What a trace publishes."""
        main = trace.main
        return cls(
            sp=main["SP"][0],
            gas=main["GAS"][0],
            ctx=main["CTX"][0],
            inputs=tuple(_free(main, row) for row in INPUT_STEPS),
            outputs=tuple(_free(main, row) for row in range(trace.rows - OUTPUT_ROWS, trace.rows)),
            status=main["PC"][trace.rows - 1],
        )

    def cells(self, rows: int) -> list[tuple[str, int, int]]:
        """The public numbers by column and row, in a trace of `rows` rows."""
        words = [*zip(INPUT_STEPS, self.inputs, strict=True)]
        words += zip(range(rows - OUTPUT_ROWS, rows), self.outputs, strict=True)
        free = [(f"FREE{limb}", row, word[limb]) for row, word in words for limb in (0, 1)]
        registers = [("SP", 0, self.sp), ("GAS", 0, self.gas), ("CTX", 0, self.ctx), ("PC", rows - 1, self.status)]
        return registers + free


def _free(main: Table, row: int) -> Limbs:
    return main["FREE0"][row], main["FREE1"][row]


def check_publics(trace: Trace, statement: Statement, findings: Findings) -> None:
    """The public numbers are those of the statement."""
    for name, row, wanted in statement.cells(trace.rows):
        found = trace.main[name][row]
        if found != wanted:
            message = f"{name} of row {row} is public: the statement has {field_text(wanted)}, not {field_text(found)}"
            findings.add(Constraint.PUBLIC, f"Main.{name}", row, message, step=row)
