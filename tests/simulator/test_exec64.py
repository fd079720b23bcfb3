"""The simulator against recorded runs of the public executor: results, counters, registers, memory, faults."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from zkwasm_compiler.asm import assemble
from zkwasm_compiler.errors import AssemblyError
from zkwasm_simulator import Execution, ExecutionFault, PublicInputs, execute

STEPS = 819200
"""The trace length of the recorded runs; `${beforeLast(…)}` sees it."""

SHORT_STEPS = 8192
"""Enough to see that a program which exhausted its steps in the record does not end."""

CASES = {
    "addrlimit": 60,
    "arith": 52,
    "bin": 64,
    "binexplicit": 32,
    "binmatrix": 8,
    "call": 13,
    "cmd": 28,
    "disagree": 3,
    "hash": 46,
    "input": 32,
    "jump": 173,
    "limb": 40,
    "linear": 46,
    "mem": 41,
    "memalign": 64,
    "program": 3,
    "random": 220,
    "randomfault": 36,
    "reg": 11,
    "reg1": 70,
    "repeat": 35,
    "struct": 8,
    "tag": 250,
}
"""Recorded cases a category."""

LIMBS_IN_ARITHMETIC = "limbs in arithmetic crash the public executor; here that is a fault with a name"
DEVIATIONS = {
    "exec64-tag-147": ("tag_operation", LIMBS_IN_ARITHMETIC),
    "exec64-tag-184": ("tag_operation", LIMBS_IN_ARITHMETIC),
    "exec64-input-029": ("tag_operation", LIMBS_IN_ARITHMETIC),
    "exec64-tag-180": ("tag_function_undefined", "precompiled_… functions exist nowhere; the public executor crashes"),
    "exec64-tag-228": (
        "free_input_empty",
        "the assembler loses the advice of `-${…}`; the executor's error has no kind",
    ),
    "exec64-hash-025": ("hash_digest_missing", "the digest of a stream that never began crashes the public executor"),
    "exec64-input-023": ("tag_parameters", "word 4 of a root of four words crashes the public executor"),
    "exec64-struct-006": ("steps_exhausted", "running out of steps with zero registers is no success"),
}
"""Cases where the record is a bug of the public tools without a recorded repair: the kind of fault here, and why."""


@functools.cache
def cases(vectors: Path) -> Mapping[str, list[dict[str, Any]]]:
    """The recorded cases by category."""
    found: dict[str, list[dict[str, Any]]] = {}
    with (vectors / "exec64.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            found.setdefault(case["id"].split("-")[1], []).append(case)
    return found


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def public_inputs(given: Mapping[str, Any]) -> PublicInputs:
    return PublicInputs(
        old_state_root=data(given.get("oldStateRoot", "00" * 32)),
        old_acc_input_hash=data(given.get("oldAccInputHash", "00" * 32)),
        old_num_batch=int(given.get("oldNumBatch", 0)),
        chain_id=int(given.get("chainID", 0)),
        fork_id=int(given.get("forkID", 0)),
        batch_l2_data=data(given.get("batchL2Data", "0x")),
        sequencer_address=data(given.get("sequencerAddr", "00" * 20)),
        timestamp_limit=int(given.get("timestampLimit", 0)),
        is_forced=int(given.get("isForced", 0)),
    )


def run(case: dict[str, Any]) -> Execution:
    files = case.get("files", {})
    program = assemble(case["source"], resolve_include=lambda includer, path: (path, files[path]))
    steps = case["config"].get("stepsN", STEPS)
    if case["outcome"].get("error_kind") == "steps_exhausted":
        steps = min(steps, SHORT_STEPS)
    return execute(
        program,
        inputs=public_inputs(case.get("input", {})),
        step_limit=steps,
        skip_address_check=case["config"].get("skipAddrRelControl", False),
    )


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """What happens here, in the form of the record."""
    try:
        execution = run(case)
    except AssemblyError as error:
        problem = error.problems[0]
        return {"error_kind": f"assemble:{problem.code}", "line": problem.line, "step": None}
    except ExecutionFault as fault:
        return {"error_kind": fault.error_kind, "line": fault.line, "step": fault.step, "zkPC": fault.zkpc}
    counters = {name: execution.counters[name] for name in ("arith", "binary", "mem_align", "keccak")}
    found = {
        "steps": execution.steps,
        "counters": counters,
        "registers": {name: text(value) for name, value in execution.registers.items()},
        "zkPC": execution.zkpc,
        "memory": {str(address): text(cell) for address, cell in execution.memory.items()},
    }
    if execution.hash_streams:
        found["hashk"] = [
            {
                "id": stream.id,
                "bytes": stream.content.hex(),
                "digest_called": stream.digest_called,
                "len_called": stream.length_called,
            }
            for stream in execution.hash_streams
        ]
    return found


def text(value: int | tuple[int, int]) -> str | list[str]:
    return str(value) if isinstance(value, int) else [str(limb) for limb in value]


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """What must happen: the record, its repair where it has one, or the deviation."""
    wanted = dict(case.get("outcome_repaired", case["outcome"]))
    if case["id"] in DEVIATIONS:
        assert "errata" in case
        kind, _ = DEVIATIONS[case["id"]]
        wanted = {"error_kind": kind, "line": wanted.get("line"), "step": wanted.get("step")}
    if "error_kind" not in wanted:
        return wanted
    compared = ("error_kind", "line", "step", "zkPC")
    return {name: wanted[name] for name in compared if wanted.get(name) is not None}


def test_all_categories_are_run(shared: Path) -> None:
    assert {category: len(group) for category, group in cases(shared / "vectors").items()} == CASES


@pytest.mark.parametrize("category", CASES)
def test_recorded_runs(shared: Path, category: str) -> None:
    wrong = []
    for case in cases(shared / "vectors")[category]:
        wanted, found = expected(case), outcome(case)
        if "error_kind" in wanted:
            compared = {name: found.get(name) for name in wanted}
        else:
            compared = found
        if compared != wanted:
            wrong.append(f"{case['id']}\n  wanted {wanted}\n  found  {found}")
    assert not wrong, "\n".join([f"{len(wrong)} of {CASES[category]} differ", *wrong[:10]])
