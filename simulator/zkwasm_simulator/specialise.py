"""Turns a decoded row into one Python function that executes it.

`row_function(row, …)` gives a function of (machine, step) that does the step and returns the next zkPC, or raises an
`ExecutionFault` without a place. Its text is put together from the parts that the row has, in the order in which the
machine works; there is one method for each part. Constants of a row are parameters of the text, so that rows of the
same shape share one compiled text.

In the text, `m` is the machine, `op0` and `op1` are the limbs of the step's value, `f0` and `f1` those of its free
input, `a` to `d` and `op` whole words, `address` the address, and `n` the next zkPC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from zkwasm_simulator import faults
from zkwasm_simulator.advice import Expression, advice_limbs, compile_advice
from zkwasm_simulator.decode import CONTEXT_STRIDE, Address, DecodedRow
from zkwasm_simulator.field import LIMB_MASK, PRIME, SINGLE_LIMB_LIMIT, WORD_MASK, ZERO
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, Machine

RowFunction = Callable[[Machine, int], int]
FreeInputHook = Callable[[Machine, int, int, int, int], tuple[int, int]]
"""Called as hook(machine, step, zkpc, low, high) with each honest free input; gives the one to use."""

_LIMBS = {name: (f"m.{name}0", f"m.{name}1") for name in WIDE_REGISTERS} | {
    "ROTL_C": ("m.C1", "m.C0"),
    "STEP": ("step", None),
    "CNT_ARITH": ("m.arith", None),
    "CNT_BINARY": ("m.binary", None),
    "CNT_KECCAK_F": ("m.keccak", None),
    "CNT_MEM_ALIGN": ("m.mem_align", None),
    **{name: (f"m.{name}", None) for name in SINGLE_REGISTERS},
}

_BINARY_RESULTS = {
    "ADD": "(a + b) & WORD",
    "SUB": "(a - b) & WORD",
    "LT": "1 if a < b else 0",
    "SLT": "1 if a ^ SIGN < b ^ SIGN else 0",
    "EQ": "1 if a == b else 0",
    "AND": "a & b",
    "OR": "a | b",
    "XOR": "a ^ b",
}
_CARRIES = {
    "ADD": "a + b > WORD",
    "SUB": "a < b",
    "LT": "result",
    "SLT": "result",
    "EQ": "result",
    "AND": "result",
    "OR": "0",
    "XOR": "0",
}


def row_function(
    row: DecodedRow,
    program_length: int,
    *,
    skip_address_check: bool = False,
    hook: FreeInputHook | None = None,
    traps: frozenset[int] = frozenset(),
    called: bool = False,
) -> RowFunction:
    """The function that executes `row` of a program of `program_length` rows. When it goes to one of the rows `traps`,
    the machine's `trapped_at` says so; a row that is only `called` lets the call answer for it."""
    writer = RowWriter(row, program_length, skip_address_check, hook, traps)
    writer.called = called
    return writer.function()


