"""Compiles the programs of a configuration into their output folder; knows nothing of hatch or the command line.

Comes in: a `Configuration`. Goes out: `<name>.zkasm`, `<name>.rom.json`, `<name>.map.json` and
`<name>.manifest.json` for each program, `<name>.<n>.input.json` for each of its examples, and a `BuildReport`. Every
example is run; a wrong result fails the build. Nothing is written unless every program is good, and each file appears
under its name only when it is complete. A program whose manifest still matches its source, its options, its examples,
the compiler and the outputs is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatch_zkwasm.configuration import Configuration, Example, ProgramConfiguration
from hatch_zkwasm.costs import cost_json
from hatch_zkwasm.errors import BuildError
from hatch_zkwasm.manifest import (
    FORMAT,
    INPUT_SUFFIX,
    MACHINE,
    MANIFEST_SUFFIX,
    OUTPUT_SUFFIXES,
    SUFFIXES,
    Manifest,
    input_file,
    manifest_text,
    parse_manifest,
    sha256,
    toolchain,
)
from hatch_zkwasm.sources import compile_file, read_bytes
from hatch_zkwasm.values import (
    Value,
    call_text,
    check_arguments,
    json_value,
    parse_results,
    same_values,
    signature,
    values_text,
)
from hatch_zkwasm.writing import write_files
from zkwasm_compiler.asm.interface import interface_to_json
from zkwasm_compiler.asm.positions import positions_json
from zkwasm_compiler.asm.program import Export, Program
from zkwasm_compiler.errors import ConfigurationError, ExecutionError, InputError, InternalError, Problem


@dataclass(frozen=True, slots=True)
class BuiltProgram:
    """One program of a finished build; `files` are relative to the project, with `/`."""

    name: str
    files: tuple[str, ...]
    manifest: Manifest
    compiled: bool


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    programs: tuple[BuiltProgram, ...]

    @property
    def summary(self) -> str:
        """``2 compiled, 1 up to date``."""
        compiled = sum(program.compiled for program in self.programs)
        return f"{compiled} compiled, {len(self.programs) - compiled} up to date"

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(file for program in self.programs for file in program.files)


def build(configuration: Configuration, *, rebuild: bool = False) -> BuildReport:
    """Bring the outputs of `configuration` up to date; `rebuild` compiles also what is.

    Raises: BuildError with every problem of every program; then nothing was written.
    """
    built: list[BuiltProgram] = []
    contents: dict[Path, bytes] = {}
    problems: list[Problem] = []
    for program in configuration.programs:
        files = output_files(configuration, program)
        manifest = None if rebuild else _current_manifest(configuration, program)
        if manifest is None:
            try:
                outputs, manifest = _compile(configuration, program)
            except InputError as error:
                problems.extend(error.problems)
                continue
            contents.update(zip((configuration.root / file for file in files), outputs, strict=True))
            built.append(BuiltProgram(program.name, files, manifest, compiled=True))
        else:
            built.append(BuiltProgram(program.name, files, manifest, compiled=False))
    if problems:
        raise BuildError(*problems)
    write_files(contents)
    _remove_other_inputs(configuration)
    return BuildReport(tuple(built))


def output_files(configuration: Configuration, program: ProgramConfiguration) -> tuple[str, ...]:
    """The files of a program, relative to the project, with `/`: as `SUFFIXES` has them, then those of its examples."""
    names = [program.name + suffix for suffix in SUFFIXES]
    names += [input_file(program.name, number) for number in range(1, len(program.examples) + 1)]
    return tuple(f"{configuration.output}/{name}" for name in names)


def _remove_other_inputs(configuration: Configuration) -> None:
    """Remove input files of examples that are there no more."""
    for program in configuration.programs:
        wanted = {configuration.root / file for file in output_files(configuration, program)}
        for path in configuration.output_folder.glob(f"{program.name}.*{INPUT_SUFFIX}"):
            if path not in wanted:
                path.unlink()


def clean(configuration: Configuration) -> None:
    """Remove what `build` writes, and the output folder when nothing else is in it."""
    for program in configuration.programs:
        for file in output_files(configuration, program):
            (configuration.root / file).unlink(missing_ok=True)
    folder = configuration.output_folder
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def check_outputs(configuration: Configuration, report: BuildReport) -> list[Problem]:
    """Files of `report` that are missing or were changed since."""
    problems = []
    for program in report.programs:
        for file in program.files:
            path = configuration.root / file
            wanted = expected_sha256(program, file)
            if not path.is_file():
                problems.append(Problem("was compiled but is gone", file=file))
            elif sha256(path.read_bytes()) != wanted:
                problems.append(Problem("was changed after it was compiled", file=file))
    return problems


def expected_sha256(program: BuiltProgram, file: str) -> str:
    """The hash that `file` of `program` must have."""
    name = file.rpartition("/")[2]
    if name.endswith(MANIFEST_SUFFIX):
        return sha256(manifest_text(program.manifest).encode())
    return str(program.manifest["outputs"][name])


def _current_manifest(configuration: Configuration, program: ProgramConfiguration) -> Manifest | None:
    """The manifest of `program` when nothing that it depends on has changed."""
    folder = configuration.output_folder
    try:
        text = (folder / (program.name + MANIFEST_SUFFIX)).read_text(encoding="utf-8")
        manifest = parse_manifest(text, program.name)
        wanted = _inputs(configuration, program)
        if {key: manifest.get(key) for key in wanted} != wanted:
            return None
        if [_declared(entry) for entry in manifest["examples"]] != [_example_json(e) for e in program.examples]:
            return None
        for file in output_files(configuration, program):
            name = file.rpartition("/")[2]
            if name.endswith(MANIFEST_SUFFIX):
                continue
            if sha256((folder / name).read_bytes()) != manifest["outputs"][name]:
                return None
    except (OSError, UnicodeDecodeError, InputError, KeyError, TypeError):
        return None  # Missing, damaged or of another version: compiling again replaces it.
    return manifest


def _inputs(configuration: Configuration, program: ProgramConfiguration) -> Manifest:
    """The part of a manifest that says what was compiled and how. *Raises:* UsageError for files that are not there."""

    def source(file: str) -> dict[str, str]:
        return {"file": file, "sha256": sha256(read_bytes(configuration.root / file))}

    links = {"links": {name: source(file) for name, file in program.links}} if program.links else {}
    return {
        "format": FORMAT,
        "name": program.name,
        "machine": MACHINE,
        "toolchain": toolchain(),
        "source": source(program.source),
        **links,
        "options": {
            "exports": None if program.exports is None else list(program.exports),
            "optimization-level": program.optimization_level,
            "memory-layout": program.memory_layout,
            **({"arguments": list(program.arguments)} if program.arguments else {}),
            **({"environment": list(program.environment)} if program.environment else {}),
            **({"clock": program.clock} if program.clock is not None else {}),
            **({"random-seed": program.random_seed} if program.random_seed is not None else {}),
        },
    }


def _compile(configuration: Configuration, program: ProgramConfiguration) -> tuple[tuple[bytes, ...], Manifest]:
    """The output files of `program`, as `output_files` has them, and its manifest."""
    from zkwasm_compiler import HostOptions

    path = configuration.root / program.source
    inputs = _inputs(configuration, program)
    compiled = compile_file(
        path,
        exports=program.exports,
        optimization_level=program.optimization_level,
        memory_layout=program.memory_layout,
        links={name: configuration.root / file for name, file in program.links},
        hosts=HostOptions(
            arguments=program.arguments,
            environment=program.environment,
            clock=program.clock,
            random_seed=program.random_seed,
        ),
        shown_as=program.source,
    )
    if compiled.interface is None or compiled.positions is None:
        raise InternalError(f"{program.source} compiled to a program without an interface or positions")
    outputs = compiled.source.encode(), compiled.rom_json().encode(), positions_json(compiled.positions).encode()
    entries = _run_examples(compiled, program)
    examples = [_example_input(compiled, example) for example in program.examples]
    names = [program.name + suffix for suffix in OUTPUT_SUFFIXES]
    names += [input_file(program.name, number) for number in range(1, len(examples) + 1)]
    manifest = inputs | {
        "outputs": {name: sha256(output) for name, output in zip(names, (*outputs, *examples), strict=True)},
        "rom-rows": len(compiled.rows),
        "interface": interface_to_json(compiled.interface),
        "examples": entries,
    }
    return (*outputs, manifest_text(manifest).encode(), *examples), manifest


def _example_input(compiled: Program, example: Example) -> bytes:
    """The public executor's input for an example."""
    from zkwasm_simulator import PublicInputs
    from zkwasm_simulator.prover_inputs import executor_input_text

    export = _export(compiled, example.call)
    inputs = PublicInputs.of_call(export, check_arguments(export, example.arguments))
    inputs = inputs.with_data(example.private_input, example.public_input)
    return executor_input_text(inputs).encode()


