"""Loops over whole words as code: what memory.fill and memory.copy do where both sides are aligned.

They take byte addresses and a count of bytes, all multiples of four, in A, B and C; `fill_words` stores what is in B.
`move_words_r` reads from `r` bytes beyond B and joins two neighbouring words to each that it writes. Every word is
known to be inside the memory. No step takes advice: what the steps do is all that a prover can do.

Indexes and counts are in registers of one limb, which need no cells: RCX, HASHPOS, PC (it is put back) and, for a part
of a word, RR (which is kept in a cell). A move goes upwards where its destination is below its source, otherwise
downwards, so that words are read before they are written over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from zkwasm_compiler.machine.printer import PRIME, print_step
from zkwasm_compiler.machine.step import DEFINED, Operation, Slot, Step, Term, binary, jump, load, store

FILL = "fill_words"
MOVES = tuple(f"move_words_{rest}" for rest in range(4))
KEPT = Slot("kept", 0)
"""Where a loop keeps its return address."""
_QUARTER = pow(4, -1, PRIME)
_FILLED = 16
_DATA = ("A", "B", "C", "D")


def word_loops(used: Collection[str], *, uses_one: bool) -> list[str]:
    """The lines of the loops whose labels are in `used`; `uses_one`: PC holds 1 while functions run."""
    lines = _fill() if FILL in used else []
    for rest, label in enumerate(MOVES):
        if label in used:
            lines += _Move(label, rest, uses_one).lines()
    return lines


def keeps_return(used: Collection[str]) -> bool:
    """Whether a loop in `used` needs the cell `KEPT`."""
    return any(label in used for label in MOVES[1:])


class _Text:
    """Steps as lines."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def label(self, name: str) -> None:
        self.text.append(f"{name}:")

    def step(
        self, terms: Mapping[str, int], *destinations: str, constant: int = 0, do: tuple[Operation[str], ...] = ()
    ) -> None:
        """op is the constant and the sum of the registers in `terms`, each times its number."""
        sum_ = tuple(Term(name, factor) for name, factor in terms.items())
        self._add(Step(sum_, constant, destinations=destinations, operations=do))

    def take(self, destination: str, operation: Operation[str]) -> None:
        """The destination becomes what the operation defines."""
        self._add(Step(free=DEFINED, destinations=(destination,), operations=(operation,)))

    def _add(self, step: Step[str]) -> None:
        self.text.append("  " + print_step(step, _address))


def _address(slot: Slot) -> str:
    return f"MEM:E{slot.index:+d}" if slot.area == "memory" else f"{slot.area}[{slot.index}]"


def _word(number: int) -> Slot:
    return Slot("memory", number)


def _fill() -> list[str]:
    code = _Text()
    code.label(FILL)
    code.step({"A": _QUARTER}, "E")
    code.step({"C": _QUARTER}, "RCX")
    code.label(f"{FILL}_loop")
    code.step({"RCX": 1}, "RCX", constant=-_FILLED, do=(jump("JMPN", f"{FILL}_{_FILLED // 2}"),))
    for number in range(_FILLED):
        code.step({"B": 1}, do=(store(_word(number)),))
    code.step({"E": 1}, "E", constant=_FILLED, do=(jump("JMP", f"{FILL}_loop"),))
    count = _FILLED // 2
    while count:  # fewer than 2 * count words are left; RCX is that less 2 * count
        code.label(f"{FILL}_{count}")
        after = f"{FILL}_{count // 2}"
        code.step({"RCX": 1}, "RCX", constant=count, do=(jump("JMPN", after),))
        for number in range(count):
            code.step({"B": 1}, do=(store(_word(number)),))
        if count > 1:
            code.step({"RCX": 1}, "RCX", constant=-count)
            code.step({"E": 1}, "E", constant=count)
        count //= 2
    code.label(f"{FILL}_0")
    code.step({}, do=(jump("RETURN"),))
    return code.text


