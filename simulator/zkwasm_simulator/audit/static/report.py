"""What the static audit found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkwasm_simulator.audit.report import Place

LIMB_NAMES = ("low limb", "high limb")


@dataclass(frozen=True, slots=True)
class Finding:
    """A free input that is not pinned, or a register that nothing writes before it is read.

    `limbs` says which of it, `reaches` what it decides, and `path` how it comes there, from its place to the last.
    """

    place: Place
    limbs: tuple[int, ...]
    reaches: str
    path: tuple[Place, ...]
    register: str = ""

    def __str__(self) -> str:
        limbs = " and ".join(LIMB_NAMES[number] for number in self.limbs)
        what = f"register {self.register} at row 0" if self.register else f"the {limbs} of the free input"
        way = "".join(f"\n  {place}" for place in self.path[1:])
        return f"{self.place}: not pinned: {what} reaches {self.reaches}{way}"

    def to_json(self) -> dict[str, Any]:
        return {
            **self.place.to_json(),
            "register": self.register or None,
            "limbs": [LIMB_NAMES[number] for number in self.limbs],
            "reaches": self.reaches,
            "path": [place.to_json() for place in self.path],
        }


@dataclass(frozen=True, slots=True)
class StaticReport:
    """`free_inputs` were looked at; `findings` are those of them that are not pinned, in the order of the rows.

    `declared` are branches that the audit takes at their word: the comment `either way` says that the prover may decide
    them, because both ways come to the same. `private` and `public` are the free inputs that their comments call data:
    numbers of so many bytes, which the audit held them to, and of which nothing else is said.
    """

    program: str
    free_inputs: int
    findings: tuple[Finding, ...]
    declared: tuple[Place, ...] = ()
    private: tuple[Place, ...] = ()
    public: tuple[Place, ...] = ()

    def __str__(self) -> str:
        count = len(self.findings)
        found = "all are pinned" if not count else f"{count} {'is' if count == 1 else 'are'} not pinned"
        inputs = f"{self.free_inputs} free input{'' if self.free_inputs == 1 else 's'}"
        declared = f"; branches taken at their word: {len(self.declared)}" if self.declared else ""
        for kind, places in (("private", self.private), ("public", self.public)):
            declared += f"; {kind} input: {len(places)}" if places else ""
        return f"{self.program}: {inputs}: {found}{declared}"

    def to_json(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "free_inputs": self.free_inputs,
            "findings": [finding.to_json() for finding in self.findings],
            "declared": [place.to_json() for place in self.declared],
            "private": [place.to_json() for place in self.private],
            "public": [place.to_json() for place in self.public],
        }