def _run_examples(compiled: Program, program: ProgramConfiguration) -> list[dict[str, Any]]:
    """What each example gave and cost.

    Raises: BuildError with every example that went wrong.
    """
    entries = []
    problems: list[Problem] = []
    for example in program.examples:
        try:
            entries.append(_run_example(compiled, example))
        except InputError as error:
            problems.extend(Problem(f"{example.path}: {problem}") for problem in error.problems)
        except ExecutionError as error:
            call = call_text(_export(compiled, example.call), example.arguments)
            problems.append(Problem(f"{example.path}: {call} cannot be proved: {error}"))
    if problems:
        raise BuildError(*problems)
    return entries


def _run_example(compiled: Program, example: Example) -> dict[str, Any]:
    from zkwasm_simulator import Instance

    export = _export(compiled, example.call)
    arguments = check_arguments(export, example.arguments)
    expected = parse_results(export, example.results) if example.trap is None else ()
    result = Instance(compiled).call(
        example.call, *arguments, private_input=example.private_input, public_input=example.public_input
    )
    wanted = f"trap {example.trap!r}" if example.trap is not None else values_text(export, expected)
    wanted = f"exit code {example.exit_code}" if example.exit_code else wanted
    trap = None if result.trap is None else result.trap.message
    found = f"trapped: {trap}" if trap is not None else f"returned {values_text(export, result.values)}"
    found = f"ended with exit code {result.exit_code}" if result.exit_code else found
    ended = (trap, result.exit_code)
    returned = ended == (None, 0)
    if ended != (example.trap, example.exit_code) or (returned and not same_values(expected, result.values)):
        raise BuildError(Problem(f"{call_text(export, arguments)} {found}, but {wanted} was expected"))
    if example.public_output not in (None, result.public_output):
        raise BuildError(
            Problem(
                f"{call_text(export, arguments)} wrote {_bytes_text(result.public_output)}, but "
                f"{_bytes_text(example.public_output or b'')} was expected"
            )
        )
    return _example_json(example) | {"status": result.status, **cost_json(result.counters)}


