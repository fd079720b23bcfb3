"""The arith machine: A·B + C = D·2^64 + op on numbers of 64 bits, in chunks of 16 bits.

Eight rows hold one operation. Row k is the equation of the bits from 16k on: its products and sums plus what row k − 1
hands over are 2^16 times what it hands over itself. Nothing is handed over across operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zkwasm_simulator.constraints.columns import Column, Table, table
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.permutation import Cells, check_permutation
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.counters import ARITH_ROWS
from zkwasm_simulator.faults import field_text, limbs_text
from zkwasm_simulator.field import PRIME

CARRY_LIMIT = 1 << 22
"""What a row hands over is −CARRY_LIMIT to CARRY_LIMIT − 1."""

_CHUNK_BITS = 16
_CHUNK_MASK = (1 << _CHUNK_BITS) - 1
_CHUNKS = tuple(f"{name}[{chunk}]" for name in ("a", "b", "c", "d", "op") for chunk in range(4))
_RANGES = (
    ("a[0]", "c[0]", "op[0]"), ("a[1]", "c[1]", "op[1]"), ("a[2]", "c[2]", "op[2]"), ("a[3]", "c[3]", "op[3]"),
    ("b[0]", "d[0]"), ("b[1]", "d[1]"), ("b[2]", "d[2]"), ("b[3]", "d[3]"),
)  # fmt: skip
"""The chunks whose range each of the eight rows checks."""

_OPERANDS = ("A0", "A1", "B0", "B1", "C0", "C1", "D0", "D1", "op0", "op1")


def operations(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows of the main machine with ARITH, each with the limbs of A, B, C, D and its value."""
    steps = view.steps_with("arith")
    return steps, view.tuples(steps, _OPERANDS)


def arith_table(view: MainView) -> Table:
    """The rows of a prover who answers whatever is asked; what does not add up is left in the last row."""
    return table("Arith", (row for limbs in operations(view)[1] for row in _rows(limbs)))


def _rows(limbs: Cells) -> Iterator[Cells]:
    chunks = tuple(half for limb in limbs for half in (limb & _CHUNK_MASK, limb >> _CHUNK_BITS))
    carry = 0
    for clock in range(ARITH_ROWS):
        yield (*chunks, carry % PRIME, int(clock == ARITH_ROWS - 1))
        carry = _sum(chunks, clock) + carry >> _CHUNK_BITS


def _sum(chunks: Sequence[int], clock: int) -> int:
    """The products and sums of one row, without what it takes over."""
    a, b, c, d, op = (chunks[place : place + 4] for place in range(0, 20, 4))
    total = sum(a[place] * b[clock - place] for place in range(max(0, clock - 3), min(clock, 3) + 1))
    return total + (c[clock] - op[clock] if clock < 4 else -d[clock - 4])


def check_arith(view: MainView, arith: Table, findings: Findings) -> None:
    """The operations are those of the main machine, and the equation holds for each."""
    steps, asked = operations(view)
    rows = [row for row, used in enumerate(arith["result"]) if used]
    shown = [_limbs(arith, row) for row in rows]
    check_permutation(findings, Constraint.ARITH, (steps, asked), (rows, shown), "Arith.result", _text)
    first = {limbs: step for step, limbs in zip(reversed(steps), reversed(asked), strict=True)}
    columns = [arith[name] for name in _CHUNKS]
    for start in range(0, len(arith), ARITH_ROWS):
        wrong = _wrong(arith, columns, start)
        if wrong is not None:
            row, name, message = wrong
            step = first.get(_limbs(arith, start + ARITH_ROWS - 1))
            findings.add(Constraint.ARITH, f"Arith.{name}", row, message, step=step)


def _limbs(arith: Table, row: int) -> Cells:
    """What a row shows to the main machine."""
    halves = [arith[name][row] for name in _CHUNKS]
    pairs = zip(halves[::2], halves[1::2], strict=True)
    return tuple((low + (high << _CHUNK_BITS)) % PRIME for low, high in pairs)


def _wrong(arith: Table, columns: Sequence[Column], start: int) -> tuple[int, str, str] | None:
    """The first row of an operation that is wrong, the column and why."""
    end = start + ARITH_ROWS
    for name, values in zip(_CHUNKS, columns, strict=True):
        held = values[start:end]
        if held.count(held[0]) != ARITH_ROWS:
            row = next(row for row in range(start + 1, end) if values[row] != values[row - 1])
            return row, name, f"{name} changes from {values[row - 1]} to {values[row]} within an operation"
    chunks = [values[start] for values in columns]
    places = dict(zip(_CHUNKS, chunks, strict=True))
    if max(chunks) > _CHUNK_MASK:
        clock, name = next((k, name) for k, names in enumerate(_RANGES) for name in names if places[name] > _CHUNK_MASK)
        return start + clock, name, f"{name} is {field_text(places[name])}, but it has {_CHUNK_BITS} bits"
    return _wrong_carry(arith, chunks, start) or _wrong_flag(arith, start)


def _wrong_carry(arith: Table, chunks: Sequence[int], start: int) -> tuple[int, str, str] | None:
    carries = arith["carry"][start : start + ARITH_ROWS]
    carries.append(0)
    if carries[0]:
        return start, "carry", f"the first row takes over {field_text(carries[0])}, but there is nothing before it"
    for clock in range(ARITH_ROWS):
        carry, following = carries[clock], carries[clock + 1]
        if not (carry < CARRY_LIMIT or carry >= PRIME - CARRY_LIMIT):
            return start + clock, "carry", f"the carry is {field_text(carry)}, but it has 23 bits with its sign"
        if (_sum(chunks, clock) + carry - (following << _CHUNK_BITS)) % PRIME:
            return start + clock, "carry", _equation(chunks)
    return None


def _wrong_flag(arith: Table, start: int) -> tuple[int, str, str] | None:
    for row in range(start, start + ARITH_ROWS):
        if arith["result"][row] > 1:
            return row, "result", f"result is {field_text(arith['result'][row])}, but it is a bit"
    return None


def _equation(chunks: Sequence[int]) -> str:
    a, b, c, d, op = (
        sum(chunk << _CHUNK_BITS * number for number, chunk in enumerate(chunks[place : place + 4]))
        for place in range(0, 20, 4)
    )
    if a * b + c == (d << 64) + op:
        return "what the rows hand over is not what their sums leave"
    found = f"A*B + C = {a:#x} * {b:#x} + {c:#x} = {a * b + c:#x}"
    return f"{found}, but D*2^64 + op = {(d << 64) + op:#x} (D = {d:#x}, op = {op:#x})"


def _text(limbs: Cells) -> str:
    pairs = zip(("A", "B", "C", "D", "value"), limbs[::2], limbs[1::2], strict=True)
    return f"ARITH with {', '.join(f'{name} = {limbs_text(low, high)}' for name, low, high in pairs)}"