class RowWriter:
    """Writes the text of one row's function. Subclasses give parts another meaning (`audit.constraint_rows`)."""

    called = False

    def __init__(
        self,
        row: DecodedRow,
        program_length: int,
        skip_address_check: bool,
        hook: FreeInputHook | None,
        traps: frozenset[int] = frozenset(),
    ) -> None:
        self.row = row
        self.traps = traps
        self.program_length = program_length
        self.skip_address_check = skip_address_check
        self.hook = hook
        self.lines: list[str] = []
        self.constants: list[object] = []
        self.words: set[str] = set()

    def function(self) -> RowFunction:
        self.commands(self.row.commands_before, "step")
        self.address()
        self.free_input()
        self.sum()
        self.assertion()
        self.memory()
        self.hash()
        self.arith()
        self.binary()
        self.mem_align()
        self.destinations()
        self.next()
        self.commands_after()
        self.emit("return n")
        made: RowFunction = _factory(tuple(self.lines), len(self.constants))(*self.constants)
        return made

    def emit(self, *lines: str) -> None:
        self.lines.extend(lines)

    def bind(self, value: object) -> str:
        """The name that stands for a constant in the text."""
        self.constants.append(value)
        return f"k{len(self.constants) - 1}"

    # Commands and address

    def commands(self, nodes: Iterable[dict[str, Any]], step: str, zkpc: int | None = None) -> None:
        for number, node in enumerate(nodes):
            if number == 0:
                self.emit(f"m.step = {step}")
            command = self.expression(node, self.row.index if zkpc is None else zkpc)
            self.emit(f"{self.bind(command)}(m)")

    def expression(self, node: dict[str, Any], zkpc: int) -> Expression:
        """The function that computes advice."""
        return compile_advice(node, zkpc)

    def address(self) -> None:
        """Computes `address`: checks the part that is relative to the region, then adds region and context."""
        form = self.row.address
        if form is None:
            return
        if form.fixed:
            self.fixed_address(form)
            return
        parts = [self.bind(form.offset)]
        if form.index_e:
            self.signed("index", "m.E0", "E as an index")
            parts.append("index")
        if form.index_rr:
            parts.append("m.RR")
        if form.stack_pointer:
            parts.append("m.SP")
        self.emit(f"address = {' + '.join(parts)}")
        if not self.skip_address_check:
            limit = self.bind(form.limit)
            self.emit(f"if not 0 <= address < {limit}:", f"    raise address_range(address, {limit})")
        if form.base:
            self.emit(f"address += {self.bind(form.base)}")
        if form.context:
            self.emit(f"address += m.CTX * {CONTEXT_STRIDE}")

    def fixed_address(self, form: Address) -> None:
        if not self.skip_address_check and not 0 <= form.offset < form.limit:
            self.emit(f"raise address_range({self.bind(form.offset)}, {self.bind(form.limit)})")
        context = f" + m.CTX * {CONTEXT_STRIDE}" if form.context else ""
        self.emit(f"address = {self.bind(form.base + form.offset)}{context}")

    def signed(self, name: str, source: str, what: str) -> None:
        """`name` = the field element `source` as a signed number; a fault when no one-limb register can hold it."""
        self.emit(
            f"{name} = {source}",
            f"if {name} > {SINGLE_LIMB_LIMIT}:",
            f"    {name} -= {PRIME}",
            f"    if {name} < -{SINGLE_LIMB_LIMIT}:",
            f"        raise not_32bit({what!r}, {name} + {PRIME})",
        )

    # The step's value

    def free_input(self) -> None:
        """Computes `f0` and `f1`: advice, or what the only operation that gives a value gives."""
        row = self.row
        if not row.free:
            return
        if row.advice is not None:
            self.emit("m.step = step", f"f0, f1 = advice_limbs({self.bind(self.expression(row.advice, row.index))}(m))")
        elif len(row.givers) == 1:
            self.given(row.givers[0])
        else:
            for giver in row.givers:
                self.given(giver)
            fault = f"free_input_ambiguous({self.bind(row.givers)})" if row.givers else "free_input_empty()"
            self.emit("f0 = f1 = 0", f"raise {fault}")
        if self.hook is not None:
            self.emit(f"f0, f1 = {self.bind(self.hook)}(m, step, {self.bind(row.index)}, f0, f1)")

    def given(self, operation: str) -> None:
        """The value of the bare `$` of `operation`."""
        if operation == "MLOAD":
            self.emit("f0, f1 = m.memory.get(address, ZERO)")
            return
        if operation in ("HASHK", "HASHK1"):
            self.hash_place()
            value = "stream.read(m.HASHPOS, size)"
        elif operation == "MEM_ALIGN_RD":
            self.mem_align_read()
            value = "aligned"
        else:
            self.binary_result(operation)
            value = "result"
        self.emit(f"f = {value}", f"f0 = f & {LIMB_MASK}", "f1 = f >> 32")

    def given_is_value(self, operation: str | None) -> bool:
        """Is the step's value exactly what `operation` gives, so that there is nothing to compare?"""
        row = self.row
        plain = row.free == 1 and not row.terms and row.constant == ZERO
        return plain and row.advice is None and row.givers == (operation,) and self.hook is None

    def sum(self) -> None:
        """Computes `op0` and `op1`, the limbs of the step's value, in the field."""
        row = self.row
        for limb in (0, 1):
            parts = []
            reduced = True
            for source, coefficient in row.terms:
                text = _LIMBS[source][limb]
                if text is not None:
                    parts.append(self.product(text, coefficient))
                    reduced &= coefficient == 1 and source not in _UNREDUCED
            if row.free:
                parts.append(self.product(f"f{limb}", row.free))
                reduced &= row.free == 1
            if row.constant[limb] or not parts:
                parts.append(self.bind(_signed_constant(row.constant[limb]) if parts else row.constant[limb]))
            total = " + ".join(parts)
            self.emit(f"op{limb} = {total}" if reduced and len(parts) == 1 else f"op{limb} = ({total}) % {PRIME}")

    def product(self, text: str, coefficient: int) -> str:
        return text if coefficient == 1 else f"{text} * {self.bind(_signed_constant(coefficient))}"

    def word(self, name: str, low: str, high: str, what: str) -> None:
        """`name` = a pair of limbs as a 64-bit number; a fault unless both are normalised."""
        if name in self.words:
            return
        self.words.add(name)
        self.emit(
            f"if {low} | {high} > {LIMB_MASK}:",
            f"    raise limb_range({what!r}, {low}, {high})",
            f"{name} = {low} | {high} << 32",
        )

    def register_words(self, names: str) -> None:
        for name in names:
            self.word(name.lower(), f"m.{name}0", f"m.{name}1", name)

    def value_word(self) -> None:
        self.word("op", "op0", "op1", "the step's value")

    # Operations

    def assertion(self) -> None:
        if self.row.assertion:
            self.emit("if op0 != m.A0 or op1 != m.A1:", "    raise assertion(op0, op1, m.A0, m.A1)")

    def memory(self) -> None:
        if self.row.memory is None:
            return
        self.emit("m.memory_accesses += 1")
        if self.row.memory == "write":
            self.emit("m.memory[address] = (op0, op1)")
        elif not self.given_is_value("MLOAD"):
            self.emit(
                "cell = m.memory.get(address)",
                "if cell is None:",
                "    if op0 or op1:",
                "        raise memory_read_uninitialised(address, op0, op1)",
                "elif cell != (op0, op1):",
                "    raise memory_read(address, cell, op0, op1)",
            )

    def hash_place(self) -> None:
        """`stream` and the `size` of the piece that the step adds to it."""
        if "stream" in self.words:
            return
        self.words.add("stream")
        self.emit("stream = m.stream(address)")
        if self.row.hash == "HASHK1":
            self.emit("size = 1")
        else:
            self.signed("size", "m.D0", "D as a size")

    def hash(self) -> None:
        match self.row.hash:
            case "HASHK" | "HASHK1":
                self.hash_place()
                self.value_word()
                self.emit("stream.write(m.HASHPOS, size, op)")
            case "HASHKLEN":
                self.signed("length", "op0", "the length")
                self.emit("m.stream(address).finish(length)")
            case "HASHKDIGEST":
                self.value_word()
                self.register_words("ABC")
                self.emit(
                    "stream = m.stream(address)",
                    "stream.check_digest(op | a << 64 | b << 128 | c << 192)",
                    "m.keccak += stream.permutations",
                )

    def arith(self) -> None:
        if not self.row.arith:
            return
        self.register_words("ABCD")
        self.value_word()
        self.emit("if a * b + c != d << 64 | op:", "    raise arith(a, b, c, d, op)", "m.arith += 1")

    def binary_result(self, operation: str) -> None:
        if "result" in self.words:
            return
        self.words.add("result")
        self.register_words("AB")
        self.emit(f"result = {_BINARY_RESULTS[operation]}")

    def binary(self) -> None:
        operation = self.row.binary
        if operation is None:
            return
        self.binary_result(operation)
        if not self.given_is_value(operation):
            self.value_word()
            self.emit("if op != result:", f"    raise binary({operation!r}, a, b, result, op)")
        self.emit("m.binary += 1")

    def mem_align_offset(self) -> None:
        self.register_words("C")
        self.emit("if c > 7:", "    raise mem_align_offset(c)", "bits = 8 * c")

    def mem_align_read(self) -> None:
        if "aligned" in self.words:
            return
        self.words.add("aligned")
        self.register_words("AB")
        self.mem_align_offset()
        self.emit("aligned = (a << 64 | b) >> 64 - bits & WORD")

    def mem_align(self) -> None:
        match self.row.mem_align:
            case None:
                return
            case "MEM_ALIGN_RD":
                self.mem_align_read()
                if not self.given_is_value("MEM_ALIGN_RD"):
                    self.value_word()
                    found = "f'{aligned:#x}', f'the value {op:#x}'"
                    self.emit("if op != aligned:", f"    raise mem_align('MEM_ALIGN_RD', {found})")
            case "MEM_ALIGN_WR":
                self.register_words("ABDE")
                self.value_word()
                self.mem_align_offset()
                found = "f'D = {w0:#x}, E = {w1:#x}', f'D = {d:#x}, E = {e:#x}'"
                self.emit(
                    "w0 = a & WORD << 64 - bits & WORD | op >> bits",
                    "w1 = op << 64 - bits & WORD | b & WORD >> bits",
                    "if d != w0 or e != w1:",
                    f"    raise mem_align('MEM_ALIGN_WR', {found})",
                )
            case _:
                self.register_words("AD")
                self.value_word()
                self.mem_align_offset()
                self.emit(
                    "w0 = a & (WORD ^ 0xFF << 56 - bits) | (op & 0xFF) << 56 - bits",
                    "if d != w0:",
                    "    raise mem_align('MEM_ALIGN_WR8', f'D = {w0:#x}', f'D = {d:#x}')",
                )
        self.emit("m.mem_align += 1")

    # Next state

    def destinations(self) -> None:
        row = self.row
        if row.repeat:
            self.emit("repeats = m.RCX != 0")
        if row.jump.kind == "RETURN":
            self.emit("back = m.RR")
        for name in row.destinations:
            if name in WIDE_REGISTERS:
                self.emit(f"m.{name}0 = op0", f"m.{name}1 = op1")
        singles = [name for name in row.destinations if name in SINGLE_REGISTERS]
        if singles:
            self.signed("single", "op0", singles[0])
        for name in singles:
            self.emit(f"m.{name} = single")
        if row.stack_increment and "SP" not in singles:
            self.emit(f"m.SP += {row.stack_increment}")
        if row.jump.kind == "CALL" and "RR" not in singles:
            self.emit(f"m.RR = {self.bind(row.index + 1)}")
        if row.hash in ("HASHK", "HASHK1"):
            self.emit("m.HASHPOS += size")
        if row.repeat and "RCX" not in singles:
            self.emit("if repeats:", "    m.RCX -= 1")

    def next(self) -> None:
        """Sets `n`, the next zkPC."""
        jump = self.row.jump
        taken, otherwise = self.taken(), [self.go(jump.otherwise)]
        match jump.kind:
            case "next" if self.row.repeat:
                self.branch("repeats", [f"n = {self.bind(self.row.index)}"], otherwise)
            case "next":
                self.emit(*otherwise)
            case "JMP" | "CALL" | "RETURN":
                self.emit(*taken)
            case "JMPZ":
                self.branch("op0 == 0", taken, otherwise)
            case "JMPC":
                self.branch(_CARRIES[self.row.binary or ""], taken, otherwise)
            case _:
                self.emit(f"if {LIMB_MASK} < op0 < {PRIME - LIMB_MASK}:", "    raise jmpn_range(op0)")
                self.branch(f"op0 > {LIMB_MASK}", taken, otherwise)

    def branch(self, condition: str, taken: list[str], otherwise: list[str]) -> None:
        self.emit(f"if {condition}:", *_indented(taken), "else:", *_indented(otherwise))

    def taken(self) -> list[str]:
        """The statements that set `n` to where a taken jump goes."""
        jump = self.row.jump
        if jump.target is not None:
            return [self.go(jump.target)]
        length = self.bind(self.program_length)
        source = "back" if jump.kind == "RETURN" else "address"
        return [f"n = {source}", f"if not 0 <= n < {length}:", f"    raise pc_out_of_program(n, {length})"]

    def go(self, target: int | str) -> str:
        """The statement that sets `n` to a fixed row."""
        if isinstance(target, str):
            return f"raise undefined_label({self.bind(target)})"
        if target in self.traps:
            return f"n = {self.bind(target)}; m.trapped_at = {'m.RR - 1' if self.called else self.row.index}"
        if 0 <= target < self.program_length:
            return f"n = {self.bind(target)}"
        return f"raise pc_out_of_program({self.bind(target)}, {self.bind(self.program_length)})"

    def commands_after(self) -> None:
        """Commands behind the step see the new registers; they run only when the next row is the following one."""
        if not self.row.commands_after:
            return
        following = self.row.index + 1
        self.emit(f"if n == {self.bind(following)}:")
        before = len(self.lines)
        self.commands(self.row.commands_after, "step + 1", following)
        self.lines[before:] = _indented(self.lines[before:])


