"""Writes a trace while the program runs.

The main machine is completed and written some thousand rows at a time, and so are the operations of the secondary ones;
only what is hashed is kept until the end.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError, InputError, Problem
from zkwasm_simulator.constraints.arith import arith_table
from zkwasm_simulator.constraints.binary import binary_table
from zkwasm_simulator.constraints.columns import MACHINES, Table
from zkwasm_simulator.constraints.instruction import FIELDS
from zkwasm_simulator.constraints.keccak import digests, lengths, pieces, streams_of
from zkwasm_simulator.constraints.mem_align import mem_align_table
from zkwasm_simulator.constraints.memory import accesses
from zkwasm_simulator.constraints.permutation import Cells
from zkwasm_simulator.constraints.recording import LONGEST, STATE, Recorder
from zkwasm_simulator.constraints.witness import Instructions, Steps, first_row, main_part
from zkwasm_simulator.counters import BINARY_ROWS, MEM_ALIGN_ROWS
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.interpreter import DEFAULT_STEP_LIMIT, Progress
from zkwasm_simulator.traces.column_files import ColumnFile
from zkwasm_simulator.traces.memory_file import MemoryFile

DESCRIPTION = "trace.json"
FORMAT = "zkwasm-trace-1"


@dataclass(frozen=True, slots=True)
class WrittenTrace:
    """A trace on disk: N, and the rows that are written of each machine."""

    folder: Path
    n: int
    rows: dict[str, int]


def write_trace(
    program: Program,
    folder: Path,
    *,
    inputs: PublicInputs | None = None,
    rows: int | None = None,
    step_limit: int = DEFAULT_STEP_LIMIT,
    skip_address_check: bool = False,
    progress: Progress | None = None,
) -> WrittenTrace:
    """Write the trace of an honest run, of `rows` rows or of the smallest power of two that holds every machine.

    The folder must not exist; it appears when everything is in it. *Raises:* ExecutionFault, ConfigurationError,
    InputError when the system refuses to write it.
    """
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already; a trace is written to a new folder")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    recorder = _WritingRecorder(program, skip_address_check=skip_address_check, progress=progress)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        written = recorder.write(unfinished, inputs or PublicInputs(), rows, step_limit)
        needed = recorder.rows_needed() if rows is None else written["Main"]
        if needed != written["Main"]:
            written = recorder.write(unfinished, inputs or PublicInputs(), needed, step_limit)
        unfinished.rename(folder)
    except OSError as error:
        raise InputError(Problem(f"cannot be written: {error.strerror}", file=str(folder))) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return WrittenTrace(folder, written["Main"], written)


class _WritingRecorder(Recorder):
    """Records a run into files."""

    def write(self, folder: Path, inputs: PublicInputs, rows: int | None, step_limit: int) -> dict[str, int]:
        """Write everything into a new folder; gives the rows of each machine."""
        self._require(rows)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._begin(inputs, rows)
        self._instructions = Instructions(self.program)
        self._files = {
            machine: {name: ColumnFile(folder / f"{machine}.{name}.npy") for name in columns}
            for machine, columns in MACHINES.items()
            if machine != "Mem"
        }
        self._memory = MemoryFile(folder / "accesses.tmp")
        self._asked: tuple[list[Cells], list[Cells], list[Cells]] = ([], [], [])
        try:
            return self._write(folder, rows, step_limit)
        finally:
            self._memory.close()
            for column in self._columns():
                column.close()

    def rows_needed(self) -> int:
        """The length of the trace that was written, or the least longer one in which every machine fits."""
        n = written = self._rows["Main"]
        used = max(
            BINARY_ROWS * self._rows["Binary"],
            self._rows["Arith"],
            MEM_ALIGN_ROWS * self._rows["MemAlign"],
            len(self.program.rows),
        )
        while n < LONGEST and max(used, self._memory.rows_needed(n)) > n:
            n *= 2
        return n if n < LONGEST else written

    def _write(self, folder: Path, rows: int | None, step_limit: int) -> dict[str, int]:
        n = self._complete(rows, step_limit)
        for name, value in first_row(self.zkpc, STATE(self.machine)).items():
            self._files["Main"][name].put(0, value)
        for table in streams_of(*self._asked):
            self._append(table)
        self._rows = {machine: next(iter(columns.values())).rows for machine, columns in self._files.items()}
        self._rows["Mem"] = self._memory.finish(folder, n)
        for column in self._columns():
            column.finish()
        description = json.dumps(self._description(), indent=1) + "\n"
        (folder / DESCRIPTION).write_text(description, encoding="utf-8")
        return dict(self._rows)

    def _settle(self) -> None:
        """Complete and write the steps that were noted last."""
        self.steps.settle()
        view = main_part(self._instructions, self.steps, STATE(self.machine))
        self._append(view.main)
        for table in (binary_table(view), arith_table(view), mem_align_table(view)):
            self._append(table)
        self._memory.extend(accesses(view)[1])
        for asked, found in zip(self._asked, (pieces(view), lengths(view), digests(view)), strict=True):
            asked += found[1]
        self.steps = Steps(self.step)

    def _append(self, table: Table) -> None:
        for name, file in self._files[table.machine].items():
            file.extend(table[name])

    def _columns(self) -> list[ColumnFile]:
        return [column for columns in self._files.values() for column in columns.values()]

    def _description(self) -> dict[str, Any]:
        machines = {
            machine: {
                "rows": self._rows[machine],
                "columns": {name: {"file": f"{machine}.{name}.npy", "is": text} for name, text in columns.items()},
            }
            for machine, columns in MACHINES.items()
        }
        instructions = [
            {"row": zkpc, "fields": {field: made[field] for field in FIELDS if made[field]}}
            for zkpc, made in zip(self._instructions.zkpc, self._instructions.made, strict=True)
        ]
        return {"format": FORMAT, "n": self._rows["Main"], "machines": machines, "instructions": instructions}
