"""The builder: outputs, examples, what is up to date, and that a failure writes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hatch_zkwasm import manifest as manifest_module
from hatch_zkwasm.build import BuildReport, build, check_outputs, clean
from hatch_zkwasm.configuration import load_configuration
from hatch_zkwasm.costs import example_table
from hatch_zkwasm.errors import BuildError
from hatch_zkwasm.manifest import sha256
from hatch_zkwasm.packed import load_packed
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator import Instance

OUTPUTS = sorted(
    f"{name}{suffix}"
    for name in ("gcd", "increment")
    for suffix in (".zkasm", ".rom.json", ".map.json", ".manifest.json")
) + [f"gcd.{number}.input.json" for number in range(1, 5)]
OUTPUTS.sort()


def run(project: Path, *, rebuild: bool = False) -> BuildReport:
    return build(load_configuration(project), rebuild=rebuild)


def outputs(project: Path) -> dict[str, bytes]:
    folder = project / "src" / "pkg" / "programs"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def problems(project: Path) -> list[str]:
    with pytest.raises(BuildError) as caught:
        run(project)
    return [str(problem) for problem in caught.value.problems]


def test_outputs_and_manifest(project: Path) -> None:
    report = run(project)
    assert report.summary == "2 compiled, 0 up to date"
    files = outputs(project)
    assert sorted(files) == OUTPUTS
    assert sorted(report.files) == [f"src/pkg/programs/{name}" for name in OUTPUTS]
    manifest = json.loads(files["gcd.manifest.json"])
    assert manifest["source"] == {
        "file": "native/gcd.wat",
        "sha256": sha256((project / "native" / "gcd.wat").read_bytes()),
    }
    described = [name for name in OUTPUTS if name.startswith("gcd.") and name != "gcd.manifest.json"]
    assert manifest["outputs"] == {name: sha256(files[name]) for name in described}
    assert manifest["options"] == {
        "exports": ["gcd", "div", "nothing"],
        "optimization-level": 2,
        "memory-layout": "auto",
    }
    exports = manifest["interface"]["exports"]
    assert [(export["name"], export["parameters"], export["results"]) for export in exports] == [
        ("gcd", ["i64", "i64"], ["i64"]),
        ("div", ["i32", "i32"], ["i32"]),
        ("nothing", [], []),
    ]
    assert [export["index"] for export in exports] == [1, 2, 3]
    assert [example["status"] == 0 for example in manifest["examples"]] == [True, True, False, True]
    for example in manifest["examples"]:
        assert example["n"] >= max(example["rows"].values()) >= example["steps"] > 0
    assert json.loads(files["gcd.rom.json"])["program"]


def test_inputs_of_examples(project: Path) -> None:
    run(project)
    files = outputs(project)
    first = json.loads(files["gcd.1.input.json"])
    assert first["oldStateRoot"] == f"0x{18 << 64 | 48:064x}"
    assert (first["oldAccInputHash"], first["oldNumBatch"]) == (f"0x{0:064x}", 1)
    assert json.loads(files["gcd.2.input.json"])["oldStateRoot"] == f"0x{2 << 64 | 0xFFFFFFFF:064x}"
    assert json.loads(files["gcd.4.input.json"])["oldNumBatch"] == 3
    edit(project / "pyproject.toml", '  { call = "nothing" },\n', "")
    assert run(project).summary == "1 compiled, 1 up to date"
    assert sorted(set(files) - set(outputs(project))) == ["gcd.4.input.json"]
    (project / "src" / "pkg" / "programs" / "gcd.1.input.json").unlink()
    assert run(project).summary == "1 compiled, 1 up to date"
    assert outputs(project)["gcd.1.input.json"] == files["gcd.1.input.json"]


def test_cost_in_the_manifest_is_that_of_the_packed_program(project: Path) -> None:
    run(project)
    packed = load_packed(project / "src" / "pkg" / "programs", "gcd")
    result = Instance(packed.program).call("gcd", 48, 18)
    entry = packed.manifest["examples"][0]
    assert result.values == (6,)
    assert (entry["steps"], entry["counters"], entry["n"]) == (result.steps, dict(result.counters), result.n)


def test_long_examples_are_shortened_in_the_table() -> None:
    cost = {"steps": 7, "counters": {"arith": 1}, "rows": {"main": 20}, "n": 32}
    few = {"call": "f", "arguments": [1, 2], "results": [3], **cost}
    many = {"call": "f", "arguments": [10**19] * 8, "results": [10**9] * 8, **cost}
    _, first, second = example_table([{"name": "p", "examples": [few, many]}])
    assert first.split()[1:5] == ["f(1,", "2)", "=", "3"]
    assert "  f(10000000000000000000, ...) = (1000000000, 1000000000, 1000000000, ...)  " in second


def test_the_manifest_tells_about_the_memory(project: Path) -> None:
    memory = '(module (import "env" "ram" (memory 9 12)) (export "ram" (memory 0)) (data (i32.const 5) "ab") '
    edit(project / "native" / "increment.wat", "(module ", memory)
    run(project)
    interface = json.loads(outputs(project)["increment.manifest.json"])["interface"]
    assert interface["skip_address_check"] is True
    assert interface["memory"] == {
        "minimum": 9,
        "maximum": 12,
        "words_cell": None,
        "exports": ["ram"],
        "imported": ["env", "ram"],
        "content": [[5, "6162"]],
        "cell_bytes": 4,
    }
    assert load_packed(project / "src" / "pkg" / "programs", "increment").program.interface is not None


def test_a_changed_packed_file_is_refused(project: Path) -> None:
    run(project)
    folder = project / "src" / "pkg" / "programs"
    edit(folder / "gcd.zkasm", "\n", " \n")
    with pytest.raises(ConfigurationError, match=r"gcd\.zkasm: is not the file that gcd\.manifest\.json describes"):
        load_packed(folder, "gcd")
    (folder / "gcd.zkasm").unlink()
    with pytest.raises(ConfigurationError, match=r"gcd\.zkasm: there is no such file in "):
        load_packed(folder, "gcd")


def test_same_bytes_in_another_folder(project: Path) -> None:
    other = project.parent / "elsewhere" / "deeper"
    shutil.copytree(project, other)
    run(project)
    run(other)
    assert outputs(project) == outputs(other)


def test_what_is_up_to_date_is_left_alone(project: Path) -> None:
    run(project)
    times = {path: path.stat().st_mtime_ns for path in (project / "src" / "pkg" / "programs").iterdir()}
    report = run(project)
    assert report.summary == "0 compiled, 2 up to date"
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert run(project, rebuild=True).summary == "2 compiled, 0 up to date"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("native/gcd.wat", "(module", "(module ;; changed"),
        ("pyproject.toml", 'exports = ["gcd", "div", "nothing"]', 'exports = ["div", "gcd", "nothing"]'),
        ("pyproject.toml", "args = [48, 18]", "args = [12, 18]"),
        ("pyproject.toml", '  { call = "nothing" },\n', ""),
        ("pyproject.toml", "[tool.zkwasm.programs.gcd]", "[tool.zkwasm.programs.gcd]\noptimization-level = 1"),
        ("pyproject.toml", "[tool.zkwasm.programs.gcd]", "[tool.zkwasm.programs.gcd]\nmemory-layout = 'bytes'"),
        ("src/pkg/programs/gcd.zkasm", "\n", " \n"),
        ("src/pkg/programs/gcd.manifest.json", '"format": 1', '"format": 0'),
        ("src/pkg/programs/gcd.manifest.json", "{", ""),
    ],
)
def test_what_makes_a_program_stale(project: Path, file: str, old: str, new: str) -> None:
    run(project)
    edit(project / file, old, new)
    assert run(project).summary == "1 compiled, 1 up to date"
    assert run(project).summary == "0 compiled, 2 up to date"


def test_linked_modules_are_inputs(project: Path) -> None:
    library = '(module (func (export "one") (result i32) (i32.const 1)))'
    source = '(module (import "lib" "one" (func $one (result i32))) (func (export "f") (result i32) (call $one)))'
    (project / "native" / "library.wat").write_text(library)
    (project / "native" / "linked.wat").write_text(source)
    table = '[tool.zkwasm.programs.linked]\nsource = "native/linked.wat"\nlink = { lib = "native/library.wat" }\n'
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'\n{table}examples = [{{ call = "f", result = 1 }}]\n')
    assert run(project).summary == "3 compiled, 0 up to date"
    manifest = json.loads(outputs(project)["linked.manifest.json"])
    assert manifest["links"] == {"lib": {"file": "native/library.wat", "sha256": sha256(library.encode())}}
    assert run(project).summary == "0 compiled, 3 up to date"
    edit(project / "native" / "library.wat", "(i32.const 1)", "(i32.const 2)")
    assert len(problems(project)) == 1
    edit(project / "pyproject.toml", "result = 1 }", "result = 2 }")
    assert run(project).summary == "1 compiled, 2 up to date"


def test_another_compiler_makes_all_programs_stale(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(project)
    changed = {**manifest_module.toolchain(), "sha256": "0" * 64}
    monkeypatch.setattr("hatch_zkwasm.build.toolchain", lambda: changed)
    assert run(project).summary == "2 compiled, 0 up to date"


def test_wrong_examples_fail_and_nothing_is_written(project: Path) -> None:
    edit(project / "pyproject.toml", "result = 6", "result = 7")
    edit(project / "pyproject.toml", 'trap = "integer divide by zero"', "result = 1")
    edit(project / "pyproject.toml", '{ call = "nothing" }', '{ call = "nothing", trap = "unreachable" }')
    path = "tool.zkwasm.programs.gcd.examples"
    assert problems(project) == [
        f"{path}[0]: gcd(48, 18) returned 6, but 7 was expected",
        f"{path}[2]: div(1, 0) trapped: integer divide by zero, but 1 was expected",
        f"{path}[3]: nothing() returned nothing, but trap 'unreachable' was expected",
    ]
    assert outputs(project) == {}


def test_examples_that_do_not_fit(project: Path) -> None:
    edit(project / "pyproject.toml", 'exports = ["gcd", "div", "nothing"]', "")
    edit(project / "pyproject.toml", "args = [48, 18], result = 6", "args = [48], result = 6")
    edit(project / "pyproject.toml", "args = [-1, 2], result = 0x7FFFFFFF", "args = [-1, 2.5], results = [1, 2]")
    edit(project / "pyproject.toml", 'call = "nothing"', 'call = "lcm"')
    path = "tool.zkwasm.programs.gcd.examples"
    assert problems(project) == [
        f"{path}[0]: gcd(i64, i64) -> i64 takes 2 arguments, 1 given",
        f"{path}[1]: argument 2 of div(i32, i32) -> i32: '2.5' is not an integer; "
        "i32 takes decimal, 0x…, 0o… and 0b… numbers",
        f"{path}[3]: the program exports no 'lcm'; it exports gcd(i64, i64) -> i64, div(i32, i32) -> i32, nothing()",
    ]


def test_problems_of_all_programs_and_the_old_files_stay(project: Path) -> None:
    run(project)
    before = outputs(project)
    edit(project / "native" / "gcd.wat", "i64.rem_u", "i64.rem_x")
    edit(project / "native" / "increment.wat", "(i32.const 1)", "(i64.const 1)")
    found = problems(project)
    assert len(found) == 2
    assert found[0].startswith("native/gcd.wat:7:")
    assert found[1].startswith("native/increment.wat: byte 0x")
    assert outputs(project) == before


def test_check_outputs(project: Path) -> None:
    report = run(project)
    configuration = load_configuration(project)
    assert check_outputs(configuration, report) == []
    folder = project / "src" / "pkg" / "programs"
    edit(folder / "gcd.zkasm", "\n", " \n")
    (folder / "increment.manifest.json").unlink()
    assert [str(problem) for problem in check_outputs(configuration, report)] == [
        "src/pkg/programs/gcd.zkasm: was changed after it was compiled",
        "src/pkg/programs/increment.manifest.json: was compiled but is gone",
    ]


def test_clean_removes_what_build_wrote_and_nothing_else(project: Path) -> None:
    run(project)
    kept = project / "src" / "pkg" / "programs" / "notes.txt"
    kept.write_text("mine")
    clean(load_configuration(project))
    assert outputs(project) == {"notes.txt": b"mine"}
    kept.unlink()
    clean(load_configuration(project))
    assert not kept.parent.exists()
