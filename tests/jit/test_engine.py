"""What surrounds the code: entering and leaving it, slices, the step limit, memory of any size, the cache, engines."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest

from tests.jit.comparison import assert_same, outcome
from tests.simulator.programs import callable_program, program
from zkwasm_compiler.asm import assemble
from zkwasm_compiler.driver import CompileOptions, compile_module
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_compiler.wasm.text import wat_to_wasm
from zkwasm_simulator import ExecutionFault, Instance, PreparedProgram, PublicInputs, execute, interpreter
from zkwasm_simulator.field import LIMB_MASK
from zkwasm_simulator.interpreter import ENGINES, Engine
from zkwasm_simulator.jit import engine
from zkwasm_simulator.jit.engine import compiled
from zkwasm_simulator.profile.measuring import profile_run

COUNTDOWN = ("{n} => RCX", "3n => B", "loop:", "$ => A :ADD, MSTORE(x)", "RCX - 1 => RCX :JMPNZ(loop)")


def countdown(rounds: int) -> Any:
    return program(*(line.format(n=rounds) for line in COUNTDOWN), variables=("x",))


def test_every_step_limit() -> None:
    code = program("5 => A", "0 => B", "loop:", ":CALL(f)", "A - 1 => A :JMPNZ(loop)", ":JMP(end)", "f:", "B + 1 => B",
                   "B :MSTORE(x), RETURN", "end:", variables=("x",))  # fmt: skip
    for limit in range(1, 33):
        assert_same(code, step_limit=limit)


SIDE_EXITS = ("6 => RCX", "loop:", "RCX - 3 :JMPN(small)", "RCX - 4 :JMPZ(middle)", "$ => A :ADD, MSTORE(x)",
              "$ => B :MLOAD(x)", "middle:", "$ => C :ADD", "small:", "D + 1 => D", "RCX - 1 => RCX :JMPNZ(loop)",
              "end:")  # fmt: skip


def test_jumps_out_of_the_middle_of_a_block() -> None:
    """What they skip is neither a step nor a use of a machine, wherever the steps run out."""
    code = program(*SIDE_EXITS, variables=("x",))
    (block,) = [block for block in compiled(code, False).blocks if block.exits]
    assert [side_exit.row - block.start for side_exit in block.exits] == [0, 1]
    assert block.end - block.start == 4
    steps = assert_same(code)[0]
    assert isinstance(steps, int)
    for limit in range(1, steps + 2):
        assert_same(code, step_limit=limit)


@pytest.mark.parametrize("slice_", [1, 7, 64])
def test_slices_join(monkeypatch: pytest.MonkeyPatch, slice_: int) -> None:
    monkeypatch.setattr(engine, "FIRST_SLICE", slice_)
    monkeypatch.setattr(engine, "SLICE_SECONDS", 0.0)
    seen: list[int] = []
    execution = execute(countdown(200), engine="jit", progress=seen.append)
    assert execution.steps == 402
    assert execution.registers["A"] == (600, 0)
    assert len(seen) > 5
    assert seen == sorted(seen)


def test_jumps_to_rows_that_begin_no_block() -> None:
    assert_same(program("zkPC + 3 => RR", "1 => A :RETURN", "2 => A", "A + 5 => A", "A + 1 => B"))
    assert_same(
        program("-2 => E", "5 => A", "6 => B", ":JMP(@there + E)", "7 => A", "8 => B", "9 => C", "there:", "A => D")
    )


def test_contexts_and_indexes_need_room() -> None:
    rows = (
        "3 => CTX",
        "7 :MSTORE(SP)",
        "40 => CTX",
        "8 :MSTORE(SP++)",
        "$ => A :MLOAD(SP - 1)",
        "0 => CTX",
        "9 :MSTORE(x)",
    )
    assert_same(program(*rows, variables=("x",)))
    far = ("0x7fffffff => E", "5 :MSTORE(MEM:E)", "$ => A :MLOAD(MEM:E)", "0x300000 => E", "6 :MSTORE(MEM:E)",
           "-5 => E", "7 :MSTORE(SYS:E)", "$ => B :MLOAD(SYS:E)", "$ => C :MLOAD(MEM:E)")  # fmt: skip
    kind = assert_same(program(*far), skip_address_check=True)
    assert kind[0] == len(far)
    memory = execute(program(*far), skip_address_check=True, engine="jit").memory
    assert memory == {0x20000 + 0x7FFFFFFF: (5, 0), 0x20000 + 0x300000: (6, 0), -5: (7, 0)}


def test_rows_of_the_interpreter_among_code() -> None:
    rows = ("$${var n = 1}", "2 => RCX", "loop:", "${n + CNT_BINARY} => A", "$${n = n * 3}", "A => B", "$ => C :ADD",
            "2 => D", "A :HASHK(0)", "$${log(n, A)}", "CNT_BINARY + STEP => E", "RCX - 1 => RCX :JMPNZ(loop)",
            "4 :HASHKLEN(0)", "${hashKDigestR64(0, 1)} => A", "${hashKDigestR64(0, 2)} => B",
            "${hashKDigestR64(0, 3)} => C", "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)")  # fmt: skip
    left = assert_same(program(*rows))
    assert left[0] == 20


@pytest.mark.parametrize(
    "rows",
    [
        ("$${log(1)}", "${nosuch(1)} => A"),
        ("1 :HASHK1(2)",),
        ("1 => D", "1 :HASHK(0)", "7 => RR :RETURN"),
        ("0 => HASHPOS", "-4 => HASHPOS", "1 :HASHK1(0)"),
        ("1 => A", "2 :ASSERT"),
        ("${A / B} => C",),
        ("6 :MLOAD(x)",),
        ("-1 => A", "$ => B :ADD"),
        ("9 => C", "$ => B :MEM_ALIGN_RD"),
    ],
)
def test_faults_are_those_of_the_interpreter(rows: tuple[str, ...]) -> None:
    assert isinstance(assert_same(program(*rows, variables=("x",)))[0], str)


@pytest.mark.parametrize("sum_", ["A + GAS", "-A - GAS", "A + GAS => B", "-A - GAS => B", "2*PC + SP", "-2*PC - SP"])
@pytest.mark.parametrize("more", [0, 1])
def test_the_bounds_of_what_jmpn_decides(sum_: str, more: int) -> None:
    """In a sum of field elements, with a register that takes it, and in a sum of numbers that are known to be small."""
    rows = (f"{LIMB_MASK} => A", f"{more} => GAS", f"{LIMB_MASK // 2} => PC", f"{1 + more} => SP", ":JMP(there)",
            "there:", f"{sum_} :JMPN(end)", "B + 1 => C", "end:")  # fmt: skip
    assert (assert_same(program(*rows))[0] == "jmpn_range") == bool(more)


@pytest.mark.parametrize("first", [-9, -3, 0, 2, 8])
@pytest.mark.parametrize("jump", ["JMPN(next, end)", "JMPN(end)"])
def test_what_is_known_of_a_sign(first: int, jump: str) -> None:
    """Behind a JMPN that has not left the block, in everything that a number is used for."""
    for sum_ in ("A + 1 => A, E", "GAS + 1 => A, E"):
        rows = (f"{first} => A", f"{first} => GAS", ":JMP(there)", "there:", f"{sum_} :{jump}", "A => B :MSTORE(x)",
                "A + E => C", "3*A - E :JMPN(end)", "A + 9 => SP", "$ => D :MLOAD(SP)", "end:")  # fmt: skip
        assert_same(program(*rows, variables=("x",)))


def test_a_gap_in_the_numbers_of_streams_is_a_fault_of_the_last_row() -> None:
    fault = assert_same(program("1 => D", "1 :HASHK1(1)", "7 => A", ":JMP(there)", "there:", "8 => A"))
    assert fault[:3] == ("hash_end", 4, 4)


def test_the_interpreter_sees_cells_for_which_the_code_made_room() -> None:
    rows = ("0x300000 => E", "6 :MSTORE(MEM:E)", "CNT_BINARY + 6 :MLOAD(MEM:E)")
    assert assert_same(program(*rows), skip_address_check=True)[0] == len(rows)


LARGE_SUMS = """
(module (memory 1)
  (func (export "sums") (param $n i32) (result i32) (local $p i32)
    (loop $next
      (i32.store (local.get $p) (i32.add (i32.load offset=4 (local.get $p)) (local.get $n)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.load (i32.const 8))))
"""


@pytest.mark.parametrize("context", ["0", "3", "CNT_BINARY + 3"])
@pytest.mark.parametrize("fork_id", [0, 7])
def test_a_context_that_compiled_code_does_not_expect(fork_id: int, context: str) -> None:
    """Code of compiled programs takes it that CTX is 0; where it is not, the interpreter goes on."""
    compiled_source = compile_module(wat_to_wasm(LARGE_SUMS), CompileOptions()).source
    first = next(line for line in compiled_source.splitlines() if line.startswith("f_sums") and line.endswith(":"))
    code = assemble(compiled_source.replace(f"\n{first}\n", f"\n{first}\n  {context} => CTX\n"))
    assert compiled(code, True).context_is_zero == ("CNT" not in context)
    inputs = PublicInputs.of_words((40,), function_index=0)
    assert_same(code, inputs=replace(inputs, fork_id=fork_id), skip_address_check=True)


def test_a_block_is_left_in_front_of_what_it_has_committed_to() -> None:
    """Registers and cells are those in front of the row that fails, however much of the block was done."""
    rows = ("$ => A :MLOAD(x)", "A + B + 5 => B :MSTORE(x)", "B + 1 => A, C", "B + C => B :MSTORE(y)", "7 => A",
            "A + 1 => D", "SP + 2 => SP", "{last}", "1 => C")  # fmt: skip
    for last in ("1 :ASSERT", "9 :MLOAD(x)", "A + 0xFFFFFFFF :MSTORE(x), JMPN(end)", "SP - 0x80000009 => SP"):
        code = program(*(row.format(last=last) for row in rows), "end:", variables=("x", "y"))
        for step_limit in range(1, len(rows) + 2):
            assert_same(code, step_limit=step_limit)
        assert isinstance(fault_state(code, "jit"), tuple)
        assert fault_state(code, "jit") == fault_state(code, "reference")


def fault_state(code: Any, name: Engine) -> tuple[object, ...]:
    memory: dict[int, tuple[int, int]] = {}
    with pytest.raises(ExecutionFault) as caught:
        execute(code, engine=name, memory=memory)
    return memory, caught.value.step, caught.value.zkpc, str(caught.value)


def interpreted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows that the interpreter will have executed for machine code."""
    rows: list[int] = []
    for name in ("interpret", "execute_for_code"):
        execute_row = getattr(engine.Run, name)

        def noted(run: engine.Run, row: int, *more: int, execute_row: Any = execute_row) -> Any:
            rows.append(row)
            return execute_row(run, row, *more)

        monkeypatch.setattr(engine.Run, name, noted)
    return rows


BATCH = bytes(range(200, 256)) + bytes(range(60))


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("offset", [0, 1, len(BATCH) - 8, len(BATCH) - 1, len(BATCH), -1])
def test_bytes_of_the_batch(size: int, offset: int) -> None:
    inputs = PublicInputs(batch_l2_data=BATCH, timestamp_limit=7)
    read = f"${{(getTxsLen() > B) ? getTxs(RCX, {size}) : getTxs(0 - 1, 1)}} => A"
    start = (f"{offset} => RCX", ":JMP(there)", "there:")
    for row in (
        read,
        read.replace("getTxsLen() >", "getTimestampLimit() <"),
        "${getTxsLen() - getTimestampLimit()} => A",
    ):
        assert_same(program(*start, row, "A => B"), inputs=inputs)
    for timestamp in (1 << 62, (1 << 62) + 1, 1 << 70):
        assert_same(program("${getTimestampLimit() >> 1} => A"), inputs=replace(inputs, timestamp_limit=timestamp))


VARIABLE_ROWS = ("0 => A :JMP(start2)", "start2:", "3 => RCX", "loop:", "$${_n = _n + STEP}", "$${_n = _n + 4}",
                 "${_n >> 30} => A :MSTORE(x)", "$${_n = _n * 3}", "${_n - 1} => B", "RCX - 1 => RCX :JMPNZ(loop)",
                 "A => D", "$${var _m = 9}", "${_n + _m} => E")  # fmt: skip


@pytest.mark.parametrize(
    "start", ["0", "5", "-7", "1 << 61", "1 << 62", "(1 << 62) - 3", "(1 << 62) + 1", "1 << 70", "-(1 << 62)"]
)
def test_variables(start: str) -> None:
    code = program(f"$${{var _n = {start}}}", *VARIABLE_ROWS, variables=("x",))
    for step_limit in range(1, 28):
        assert_same(code, step_limit=step_limit)


def test_variables_that_are_not_declared() -> None:
    assert assert_same(program(*VARIABLE_ROWS, variables=("x",)))[0] == "tag_variable_undefined"
    assert assert_same(program("1 => A", "$${n = 4}", "2 => A"))[0] == "tag_variable_undefined"
    again = ("2 => RCX", "loop:", "$${var n = 4}", "RCX - 1 => RCX :JMPNZ(loop)")
    assert assert_same(program(*again))[0] == "tag_variable_redeclared"


def test_code_computes_with_variables_and_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = interpreted(monkeypatch)
    reads = ("50 => RCX", "loop:", "$${_n = _n + 2}",
             "${(getTxsLen() >= _n) ? getTxs(getTxsLen() - _n, 2) : getTxs(0 - 1, 1)} => A :MSTORE(x)",
             "RCX - 1 => RCX :JMPNZ(loop)")  # fmt: skip
    code = program("$${var _n = 0}", *reads, variables=("x",))
    execution = execute(code, engine="jit", inputs=PublicInputs(batch_l2_data=BATCH))
    assert execution.registers["A"] == (BATCH[-100] << 8 | BATCH[-99], 0)
    assert len(rows) < 5


HASH_LOOP = ("0 => E, D", "{rounds} => RCX", "loop:", "RCX - 1 => RCX", "{hash}", "B + 1 => B", "RCX :JMPNZ(loop)")


@pytest.mark.parametrize(
    "row",
    [
        "${RCX & 255} :HASHK1(E)",
        "${RCX & 511} :HASHK1(E)",
        "${RCX & 255} => A, HASHPOS :HASHK1(E)",
        "RCX :HASHK1(E)",
        "-1 :HASHK1(E)",
        "$ => A :HASHK1(E)",
        "D :HASHK(E)",
    ],
)
def test_bytes_that_are_hashed(row: str) -> None:
    for more in ((), ("0 => HASHPOS",), ("-1 => HASHPOS",), ("E + 5 => E", "0 => HASHPOS")):
        lines = [line.format(rounds=300, hash=row) for line in HASH_LOOP]
        lines[5:5] = more
        assert_same(program(*lines), step_limit=3000)


def test_streams_that_code_has_no_room_for() -> None:
    """The length of stream 1030 would be where the bytes are noted."""
    rows = ("20 => RCX", "0 => D", "loop:", "0 :HASHK1(0)", "RCX - 1 => RCX :JMPNZ(loop)", "1030 => E", "0 => HASHPOS",
            "7 :HASHK1(E)", "8 :HASHK1(E)", "0 => HASHPOS", ":JMP(there)", "there:", "0 :HASHK1(0)")  # fmt: skip
    assert_same(program(*rows))
    assert outcome(program(*rows[:-3], "20 :HASHKLEN(0)", "${hashKDigestR64(0, 0)} => A"), "jit") == outcome(
        program(*rows[:-3], "20 :HASHKLEN(0)", "${hashKDigestR64(0, 0)} => A"), "reference"
    )


def test_pieces_at_the_end_of_a_stream() -> None:
    """A piece of no bytes closes the place where it is for pieces of another size."""
    rows = ("0 => D", "1 :HASHK1(0)", "D :HASHK(0)", "2 :HASHK1(0)", ":JMP(there)", "there:", "3 :HASHK1(0)")
    assert assert_same(program(*rows))[0] == "hash_read_sizes"


def test_many_bytes_are_hashed_by_code(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = interpreted(monkeypatch)
    lines = [line.format(rounds=40_000, hash="${RCX & 255} :HASHK1(E)") for line in HASH_LOOP]
    ends = ("40000 :HASHKLEN(0)", "${hashKDigestR64(0, 1)} => A", "${hashKDigestR64(0, 2)} => B",
            "${hashKDigestR64(0, 3)} => C", "${hashKDigestR64(0, 0)} :HASHKDIGEST(0)")  # fmt: skip
    code = program(*lines, *ends)
    execution = execute(code, engine="jit", step_limit=1 << 20)
    assert execution.hash_streams[0].content == bytes(number & 255 for number in reversed(range(40_000)))
    assert execution.counters.keccak == 40_000 // 136 + 1
    assert len(rows) < 60
    assert_same(code, step_limit=1 << 20)


def test_inputs_out_of_the_range_of_registers() -> None:
    text = "start:\n  GAS => A\n  SP => B\n  1 :MSTORE(x)\n  CTX => C\nfinalizeExecution:\n  A\n"
    assert_same(assemble("VAR GLOBAL x\n" + text), inputs=PublicInputs(old_num_batch=3, chain_id=1 << 70, fork_id=-5))


def test_a_program_without_end() -> None:
    assert_same(assemble("start:\n  A + 1 => A :JMP(start)\n"), step_limit=1000)


def test_code_is_made_once_and_goes_with_the_program() -> None:
    code = countdown(5)
    assert not engine.is_compiled(code, False)
    first = engine.compiled(code, False)
    assert engine.compiled(code, False) is first
    assert engine.is_compiled(code, False)
    assert not engine.is_compiled(code, True)
    gone = weakref.ref(first)
    del code, first
    gc.collect()
    assert gone() is None


def test_runs_are_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[engine.Run]] = []
    release = engine.Run.release

    def note(run: engine.Run) -> None:
        made.append(weakref.ref(run))
        release(run)

    monkeypatch.setattr(engine.Run, "release", note)
    execute(countdown(5), engine="jit")
    with pytest.raises(ExecutionFault):
        execute(program("1 => A", "2 :ASSERT"), engine="jit")
    profile_run(countdown(5))
    gc.collect()
    assert [run() for run in made] == [None] * 3


def test_auto_changes_to_code_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "STEPS_BEFORE_COMPILING", 100)
    monkeypatch.setattr(interpreter, "STEPS_PER_COMPILED_ROW", 0)
    code = countdown(500)
    reference = outcome(code, "reference")
    assert outcome(code, "auto") == reference
    assert engine.is_compiled(code, False)
    short = countdown(40)
    execute(short)
    assert not engine.is_compiled(short, False)


@pytest.mark.parametrize("name", ENGINES)
def test_instances_keep_their_state(name: Engine) -> None:
    instance = Instance(callable_program(), engine=name)
    assert instance.call("bump", 7).values == (100, 7)
    assert instance.call("bump", 5).values == (107, 5)
    assert instance.globals["total"] == 112
    assert instance.call("add", 2, 3).steps == Instance(callable_program(), engine="reference").call("add", 2, 3).steps
    assert instance.call("quotient", 1, 0).status == 2


def test_progress_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "STEPS_BETWEEN_REPORTS", 100)
    seen: list[int] = []
    assert execute(countdown(200), engine="reference", progress=seen.append).steps == 402
    assert seen == [100, 200, 300, 400]


