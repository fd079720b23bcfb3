"""What a prover needs to know of one run: the input file of the public executor, and the public numbers of the proof.

docs/public-interface.md says what the words are. The executor's file has the fields that a program of the 64-bit
machine can read; numbers are numbers, bytes are hexadecimal text.
"""

from __future__ import annotations

import json
from typing import Any

from zkwasm_compiler.asm.program import Program
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.interpreter import DEFAULT_STEP_LIMIT, Execution, PreparedProgram, Progress, execute


def executor_input(inputs: PublicInputs) -> dict[str, Any]:
    """The public executor's input."""
    return {
        "oldStateRoot": _hexadecimal(inputs.old_state_root),
        "oldAccInputHash": _hexadecimal(inputs.old_acc_input_hash),
        "oldNumBatch": inputs.old_num_batch,
        "chainID": inputs.chain_id,
        "forkID": inputs.fork_id,
        "batchL2Data": _hexadecimal(inputs.batch_l2_data),
        "sequencerAddr": _hexadecimal(inputs.sequencer_address),
        "timestampLimit": inputs.timestamp_limit,
        "isForced": inputs.is_forced,
    }


def executor_input_text(inputs: PublicInputs) -> str:
    """The text of the file; the same bytes for the same inputs."""
    return json.dumps(executor_input(inputs), indent=1) + "\n"


def _hexadecimal(data: bytes) -> str:
    return f"0x{data.hex()}"


def complete_execution(
    program: Program,
    inputs: PublicInputs,
    *,
    step_limit: int = DEFAULT_STEP_LIMIT,
    skip_address_check: bool = False,
    progress: Progress | None = None,
) -> Execution:
    """The run of the whole trace, which publishes something. *Raises:* ExecutionFault."""
    prepared = PreparedProgram(program, skip_address_check=skip_address_check)
    return execute(prepared, inputs=inputs, step_limit=step_limit, full_run=True, progress=progress)


def public_json(execution: Execution, inputs: PublicInputs) -> dict[str, Any]:
    """The public numbers: what goes in and what comes out, limbs with the low one first."""
    public = execution.public
    assert public is not None
    return {
        "SP": inputs.old_num_batch,
        "GAS": inputs.chain_id,
        "CTX": inputs.fork_id,
        "inputs": [list(word) for word in public.inputs],
        "outputs": [list(word) for word in public.outputs],
        "PC": public.status,
    }
