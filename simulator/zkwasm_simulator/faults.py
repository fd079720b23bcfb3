"""Execution faults: what a step did that no proof can show, and where.

Operations raise the faults of this module without a place; the run loop adds it (`ExecutionFault.locate`). The kinds
are stable names; tools compare them, people read the message.
"""

from __future__ import annotations

from zkwasm_compiler.asm.positions import Position
from zkwasm_compiler.errors import ExecutionError
from zkwasm_simulator.field import PRIME, SINGLE_LIMB_LIMIT


class ExecutionFault(ExecutionError):  # noqa: N818 - the field's word for it is fault
    """A step that cannot be executed or proved.

    `error_kind` names the rule that was broken, `detail` says how, with the values. `step` counts executed steps from
    0, `zkpc` is the row of the program, `file` and `line` its source; they are None when the fault has no place.
    `function` is the WebAssembly function that the row was compiled from, empty outside of functions, and `position`
    the instruction, where the program says so.
    """

    def __init__(self, error_kind: str, detail: str) -> None:
        super().__init__(detail)
        self.error_kind = error_kind
        self.detail = detail
        self.step: int | None = None
        self.zkpc: int | None = None
        self.file: str = ""
        self.line: int | None = None
        self.text: str = ""
        self.function: str = ""
        self.position: Position | None = None

    def locate(
        self,
        step: int,
        zkpc: int,
        file: str,
        line: int | None,
        text: str,
        function: str = "",
        position: Position | None = None,
    ) -> None:
        """Say where it happened, unless that is known already."""
        if self.step is None:
            self.step, self.zkpc, self.file, self.line, self.text = step, zkpc, file, line, text.strip()
            self.function, self.position = function, position

    def __str__(self) -> str:
        if self.step is None:
            return f"{self.error_kind}: {self.detail}"
        place = self.file or f"row {self.zkpc}"
        if self.line is not None:
            place += f":{self.line}"
        source = f" in `{self.text}`" if self.text else ""
        instruction = str(self.position) if self.position and self.position.function else self.function
        function = f" of the WebAssembly function {instruction}" if instruction else ""
        return f"{place}: {self.error_kind}: {self.detail}{source}{function} (step {self.step}, zkPC {self.zkpc})"


def field_text(value: int) -> str:
    """A field element as people read it: small negative numbers with their sign."""
    return str(value) if value <= PRIME // 2 else f"{value} (= {value - PRIME})"


def limbs_text(low: int, high: int) -> str:
    """A pair of limbs: one number when they are normalised, otherwise both, the high one first."""
    if (low | high) >> 32 == 0:
        return f"{low | high << 32:#x}"
    return f"[high {field_text(high)}, low {field_text(low)}]"


def assertion(op0: int, op1: int, a0: int, a1: int) -> ExecutionFault:
    return ExecutionFault("assert", f"the step's value is {limbs_text(op0, op1)}, but A is {limbs_text(a0, a1)}")


def limb_range(what: str, low: int, high: int) -> ExecutionFault:
    return ExecutionFault(
        "limb_range",
        f"{what} is {limbs_text(low, high)}, but it is used as a 64-bit number: both limbs must be below 2^32; "
        "reduce it first",
    )


def not_32bit(what: str, value: int) -> ExecutionFault:
    limit = SINGLE_LIMB_LIMIT
    return ExecutionFault(
        "not_32bit", f"{what} would be {field_text(value)}; it holds only -{limit:#x} to {limit:#x}, with their sign"
    )


def binary(name: str, a: int, b: int, expected: int, found: int) -> ExecutionFault:
    return ExecutionFault(
        "binary", f"{name} of A = {a:#x} and B = {b:#x} is {expected:#x}, but the step's value is {found:#x}"
    )


def arith(a: int, b: int, c: int, d: int, op: int) -> ExecutionFault:
    found = f"A*B + C = {a:#x} * {b:#x} + {c:#x} = {a * b + c:#x}"
    return ExecutionFault("arith", f"{found}, but D*2^64 + op = {(d << 64) + op:#x} (D = {d:#x}, op = {op:#x})")


def mem_align(name: str, expected: str, found: str) -> ExecutionFault:
    return ExecutionFault("mem_align", f"{name} gives {expected}, but the step has {found}")


def mem_align_offset(offset: int) -> ExecutionFault:
    return ExecutionFault("mem_align_offset", f"C is {offset}, but it is the byte offset and must be 0 to 7")


def memory_read(address: int, cell: tuple[int, int], op0: int, op1: int) -> ExecutionFault:
    found = limbs_text(op0, op1)
    return ExecutionFault(
        "memory_read", f"cell {address:#x} holds {limbs_text(*cell)}, but the step reads {found} from it"
    )


def memory_read_uninitialised(address: int, op0: int, op1: int) -> ExecutionFault:
    found = limbs_text(op0, op1)
    return ExecutionFault(
        "memory_read_uninitialised",
        f"cell {address:#x} was never written and holds 0, but the step reads {found} from it",
    )


def address_range(address: int, limit: int) -> ExecutionFault:
    """An address relative to its region that is outside of it."""
    if address < 0:
        return ExecutionFault("address_negative", f"the address relative to its region is {address}; the least is 0")
    return ExecutionFault(
        "address_too_big", f"the address relative to its region is {address:#x}; it must be below {limit:#x}"
    )


def jmpn_range(value: int) -> ExecutionFault:
    return ExecutionFault(
        "jmpn_range", f"JMPN decides by {field_text(value)}; the value must be between -(2^32-1) and 2^32-1"
    )


def pc_out_of_program(target: int, length: int) -> ExecutionFault:
    return ExecutionFault(
        "pc_out_of_program",
        f"the next instruction would be {target}, but the program has rows 0 to {length - 1}; "
        "end it with a jump, and put `finalizeExecution:` before an instruction",
    )


def undefined_label(label: str) -> ExecutionFault:
    return ExecutionFault("pc_out_of_program", f"jumps to the label {label!r}, which is not defined")


def free_input_empty() -> ExecutionFault:
    return ExecutionFault(
        "free_input_empty",
        "the step takes a free input, but none of its operations gives it a value; "
        "use `$` with MLOAD, HASHK, a binary operation or MEM_ALIGN_RD, or write `${expression}`",
    )


def free_input_ambiguous(names: tuple[str, ...]) -> ExecutionFault:
    return ExecutionFault(
        "free_input_ambiguous",
        f"`$` could be the value of {' or '.join(names)}; write `${{expression}}` to say which it is",
    )


def steps_exhausted(limit: int) -> ExecutionFault:
    return ExecutionFault(
        "steps_exhausted",
        f"`finalizeExecution` was not reached in {limit} steps; the program loops or needs a higher limit",
    )
