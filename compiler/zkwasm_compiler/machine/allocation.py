"""`AllocatedFunction`: a function in registers that remembers which original steps each of its steps does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import LIMB, Step, Term, VirtualRegister, constant_register

VALUE_REGISTERS = ("A", "B", "C", "D", "E")
"""The registers that hold any value; RR holds the return address only."""
NARROW_REGISTERS = ("RCX", "HASHPOS")
"""Registers of one limb, in which executors want small numbers: they hold narrow values."""


@dataclass(eq=False, slots=True)
class AllocatedFunction(MachineFunction[str]):
    """A function after allocation. Blocks have no parameters and edges no arguments: moves on the edges did that.

    `origins[label][i]` are the numbers of the original block's steps that step i of the block does, in order: none for
    a step that allocation added, several where steps were fused.
    """

    origins: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)


def fits_one_limb(value: VirtualRegister) -> bool:
    """Whether a narrow register can hold the value."""
    return value.narrow if value.constant is None else value.constant < LIMB // 2


def fold_constants(step: Step[VirtualRegister]) -> Step[VirtualRegister]:
    """The step with the constants among its terms summed up as far as a literal can hold the sum."""
    if step.long_constant is not None or all(term.register.constant is None for term in step.terms):
        return step
    literal = step.constant
    terms: list[Term[VirtualRegister]] = []
    for term in step.terms:
        bits = term.register.constant
        total = literal + term.coefficient * bits if bits is not None and bits < LIMB and not term.rotated else None
        if total is not None and -(LIMB // 2) <= total < LIMB:
            literal = total
        else:
            terms.append(term)
    return replace(step, terms=tuple(terms), constant=literal)


def copied(step: Step[VirtualRegister]) -> VirtualRegister | None:
    """The virtual register or constant whose value the step's op is unchanged, if it is one."""
    if step.free is not None:
        return None
    step = fold_constants(step)
    if len(step.terms) == 1 and not step.constant and step.long_constant is None:
        (term,) = step.terms
        return term.register if term.coefficient == 1 and not term.rotated else None
    if not step.terms and step.long_constant is not None:
        return constant_register(step.long_constant)
    if not step.terms and 0 <= step.constant < LIMB:
        return constant_register(step.constant)
    return None