def _export(compiled: Program, name: str) -> Export:
    exports = () if compiled.interface is None else compiled.interface.exports
    for export in exports:
        if export.name == name:
            return export
    raise ConfigurationError(
        Problem(f"the program exports no {name!r}; it exports {', '.join(map(signature, exports)) or 'nothing'}")
    )


def _example_json(example: Example) -> dict[str, Any]:
    """The part of an example's entry that the configuration declares."""
    outcome: Mapping[str, Any] = (
        {"trap": example.trap} if example.trap is not None else {"results": _json_values(example.results)}
    )
    data = {
        "exit-code": example.exit_code or None,
        "private-input": example.private_input.hex() or None,
        "public-input": example.public_input.hex() or None,
        "public-output": None if example.public_output is None else example.public_output.hex(),
    }
    given = {key: value for key, value in data.items() if value is not None}
    return {"call": example.call, "arguments": _json_values(example.arguments), **outcome, **given}


DECLARED = ("call", "arguments", "trap", "results", "exit-code", "private-input", "public-input", "public-output")


def _declared(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in DECLARED if key in entry}


def _bytes_text(content: bytes) -> str:
    """Bytes for messages: as text where they are printable, otherwise in hexadecimal digits."""
    return repr(content.decode("ascii")) if content.isascii() and content.decode().isprintable() else content.hex()


def _json_values(values: tuple[Value, ...]) -> list[Value | str]:
    return [json_value("f64", value) for value in values]  # the type matters for NaN alone, and TOML has one NaN
