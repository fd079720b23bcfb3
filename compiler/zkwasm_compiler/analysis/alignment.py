"""What is known of i32 values modulo powers of two, over the whole module.

A `Residue` says value ≡ remainder (mod 2^bits). Parameters of functions, results and mutable globals start with the
best that one contributor says and fall until all agree, so that a stack pointer that is only moved by multiples of 16
is known to stay a multiple of 16 through calls and loops.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkwasm_compiler.analysis.order import reverse_postorder
from zkwasm_compiler.analysis.references import DIRECT, TAIL_CALLS
from zkwasm_compiler.ir.function import Function, Module, Type, Value

MAXIMUM_BITS = 6


@dataclass(frozen=True, slots=True)
class Residue:
    """value ≡ remainder (mod 2^bits)."""

    bits: int
    remainder: int


UNKNOWN = Residue(0, 0)


def exactly(value: int) -> Residue:
    """A constant's residue."""
    return Residue(MAXIMUM_BITS, value & ((1 << MAXIMUM_BITS) - 1))


def common(a: Residue | None, b: Residue) -> Residue:
    """What both say; None says nothing yet and contradicts nothing."""
    if a is None:
        return b
    bits = min(a.bits, b.bits)
    while (a.remainder ^ b.remainder) & ((1 << bits) - 1):
        bits -= 1
    return Residue(bits, a.remainder & ((1 << bits) - 1))


class Alignment:
    """Residues of all i32 values of a module's functions."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.values: dict[Value, Residue] = {}
        self.globals: dict[int, Residue] = {g.index: exactly(g.initial) for g in module.globals if g.type is Type.I32}
        self.results: dict[tuple[int, int], Residue] = {}
        for index in {*module.exports.values(), *([] if module.start is None else [module.start])} | _referred(module):
            for parameter in module.functions[index].entry.parameters:
                self.values[parameter] = UNKNOWN
        while self._sweep():
            pass

    def of(self, value: Value) -> Residue:
        """What is known of `value`."""
        return self.values.get(value, UNKNOWN)

    def modulo(self, value: Value, bits: int) -> int | None:
        """The value modulo 2^bits, if that is known."""
        found = self.of(value)
        return found.remainder & ((1 << bits) - 1) if found.bits >= bits else None

    def _sweep(self) -> bool:
        changed = False
        for function in self.module.functions.values():
            changed |= self._function(function)
        return changed

    def _function(self, function: Function) -> bool:
        changed = False
        for block in reverse_postorder(function):
            for value in block.values():
                if value.type is Type.I32:
                    found = self._transfer(value)
                    if found is not None and found != self.values.get(value):
                        self.values[value] = found
                        changed = True
                changed |= self._contribute(function, value)
        return changed

    def _contribute(self, function: Function, value: Value) -> bool:
        """What a call, return, global.set or edge says about others."""
        changed = False
        if value.op in DIRECT and isinstance(value.immediate, int):
            entry = self.module.functions[value.immediate].entry
            changed |= self._join(entry.parameters, value.args)
        for target in value.targets:
            changed |= self._join(target.block.parameters, target.args)
        if value.op == "return" or value.op in TAIL_CALLS:
            for number, type_ in enumerate(function.results):
                said = self._returned(value, number)
                if type_ is Type.I32 and said is not None:
                    key = (function.index, number)
                    met = common(self.results.get(key), said)
                    changed |= met != self.results.get(key)
                    self.results[key] = met
        if value.op == "global.set" and isinstance(value.immediate, int) and value.immediate in self.globals:
            said = self.values.get(value.args[0])
            if said is not None:
                met = common(self.globals[value.immediate], said)
                changed |= met != self.globals[value.immediate]
                self.globals[value.immediate] = met
        return changed

    def _returned(self, terminator: Value, number: int) -> Residue | None:
        """What a return, or what it calls, says of a result."""
        if terminator.op == "return":
            return self.values.get(terminator.args[number])
        if terminator.op == "return_call" and isinstance(terminator.immediate, int):
            return self.results.get((terminator.immediate, number))
        return UNKNOWN

    def _join(self, parameters: list[Value], args: list[Value]) -> bool:
        changed = False
        for parameter, arg in zip(parameters, args, strict=True):
            said = self.values.get(arg)
            if parameter.type is Type.I32 and said is not None:
                met = common(self.values.get(parameter), said)
                changed |= met != self.values.get(parameter)
                self.values[parameter] = met
        return changed

    def _transfer(self, value: Value) -> Residue | None:
        """The residue of a value from those of its arguments; None while one of them has none yet."""
        if value.op == "i32.const" and isinstance(value.immediate, int):
            return exactly(value.immediate)
        if value.op == "global.get" and isinstance(value.immediate, int):
            return self.globals.get(value.immediate, UNKNOWN)
        if value.op == "result" and isinstance(value.immediate, int):
            callee = value.args[0].immediate if value.args[0].op == "call" else None
            return self.results.get((callee, value.immediate)) if isinstance(callee, int) else UNKNOWN
        args = [self.values.get(arg) if arg.type is Type.I32 else UNKNOWN for arg in value.args]
        known = [arg for arg in args if arg is not None]
        if len(known) < len(args):
            return None
        return _combine(value, known)


def _referred(module: Module) -> set[int]:
    """The functions that indirect calls may call."""
    return {index for index in module.references if index in module.functions}


def _combine(value: Value, args: list[Residue]) -> Residue:
    match value.op, args:
        case ("i32.add" | "zk.add_nw", [a, b]):
            return _modulo(min(a.bits, b.bits), a.remainder + b.remainder)
        case ("i32.sub" | "zk.sub_nw", [a, b]):
            return _modulo(min(a.bits, b.bits), a.remainder - b.remainder)
        case ("i32.mul" | "zk.mul_nw_32", [a, b]):
            bits = min(a.bits + _zeros(b), b.bits + _zeros(a), MAXIMUM_BITS)
            return _modulo(bits, a.remainder * b.remainder)
        case ("i32.shl", [a, b]) if b.bits >= 5:
            return _modulo(min(a.bits + b.remainder % 32, MAXIMUM_BITS), a.remainder << (b.remainder % 32))
        case ("i32.and", [a, b]):
            return _and(a, b)
        case ("i32.or" | "i32.xor", [a, b]):
            bits = min(a.bits, b.bits)
            both = a.remainder | b.remainder if value.op == "i32.or" else a.remainder ^ b.remainder
            return _modulo(bits, both)
        case ("select", [a, b, _]):
            return common(a, b)
    return UNKNOWN


def _modulo(bits: int, remainder: int) -> Residue:
    return Residue(bits, remainder & ((1 << bits) - 1))


def _zeros(residue: Residue) -> int:
    """How many low bits are known to be zero."""
    count = 0
    while count < residue.bits and not residue.remainder >> count & 1:
        count += 1
    return count


def _and(a: Residue, b: Residue) -> Residue:
    """Bits are known where both are, or where one is a known zero."""
    bits = 0
    while bits < MAXIMUM_BITS:
        zero_a = bits < a.bits and not a.remainder >> bits & 1
        zero_b = bits < b.bits and not b.remainder >> bits & 1
        if not (zero_a or zero_b or (bits < a.bits and bits < b.bits)):
            break
        bits += 1
    return _modulo(bits, a.remainder & b.remainder)
