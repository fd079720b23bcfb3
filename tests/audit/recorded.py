"""The recorded forgeries of constraints64.jsonl."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.audit import Tamper
from zkwasm_simulator.machine import WIDE_REGISTERS

FORGED = ("free_input", "initial")


@dataclass(frozen=True)
class Case:
    """A recorded program with lies told in it, or none."""

    id: str
    source: str
    tampers: tuple[dict[str, Any], ...]
    fields: dict[str, Any]

    @property
    def category(self) -> str:
        return self.id.split("-")[1]

    @property
    def unsound(self) -> bool:
        """Did the lies change the program's output without breaking a constraint?"""
        return bool(self.fields.get("unsound"))

    @property
    def program(self) -> Program:
        return assemble(self.source)

    def told(self, program: Program) -> list[Tamper]:
        rows: dict[int | None, int] = {}
        for number, row in enumerate(program.rows):
            rows.setdefault(row["line"], number)
        return [
            Tamper(rows[one["line"]], (int(one["value"][0]), int(one["value"][1])), one.get("occurrence"))
            for one in self.tampers
            if one["kind"] == "free_input"
        ]

    @property
    def executed(self) -> Program:
        """The program that the prover runs; that of the ROM is `program`."""
        others = [one["source"] for one in self.tampers if one["kind"] == "program"]
        return assemble(others[0]) if others else self.program

    @property
    def cells(self) -> list[tuple[str, int, int]]:
        """Column, row and value of the cells that are overwritten after the run."""
        return [(one["column"], one["row"], int(one["value"])) for one in self.tampers if one["kind"] == "cell"]

    @property
    def registers(self) -> dict[str, int | tuple[int, int]]:
        """The registers that are forged at row 0."""
        found: dict[str, int | tuple[int, int]] = {}
        for one in self.tampers:
            for name, text in one.get("registers", {}).items():
                if name[:-1] in WIDE_REGISTERS:
                    limbs = list(found.get(name[:-1], (0, 0)))  # type: ignore[arg-type]
                    limbs[int(name[-1])] = int(text)
                    found[name[:-1]] = (limbs[0], limbs[1])
                else:
                    found[name] = int(text)
        return found


@cache
def cases(shared: Path) -> tuple[Case, ...]:
    """Every case; `tamper` "none" is no lie."""
    found = []
    for line in (shared / "vectors" / "constraints64.jsonl").read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        tamper = fields["tamper"]
        tampers = () if tamper == "none" else tuple(tamper) if isinstance(tamper, list) else (tamper,)
        found.append(Case(fields["id"], fields["source"], tampers, fields))
    return tuple(found)


def forgeries(shared: Path) -> list[Case]:
    """The cases in which free inputs or registers at row 0 are forged, public inputs being whatever the trace says."""
    return [
        case
        for case in cases(shared)
        if case.tampers
        and all(one["kind"] in FORGED and "zkPC" not in one.get("registers", {}) for one in case.tampers)
        and case.fields["options"]["publics"] == "witness"
    ]
