"""What the lying prover found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zkwasm_simulator.faults import limbs_text
from zkwasm_simulator.field import Limbs

SHOWN = 120
"""Longer instructions are shortened in texts."""


@dataclass(frozen=True, slots=True)
class Place:
    """An instruction: its row, its source, and the WebAssembly function that it was compiled from, if any."""

    row: int
    file: str
    line: int | None
    text: str
    function: str = ""

    def __str__(self) -> str:
        where = f"{self.file or 'row'}:{self.line if self.line is not None else self.row}"
        text = self.text if len(self.text) <= SHOWN else f"{self.text[: SHOWN // 2]} … {self.text[-SHOWN // 2 :]}"
        return f"{where}: `{text}`" + (f" (function {self.function})" if self.function else "")

    def to_json(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "file": self.file,
            "line": self.line,
            "text": self.text,
            "function": self.function or None,
        }


@dataclass(frozen=True, slots=True)
class Lie:
    """What was said at one step instead of the honest value. A register at row 0 is a lie at step −1."""

    place: Place
    step: int
    honest: Limbs
    said: Limbs
    register: str = ""

    def __str__(self) -> str:
        what = f"register {self.register} at row 0" if self.register else f"step {self.step}"
        return f"{what}: {limbs_text(*self.said)} instead of {limbs_text(*self.honest)}"

    def to_json(self) -> dict[str, Any]:
        return {
            **self.place.to_json(),
            "step": self.step,
            "register": self.register or None,
            "honest": [str(limb) for limb in self.honest],
            "said": [str(limb) for limb in self.said],
        }


@dataclass(frozen=True, slots=True)
class Survivor:
    """Lies that no constraint forbids and that change what the program promises.

    The free input of the first one is not pinned. `output` is the first output that differs.
    """

    lies: tuple[Lie, ...]
    output: str
    honest: str
    forged: str

    @property
    def place(self) -> Place:
        """The instruction whose free input is not pinned."""
        return self.lies[0].place

    def __str__(self) -> str:
        told = " and ".join(map(str, self.lies))
        return f"{self.place}: not pinned: {told} gives {self.output} = {self.forged} instead of {self.honest}"

    def to_json(self) -> dict[str, Any]:
        return {
            "lies": [lie.to_json() for lie in self.lies],
            "output": self.output,
            "honest": self.honest,
            "forged": self.forged,
        }


@dataclass(frozen=True, slots=True)
class LyingReport:
    """What came of the lies.

    `free_inputs` were met on the honest path and `tried` of them lied at, in `runs` runs: `violated` broke a
    constraint, `same` came to the same outputs, `different` to others, `unfinished` to no end in the steps allowed.
    `survivors` are the first that came to different outputs for each instruction.
    """

    call: str
    steps: int
    free_inputs: int
    tried: int
    runs: int
    violated: int
    same: int
    different: int
    unfinished: int
    survivors: tuple[Survivor, ...]

    def __str__(self) -> str:
        counts = f"{self.runs} runs with lies at {self.tried} of {self.free_inputs} free inputs"
        ends = f"{self.violated} violate a constraint, {self.same} change nothing, {self.unfinished} do not end"
        return f"{self.call}: {counts}: {ends}; {self._found()}"

    def _found(self) -> str:
        if not self.survivors:
            return "no lie survives"
        instructions = len(self.survivors)
        pinned = "instruction is" if instructions == 1 else "instructions are"
        return f"{self.different} change a result, {instructions} {pinned} not pinned"

    def to_json(self) -> dict[str, Any]:
        counts: Mapping[str, Any] = {
            name: getattr(self, name)
            for name in ("call", "steps", "free_inputs", "tried", "runs", "violated", "same", "different", "unfinished")
        }
        return {**counts, "survivors": [survivor.to_json() for survivor in self.survivors]}
