"""Profiles are exact: rows as an observer counts them, costs as the counters of the run, calls as people count them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hatch_zkwasm.cli import main
from tests.benchmarks.programs import CALLS, module_bytes
from tests.jit.generation import random_program
from tests.simulator.programs import program
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.asm.program import Program
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import ExecutionFault, Machine, execute
from zkwasm_simulator.jit import call_tree, engine
from zkwasm_simulator.profile.costs import COUNTERS, Costs, total
from zkwasm_simulator.profile.exports import folded_stacks, profile_json, speedscope_json
from zkwasm_simulator.profile.measuring import Profile, profile_call, profile_run
from zkwasm_simulator.profile.page import profile_page
from zkwasm_simulator.profile.report import line_lines

CALLING = """
(module
  (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $middle (param i32) (result i32)
    (i32.add (call $leaf (local.get 0)) (call $leaf (i32.add (local.get 0) (i32.const 1)))))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $middle (local.get 0)) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0)))))
"""


def assert_exact(profile: Profile) -> None:
    """Rows and calls add up to what the run did."""
    counters = profile.execution.counters
    expected = Costs(**{name: getattr(counters, name) for name in COUNTERS})
    assert total(profile.costs) == expected
    assert profile.root.inclusive == expected
    assert total(costs.own for costs in profile.function_costs()) == expected
    assert total(block.costs for block in profile.block_costs()) == expected


def observed(code: Program) -> list[int]:
    """The executions of each row, as the interpreter sees them."""
    seen: Counter[int] = Counter()

    def observe(machine: Machine, step: int, zkpc: int) -> None:
        seen[zkpc] += 1

    execute(code, observer=observe)
    return [seen[row] for row in range(len(code.rows))]


@pytest.mark.parametrize("file", ["memory/quicksort.wasm", "memory/sha256.wasm", "control.wat"])
def test_compiled_programs(file: str) -> None:
    code = compile_module(module_bytes(file), CompileOptions())
    for name, words in CALLS[file]:
        assert_exact(profile_call(code, name, words))


def test_rows_are_those_that_an_observer_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FIRST_SLICE", 5)
    monkeypatch.setattr(engine, "SLICE_SECONDS", 0.0)
    rows = ("7 => GAS", "loop:", "GAS - 3 :JMPN(small)", ":CALL(f)", "small:", "zkPC + 2 => RR", "A + 1 => A :RETURN",
            "3 => B", "$${var _n = A}", "GAS - 1 => GAS :JMPNZ(loop)", "1 :HASHK1(0)", "1 :HASHKLEN(0)", ":JMP(end)",
            "f:", "4 => RCX", "A :REPEAT(RCX), MSTORE(x)", "$ => D :ADD", ":RETURN", "end:")  # fmt: skip
    code = program(*rows, variables=("x",))
    profile = profile_run(code, step_limit=1000)
    assert list(profile.executions) == observed(code)
    assert_exact(profile)


def test_random_programs() -> None:
    ended = 0
    for seed in range(200):
        code = assemble(random_program(Random(seed)))
        try:
            profile = profile_run(code, step_limit=500)
        except ExecutionFault:
            continue
        ended += 1
        assert list(profile.executions) == observed(code)
        assert_exact(profile)
    assert ended > 5


def test_calls() -> None:
    code = compile_module(wat_to_wasm(CALLING), CompileOptions(optimization_level=0))
    profile = profile_call(code, "down", (6,))
    assert_exact(profile)
    assert [(names, node.calls) for names, node in profile.root.paths()] == [
        (("start",), 1),
        (("start", "down"), 7),
        (("start", "down", "middle"), 6),
        (("start", "down", "middle", "leaf"), 12),
    ]
    costs = {costs.function.name: costs for costs in profile.function_costs()}
    assert costs["down"].calls == 7
    assert costs["leaf"].own == costs["leaf"].inclusive
    assert costs["middle"].inclusive == costs["middle"].own + costs["leaf"].own
    assert costs["start"].inclusive.steps == profile.execution.steps


def test_keccak_belongs_to_the_row_of_the_digest() -> None:
    digest = [f"${{hashKDigestR64(0, {word})}} => {name}" for word, name in ((1, "A"), (2, "B"), (3, "C"))]
    code = program("1 :HASHK1(0)", "1 :HASHKLEN(0)", *digest, "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)")
    profile = profile_run(code)
    assert [row for row, costs in enumerate(profile.costs) if costs.keccak] == [5]
    assert_exact(profile)


def test_what_cannot_be_profiled() -> None:
    with pytest.raises(ExecutionFault, match="steps_exhausted"):
        profile_run(program(":JMP(start)"), step_limit=100)
    with pytest.raises(ConfigurationError, match="no rows"):
        profile_run(assemble("start:\n"))


@pytest.fixture(scope="module")
def sha256() -> Profile:
    return profile_call(compile_module(module_bytes("memory/sha256.wasm"), CompileOptions()), "three_blocks", ())


def test_exports(sha256: Profile) -> None:
    folded = folded_stacks(sha256).splitlines()
    assert sum(int(line.rpartition(" ")[2]) for line in folded) == sha256.execution.steps
    assert folded[-1].startswith("start;three_blocks;func1 ")
    file = json.loads(speedscope_json(sha256, "three_blocks"))
    assert [profile["name"] for profile in file["profiles"]] == ["steps", "binary", "memory"]
    for profile in file["profiles"]:
        assert sum(profile["weights"]) == profile["endValue"] == getattr(sha256.execution.counters, profile["name"])
        assert max(frame for sample in profile["samples"] for frame in sample) < len(file["shared"]["frames"])
    found = profile_json(sha256)
    assert sum(instruction["costs"]["steps"] for instruction in found["instructions"]) == sha256.execution.steps
    assert found["deciding"] == "main"


def test_the_page_holds_all_it_needs(sha256: Profile) -> None:
    page = profile_page(sha256, "a < b & </script>")
    assert "a &lt; b &amp; &lt;/script&gt;" in page
    assert not re.search(r"(src|href)=|https?://", page)
    data = json.loads(page.partition('<script id="data" type="application/json">')[2].partition("</script>")[0])
    assert data["calls"]["name"] == "start"


def test_the_page_in_a_browser(sha256: Profile, tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium to show the page; install chromium or google-chrome")
    page = tmp_path / "profile.html"
    page.write_text(profile_page(sha256, "three_blocks()"), encoding="utf-8")
    command = [
        browser,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}/user",
        "--dump-dom",
    ]
    shown = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60, check=True).stdout
    execution = sha256.execution
    assert f"{execution.steps:,} steps; the proof has N = {execution.counters.n:,} = 2^" in shown
    most = sha256.function_costs()[0]
    share = f"{100 * most.own.steps / execution.steps:.1f} %"
    box = f"{most.function.name}: {most.own.steps:,} steps, {share}; itself {most.own.steps:,}; called 3 times"
    assert re.search(f'<div class="flame".*<button title="{box}"', shown)
    assert shown.count('class="block"') == 12
    assert '<tr class="deciding"><td>main</td>' in shown


def test_rows_with_the_instructions_they_were_compiled_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "calling.wat"
    source.write_text(CALLING)
    assert main(["profile", str(source), "6", "-O", "0", "--blocks", "50"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^  .*  0x[0-9a-f]+ i32\.mul$", shown, re.MULTILINE)
    assert re.search(r"  0x[0-9a-f]+ call 1$", shown, re.MULTILINE)
    assert "source line" not in shown


def test_source_lines() -> None:
    code = compile_module(wat_to_wasm(CALLING), CompileOptions(optimization_level=0))
    positions = code.positions
    assert positions is not None
    (leaf, _, _), (middle, _, _), (down, _, _) = positions.functions
    lines = ((leaf, 0, 7), (middle, 0, 12), (down, 1, 3))
    located = replace(code, positions=replace(positions, files=("calls.c", "down.c"), lines=lines))
    profile = profile_call(located, "down", (6,))
    found = {(line.file, line.line): line.costs for line in profile.line_costs()}
    own = {costs.function.name: costs.own for costs in profile.function_costs()}
    assert found == {("calls.c", 7): own["leaf"], ("calls.c", 12): own["middle"], ("down.c", 3): own["down"]}
    shown = line_lines(profile, lambda rows: [" ".join(row) for row in rows], 2)
    assert shown[0] == "source line steps share function"
    assert shown[-1] == "and 1 more"
    assert [line["line"] for line in profile_json(profile)["lines"]] == [line.line for line in profile.line_costs()]
    assert profile_call(code, "down", (6,)).line_costs() == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "calling.wat"
    source.write_text(CALLING)
    names = ("profile.html", "profile.json", "profile.txt")
    page, speedscope, folded = (tmp_path / "out" / name for name in names)
    words = ["profile", str(source), "6", "--html", str(page), "--speedscope", str(speedscope), "--folded", str(folded)]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("down(6) of calling.wat\n\nmachine ")
    assert "function " in shown.out
    assert " steps, " in shown.out
    assert "<!DOCTYPE html>" in page.read_text()
    assert json.loads(speedscope.read_text())["name"] == "down(6) of calling.wat"
    assert folded.read_text().startswith("start ")
    assert main(["profile", str(source), "6", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["call"] == "down(6) of calling.wat"
    assert main(["profile", str(source), "6", "--step-limit", "9"]) == 1
    assert "steps_exhausted" in capsys.readouterr().err
    assert main(["profile", str(source)]) == 2


def test_programs_without_interface(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "sum.zkasm"
    source.write_text("start:\n  5 => A\nloop:\n  A - 1 => A :JMPNZ(loop)\nfinalizeExecution:\n  :JMP(start)\n")
    assert main(["profile", str(source)]) == 0
    assert "rows 1 to 1 of loop: 5 times, 5 steps, 83.3 %\n  A - 1 => A :JMPNZ(loop)" in capsys.readouterr().out


def test_a_jump_out_of_the_middle_of_a_block() -> None:
    rows = ("5 => GAS", "loop:", "GAS - 3 :JMPN(small)", "A + 1 => A :MSTORE(x)", "B + 1 => B", "C + 1 => C", "small:",
            "GAS - 1 => GAS :JMPNZ(loop)", "end:")  # fmt: skip
    code = program(*rows, variables=("x",))
    (block,) = [block for block in engine.CompiledProgram(code, False).blocks if block.exits]
    assert block.end - block.start == 4
    profile = profile_run(code, step_limit=10_000)
    assert list(profile.executions) == observed(code)
    assert_exact(profile)


def test_a_return_that_the_interpreter_executes_leaves_the_tree_of_calls() -> None:
    rows = (":CALL(f)", ":CALL(f)", ":CALL(g)", ":JMP(end)", "f:", "$${var _n = A} :RETURN", "g:", "A + 1 => A :RETURN",
            "end:")  # fmt: skip
    profile = profile_run(program(*rows), step_limit=10_000)
    assert_exact(profile)
    calls = [(names, node.calls) for names, node in profile.root.paths()]
    assert calls == [(("start",), 1), (("start", "f"), 2), (("start", "g"), 1)]


TRAPPING = """
(module (memory 1)
  (func (export "main") (param i32 i32) (result i32)
    (if (local.get 0) (then unreachable))
    (i32.store (i32.const 8) (i32.xor (local.get 1) (i32.const 77)))
    (i32.mul (local.get 1) (local.get 1))))
