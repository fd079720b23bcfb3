"""Which dialect a program is in: option, first line, project, use; and contradictions between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkwasm_compiler.asm import (
    AssembleOptions,
    Interface,
    assemble,
    assemble_file,
    check,
    check_file,
    choose_dialect,
    parse,
)
from zkwasm_compiler.asm.interface import directive
from zkwasm_compiler.errors import AssemblyError, ConfigurationError

BOTH = "${A} => B :MLOAD(SP)\n"
"""A source that is right in both dialects, with other fields."""


def write(folder: Path, files: dict[str, str]) -> Path:
    """The main file of a project."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "main.zkasm"


def chosen(folder: Path, files: dict[str, str], dialect: str | None = None) -> tuple[str, str]:
    """The dialect and the reason for it, the folder taken out."""
    main = write(folder, files)
    checked = check_file(main, AssembleOptions(dialect=dialect))
    assert checked.problems == ()
    assert checked.program is not None
    assert ("inFREE0" in checked.program.rows[0]) == (checked.program.machine == "zkevm256")
    if dialect is None:
        assert choose_dialect(main) == checked.choice
    return checked.choice.dialect, checked.choice.reason.replace(str(folder), "")


def test_without_any_sign_it_is_that_of_the_default_machine(tmp_path: Path) -> None:
    assert chosen(tmp_path, {"main.zkasm": BOTH}) == ("64", "by default")
    assert assemble(BOTH).machine == "zkvm64"


def test_the_option_decides_first(tmp_path: Path) -> None:
    files = {"main.zkasm": BOTH, "zkwasm.toml": 'dialect = "64"\n'}
    assert chosen(tmp_path, files, "durian") == ("durian", "as the option says")


def test_the_first_line_decides_before_the_project(tmp_path: Path) -> None:
    files = {"main.zkasm": "  ;@ dialect durian \r\n" + BOTH, "zkwasm.toml": 'dialect = "64"\n'}
    assert chosen(tmp_path, files) == ("durian", "as the first line of main.zkasm says")
    assert assemble(files["main.zkasm"]).machine == "zkevm256"
    assert parse(";@ dialect durian\n$0{1} => SR\n").problems == ()


def test_a_compiled_program_is_in_the_dialect_that_is_compiled_to(tmp_path: Path) -> None:
    """Also in a project whose own sources are in another."""
    compiled = directive(Interface()) + "\n" + BOTH
    files = {"main.zkasm": compiled, "zkwasm.toml": 'dialect = "durian"\n'}
    assert chosen(tmp_path, files) == ("64", "as the first line of main.zkasm says")
    (problem,) = check(compiled, options=AssembleOptions(dialect="durian")).problems
    assert (problem.code, problem.line) == ("dialect", 1)
    assert problem.message.startswith("a compiled program is in dialect 64, but")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"zkwasm.toml": 'dialect = "durian"\n'}, "as /zkwasm.toml says"),
        ({"pyproject.toml": '[tool.zkwasm]\ndialect = "durian"\n'}, "as /pyproject.toml says"),
        ({"pyproject.toml": "[tool.other]\n", "zkwasm.toml": 'dialect = "durian"\n'}, "as /zkwasm.toml says"),
    ],
)
def test_the_project_decides_for_all_below_it(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    write(tmp_path, files)
    below = tmp_path / "a" / "b"
    main = write(below, {"main.zkasm": BOTH})
    assert (choice := choose_dialect(main)).dialect == "durian"
    assert choice.reason.replace(str(tmp_path), "") == reason


def test_the_nearest_project_decides_even_if_it_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"zkwasm.toml": 'dialect = "durian"\n'})
    (tmp_path / "a").mkdir()
    assert chosen(tmp_path / "a", {"main.zkasm": BOTH, "pyproject.toml": '[tool.zkwasm]\noutput = "x"\n'})[0] == "64"


@pytest.mark.parametrize(
    "use",
    [
        "$ => SR :SSTORE",
        "$0{A} => B",
        "A :HASHS(E + 1)",
        "A :MSTORE(SYS:RR)",
        "$ + 3 => A :F_MLOAD(v)",
        "A :ARITH_SECP256R1_ECADD_SAME",
        "CNT_SHA256_F => A",
        "CONST %N = 3\nVAR GLOBAL w[%N]",
        "18446744073709551616n => A",
        "CONSTL %K = 2**255\n%K => A",
        "2*${A} => B",
    ],
)
def test_use_decides_wherever_in_the_program(tmp_path: Path, use: str) -> None:
    files = {"main.zkasm": BOTH + 'INCLUDE "part.zkasm"\n', "part.zkasm": "VAR GLOBAL v\n" + use + "\n"}
    assert chosen(tmp_path, files) == ("durian", "by what it uses")
    evidence = choose_dialect(tmp_path / "main.zkasm").evidence
    assert evidence is not None
    assert evidence.file == "part.zkasm"