def test_engines_that_cannot_be_used() -> None:
    with pytest.raises(ConfigurationError, match="no engine 'fast'; there are auto, jit, reference"):
        execute(countdown(1), engine="fast")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no hook"):
        execute(countdown(1), engine="jit", free_input=lambda machine, step, zkpc, low, high: (low, high))
    with pytest.raises(ConfigurationError, match="no observer"):
        execute(countdown(1), engine="jit", observer=lambda machine, step, zkpc: None)
    with pytest.raises(ConfigurationError, match="where the program is prepared"):
        execute(PreparedProgram(countdown(1)), engine="jit")


def test_interrupted_runs_give_their_memory_back() -> None:
    def stop(steps: int) -> None:
        raise KeyboardInterrupt

    memory: dict[int, tuple[int, int]] = {}
    with pytest.raises(KeyboardInterrupt):
        execute(countdown(100_000_000), engine="jit", memory=memory, step_limit=1 << 40, progress=stop)
    assert memory[0][0] > 0


def test_steps_exhausted_in_a_long_run() -> None:
    with pytest.raises(ExecutionFault, match="steps_exhausted") as caught:
        execute(countdown(1_000_000_000), engine="jit", step_limit=3_000_001)
    assert (caught.value.step, caught.value.zkpc) == (3_000_001, 3)
