"""The steps that selection emits for a rule do what the proved template does, with constant operands too."""

from __future__ import annotations

import random
import re

import pytest

from tests.rules.honest_prover import MACHINE, immediates_of, placed, right, vectors
from tests.rules.machine_model import Limbs
from zkwasm_compiler.machine.step import LIMB, Advice, Defined, Operation, Step, VirtualRegister
from zkwasm_compiler.rules.catalogue import CONVERSIONS, RULES
from zkwasm_compiler.rules.representation import Representation
from zkwasm_compiler.rules.rule import Rule, leaves
from zkwasm_compiler.rules.template import OperationTemplate, StepTemplate, TermTemplate, instantiate


class Registers:
    """The registers that selection gives to the operands of a rule."""

    def __init__(self, rule: Rule, constants: dict[str, int], literal: dict[str, int]) -> None:
        self.constants = constants
        self.registers = {name: VirtualRegister(0, bits) for name, bits in literal.items()}
        for step in rule.steps:
            for name in (*step.names(), *step.destinations, *(o.result for o in step.operations if o.result)):
                self.registers.setdefault(name, self._register(name))

    def _register(self, name: str) -> VirtualRegister:
        if not name.startswith("#"):
            return VirtualRegister(len(self.registers) + 1)
        return VirtualRegister(0, int(name[1:]) if name[1:].isdigit() else self.constants[name[1:]])

    def __call__(self, name: str) -> VirtualRegister:
        return self.registers[name]


def name_of(register: VirtualRegister) -> str:
    """The name of a register in a template made from steps."""
    return f"#{register.constant}" if register.constant is not None else f"v{register.id}"


def as_template(step: Step[VirtualRegister]) -> StepTemplate:
    """A step as a template whose operands are its registers."""
    terms = [TermTemplate(name_of(term.register), (term.coefficient,), term.rotated) for term in step.terms]
    advice = None
    if isinstance(step.free, Advice):
        names = [name_of(register) for register in step.free.operands]
        advice = re.sub(r"\{(\d+)\}", lambda match: names[int(match[1])], step.free.text)
    return StepTemplate(
        str(step),
        (*terms, TermTemplate(None, (step.constant,))),
        None if step.long_constant is None else "long",
        isinstance(step.free, Defined),
        advice,
        tuple(map(name_of, step.destinations)),
        tuple(map(operation_of, step.operations)),
    )


def operation_of(operation: Operation[VirtualRegister]) -> OperationTemplate:
    result = name_of(operation.results[0]) if operation.results else None
    return OperationTemplate(operation.name, tuple(map(name_of, operation.operands)), operation.targets, result)


def run_both(rule: Rule, values: dict[str, int], literal: dict[str, int], constants: dict[str, int]) -> None:
    """Run the emitted steps and compare with what the op says."""
    registers = Registers(rule, constants, literal)
    operands: dict[str, Limbs] = {
        name_of(registers(name)): limbs
        for name, limbs in placed(rule, values, random.Random(3)).items()
        if name not in literal and name in registers.registers
    }
    steps = [instantiate(template, registers, constants) for template in rule.steps]
    for step in steps:
        assert not (step.constant and step.long_constant is not None), "constants of both kinds"
    templates = [as_template(step) for step in steps]
    (long,) = [step.long_constant for step in steps if step.long_constant is not None] or [0]
    outcome = MACHINE.run(templates, operands, {"long": long}, MACHINE.honest({}))
    if rule.output is not None and outcome.path == "fallthrough":
        register = registers(rule.output)
        value = outcome.operands[name_of(register)] if register.constant is None else MACHINE.split(register.constant)
        outcome.operands[rule.output] = value
    assert right(rule, outcome, values), (values, literal, outcome)


@pytest.mark.parametrize("rule", [rule for rule in (*RULES, *CONVERSIONS) if rule.steps], ids=lambda rule: rule.name)
def test_emitted_steps_are_the_proved_ones(rule: Rule) -> None:
    names = [leaf.name for leaf in leaves(rule.pattern)]
    long = {leaf.name for leaf in leaves(rule.pattern) if leaf.representation is Representation.LONG}
    tried = list(immediates_of(rule))
    for immediates in random.Random(1).sample(tried, min(len(tried), 5)):
        constants = rule.solve(immediates)
        assert constants is not None
        for values in vectors(rule, immediates, 6):
            run_both(rule, values, {}, constants)
            for name in names:
                if values[name] < LIMB or name in long:
                    run_both(rule, values, {name: values[name]}, constants)
