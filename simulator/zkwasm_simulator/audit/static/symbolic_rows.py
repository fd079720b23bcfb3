"""One row on symbols: what it makes of the registers and cells, and what its constraints say.

A `State` is a point of a path. `execute` applies a row but for its jump, and gives the sum `op` and the carry, which
`paths` needs to see where the row goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from zkwasm_simulator.audit.effects import register_limbs
from zkwasm_simulator.audit.static.forms import ZERO_FORM, Form, constant, total, width
from zkwasm_simulator.audit.static.knowledge import Implication, Knowledge
from zkwasm_simulator.audit.static.locations import ARRAYS, BYTE_WINDOW, LINEAR_MEMORY, limb, region
from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.audit.static.values import ANYTHING, Values
from zkwasm_simulator.audit.static.windows import Pair, Product
from zkwasm_simulator.decode import CONTEXT_STRIDE, Address, DecodedRow
from zkwasm_simulator.field import LIMB_MASK
from zkwasm_simulator.machine import WIDE_REGISTERS

ONE = constant(1)
MAXIMAL_ALIGNMENT = 7

Place = tuple[str, Form]
"""A cell on a path: its region and its address."""


@dataclass(frozen=True, slots=True)
class Use:
    """A value that decides something: an address, the target of a jump, how often a row runs, what is hashed."""

    row: int
    form: Form


@dataclass(slots=True)
class State:
    """Registers and cells by what they hold; what is not there holds what it held where the path began.

    `scattered`: an array was written at an index, which may have been any cell. `byte_cells`: a cell of the linear
    memory holds a byte.
    """

    knowledge: Knowledge
    values: Values
    registers: dict[str, Form] = field(default_factory=dict)
    cells: dict[Place, Pair] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    scattered: bool = False
    byte_cells: bool = False

    def copy(self) -> State:
        return replace(
            self,
            knowledge=self.knowledge.copy(),
            registers=dict(self.registers),
            cells=dict(self.cells),
            uses=list(self.uses),
        )

    def limb(self, name: str) -> Form:
        """The value of a limb of a register."""
        if name not in self.registers:
            self.registers[name] = self.given(name)
        return self.registers[name]

    def given(self, location: Location) -> Form:
        """What a location held where the path began. A window wider than a limb, that of a sum of unknown ones, says no
        more than none."""
        form = self.knowledge.symbols.given(self.values.first(location))
        window = self.values.window(location)
        if window != ANYTHING and width(window) <= LIMB_MASK:
            self.knowledge.require_window(form, window)
            if window[0] < 0:
                self.knowledge.negative.update(form.symbols)
        return self.knowledge.form(form)

    def word(self, register: str) -> Pair:
        """The limbs of a register as an operand; the high limb of a one-limb register is 0."""
        limbs = register_limbs(register)
        if not limbs:
            return self.knowledge.symbols.known(frozenset()), ZERO_FORM
        begun = limbs[0] in self.registers
        word = self.limb(limbs[0]), self.limb(limbs[1]) if len(limbs) > 1 else ZERO_FORM
        if not begun and register in self.values.words:
            self.knowledge.choices[word] = self.values.words[register]
        return word

    def begin(self) -> None:
        """The path to audit begins here: what is known now is given, and by the places that hold it."""
        held = {name: self.knowledge.form(form) for name, form in self.registers.items()}
        for place, word in self.cells.items():
            for number, form in enumerate(word):
                held[limb(place[0], number)] = self.knowledge.form(form)
        self.knowledge.symbols.rebase(held)
        self.uses.clear()

    def address(self, form: Address) -> Form:
        """The address that a row accesses or jumps to."""
        parts = [(constant(form.base + form.offset), 1)]
        parts += [(self.limb("E0"), 1)] if form.index_e else []
        parts += [(self.limb("RR"), 1)] if form.index_rr else []
        parts += [(self.limb("SP"), 1)] if form.stack_pointer else []
        parts += [(self.limb("CTX"), CONTEXT_STRIDE)] if form.context else []
        return self.knowledge.form(total(parts))


@dataclass(frozen=True, slots=True)
class Executed:
    """What a row computed: `op`, the carry of its binary operation, the free input it asked for."""

    op: Pair
    carry: Form | None = None
    free: Pair | None = None


def execute(state: State, row: DecodedRow, *, honest: bool, pushes: bool) -> Executed:
    """Apply `row` to `state` but for its jump. Its free input is open, unless it is `honest` for other reasons."""
    knowledge = state.knowledge
    given, carry, binary = _given(state, row, pushes)
    free: Pair | None = None
    if row.free and (row.advice is not None or given is None):
        free = (_free(state, honest), _free(state, honest))
    if row.free and free is None and given is not None:
        op = given
    else:
        op = _sum(state, row, free)
        if given is not None and (row.memory == "read" or row.mem_align == "MEM_ALIGN_RD" or binary):
            knowledge.require_zero(op[0] - given[0])
            knowledge.require_zero(op[1] - given[1])
    op = knowledge.form(op[0]), knowledge.form(op[1])
    _constrain(state, row, op)
    if row.memory is not None and row.address is not None:
        _access(state, row, op, pushes)
    if row.hash is not None:
        state.uses += [Use(row.index, form) for form in op]
    knowledge.settle()
    _assign(state, row, op)
    return Executed(op, carry, free)


def _free(state: State, honest: bool) -> Form:
    symbols = state.knowledge.symbols
    return symbols.known(frozenset()) if honest else symbols.open()


def _sum(state: State, row: DecodedRow, free: Pair | None) -> Pair:
    """The sum of terms, constant and free input, limb by limb."""
    low, high = [(constant(row.constant[0]), 1)], [(constant(row.constant[1]), 1)]
    for source, coefficient in row.terms:
        word = state.word(source)
        low.append((word[0], coefficient))
        high.append((word[1], coefficient))
    if free is not None:
        low.append((free[0], row.free))
        high.append((free[1], row.free))
    return total(low), total(high)


def _given(state: State, row: DecodedRow, pushes: bool) -> tuple[Pair | None, Form | None, bool]:
    """What the row's operations say `op` is, the carry, and whether the value is that of a binary operation."""
    if row.binary is not None:
        return *_binary(state, row.binary), True
    if row.memory == "read" and row.address is not None:
        return _read(state, row.address, pushes), None, False
    if row.mem_align == "MEM_ALIGN_RD":
        premises = (*state.word("A"), *state.word("B"), state.limb("C0"))
        return (state.knowledge.derived(premises), state.knowledge.derived(premises)), None, False
    if row.hash is not None and row.advice is None:
        return (state.knowledge.symbols.known(frozenset()),) * 2, None, False
    return None, None, False


