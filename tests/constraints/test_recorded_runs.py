"""What the public executor accepts satisfies the constraints, but where it is known that it does not.

A sample of the recorded runs of exec64.jsonl, closed: their last row clears the registers and leads to row 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.test_exec64 import cases
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.constraints import check, record

END = "finalizeExecution:\n  :JMP(finalizeExecution)\n"
CLOSED = """\
finalizeExecution:
  0 => A,B,C,D,E,CTX,SP,PC,GAS,RR,HASHPOS,RCX
last:
  ${beforeLast()} :JMPN(last)
  :JMP(start)
"""
REFUSED = {
    "exec64-disagree-001": ("cyclic wrap", "CALL with `=> RR`"),
    "exec64-disagree-002": ("rom", "RETURN with JMPZ"),
    "exec64-disagree-003": ("rom", "RETURN with JMPZ"),
    "exec64-hash-014": ("keccak", "a piece of no bytes"),
    "exec64-hash-037": ("keccak", "a stream that grows behind HASHKLEN"),
    "exec64-hash-045": ("keccak", "pieces that overlap"),
}
"""The class of the main violation, and what the executor accepts."""

EVERY = {"disagree": 1, "hash": 1}
"""Of how many cases of a category one is tried; of the others 4."""

CATEGORIES = (
    "addrlimit", "arith", "bin", "binexplicit", "binmatrix", "call", "cmd", "disagree", "hash", "jump", "limb",
    "linear", "mem", "memalign", "program", "random", "reg", "reg1", "repeat", "tag",
)  # fmt: skip


def _closed(case: dict[str, Any]) -> Program | None:
    """The program, closed; None when it has no such end, comes to none or needs more than itself."""
    finishes = "steps" in case.get("outcome_repaired", case["outcome"])
    own = not (case.get("files") or case.get("input") or case["config"].get("skipAddrRelControl"))
    if not (finishes and own and case["source"].rstrip().endswith(END.rstrip())):
        return None
    return assemble(case["source"].rstrip().removesuffix(END.rstrip()) + CLOSED)


@pytest.mark.parametrize("category", CATEGORIES)
def test_accepted_runs(shared: Path, category: str) -> None:
    tried = 0
    for case in cases(shared / "vectors")[category][:: EVERY.get(category, 4)]:
        program = _closed(case)
        if program is None:
            continue
        tried += 1
        found = check(record(program), program)
        main = found[0].constraint.value if found else None
        assert main == REFUSED.get(case["id"], (None, ""))[0], (case["id"], str(found[0]) if found else "")
    assert tried