def test_words_of_the_other_dialect_as_names_are_none_of_it(tmp_path: Path) -> None:
    source = BOTH + "VAR GLOBAL SLOAD\nSR: A :MSTORE(SLOAD), JMP(HASHS)\nHASHS: @SR => A\n"
    assert chosen(tmp_path, {"main.zkasm": source})[0] == "64"


def test_errors_in_both_dialects_do_not_decide(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.zkasm": "A =>\n:JMP(nowhere)\n"})
    checked = check_file(main)
    assert (checked.choice.dialect, len(checked.problems)) == ("64", 1)
    main = write(tmp_path, {"main.zkasm": "A =>\n$ => SR :SLOAD\n"})
    checked = check_file(main)
    assert (checked.choice.dialect, [problem.line for problem in checked.problems]) == ("durian", [1])


# Contradictions


def test_an_option_against_the_first_line_is_an_error() -> None:
    checked = check(";@ dialect durian\nA => B\n", options=AssembleOptions(dialect="64"))
    assert [(p.code, p.line, p.column, p.span) for p in checked.problems] == [("dialect", 1, 1, (0, 17))]
    assert "is in dialect durian, but the program is assembled in dialect 64" in checked.problems[0].message


def test_files_of_one_program_in_two_dialects_are_an_error(tmp_path: Path) -> None:
    files = {"main.zkasm": ';@ dialect 64\nINCLUDE "part.zkasm"\n', "part.zkasm": ";@ dialect durian\nA => B\n"}
    with pytest.raises(AssemblyError, match=r"^part\.zkasm:1:1: the file is in dialect durian"):
        assemble_file(write(tmp_path, files))
    write(tmp_path, {"main.zkasm": 'INCLUDE "part.zkasm"\n'})
    assert choose_dialect(tmp_path / "main.zkasm").dialect == "durian"


def test_a_program_that_uses_both_is_an_error_where_it_does(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.zkasm": "$ => SR :SLOAD\n2*${A} => B\nSR:\n  A :MSTORE(HASHS)\n"})
    with pytest.raises(AssemblyError, match=r"main\.zkasm:1:6: .*`SR` is a word of the dialect durian"):
        assemble_file(main, AssembleOptions(dialect="64"))
    checked = check_file(main)
    assert (checked.choice.dialect, [p.line for p in checked.problems]) == ("64", [1, 2])
    checked = check_file(main, AssembleOptions(dialect="durian"))
    assert [p.line for p in checked.problems] == [3, 4]


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        (";@ dialect duran\nA\n", (1, 1), "no zkASM dialect is called 'duran'; there is 64, durian"),
        (";@ dialect\nA\n", (1, 1), "no zkASM dialect is called ''"),
        ("A\n;@ dialect durian\n", (2, 1), "a file names its dialect on its first line"),
        ("A ;@ dialect durian\n", (1, 3), "a file names its dialect on its first line, before everything else"),
    ],
)
def test_a_wrong_first_line_is_an_error(source: str, place: tuple[int, int], message: str) -> None:
    (problem,) = check(source).problems
    assert (problem.code, problem.line, problem.column) == ("dialect", *place)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"zkwasm.toml": 'dialect = "64"\n', "pyproject.toml": '[tool.zkwasm]\ndialect = "durian"\n'},
            r"two dialects for one project: zkwasm\.toml says 64 but pyproject\.toml says durian",
        ),
        ({"zkwasm.toml": 'dialect = "main"\n'}, r"zkwasm\.toml: dialect: must be one of '64', 'durian', found 'main'"),
        ({"pyproject.toml": "[tool.zkwasm]\ndialect = 64\n"}, r"tool\.zkwasm\.dialect: must be one of .* found 64"),
        ({"zkwasm.toml": 'dialct = "64"\n'}, r"zkwasm\.toml: dialct: unknown key; allowed is `dialect`"),
        ({"zkwasm.toml": "dialect = \n"}, r"zkwasm\.toml: is not valid TOML"),
    ],
)
def test_a_wrong_project_is_an_error(tmp_path: Path, files: dict[str, str], message: str) -> None:
    main = write(tmp_path, {"main.zkasm": BOTH, **files})
    with pytest.raises(ConfigurationError, match=message):
        assemble_file(main)
    assert check_file(main, AssembleOptions(dialect="64")).problems == ()


def test_an_unknown_option_is_an_error(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.zkasm": BOTH})
    with pytest.raises(ConfigurationError, match="no zkASM dialect is called 'duran'; there is 64, durian"):
        check_file(main, AssembleOptions(dialect="duran"))