# Operations


def _binary(state: State, operation: str) -> tuple[Pair, Form]:
    """The result and the carry of a binary operation of A and B, which are range checked with it."""
    knowledge = state.knowledge
    a, b = state.word("A"), state.word("B")
    knowledge.require_limbs(*a, *b)
    everything = (*a, *b)
    constants = _constants(knowledge, everything)
    if constants is not None:
        return _folded(operation, *constants)
    if operation in ("LT", "SLT", "EQ"):
        result = (knowledge.derived(everything), ZERO_FORM)
        knowledge.require_window(result[0], (0, 1))
        return result, result[0]
    low = _bitwise(knowledge, operation, a[0], b[0])
    wide = everything if operation in ("ADD", "SUB") else (a[1], b[1])
    high = _bitwise(knowledge, operation, a[1], b[1]) if len(wide) == 2 else knowledge.derived(wide)
    result = low, high
    knowledge.require_limbs(*result)
    if operation == "ADD" and a == b:
        knowledge.doubled.append((a, result))
    if operation in ("ADD", "SUB", "XOR"):
        for one, other in ((a, b), (b, a)):
            knowledge.implications.append(Implication((*other, *result), one))
            knowledge.implications.append(Implication((other[0], result[0]), (one[0],)))
    return result, knowledge.derived(everything)


