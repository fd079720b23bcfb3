"""The text of a step in zkASM syntax, before and after register allocation.

Literals of the language reach from -2^31 to 2^32 - 1. Larger factors are written as products, larger one-limb constants
as products with PC, which holds 1 while functions run (`uses_one` tells).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zkwasm_compiler.machine.step import LIMB, Advice, Operation, Slot, Step, VirtualRegister

PRIME = 2**64 - 2**32 + 1
ONE = "PC"
"""The register that holds 1."""


def print_step(step: Step[Any], slot_text: Callable[[Slot], str]) -> str:
    """One line without indentation. `slot_text` names the cells.

    Operands of fixed registers are printed only before allocation, where they say something.
    """
    text = _sum(step)
    if step.destinations:
        text += " => " + ", ".join(map(str, step.destinations))
    if step.operations:
        text += " :" + ", ".join(_operation(operation, slot_text) for operation in step.operations)
    text = text.strip()
    return f"{text}  ; {step.comment}" if step.comment else text


def uses_one(step: Step[Any]) -> bool:
    """Whether the step is written with the register that holds 1."""
    return abs(_signed(step.constant)) >= LIMB


def _sum(step: Step[Any]) -> str:
    plus: list[str] = []
    minus: list[str] = []
    if isinstance(step.free, Advice):
        text = step.free.text
        for number, operand in enumerate(step.free.operands):
            text = text.replace(f"{{{number}}}", str(operand))
        plus.append(f"${{{text}}}")
    elif step.free is not None:
        plus.append("$")
    if step.long_constant is not None:
        plus.append(f"{step.long_constant:#x}n")
    for term in step.terms:
        name = _rotated(term.register) if term.rotated else str(term.register)
        _add(name, _signed(term.coefficient), plus, minus)
    constant = _signed(step.constant)
    if abs(constant) >= LIMB:
        _add(ONE, constant, plus, minus)
    elif constant:
        (plus if constant > 0 else minus).append(_literal(abs(constant)))
    needed = step.destinations or any(_needs_sum(operation) for operation in step.operations)
    if not plus and (minus or needed or not step.operations):
        plus.append("0")
    return " - ".join([" + ".join(plus), *minus])


def _needs_sum(operation: Operation[Any]) -> bool:
    return operation.name not in ("JMP", "CALL", "RETURN")


def _rotated(register: Any) -> str:
    return "ROTL_C" if register == "C" else f"rotl({register})"


def _signed(number: int) -> int:
    """The representative of a field element that is nearest to 0."""
    number %= PRIME
    return number if number <= PRIME // 2 else number - PRIME


def _add(name: str, coefficient: int, plus: list[str], minus: list[str]) -> None:
    for sign, factors in _factors(coefficient):
        text = "*".join([name, *(_literal(factor) for factor in factors if factor != 1)])
        (plus if sign > 0 else minus).append(text)


def _factors(coefficient: int) -> list[tuple[int, list[int]]]:
    """`coefficient` as a sum of signed products of literals."""
    for value in (coefficient, coefficient - PRIME if coefficient > 0 else coefficient + PRIME):
        sign, rest, factors = (1 if value >= 0 else -1), abs(value), []
        while rest >= LIMB and rest % 2 == 0:
            twos = min(31, (rest & -rest).bit_length() - 1, rest.bit_length() - 32)
            factors.append(1 << twos)
            rest >>= twos
        if rest < LIMB:
            return [(sign, [rest, *factors])]
    sign, rest = (1 if coefficient >= 0 else -1), abs(coefficient)
    return [(sign, [rest >> 32, 1 << 31, 2]), (sign, [rest % LIMB])]


def _literal(number: int) -> str:
    return str(number) if number < 1 << 16 else f"{number:#x}"


def _operation(operation: Operation[Any], slot_text: Callable[[Slot], str]) -> str:
    if operation.slot is not None:
        return f"{operation.name}({slot_text(operation.slot)})"
    targets = list(operation.targets)
    if operation.computed:
        index = operation.operands[0]
        targets[0] = f"@{targets[0]} + {index}"
        return f"{operation.name}({', '.join(targets)})"
    virtual = [str(operand) for operand in operation.operands if isinstance(operand, VirtualRegister)]
    words = ", ".join([*targets, *virtual])
    results = ", ".join(str(result) for result in operation.results if isinstance(result, VirtualRegister))
    return operation.name + (f"({words})" if words else "") + (f" -> {results}" if results else "")
