"""`check`: does an execution trace satisfy all constraints of the machine?

Nothing is executed here. Each constraint is evaluated on the columns and on the ROM, the fixed table that is made from
the program; the public machine's errata are repaired as `docs/machine-zkvm64.md` has them.
"""

from __future__ import annotations

from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.constraints.arith import check_arith
from zkwasm_simulator.constraints.binary import check_binary
from zkwasm_simulator.constraints.columns import Trace
from zkwasm_simulator.constraints.jumps import check_jmpn, check_jumps
from zkwasm_simulator.constraints.keccak import check_hashes
from zkwasm_simulator.constraints.main import check_assertions, check_counters, check_rom, check_zero_tests
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.mem_align import check_mem_align
from zkwasm_simulator.constraints.memory import check_memory
from zkwasm_simulator.constraints.publics import Statement, check_publics
from zkwasm_simulator.constraints.registers import check_registers
from zkwasm_simulator.constraints.violations import Constraint, Findings, Violation
from zkwasm_simulator.counters import ARITH_ROWS, BINARY_ROWS, MEM_ALIGN_ROWS
from zkwasm_simulator.trace import LEAST_TRACE_LENGTH

DEFAULT_LIMIT = 20


def check(
    trace: Trace, program: Program, statement: Statement | None = None, *, limit: int = DEFAULT_LIMIT
) -> list[Violation]:
    """The violations of a trace of `program`, the main one first; none when a proof of it exists.

    With `statement` the public numbers must be these; without, they are what the trace publishes. Of each class the
    first `limit` violations are given.

    *Raises:* ConfigurationError when the trace has no form that could be checked.
    """
    _require_form(trace)
    findings = Findings(trace, program, limit)
    view = MainView(trace)
    check_rom(trace, program, findings)
    check_assertions(view, findings)
    check_zero_tests(view, findings)
    check_counters(view, findings)
    check_registers(view, findings)
    check_jmpn(view, findings)
    check_jumps(view, findings)
    check_memory(view, trace.memory, findings)
    check_binary(view, trace.binary, findings)
    check_arith(view, trace.arith, findings)
    check_mem_align(view, trace.mem_align, findings)
    check_hashes(view, trace, findings)
    if statement is not None:
        check_publics(trace, statement, findings)
    check_rows(trace, program, findings)
    return findings.sorted()


def _require_form(trace: Trace) -> None:
    rows = trace.rows
    if rows < LEAST_TRACE_LENGTH or rows & (rows - 1):
        raise ConfigurationError(
            f"the trace has {rows} rows; their number must be a power of two, at least {LEAST_TRACE_LENGTH}"
        )
    if len(trace.arith) % ARITH_ROWS:
        raise ConfigurationError(f"Arith has {len(trace.arith)} rows; every operation takes {ARITH_ROWS}")
    if max(trace.main["instruction"]) >= len(trace.instructions):
        raise ConfigurationError(f"Main.instruction names one of {len(trace.instructions)} instructions, 0 the first")


def machine_rows(trace: Trace, program: Program) -> dict[str, int]:
    """The rows that the trace takes in each machine beside the main one, and the rows of the program."""
    return {
        "Mem": len(trace.memory),
        "Binary": BINARY_ROWS * len(trace.binary),
        "Arith": len(trace.arith),
        "MemAlign": MEM_ALIGN_ROWS * len(trace.mem_align),
        "Rom": len(program.rows),
    }


def check_rows(trace: Trace, program: Program, findings: Findings) -> None:
    """No machine has more than N rows."""
    for machine, used in machine_rows(trace, program).items():
        if used > trace.rows:
            message = f"{machine} takes {used} rows, but every machine has N = {trace.rows}"
            findings.add(Constraint.ROWS, machine, trace.rows, message)
