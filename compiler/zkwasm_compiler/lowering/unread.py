"""Destinations that nothing reads, of which selection makes some: rules are written for all that their steps give."""

from __future__ import annotations

from dataclasses import replace

from zkwasm_compiler.machine.function import MachineFunction
from zkwasm_compiler.machine.step import VirtualRegister


def drop_unread(function: MachineFunction[VirtualRegister]) -> None:
    """Take them away before allocation finds places for them. The steps stay, with what they constrain."""
    read = {function.return_address}
    for block in function.blocks:
        for step in block.steps:
            read.update(step.reads_anywhere())
            read.update(register for register, _ in step.reads_fixed())
        for edge in block.edges:
            read.update(edge.args)
    for block in function.blocks:
        block.steps = [
            replace(step, destinations=tuple(register for register in step.destinations if register in read))
            for step in block.steps
        ]
