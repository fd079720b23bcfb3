"""A prover who lies: replaces free inputs, one at a time or several that fit together, and goes on.

Every run must break a constraint or come to the same outputs. One that does neither shows an instruction whose free
input is not pinned. `forge` runs one chosen forgery.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.audit.coherence import repairs
from zkwasm_simulator.audit.forging import Forgery, Fork, FreeInput, Stage, Verdict
from zkwasm_simulator.audit.lies import lies as usual_lies
from zkwasm_simulator.audit.report import Lie, LyingReport, Place, Survivor
from zkwasm_simulator.audit.statement import audited
from zkwasm_simulator.faults import limbs_text
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.inputs import PublicInputs
from zkwasm_simulator.interpreter import DEFAULT_STEP_LIMIT
from zkwasm_simulator.machine import WIDE_REGISTERS, Machine
from zkwasm_simulator.values import Value, to_bits

Lies = Callable[[Limbs], Iterable[Limbs]]
"""Gives the values to say instead of an honest one."""
Progress = Callable[[int, int], None]
"""Called as progress(done, all) with numbers of free inputs."""

COHERENT_LIES = 4
"""After how many of the lies at a free input others are made to fit."""
SURVIVORS = 20
"""How many survivors are looked for before the search ends."""
ROW_0 = -1
"""The step of a lie about a register at row 0."""
PUBLIC_REGISTERS = ("SP", "GAS", "CTX")
"""Their values at row 0 are public."""

OTHERS = 3
"""How many values of other steps are said."""


def lying_prover(
    program: Program,
    name: str | None = None,
    args: Sequence[Value] = (),
    *,
    inputs: PublicInputs | None = None,
    private_input: bytes = b"",
    public_input: bytes = b"",
    end: str | None = None,
    lies: Lies | None = None,
    rows: Collection[int] | None = None,
    occurrences: Collection[int] | None = None,
    seed: int = 0,
    limit: int | None = 20_000,
    step_limit: int = DEFAULT_STEP_LIMIT,
    coherent: bool = True,
    progress: Progress | None = None,
) -> LyingReport:
    """Run `program` with lies and report those that survive.

    With an interface, the export `name` is called with `args`, and the inputs are what it reads; any other program runs
    from row 0 with `inputs`, up to the label `end` or the row that waits for the end of the trace. `rows` and
    `occurrences` (0-based, counted for each row) choose the free inputs, by default all. At most `limit` lies are told,
    chosen evenly by `seed`; with `coherent` further free inputs are changed so that the constraint which a lie breaks
    holds again.

    *Raises:* ConfigurationError; ExecutionFault when the honest run cannot be proved.
    """
    given = inputs or _public_inputs(program, name, args).with_data(private_input, public_input)
    stage = Stage(audited(program, end), given, step_limit)
    chosen = list(_chosen(stage, rows, occurrences))
    told = _lies_told(stage, chosen, lies, random.Random(seed), limit)
    search = _Search(stage, coherent)
    search.registers(rows)
    steps = sorted(told)
    for done, (fork, step) in enumerate(zip(stage.forks(steps), steps, strict=True)):
        if progress is not None:
            progress(done, len(steps))
        search.lie(fork, told[step])
        if len(search.survivors) >= SURVIVORS:
            break
    counts = search.verdicts
    call = f"{name}({', '.join(map(str, args))})" if name is not None else program.file_name or "the program"
    return LyingReport(
        call=call,
        steps=stage.steps,
        free_inputs=len(stage.free_inputs),
        tried=len(told),
        runs=sum(counts.values()),
        violated=counts[Verdict.VIOLATED],
        same=counts[Verdict.SAME],
        different=counts[Verdict.DIFFERENT],
        unfinished=counts[Verdict.UNFINISHED],
        survivors=tuple(search.survivors.values()),
    )


@dataclass(frozen=True, slots=True)
class Tamper:
    """A chosen lie: the free input of a row, in its `occurrence`-th execution or in all of them."""

    row: int
    value: Limbs
    occurrence: int | None = None


def forge(
    program: Program,
    tampers: Sequence[Tamper] = (),
    *,
    inputs: PublicInputs | None = None,
    end: str | None = None,
    registers: Mapping[str, int | Limbs] | None = None,
    step_limit: int = DEFAULT_STEP_LIMIT,
) -> Forgery:
    """Run `program` from row 0 with these lies, later advice being evaluated on the forged state.

    `registers` are forged at row 0. *Raises:* ExecutionFault when the honest run cannot be proved.
    """
    stage = Stage(audited(program, end), inputs or PublicInputs(), step_limit)
    counts: Counter[int] = Counter()

    def tamper(row: int) -> Limbs | None:
        occurrence = counts[row]
        counts[row] += 1
        for one in tampers:
            if one.row == row and one.occurrence in (None, occurrence):
                return one.value
        return None

    return stage.run(_with_registers(stage.start(), registers or {}), {}, tamper=tamper)


def _public_inputs(program: Program, name: str | None, args: Sequence[Value]) -> PublicInputs:
    interface = program.interface
    if name is None:
        if args:
            raise ConfigurationError("arguments were given without the name of a function to call")
        return PublicInputs()
    if interface is None:
        raise ConfigurationError(f"{program.file_name or 'the program'} has no functions to call; leave out the name")
    export = interface.export(name)
    if export is None:
        known = ", ".join(export.name for export in interface.exports) or "nothing"
        raise ConfigurationError(f"the program exports no function {name!r}; it exports {known}")
    if len(args) != len(export.parameters):
        raise ConfigurationError(f"{name} takes {len(export.parameters)} arguments, {len(args)} given")
    words = [
        to_bits(type_, value, f"argument {number} of {name}")
        for number, (type_, value) in enumerate(zip(export.parameters, args, strict=True), 1)
    ]
    return PublicInputs.of_words(words, function_index=export.index)


def _chosen(stage: Stage, rows: Collection[int] | None, occurrences: Collection[int] | None) -> Iterator[FreeInput]:
    """The free inputs to lie at."""
    counts: Counter[int] = Counter()
    for one in stage.free_inputs:
        occurrence = counts[one.row]
        counts[one.row] += 1
        if stage.audited.is_public_input(one.step):
            continue
        if (rows is None or one.row in rows) and (occurrences is None or occurrence in occurrences):
            yield one


def _lies_told(
    stage: Stage, chosen: Sequence[FreeInput], lies: Lies | None, chance: random.Random, limit: int | None
) -> dict[int, list[Limbs]]:
    """What to say by step; of more than `limit` lies a sample."""
    values = sorted({one.honest for one in stage.free_inputs})
    pairs: list[tuple[int, Limbs]] = []
    for one in chosen:
        others = chance.sample(values, min(OTHERS, len(values)))
        offered = usual_lies(one.honest, others) if lies is None else lies(one.honest)
        data = stage.audited.data.get(one.row)
        told_here = [value for value in offered if value != one.honest]
        if data is not None:  # other data is no lie
            told_here = [value for value in told_here if not data.other(one.honest, value)]
        pairs += [(one.step, value) for value in told_here]
    if limit is not None and len(pairs) > limit:
        pairs = [pairs[number] for number in sorted(chance.sample(range(len(pairs)), limit))]
    told: dict[int, list[Limbs]] = {}
    for step, value in pairs:
        told.setdefault(step, []).append(value)
    return told


class _Search:
    """Tells lies and collects those that survive, the first for each row."""

    def __init__(self, stage: Stage, coherent: bool) -> None:
        self.stage = stage
        self.coherent = coherent
        self.verdicts: Counter[Verdict] = Counter()
        self.survivors: dict[tuple[int, str], Survivor] = {}

    def lie(self, fork: Fork, values: Sequence[Limbs]) -> None:
        """Say each of `values` at the step of `fork`, and what fits to the first of them."""
        for number, value in enumerate(values):
            said = {fork.step: value}
            run = self.stage.run(fork, said)
            self._note(run)
            if self.coherent and number < COHERENT_LIES:
                for _, further in repairs(self.stage, fork, said, run):
                    self._note(further)

    def registers(self, rows: Collection[int] | None) -> None:
        """Begin with registers that are not 0: nothing but the last row says what they are at row 0."""
        if rows is not None:
            return
        start = self.stage.start()
        for name, value in start.initial.items():
            if name in PUBLIC_REGISTERS:
                continue
            said = (7, 9) if name in WIDE_REGISTERS else 7
            run = self.stage.run(_with_registers(start, {name: said}), {})
            honest = value if isinstance(value, tuple) else (value, 0)
            forged = said if isinstance(said, tuple) else (said, 0)
            self._note(run, Lie(self._place(0), ROW_0, honest, forged, name))

    def _note(self, run: Forgery, first: Lie | None = None) -> None:
        self.verdicts[run.verdict] += 1
        if run.verdict is not Verdict.DIFFERENT:
            return
        told = [Lie(self._place(one.row), one.step, one.honest, one.said) for one in _told(run)]
        lies = ([first] if first is not None else []) + told
        self.survivors.setdefault((lies[0].place.row, lies[0].register), self._survivor(tuple(lies), run))

    def _survivor(self, lies: tuple[Lie, ...], run: Forgery) -> Survivor:
        forged, honest = run.outputs or {}, self.stage.outputs
        output = next(name for name in (*honest, *forged) if honest.get(name) != forged.get(name))
        return Survivor(lies, output, _shown(honest.get(output)), _shown(forged.get(output)))

    def _place(self, row: int) -> Place:
        return self.stage.audited.place(row)


def _told(run: Forgery) -> list[FreeInput]:
    return [one for one in run.free_inputs if one.said != one.honest]


def _shown(value: Limbs | int | None) -> str:
    if value is None:
        return "0x0"
    return limbs_text(*value) if isinstance(value, tuple) else str(value)


def _with_registers(fork: Fork, registers: Mapping[str, int | Limbs]) -> Fork:
    """`fork` at row 0 with other values in registers."""
    machine: Machine = fork.machine.copy()
    for name, value in registers.items():
        machine.set_register(name, value)
    return Fork(machine, fork.row, fork.step, machine.registers())