_UNREDUCED = {name for name, (_, high) in _LIMBS.items() if high is None}
"""Sources whose low limb is a signed number, not yet a field element."""


def _signed_constant(value: int) -> int:
    """A field element as the number of least magnitude: smaller intermediate products."""
    return value if value <= PRIME // 2 else value - PRIME


def _indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


_NAMES: dict[str, object] = {
    "WORD": WORD_MASK,
    "SIGN": 1 << 63,
    "ZERO": ZERO,
    "advice_limbs": advice_limbs,
    **{name: getattr(faults, name) for name in (
        "assertion", "limb_range", "not_32bit", "binary", "arith", "mem_align", "mem_align_offset", "memory_read",
        "memory_read_uninitialised", "address_range", "jmpn_range", "pc_out_of_program", "undefined_label",
        "free_input_empty", "free_input_ambiguous",
    )},
}  # fmt: skip


@cache
def _factory(lines: tuple[str, ...], constants: int) -> Callable[..., RowFunction]:
    """Compiles a text; the result makes the row's function from its constants."""
    parameters = ", ".join(f"k{number}" for number in range(constants))
    text = "\n".join(
        [f"def make({parameters}):", "    def row(m, step):", *_indented(_indented(list(lines))), "    return row"]
    )
    namespace = dict(_NAMES)
    exec(compile(text, "<zkASM row>", "exec"), namespace)
    factory: Callable[..., RowFunction] = namespace["make"]  # type: ignore[assignment]
    return factory
