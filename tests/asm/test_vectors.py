"""The recorded outcomes of the public assembler: the same sources accepted and rejected, the same JSON, key for key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.asm.main_dialect import MAIN
from tests.asm.vectors import cases, includes, options_of_arguments, options_of_config
from zkwasm_compiler import isa
from zkwasm_compiler.asm import AssembleOptions, check, load_rom, parse, print_tree

COUNTS = {
    "addr": 117,
    "call": 14,
    "cmd": 55,
    "const": 186,
    "constl": 22,
    "define": 9,
    "dest": 30,
    "flow": 34,
    "fusion": 344,
    "hash": 54,
    "include": 27,
    "jump": 228,
    "label": 30,
    "left": 124,
    "lex": 78,
    "num": 114,
    "op": 69,
    "program": 6,
    "randconst": 80,
    "randprog": 60,
    "randtag": 60,
    "tag": 203,
    "var": 32,
}

ACCEPTED_WITH_WARNING = "accepted, with the warning"
REFUSED_AS = "refused as"

DEVIATIONS = {
    # Names that every JavaScript object has, such as toString, look defined to the public assembler. They are good
    # names on the machine, so we take them and say that they are not portable.
    "asm64-const-185": (ACCEPTED_WITH_WARNING, "unportable_name"),
    "asm64-label-013": (ACCEPTED_WITH_WARNING, "unportable_name"),
    "asm64-label-014": (ACCEPTED_WITH_WARNING, "unportable_name"),
    "asm64-label-015": (ACCEPTED_WITH_WARNING, "unportable_name"),
    "asm64-var-031": (ACCEPTED_WITH_WARNING, "unportable_name"),
    # A coefficient on a free input crashes it; we name the problem.
    "asm64-left-064": (REFUSED_AS, "multiplication"),
    "asm64-left-065": (REFUSED_AS, "multiplication"),
    "asm64-left-074": (REFUSED_AS, "multiplication"),
    "asm64-left-075": (REFUSED_AS, "multiplication"),
    # Two dots in advice crash its lexer; to us they are no token.
    "asm64-tag-171": (REFUSED_AS, "tag_syntax"),
    # Only main crashes there, durian has the coefficient.
    "asm256-main-left-015": (REFUSED_AS, "multiplication"),
    "asm256-main-left-018": (REFUSED_AS, "multiplication"),
    "asm256-main-left-019": (REFUSED_AS, "multiplication"),
    "asm256-main-left-020": (REFUSED_AS, "multiplication"),
}
"""Where we differ from the record on purpose; all of these are marked as errata there."""

WARNINGS_OF_ERRATA = {
    "a plain number above 2^53 is rounded to a double (use the n suffix)": "inexact_number",
    "a leading minus on a tag loses the tag (freeInTag null)": "advice_lost",
    "minus or a product on @name destroys labelCONST": "reference_name_lost",
    "labelCONST strings are concatenated in a sum": "reference_name_lost",
    "a label at address 0 can be redefined silently": "label_redefined",
    "commands still pending at the end of a file are dropped silently": "command_dropped",
    "addr.name[i]: the index is appended as text instead of added": "address_index_as_text",
}
"""Errata that we keep, so that sources assemble alike, and the warning that tells of each."""


@pytest.fixture(autouse=True)
def main_dialect(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialect of the vectors of branch main is there while these tests run."""
    monkeypatch.setitem(isa.DIALECTS, "main", MAIN)
    monkeypatch.setitem(isa.MACHINES, MAIN.name, MAIN)


def outcome(case: dict[str, Any]) -> tuple[Any, list[str]]:
    """What we make of a case: the JSON text or (kind, line) of the first problem; and the codes of the warnings."""
    checked = check(
        case["source"],
        resolve_include=includes(case.get("files", {})),
        options=options_of_config(case.get("config", {}), case.get("branch", "64")),
    )
    warnings = [warning.code for warning in checked.warnings]
    if checked.program is not None:
        return json.dumps(checked.program.rom()), warnings
    return (checked.problems[0].code, checked.problems[0].line), warnings


def disagreement(case: dict[str, Any]) -> str:
    """How our outcome differs from the recorded one, `""` when it does not."""
    found, warnings = outcome(case)
    if case["id"] in DEVIATIONS:
        assert "errata" in case
        how, code = DEVIATIONS[case["id"]]
        as_documented = (
            code in warnings and isinstance(found, str) if how == ACCEPTED_WITH_WARNING else found[0] == code
        )
        return "" if as_documented else f"not {how} {code}: {found} {warnings}"
    if "json" in case:
        if found != json.dumps(case["json"]):
            return f"{found} instead of {json.dumps(case['json'])}"
        wanted = WARNINGS_OF_ERRATA[case["errata"]] if "errata" in case else None
        return f"no warning {wanted}" if wanted and wanted not in warnings else ""
    error = case["error"]
    # A line that the record lacks is better than none.
    expected = (error["kind"], error["line"] if error["line"] is not None else found[1])
    return "" if found == expected and found[1] is not None else f"{found} instead of {expected}"