"""


def test_a_block_that_is_left_for_a_trap_is_counted_as_far_as_it_ran() -> None:
    code = compile_module(wat_to_wasm(TRAPPING), CompileOptions())
    profile = profile_call(code, "main", (1, 2))
    assert_exact(profile)


def test_a_full_tree_of_calls_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each function calls all before it, so that there are 2^6 paths."""
    monkeypatch.setattr(call_tree, "MOST_NODES", 20)
    call_tree._module.cache_clear()
    lines = ["start:", "  :CALL(f6)", "  :JMP(finalizeExecution)"]
    for number in range(7):
        calls = [f"  :CALL(f{called})" for called in range(number)]
        lines += [f"f{number}:", f"  RR :MSTORE(r{number})", *calls, f"  $ => RR :MLOAD(r{number})", "  :RETURN"]
    text = [*(f"VAR GLOBAL r{number}" for number in range(7)), *lines, "finalizeExecution:", "  :JMP(start)"]
    source = tmp_path / "calls.zkasm"
    source.write_text("\n".join(text) + "\n")
    try:
        assert main(["profile", str(source), "--html", str(tmp_path / "page.html"), "--json"]) == 0
    finally:
        call_tree._module.cache_clear()
    said = capsys.readouterr()
    found = json.loads(said.out)
    lost = found["lost-calls"]
    assert len(walk(found["calls"])) == 20
    assert sum(node["calls"] for node in walk(found["calls"])) - 1 == 64
    assert 0 < lost <= 64 - 19
    assert f"warning: the tree of calls is full: {lost} calls were counted with their callers" in said.err
    assert f"the tree of calls is full: {lost} calls" in (tmp_path / "page.html").read_text()
    assert sum(node["own"]["steps"] for node in walk(found["calls"])) == found["steps"]


def walk(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(below for child in node["children"] for below in walk(child))]
