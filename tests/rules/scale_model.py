"""Rules on a machine with words of a few bits, tried with all operands and all advice.

Words of w bits and the field of p = 2^(2w) - 2^w + 1 elements (prime for w = 2 and w = 4) have the algebra of the real
machine: 2^(2w) = 2^w - 1 and 2^(3w) = -1. Literals and constants of the rules are scaled with it. What is exhaustive is
the low limb of advice that is only compared; limbs that ARITH checks are all words and one number out of range; a rule
with too many combinations is tried on a sample of operands, never on a sample of advice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from tests.rules.machine_model import ELSE, FAIL, FALLTHROUGH, THEN, VIOLATED, Limbs, Machine, Operands, Outcome
from tests.rules.prover import Operand, operands_of
from zkwasm_compiler.ir import integers
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Node, Pattern, Rule
from zkwasm_compiler.rules.template import StepTemplate

Values = Mapping[str, int]
Meaning = Callable[..., int]
RUNS, RUNS_WITHOUT_ADVICE = 400_000, 10_000
"""About how many runs a rule gets."""


class ScaleError(Exception):
    """A wrong result can be proved in the scale model, or a right one cannot."""


class UnwantedError(Exception):
    """The arguments break what whoever makes the op promises."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale model with words of `w` bits."""

    w: int

    @property
    def word(self) -> int:
        return 1 << self.w

    @property
    def top(self) -> int:
        """Where sign and exponent begin in the high word."""
        return 1 << self.w // 2

    @property
    def machine(self) -> Machine:
        w = self.w
        literals = {(1 << 32) - 1: self.word - 1, 1 << 31: self.word // 2, 1 << 32: self.word}
        literals |= {31: w - 1, 32: w, 63: 2 * w - 1, 64: 2 * w, 1 << 20: self.top}
        return Machine(w, (1 << 2 * w) - (1 << w) + 1, literals)

    def bits(self, operand: Operand) -> int:
        return operand.type.bits // 32 * self.w

    # -- what ops mean

    def promised(self, op: str, arguments: list[int]) -> bool:
        """Whether the arguments are what the op wants."""
        w, word = self.w, self.word
        rules: dict[str, Callable[..., bool]] = {
            "zk.add_nw": lambda x, y: x + y < word,
            "zk.sub_nw": lambda x, y: x >= y,
            "zk.neg_nz": lambda x: x > 0,
            "zk.mul_nw_32": lambda x, y: x * y < word,
            "zk.mul_nw": lambda x, y: x * y < word * word,
            "zk.mul_add_nw": lambda x, y, z: x * y + z < word * word,
            **{f"zk.{name}_u_nz_{bits}": lambda x, y: y > 0 for name in ("div", "rem") for bits in (32, 64)},
            "zk.low": lambda x: x < word,
            "zk.rotl_pow2": lambda x, p: p.bit_count() == 1,
            "zk.fold": lambda x: (x % word) & (x // word) == 0,
            "zk.high_ones": lambda x: x < word,
            "zk.fill_ones": lambda x, s: 0 < s < 2 * w and x < 1 << (2 * w - s),
            "zk.pow2_32": lambda s: s < w,
            "zk.rpow2_32": lambda s: s < w,
            "zk.pow2_64": lambda s: s < 2 * w,
            "zk.rpow2_64": lambda s: 0 < s < 2 * w,
            "zk.clz_nz_32": lambda x: x > 0,
            "zk.clz_nz_64": lambda x: x > 0,
            "zk.ctz_nz_64": lambda x: x > 0,
            "zk.shl_clz": lambda x: x > 0,
            "zk.upper": lambda x: x % word == 0,
            "zk.join": lambda x, y: x % word + y % word < word and x + y < word**2,
            "zk.cut": lambda x, y: x % word >= y % word and x >= y,
            "zk.add_high": lambda x, y: x + y * word < word**2,
            "zk.cut_high": lambda x, y: x >= y * word,
            "zk.significand": lambda x, top: 0 <= x + (1 - top) * self.top * word < word**2,
            "zk.div_wide": lambda high, low, y: high < y,
            "zk.rem_wide": lambda high, low, y: high < y,
        }
        return op not in rules or rules[op](*arguments)

    def meaning(self, op: str) -> Meaning:
        """The op on these words."""
        w, word = self.w, self.word
        special: dict[str, Meaning] = {
            "br_if": lambda x: x,
            "convert": lambda x: x,
            "i32.wrap_i64": lambda x: x % word,
            "i64.extend_i32_u": lambda x: x,
            "zk.add_nw": lambda x, y: x + y,
            "zk.sub_nw": lambda x, y: x - y,
            "zk.neg_nz": lambda x: word - x,
            "zk.div_u_above": lambda x, d: x // d + 1 + -word % d,
            **dict.fromkeys(["zk.mul_nw_32", "zk.mul_nw"], lambda x, y: x * y),
            "zk.mul_add_nw": lambda x, y, z: x * y + z,
            **dict.fromkeys(["zk.div_u_nz_32", "zk.div_u_nz_64"], lambda x, y: x // y),
            **dict.fromkeys(["zk.rem_u_nz_32", "zk.rem_u_nz_64"], lambda x, y: x % y),
            "zk.low": lambda x: x,
            "zk.pack": lambda x, y: x + y * word,
            "zk.mulhi_u": lambda x, y: x * y // word**2,
            "zk.mulhi_add": lambda x, y, z: (x * y + z) // word**2,
            "zk.mullo_add": lambda x, y, z: (x * y + z) % word**2,
            "zk.rotl_pow2": lambda x, p: integers.rotl(x, p.bit_length() - 1, 2 * w),
            "zk.high": lambda x: x // word,
            "zk.fold": lambda x: x // word | x % word,
            "zk.high_ones": lambda x: x + (word - 1) * word,
            "zk.fill_ones": lambda x, s: x + word**2 - (1 << (2 * w - s)),
            "zk.pow2_32": lambda s: 1 << s,
            "zk.pow2_64": lambda s: 1 << s,
            "zk.rpow2_32": lambda s: 1 << (w - s),
            "zk.rpow2_64": lambda s: 1 << (2 * w - s),
            "zk.clz_nz_32": lambda x: integers.clz(x, w),
            "zk.clz_nz_64": lambda x: integers.clz(x, 2 * w),
            "zk.ctz_nz_64": lambda x: integers.ctz(x, 2 * w),
            "zk.shl_clz": lambda x: x << integers.clz(x, 2 * w),
            "zk.upper": lambda x: x // word,
            "zk.join": lambda x, y: x + y,
            "zk.cut": lambda x, y: x - y,
            "zk.add_high": lambda x, y: x + y * word,
            "zk.cut_high": lambda x, y: x - y * word,
            "zk.significand": lambda x, top: x + (1 - top) * self.top * word,
            "zk.div_wide": lambda high, low, y: (high * word**2 + low) // y,
            "zk.rem_wide": lambda high, low, y: (high * word**2 + low) % y,
        }
        if op in special:
            return special[op]
        type_, _, name = op.partition(".")
        if name.startswith("reinterpret"):
            return lambda x: x
        return _integer(name, w * int(type_[1:]) // 32)

    def evaluate(self, pattern: Pattern, values: Values, meaning: Meaning | None = None) -> int:
        """*Raises:* UnwantedError, integers.TrapError."""
        if not isinstance(pattern, Node):
            return values[pattern.name]
        arguments = [self.evaluate(child, values) for child in pattern.children]
        if not self.promised(pattern.op, arguments):
            raise UnwantedError
        return (meaning or self.meaning(pattern.op))(*arguments)

    # -- constants

    def constants(self, rule: Rule, immediates: Values) -> dict[str, int] | None:
        """The rule's constants, scaled; None when the rule does not hold for the immediates."""
        w, word = self.w, self.word
        s, d = immediates.get("s", 0), immediates.get("d", 1)
        if d == 0:
            return None
        found = {"f": word - 1, "mask": word - 1, "top_long": word**2 // 2, "ones_long": (word - 1) * word}
        found |= {"high_long": immediates.get("c", 0) * word, "one_long": self.top * word}
        match rule.name.split("."):
            case ["i32", "rotl" | "rotr" as op, form]:
                k = (s if op == "rotr" else -s) % w
                if not (1 <= k <= w - 2 if form == "constant" else k == w - 1):
                    return None
                found |= {"k": k, "j": w - k, "p": 1 << (2 * w - (k if form == "constant" else 1))}
            case ["i32", "shr_u", "constant"]:
                if s % w == 0:
                    return None
                found["d"] = 1 << s % w
            case ["i32", "shr_u" | "div_u" as op, "constant", "short"]:
                d = 1 << s % w if op == "shr_u" else d
                a = (word - 1) // d
                if a * (d + 1) <= word:
                    return None
                found |= {"d": d, "a": a, "b": a * d, "c": a - 1}
            case ["i64", "shl" | "rotl" | "rotr" as op, "constant", *clean]:
                k = (-s if op == "rotr" else s) % (2 * w)
                if k == 0 or (clean and k > w):
                    return None
                found["p"] = 1 << k
            case ["i64", "shr_u", "constant", *clean]:
                k = s % (2 * w)
                if not (w <= k if clean else 1 <= k < w):
                    return None
                found |= {"k": k, "p": 1 << (2 * w - k)}
            case ["zk", "div_u_above", _]:
                m = -(-word // d)
                if d < 2 or m * (d - 1) >= word:
                    return None
                prime = self.machine.modulus
                found |= {"m": m, "c": 1 + -word % d, "u": pow(d, -1, prime), "v": pow(m * d, -1, prime)}
            case ["zk", "add_high", "difference"]:
                if immediates["c"] * d >= word:
                    return None
                found["base_long"] = immediates["c"] * d * word
            case ["br_if", "i64", "eq" | "ne", "short_constant"]:
                if immediates["c"] >= word - 1:
                    return None
            case ["br_if", "i64", op, "high_constant"]:
                if immediates["c"] % word or (op in ("eq", "ne") and immediates["c"] == 0):
                    return None
                found["h"] = immediates["c"] // word
            case ["zk", "fill_ones"]:
                if not 1 <= s < 2 * w:
                    return None
                found["ones_long"] = word**2 - (1 << (2 * w - s))
            case _ if set(rule.constants) - found.keys():
                raise NotImplementedError(f"{rule.name}: constants {sorted(rule.constants)} have no scaled form")
        return {**immediates, **found}

    # -- all combinations

    def placements(self, rule: Rule) -> Iterator[tuple[Values, Operands]]:
        """All values of operands and immediates, in all limbs (of free high limbs: two)."""
        choices: list[list[tuple[int, Limbs | None]]] = []
        operands = list(operands_of(rule.pattern))
        for operand in operands:
            match operand.representation:
                case None:
                    choices.append([(value, None) for value in range(1 << self.bits(operand))])
                case Representation.LONG:
                    choices.append([(value, self.machine.split(value)) for value in range(self.word**2)])
                case Representation.CLEAN:
                    choices.append([(value, (value, 0)) for value in range(self.word)])
                case _:
                    highs = (0, self.machine.modulus - 1)
                    choices.append([(value, (value, high)) for value in range(self.word) for high in highs])
        for chosen in product(*choices):
            values = {operand.name: value for operand, (value, _) in zip(operands, chosen, strict=True)}
            limbs = {operand.name: limbs for operand, (_, limbs) in zip(operands, chosen, strict=True) if limbs}
            yield values, limbs

    def advice(self, rule: Rule) -> list[Limbs]:
        """What the prover may put in."""
        lows = range(self.machine.modulus)
        highs: tuple[int, ...] = (0, self.machine.modulus - 1)
        if any(operation.name == "ARITH" for step in rule.steps for operation in step.operations):
            lows, highs = range(self.word + 1), tuple(range(self.word))
        return list(product(lows, highs))


def _integer(name: str, bits: int) -> Meaning:
    """WebAssembly's integer ops for any number of bits."""
    size = 1 << bits

    def signed(x: int) -> int:
        return integers.signed(x, bits)

    table: dict[str, Meaning] = {
        "add": lambda x, y: (x + y) % size,
        "sub": lambda x, y: (x - y) % size,
        "mul": lambda x, y: x * y % size,
        "and": lambda x, y: x & y,
        "or": lambda x, y: x | y,
        "xor": lambda x, y: x ^ y,
        "shl": lambda x, y: (x << y % bits) % size,
        "shr_u": lambda x, y: x >> y % bits,
        "rotl": lambda x, y: integers.rotl(x, y, bits),
        "rotr": lambda x, y: integers.rotl(x, -y, bits),
        "div_u": lambda x, y: integers.div_u(x, y, bits),
        "rem_u": lambda x, y: integers.rem_u(x, y, bits),
        "eqz": lambda x: int(x == 0),
        "eq": lambda x, y: int(x == y),
        "ne": lambda x, y: int(x != y),
        "lt_u": lambda x, y: int(x < y),
        "gt_u": lambda x, y: int(x > y),
        "le_u": lambda x, y: int(x <= y),
        "ge_u": lambda x, y: int(x >= y),
        "lt_s": lambda x, y: int(signed(x) < signed(y)),
        "gt_s": lambda x, y: int(signed(x) > signed(y)),
        "le_s": lambda x, y: int(signed(x) <= signed(y)),
        "ge_s": lambda x, y: int(signed(x) >= signed(y)),
    }
    return table[name]


def check_scaled(rule: Rule, meaning: Meaning | None = None, w: int | None = None) -> int:
    """Try a rule with all advice: what can be proved must be right, and something can. *Raises:* ScaleError."""
    arithmetic = any(operation.name == "ARITH" for step in rule.steps for operation in step.operations)
    longs = sum(operand.representation is Representation.LONG for operand in operands_of(rule.pattern))
    scale = Scale(w or (2 if arithmetic or longs > 2 else 4))  # three of 8 bits have too many values to list
    machine, told = scale.machine, scale.advice(rule)
    places = sum(step.advice is not None for step in rule.steps)
    placements = list(scale.placements(rule))
    most = max(RUNS // len(told) ** places, 40) if places else RUNS_WITHOUT_ADVICE
    if len(placements) > most:
        placements = random.Random(rule.name).sample(placements, most)
    immediates = [operand.name for operand in operands_of(rule.pattern) if operand.representation is None]
    runs = 0
    for values, operands in placements:
        constants = scale.constants(rule, {name: values[name] for name in immediates})
        if constants is None:
            continue
        try:
            expected: int | str = scale.evaluate(rule.pattern, values, meaning)
        except UnwantedError:
            continue
        except integers.TrapError as error:
            expected = f"trap_{error.trap.name.lower()}"
        proved = False
        for advice in product(told, repeat=places):
            runs += 1
            queue = iter(advice)

            def advise(step: StepTemplate, operands: Operands, queue: Iterator[Limbs] = queue) -> Limbs:
                return next(queue)

            outcome = machine.run(rule.steps, operands, constants, advise)
            if outcome.path in (VIOLATED, FAIL):
                continue
            proved = True
            if not _right(rule, machine, outcome, expected):
                raise ScaleError(f"{rule.name} with {values} in {operands}: {advice} proves {outcome}, not {expected}")
        honest = all(high < scale.word for _, high in operands.values())
        if honest and not proved:
            raise ScaleError(f"{rule.name} with {values} in {operands}: nothing can be proved")
    if not runs:
        raise ScaleError(f"{rule.name}: nothing tried")
    return runs


def _right(rule: Rule, machine: Machine, outcome: Outcome, expected: int | str) -> bool:
    if isinstance(expected, str):
        return outcome.path == expected
    if rule.output is None:
        return outcome.path == (THEN if expected else ELSE)
    if outcome.path != FALLTHROUGH:
        return False
    low, high = outcome.operands[rule.output]
    if rule.result in (Representation.LONG, Representation.CLEAN):
        return (low, high) == machine.split(expected) and (high == 0 or rule.result is Representation.LONG)
    return low == expected
