"""How long a project of many files takes: `python tests/benchmarks/project.py [DIALECT] [--files N]`.

Times are CPU seconds, the best of three.

`write_project` makes a project as the sources of large zkASM programs are: a main file that includes constants,
variables and one file a routine, some of which include others, with comments, advice, commands and calls between them.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from zkwasm_compiler.asm import AssembleOptions, check_file, parse
from zkwasm_compiler.isa import DIALECTS

FILES = 120
INSTRUCTIONS = 15_000
BLOCK = 8

COMMON = (
    "$ => A          :MLOAD(state)",
    "A               :MSTORE(frame[{small}])",
    "$ => B          :MLOAD(frame[E + {small}])",
    "$ => C          :ADD, JMPC({local})",
    "A + B - %STEP_{constant} => D, E",
    "C - {small}     :JMPN({local}, {other})",
    "2*A + ROTL_C => C :MSTORE(SP++)",
    "${{A * (B + mem.state) + {small}}} => C :ARITH",
    "zkPC + 1 => RR  :JMP({call})",
    "0xFFFFFFFFn => A",
    "SP - 1 => SP    :CALL({call}) ; and back",
    "$ => E          :LT, MSTORE(frame)",
    "$ => A          :MLOAD(MEM:E+{small})",
    "A               :ASSERT /* the same */",
    "%MASK_{constant} => B",
    "$ => C          :AND",
    "E - 1 => E      :JMPNZ({local})",
    "$ => A          :MEM_ALIGN_RD",
)
WIDE = (
    "$ => SR         :SSTORE",
    "$ => B          :SLOAD",
    "$0{{A & {small}}} => D",
    "A               :HASHP(E)",
    "$ => A          :HASHKDIGEST(E + {small})",
    "$ => A          :LT4",
    "$ => B          :MLOAD(SYS:RR + {small})",
    "${{xAddPointEc(A, B, C, D)}} => E :ARITH_ECADD_DIFFERENT",
    "{small} - STEP  :JMPN({other})",
    "%MASK_{constant} - CNT_POSEIDON_G => A",
)


def write_project(folder: Path, dialect: str, files: int = FILES, instructions: int = INSTRUCTIONS) -> Path:
    """Write a project of `files` files with `instructions` instructions to `folder`; gives its main file."""
    choose = random.Random(1)
    routines = [f"routine_{number}" for number in range(files - 3)]
    (folder / "parts").mkdir(parents=True)
    (folder / "constants.zkasm").write_text(_constants(dialect), encoding="utf-8")
    size = "16" if dialect == "64" else "%SIZE"
    variables = f"VAR GLOBAL state\nVAR GLOBAL frame[64]\nVAR CTX local[{size}]\n"
    (folder / "variables.zkasm").write_text(variables, encoding="utf-8")
    main = ['INCLUDE "constants.zkasm"', 'INCLUDE "variables.zkasm"', "", "start:", "    STEP => A"]
    rest = instructions - 1
    for position, routine in enumerate(routines):
        count = rest // (len(routines) - position)
        rest -= count
        nested = position % 5 == 4
        lines = _routine(choose, routine, count, routines, WIDE + COMMON if dialect != "64" else COMMON)
        if position % 5 == 3 and position + 1 < len(routines):
            lines = [f'INCLUDE "{routines[position + 1]}.zkasm"', *lines]
        (folder / "parts" / f"{routine}.zkasm").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if not nested:
            main.append(f'INCLUDE "parts/{routine}.zkasm"')
    (folder / "main.zkasm").write_text("\n".join(main) + "\n", encoding="utf-8")
    return folder / "main.zkasm"


def _constants(dialect: str) -> str:
    bits = 64 if dialect == "64" else 256
    lines = ["CONST %SIZE = 16"]
    for number in range(40):
        lines.append(f"CONST %STEP_{number} = ({number} + 3) * 2 ** 4 ; in steps")
        lines.append(f"CONSTL %MASK_{number} = 2 ** {bits - number} - 1")
    return "\n".join(lines) + "\n"


def _routine(choose: random.Random, name: str, count: int, routines: list[str], steps: tuple[str, ...]) -> list[str]:
    """The lines of a file with `count` instructions."""
    blocks = max(1, count // BLOCK)
    lines = ["; " + "-" * 60, f"; {name}: what it does", "; @in A, B", "; @out C", ";" + "-" * 60, f"{name}:"]
    for index in range(count):
        if index % BLOCK == 0:
            lines += ["", f"{name}_{index // BLOCK}:"] if index // BLOCK < blocks else [""]
        if index % 50 == 17:
            lines.append("    $${eventLog(onStep, A + 1)}")
        step = choose.choice(steps).format(
            small=choose.randrange(16),
            constant=choose.randrange(40),
            local=f"{name}_{choose.randrange(blocks)}",
            other=f"{name}_{choose.randrange(blocks)}",
            call=choose.choice(routines),
        )
        lines.append(f"    {step}" + ("  ; why this is so" if index % 4 == 0 else ""))
    return lines


def measure(name: str, work: Callable[[], object]) -> None:
    """Print the best of three times."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    print(f"{name:32} {best:7.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dialect", nargs="?", default="durian", choices=DIALECTS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--instructions", type=int, default=INSTRUCTIONS)
    arguments = parser.parse_args()
    named = AssembleOptions(dialect=arguments.dialect)
    with tempfile.TemporaryDirectory() as folder:
        path = write_project(Path(folder) / "project", arguments.dialect, arguments.files, arguments.instructions)
        checked = check_file(path, named)
        program = checked.program
        assert program is not None, checked.problems[0]
        assert (len(checked.files), len(program.rows)) == (arguments.files, arguments.instructions)
        texts = [(file.text, file.file_name) for file in checked.files]
        lines = sum(len(file.lines.texts) for file in checked.files)
        print(f"{len(texts)} files, {lines} lines, {len(program.rows)} instructions, dialect {arguments.dialect}")
        measure("parse all files", lambda: [parse(text, name, dialect=arguments.dialect) for text, name in texts])
        measure("assemble, dialect named", lambda: check_file(path, named))
        measure("assemble, dialect by use", lambda: check_file(path))
        measure("write ROM JSON", program.rom_json)


if __name__ == "__main__":
    main()