def _bitwise(knowledge: Knowledge, operation: str, one: Form, other: Form) -> Form:
    """One limb of the result; of a mask that is a constant, bits that are kept and bits that are not make the limb."""
    one, other = knowledge.form(one), knowledge.form(other)
    if operation == "AND" and not one.terms:
        one, other = other, one
    if operation != "AND" or other.terms:
        return knowledge.derived((one, other))
    mask = other.constant & LIMB_MASK
    if not mask:
        return ZERO_FORM
    kept = knowledge.derived((one,))
    knowledge.require_window(kept, (0, mask // _lowest(mask)))
    kept = kept.times(_lowest(mask))
    cut = mask ^ LIMB_MASK
    if cut and one.terms and knowledge.known(one):
        rest = knowledge.derived((one,))
        knowledge.require_window(rest, (0, cut // _lowest(cut)))
        knowledge.decompose(one, kept + rest.times(_lowest(cut)))
    return kept


def _lowest(mask: int) -> int:
    return mask & -mask


def _constants(knowledge: Knowledge, forms: Sequence[Form]) -> tuple[int, int] | None:
    """A and B as numbers, when they are constants."""
    values = [knowledge.form(form) for form in forms]
    if any(value.terms or value.constant > LIMB_MASK for value in values):
        return None
    a0, a1, b0, b1 = (value.constant for value in values)
    return a0 | a1 << 32, b0 | b1 << 32


def _folded(operation: str, a: int, b: int) -> tuple[Pair, Form]:
    sign = 1 << 63
    carry = {
        "ADD": a + b >> 64,
        "SUB": int(a < b),
        "LT": int(a < b),
        "SLT": int(a ^ sign < b ^ sign),
        "EQ": int(a == b),
        "AND": int(a & b != 0),
    }.get(operation, 0)
    value = {"ADD": a + b, "SUB": a - b, "AND": a & b, "OR": a | b, "XOR": a ^ b}.get(operation, carry)
    return (constant(value & LIMB_MASK), constant(value >> 32 & LIMB_MASK)), constant(carry)


def _constrain(state: State, row: DecodedRow, op: Pair) -> None:
    """What the row's other operations demand."""
    knowledge = state.knowledge
    a, b = state.word("A"), state.word("B")
    if row.binary is not None:
        knowledge.require_limbs(*op)
        if row.binary == "LT" and op[0] == ONE:
            knowledge.smaller.append((a, b))
    if row.arith:
        c, d = state.word("C"), state.word("D")
        knowledge.require_limbs(*a, *b, *c, *d, *op)
        knowledge.products.append(Product(a, b, c, d, op))
    if row.assertion:
        knowledge.require_zero(op[0] - a[0])
        knowledge.require_zero(op[1] - a[1])
    if row.hash == "HASHK1":
        knowledge.require_window(op[0], BYTE_WINDOW)
        knowledge.require_zero(op[1])
    if row.hash == "HASHKDIGEST":  # it is that of the string
        digest = (*op, *a, *b, *state.word("C"))
        knowledge.require_limbs(*digest)
        knowledge.implications.append(Implication((), digest))
    if row.mem_align is not None:
        offset = state.limb("C0")
        knowledge.require_window(offset, (0, MAXIMAL_ALIGNMENT))
        if row.mem_align == "MEM_ALIGN_WR":
            written = (*state.word("D"), *state.word("E"))
            knowledge.implications.append(Implication((*a, *b, offset, *op), written))
        if row.mem_align == "MEM_ALIGN_WR8":
            knowledge.implications.append(Implication((*a, offset, op[0]), state.word("D")))


# Memory


def _place(state: State, form: Address, pushes: bool) -> Place:
    address = state.address(form)
    number = None if address.terms else address.constant
    return region(form, number, pushes=pushes), address


def _read(state: State, form: Address, pushes: bool) -> Pair:
    place = _place(state, form, pushes)
    if place not in state.cells:
        knowledge = state.knowledge
        known = knowledge.known(place[1])
        state.cells[place] = (_content(state, place, 0, known), _content(state, place, 1, known))
        if state.byte_cells and place[0] == LINEAR_MEMORY:
            knowledge.require_window(state.cells[place][0], BYTE_WINDOW)
    return state.cells[place]


def _content(state: State, place: Place, number: int, known: bool) -> Form:
    """What a cell holds that the path did not touch."""
    knowledge = state.knowledge
    where = limb(place[0], number)
    if not known:
        return knowledge.derived((place[1],))
    if place[0].startswith("cell ") and not state.scattered:
        return state.given(where)
    if place[0].startswith("slot ") and state.limb("SP") == state.given("SP"):
        return state.given(where)
    where_else = {limb(ARRAYS, number)} if place[0].startswith("cell ") else knowledge.locations(place[1])
    return knowledge.symbols.known(frozenset({where, *where_else}))


def _access(state: State, row: DecodedRow, op: Pair, pushes: bool) -> None:
    assert row.address is not None
    place = _place(state, row.address, pushes)
    if not state.knowledge.known(place[1]):
        state.uses.append(Use(row.index, place[1]))
    if row.memory == "write":
        if place[1].terms:  # other cells of the region may be this one
            anywhere = place[0] == ARRAYS
            state.scattered |= anywhere
            for other in [one for one in state.cells if one[1].symbols != place[1].symbols]:
                if other[0] == place[0] or (anywhere and other[0].startswith("cell ")):
                    del state.cells[other]
        state.cells[place] = op


def _assign(state: State, row: DecodedRow, op: Pair) -> None:
    """The destinations, and what else the row changes."""
    written = op
    if row.repeat:
        count = state.limb("RCX")
        state.uses.append(Use(row.index, count))
        written = (state.knowledge.derived((op[0], count)), state.knowledge.derived((op[1], count)))
    for name in row.destinations:
        if name in WIDE_REGISTERS:
            state.registers[f"{name}0"], state.registers[f"{name}1"] = written
        else:
            state.registers[name] = written[0]
    if row.stack_increment:
        moved = state.limb("SP") + constant(row.stack_increment)
        state.registers["SP"] = state.knowledge.derived((moved, count)) if row.repeat else moved
    if row.repeat:
        state.registers["RCX"] = ZERO_FORM
    if row.jump.kind == "CALL":
        state.registers["RR"] = constant(row.index + 1)