@pytest.mark.parametrize("category", sorted(COUNTS))
def test_asm64(shared: Path, category: str) -> None:
    chosen = [case for case in cases(shared / "vectors" / "asm64.jsonl") if case["id"].split("-")[1] == category]
    wrong = {case["id"]: message for case in chosen if (message := disagreement(case))}
    assert wrong == {}
    assert len(chosen) == COUNTS[category]


def test_all_categories_are_tested(shared: Path) -> None:
    categories = {case["id"].split("-")[1] for case in cases(shared / "vectors" / "asm64.jsonl")}
    assert categories == set(COUNTS)


@pytest.mark.parametrize(("branch", "count"), [("main", 551), ("durian", 201)])
def test_asm256(shared: Path, branch: str, count: int) -> None:
    chosen = [case for case in cases(shared / "vectors" / "asm256.jsonl") if case["branch"] == branch]
    wrong = {case["id"]: message for case in chosen if (message := disagreement(case))}
    assert wrong == {}
    assert len(chosen) == count


def test_roms_of_256_bits_read_back(shared: Path) -> None:
    count = 0
    for case in cases(shared / "vectors" / "asm256.jsonl"):
        if "json" in case:
            program = load_rom(json.dumps(case["json"]))
            assert json.dumps(program.rom()) == json.dumps(case["json"]), case["id"]
            count += 1
    assert count == 547


LINE_DEVIATIONS = {
    # It reports an unknown constant of advice at the last statement of the program, we at the advice.
    "getdata_err3": 1,
}


def recorded_line(error: str) -> int | None:
    """The line in a message of the public assembler."""
    found = re.search(r"zkasm:(\d+)|(?:Parse|Lexical) error on line (\d+)", error)
    return int(found[1] or found[2]) if found else None


@pytest.mark.parametrize(
    ("dialect", "accepted", "expected"),
    [
        ("64", True, 256),
        ("64", False, 209),
        ("main", True, 277),
        ("main", False, 188),
        ("durian", True, 280),
        ("durian", False, 185),
    ],
)
def test_asm_probes(shared: Path, dialect: str, accepted: bool, expected: int) -> None:
    count = 0
    for case in cases(shared / "vectors" / "asm_probes.jsonl"):
        result = case["results"][dialect]
        if result["ok"] != accepted:
            continue
        count += 1
        options = options_of_arguments(case["args"], dialect)
        checked = check(case["source"], file_name=f"{case['name']}.zkasm", options=options)
        if accepted:
            assert checked.program is not None, (case["name"], checked.problems)
            assert json.dumps(checked.program.rom()) == json.dumps(result["rom"]), case["name"]
        else:
            assert checked.problems, case["name"]
            line = LINE_DEVIATIONS.get(case["name"], recorded_line(result["error"]))
            assert line in (None, checked.problems[0].line), case["name"]
    assert count == expected


def test_our_warnings_cover_the_recorded_ones(shared: Path) -> None:
    codes = {"NOTICE": "constant_defined_outside", "RedefinedLabel": "label_redefined"}
    codes |= {"Label:": "label_undefined", "Variable:": "variable_undefined"}
    count = 0
    for case in cases(shared / "vectors" / "asm64.jsonl"):
        recorded = case.get("warnings", [])
        wanted = [next(code for word, code in codes.items() if word in text) for text in recorded]
        assert [code for code in outcome(case)[1] if code in wanted] == wanted or not wanted, case["id"]
        count += bool(wanted)
    assert count == 6


@pytest.mark.parametrize(("file", "at_least"), [("asm64", 1200), ("asm256", 500)])
def test_the_printed_tree_assembles_to_the_same_program(shared: Path, file: str, at_least: int) -> None:
    """Printing changes lines only."""

    def without_lines(rom: dict[str, Any]) -> Any:
        rows = [{k: v for k, v in row.items() if k not in ("line", "lineStr")} for row in rom["program"]]
        return rows, rom["labels"], {name: entry["value"] for name, entry in rom["constants"].items()}

    count = 0
    for case in cases(shared / "vectors" / f"{file}.jsonl"):
        if "json" in case and "files" not in case:
            dialect = case.get("branch", "64")
            tree = parse(case["source"], dialect=dialect).tree
            printed = print_tree(tree)
            assert parse(printed, dialect=dialect).tree == tree, case["id"]
            options = options_of_config(case.get("config", {}), dialect)
            again = check(printed, options=options).program
            assert again is not None
            assert without_lines(again.rom()) == without_lines(case["json"]), case["id"]
            count += 1
    assert count > at_least


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(Exception, match="no zkASM dialect is called 'durian2'"):
        check("A", options=AssembleOptions(dialect="durian2"))
