"""Constant folding and the rewrite rules, in one walk over the function."""

from __future__ import annotations

from zkwasm_compiler.analysis.bits import PossibleBits
from zkwasm_compiler.analysis.order import reverse_postorder
from zkwasm_compiler.analysis.uses import count_uses
from zkwasm_compiler.errors import InternalError
from zkwasm_compiler.ir.function import Function, Type, Value, constant_bits
from zkwasm_compiler.ir.integers import TrapError
from zkwasm_compiler.ir.ops import OPS
from zkwasm_compiler.ir.substitute import Replacements
from zkwasm_compiler.passes.context import Context
from zkwasm_compiler.rewrite.match import Facts, build
from zkwasm_compiler.rewrite.rules import RULES

MAXIMUM_CHAIN = 200  # rules that may follow one another for one value; more means that two rules undo each other


def fold(function: Function, context: Context) -> bool:
    """Fold constants and rewrite values until no rule fits. What is replaced stays, unused, for `dce`."""
    return _Folder(function, context).run()


class _Folder:
    def __init__(self, function: Function, context: Context) -> None:
        self.function = function
        self.context = context
        self.replacements = Replacements()
        self.bits = PossibleBits()
        self.uses = count_uses(function)
        self.facts = Facts(self.bits.possible, lambda value: self.uses[value] <= 1)
        self.body: list[Value] = []
        self.offset: int | None = None
        self.chain = 0
        self.changed = False

    def run(self) -> bool:
        for block in reverse_postorder(self.function):
            self.body = []
            for value in block.body:
                self.replacements.apply_to(value)
                self.chain, self.offset = 0, value.offset
                final = self._place(value)
                if final is not value:
                    self.replacements.add(value, final)
                    self.changed = True
            block.body = self.body
        self.replacements.apply(self.function)
        return self.changed

    def _place(self, value: Value) -> Value:
        """Simplify a value and put what remains into the body; gives what stands for it."""
        _put_constant_right(value)
        folded = fold_constants(value)
        if folded is not None:
            return self._make(f"{value.type.value}.const", value.type, [], folded)
        found = RULES.find(value, self.facts)
        if found is None:
            self.body.append(value)
            return value
        rule, bindings = found
        self.context.fired[rule.name] += 1
        self.chain += 1
        if self.chain > MAXIMUM_CHAIN:
            raise InternalError(f"function {self.function.name}: rewrite rule {rule.name} does not come to an end")
        self._release(value, set(bindings.values()))
        return build(rule.replacement, bindings, self._make)

    def _release(self, value: Value, kept: set[Value]) -> None:
        """Stop counting the uses made by a value that was replaced, and those made by what only it used."""
        work = [value]
        while work:
            for arg in work.pop().args:
                self.uses[arg] -= 1
                if self.uses[arg] == 0 and OPS[arg.op].pure and arg not in kept:
                    work.append(arg)

    def _make(self, op: str, type_: Type, args: list[Value], immediate: int | None) -> Value:
        value = self.function.new_value(op, type_, args, immediate, offset=self.offset)
        self.uses.update(args)
        return self._place(value)


def _put_constant_right(value: Value) -> None:
    if OPS[value.op].commutative and [constant_bits(arg) is None for arg in value.args] == [False, True]:
        value.args.reverse()


def fold_constants(value: Value) -> int | None:
    """The value as a constant, if its arguments are constants and it does not trap.

    Where constants break what is promised of an op's arguments there is no value: that code is not reached.
    """
    evaluate = OPS[value.op].evaluate
    if evaluate is None:
        return None
    constants = [constant_bits(arg) for arg in value.args]
    known = [bits for bits in constants if bits is not None]
    if len(known) < len(constants):
        return None
    try:
        result = evaluate(*known)
    except (TrapError, ValueError, ZeroDivisionError):
        return None
    return result if 0 <= result < 1 << value.type.bits else None