class _Move:
    """One loop upwards and one downwards; `rest` is how far into a word the source begins."""

    def __init__(self, label: str, rest: int, uses_one: bool) -> None:
        self.code = _Text()
        self.name = label
        self.rest = rest
        self.one = int(uses_one)

    def lines(self) -> list[str]:
        code, up, down = self.code, f"{self.name}_up", f"{self.name}_down"
        code.label(self.name)
        if self.rest:
            code.step({"RR": 1}, do=(store(KEPT),))
        code.step({"A": 1, "B": -1}, do=(jump("JMPN", up, down),))
        make = self.whole if self.rest == 0 else self.joined
        for label, sign in ((up, 1), (down, -1)):
            code.label(label)
            make(label, sign)
        code.label(f"{self.name}_done")
        if self.rest:
            code.take("RR", load(KEPT))
        code.step({}, "PC", constant=self.one, do=(jump("RETURN"),))
        return code.text

    def starts(self, sign: int) -> None:
        """Indexes in RCX (target), HASHPOS and E (source) and the number of words in PC: where a side begins on the way
        up, where it ends on the way down."""
        end = {"C": _QUARTER} if sign < 0 else {}
        self.code.step({"A": _QUARTER, **end}, "RCX")
        self.code.step({"B": _QUARTER, **end}, "HASHPOS", "E")
        self.code.step({"C": _QUARTER}, "PC")

    def whole(self, label: str, sign: int) -> None:
        """Word by word: eight, then what is left of eight."""
        code, done = self.code, f"{self.name}_done"
        self.starts(sign)
        code.label(f"{label}_8")
        code.step({"PC": 1}, "PC", constant=-8, do=(jump("JMPN", f"{label}_4"),))
        self.batch(sign, 4)
        self.batch(sign, 4, (jump("JMP", f"{label}_8"),))
        for count in (4, 2, 1):  # fewer than 2 * count words are left; PC is that less 2 * count
            code.label(f"{label}_{count}")
            after = done if count == 1 else f"{label}_{count // 2}"
            code.step({"PC": 1}, "PC", constant=count, do=(jump("JMPN", after),))
            self.batch(sign, count, (jump("JMP", done),) if count == 1 else ())
            if count > 1:
                code.step({"PC": 1}, "PC", constant=-count)

    def batch(self, sign: int, count: int, do: tuple[Operation[str], ...] = ()) -> None:
        """Move as many words as registers hold, and both indexes beyond them."""
        code = self.code
        places = list(zip(_DATA[:count], range(-count, 0) if sign > 0 else range(count), strict=True))
        code.step({"HASHPOS": 1}, "E", "HASHPOS", constant=sign * count)
        for register, number in places:
            code.take(register, load(_word(number)))
        code.step({"RCX": 1}, "E", "RCX", constant=sign * count)
        for register, number in places:
            last = do if register == places[-1][0] else ()
            code.step({register: 1}, do=(store(_word(number)), *last))

    def joined(self, label: str, sign: int) -> None:
        """A word is the upper bytes of one word and the lower bytes of the next. C is the part of the word in A that is
        needed now, RR the part of the last word that was left."""
        code = self.code
        self.starts(sign)
        lower = (1 << 8 * self.rest) - 1
        code.step({}, "B", constant=lower if sign > 0 else 0xFFFFFFFF ^ lower)
        self.part(0)
        self.left(sign)
        code.label(f"{label}_2")
        code.step({"PC": 1}, "PC", constant=-2, do=(jump("JMPN", f"{label}_1"),))
        first, second = (-1, 0) if sign > 0 else (1, 0)
        code.step({"HASHPOS": 1}, "E", "HASHPOS", constant=2 * sign)
        self.part(first)
        code.step(self.join(sign), "D")
        self.left(sign)
        self.part(second)
        code.step({"RCX": 1}, "E", "RCX", constant=2 * sign)
        first, second = (-2, -1) if sign > 0 else (1, 0)
        code.step({"D": 1}, do=(store(_word(first)),))
        code.step(self.join(sign), do=(store(_word(second)),))
        self.left(sign, (jump("JMP", f"{label}_2"),))
        code.label(f"{label}_1")
        code.step({"PC": 1}, "PC", constant=1, do=(jump("JMPN", f"{self.name}_done"),))
        code.step({"HASHPOS": 1}, "E", constant=sign)
        self.part(0)
        code.step({"RCX": 1}, "E", constant=min(sign, 0))
        code.step(self.join(sign), do=(store(_word(0)), jump("JMP", f"{self.name}_done")))

    def part(self, number: int) -> None:
        """Load a word, and mask what is needed of it."""
        self.code.take("A", load(_word(number)))
        self.code.take("C", binary("AND", "A", "B"))

    def left(self, sign: int, do: tuple[Operation[str], ...] = ()) -> None:
        """What is left of the word: on the way up the upper bytes, as a number; on the way down the lower ones."""
        scale = pow(256, -self.rest, PRIME) if sign > 0 else 1
        self.code.step({"A": scale, "C": -scale}, "RR", do=do)

    def join(self, sign: int) -> dict[str, int]:
        """The sum that is the word."""
        above = 1 << (32 - 8 * self.rest)
        return {"RR": 1, "C": above} if sign > 0 else {"C": pow(256, -self.rest, PRIME), "RR": above}
