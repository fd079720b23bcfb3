"""`[tool.zkwasm]`: what is accepted, and that every problem is reported at once with its full TOML path."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hatch_zkwasm.configuration import (
    Configuration,
    Example,
    ProgramConfiguration,
    check_hook_options,
    load_configuration,
    parse_configuration,
)
from zkwasm_compiler.errors import ConfigurationError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / "gcd.wasm").write_bytes(b"\0asm\1\0\0\0")
    (tmp_path / "native" / "walk.wat").write_text("(module)")
    return tmp_path


def parse(project: Path, text: str) -> Configuration:
    return parse_configuration(tomllib.loads(text)["tool"]["zkwasm"], project)


def problems(project: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(project, text)
    return [problem.message for problem in caught.value.problems]


def test_everything_that_can_be_written(project: Path) -> None:
    configuration = parse(
        project,
        """
        [tool.zkwasm]
        output = "src/pkg/programs"
        optimization-level = 1
        memory-layout = "words"
        dialect = "durian"

        [tool.zkwasm.programs.gcd]
        source = "native/gcd.wasm"
        exports = ["gcd", "div"]
        optimization-level = 3
        memory-layout = "bytes"
        examples = [
          { call = "gcd", args = [48, -18], result = 6 },
          { call = "gcd", args = [0.5], results = [1, 2.5] },
          { call = "div", args = [1, 0], trap = "integer divide by zero" },
          { call = "div" },
        ]

        [tool.zkwasm.programs.walk]
        source = "./native/walk.wat"
        link = { env = "native/gcd.wasm", "a b" = "native/walk.wat" }
        """,
    )
    path = "tool.zkwasm.programs.gcd"
    assert configuration == Configuration(
        project,
        "src/pkg/programs",
        (
            ProgramConfiguration(
                "gcd",
                "native/gcd.wasm",
                ("gcd", "div"),
                3,
                (
                    Example("gcd", (48, -18), (6,), None, f"{path}.examples[0]"),
                    Example("gcd", (0.5,), (1, 2.5), None, f"{path}.examples[1]"),
                    Example("div", (1, 0), (), "integer divide by zero", f"{path}.examples[2]"),
                    Example("div", (), (), None, f"{path}.examples[3]"),
                ),
                path,
                "bytes",
            ),
            ProgramConfiguration(
                "walk",
                "native/walk.wat",
                memory_layout="words",
                optimization_level=1,
                path="tool.zkwasm.programs.walk",
                links=(("env", "native/gcd.wasm"), ("a b", "native/walk.wat")),
            ),
        ),
    )


def test_all_problems_are_reported_at_once(project: Path) -> None:
    assert problems(
        project,
        """
        [tool.zkwasm]
        optimisation-level = 2
        optimization-level = 4
        memory-layout = "cells"
        dialect = "wide"

        [tool.zkwasm.programs."a.b"]
        source = "native/gcd.c"
        memory-layout = 4

        [tool.zkwasm.programs.gcd]
        sources = "native/gcd.wasm"
        exports = ["gcd", 1, "gcd"]
        examples = [
          { call = "lcm", args = ["48", true], result = 6, trap = "unreachable" },
          { args = 3 },
          "gcd",
        ]
        """,
    ) == [
        "tool.zkwasm.optimisation-level: unknown key; did you mean `optimization-level`?",
        "tool.zkwasm.output: is missing; name the folder inside the package, such as src/package/programs",
        "tool.zkwasm.optimization-level: must be an integer from 0 to 3, found 4",
        "tool.zkwasm.memory-layout: must be one of auto, words, bytes, found 'cells'",
        "tool.zkwasm.dialect: must be one of 64, durian, found 'wide'",
        'tool.zkwasm.programs."a.b": a program\'s name becomes a file name: use letters, digits, - and _',
        "tool.zkwasm.programs.\"a.b\".source: must end in .wasm or .wat, found 'native/gcd.c'",
        'tool.zkwasm.programs."a.b".memory-layout: must be one of auto, words, bytes, found an integer',
        "tool.zkwasm.programs.gcd.sources: unknown key; did you mean `source`?",
        "tool.zkwasm.programs.gcd.source: is missing; name the .wasm or .wat file to compile",
        "tool.zkwasm.programs.gcd.exports[1]: must be a non-empty string, found an integer",
        "tool.zkwasm.programs.gcd.exports: names 'gcd' more than once",
        "tool.zkwasm.programs.gcd.examples[2]: must be a table, found a string",
        "tool.zkwasm.programs.gcd.examples[0].call: 'lcm' is not in `exports` (gcd, gcd)",
        "tool.zkwasm.programs.gcd.examples[0]: has `result` and `trap`; give one of result, results, trap "
        "and exit-code",
        "tool.zkwasm.programs.gcd.examples[0].args[0]: must be an integer or a float, found a string",
        "tool.zkwasm.programs.gcd.examples[0].args[1]: must be an integer or a float, found a boolean",
        "tool.zkwasm.programs.gcd.examples[1].call: is missing; name the exported function to call",
        "tool.zkwasm.programs.gcd.examples[1].args: must be an array, found an integer",
    ]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("../programs", "must be a path below the project's folder, found '../programs'"),
        ("/programs", "must be a path below the project's folder, found '/programs'"),
        (".", "must be a path below the project's folder, found '.'"),
        ("C:/programs", "must be a path below the project's folder, found 'C:/programs'"),
        ("src\\\\programs", "write the path with / on every system, found 'src\\\\programs'"),
        ("", "must be a non-empty string, found an empty string"),
    ],
)
def test_output_stays_in_the_project(project: Path, output: str, message: str) -> None:
    text = f'[tool.zkwasm]\noutput = "{output}"\n[tool.zkwasm.programs.gcd]\nsource = "native/gcd.wasm"\n'
    assert problems(project, text) == [f"tool.zkwasm.output: {message}"]


def test_missing_source_file(project: Path) -> None:
    text = '[tool.zkwasm]\noutput = "p"\n[tool.zkwasm.programs.gcd]\nsource = "native/none.wasm"\n'
    assert problems(project, text) == ["tool.zkwasm.programs.gcd.source: there is no file native/none.wasm"]


def test_trap_kinds_are_known(project: Path) -> None:
    text = '[tool.zkwasm]\noutput = "p"\n[tool.zkwasm.programs.gcd]\nsource = "native/gcd.wasm"\n'
    (message,) = problems(project, text + 'examples = [{ call = "gcd", trap = "division by zero" }]\n')
    path = "tool.zkwasm.programs.gcd.examples[0].trap"
    assert message.startswith(f"{path}: there is no trap 'division by zero'; the kinds are unreachable, ")
    assert "integer divide by zero" in message


@pytest.mark.parametrize("exports", ["[]", '"gcd"'])
def test_exports_are_a_list_of_names(project: Path, exports: str) -> None:
    text = f'[tool.zkwasm]\noutput = "p"\nprograms.gcd = {{source = "native/gcd.wasm", exports = {exports}}}\n'
    (message,) = problems(project, text)
    assert message.startswith("tool.zkwasm.programs.gcd.exports: must ")


def test_no_programs(project: Path) -> None:
    (message,) = problems(project, '[tool.zkwasm]\noutput = "p"\n')
    assert message.startswith("tool.zkwasm.programs: names no program; add a table [tool.zkwasm.programs.<name>]")


def test_names_that_are_one_file_on_some_systems(project: Path) -> None:
    table = '{source = "native/gcd.wasm"}'
    (message,) = problems(project, f'[tool.zkwasm]\noutput = "p"\nprograms.gcd = {table}\nprograms.GCD = {table}\n')
    assert message.startswith("tool.zkwasm.programs: 'gcd' and 'GCD' differ only in case")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project]\n", "[tool.zkwasm] is missing"),
        ("[tool.zkwasm\n", "is not valid TOML"),
        ("tool = 3\n", "[tool.zkwasm] is missing"),
        ("[tool]\nzkwasm = 3\n", "tool.zkwasm: must be a table, found an integer"),
    ],
)
def test_the_file_itself(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert problem.file == str(tmp_path / "pyproject.toml")


def test_no_project_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no such file; run in a project's folder"):
        load_configuration(tmp_path)


def test_hook_table_takes_only_what_hatch_reserves() -> None:
    path = "tool.hatch.build.hooks.zkwasm"
    check_hook_options({"dependencies": [], "enable-by-default": False}, path)
    with pytest.raises(ConfigurationError) as caught:
        check_hook_options({"output": "x", "dependencies": []}, path)
    assert [problem.message for problem in caught.value.problems] == [
        f"{path}.output: the hook has no options of its own; programs are configured in [tool.zkwasm]"
    ]


def test_linked_modules_must_be_there(project: Path) -> None:
    start = "[tool.zkwasm]\noutput = 'out'\n[tool.zkwasm.programs.gcd]\nsource = 'native/gcd.wasm'\n"
    path = "tool.zkwasm.programs.gcd.link"
    assert problems(project, f"{start}link = 'native/gcd.wasm'") == [f"{path}: must be a table, found a string"]
    assert problems(project, f"{start}link = {{ env = 'native/no.wasm', b = 'x.c', c = 3 }}") == [
        f"{path}.env: there is no file native/no.wasm",
        f"{path}.b: must end in .wasm or .wat, found 'x.c'",
        f"{path}.c: must be a non-empty string, found an integer",
    ]
