"""Advice: the expressions `${…}` that give free inputs, and the commands `$${…}` that run for their effect.

An expression is the assembler's JSON tree. It is compiled once to closures over the machine. Numbers are unbounded; a
few functions give limbs instead, which cannot take part in arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zkwasm_simulator.faults import ExecutionFault, field_text, limb_range, limbs_text
from zkwasm_simulator.field import LIMB_MASK, PRIME, WORD_MASK, Limbs, split
from zkwasm_simulator.hashing import missing_digest
from zkwasm_simulator.inputs import WORDS_PER_ROOT, root_word
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS, AdviceValue, Machine

Expression = Callable[[Machine], AdviceValue]
Node = dict[str, Any]

MINUS_ONE: Limbs = (PRIME - 1, 0)
SHIFT_LIMIT = 1 << 20
DEFAULT_BEFORE_LAST = 2

EVENT_LOG = "eventLog"
"""Tells tracers of an event; its first parameter is a name that nothing defines."""

BATCH_FUNCTIONS = ("getHistoricGERRoot", "getNewGERRoot", "getSmtProof")
"""Functions that only a rollup's node can answer."""


def compile_advice(node: Node, zkpc: int) -> Expression:
    """The expression `node` of row `zkpc` as a function of the machine."""
    op = node["op"]
    if op in _LEAVES:
        return _LEAVES[op](node, zkpc)
    if op in _OPERATORS:
        return _operator(op, [compile_advice(value, zkpc) for value in node["values"]])
    if op == "":
        return _failing("tag_operation", "there is nothing between the braces")
    return _failing("tag_operation", f"the operation {op} cannot be computed in advice")


def advice_limbs(value: AdviceValue) -> Limbs:
    """The limbs of a free input whose advice is `value`."""
    return value if isinstance(value, tuple) else split(value)


def _failing(kind: str, detail: str) -> Expression:
    def fail(machine: Machine) -> AdviceValue:
        raise ExecutionFault(kind, detail)

    return fail


# Leaves


def _number(node: Node, zkpc: int) -> Expression:
    value = int(node["num"])
    return lambda machine: value


def _register(node: Node, zkpc: int) -> Expression:
    name = node["regName"]
    if name in WIDE_REGISTERS:
        low, high = f"{name}0", f"{name}1"

        def wide(machine: Machine) -> AdviceValue:
            limb0: int = getattr(machine, low)
            limb1: int = getattr(machine, high)
            if (limb0 | limb1) > LIMB_MASK:
                raise limb_range(name, limb0, limb1)
            return limb0 | limb1 << 32

        return wide
    if name == "zkPC":
        return lambda machine: zkpc
    attribute = _SINGLE_ATTRIBUTES[name]

    def single(machine: Machine) -> AdviceValue:
        value: int = getattr(machine, attribute)
        return value

    return single


_SINGLE_ATTRIBUTES = {name: name for name in SINGLE_REGISTERS} | {
    "STEP": "step",
    "CNT_ARITH": "arith",
    "CNT_BINARY": "binary",
    "CNT_KECCAK_F": "keccak",
    "CNT_MEM_ALIGN": "mem_align",
}


def _variable(node: Node, zkpc: int) -> Expression:
    name = node["varName"]

    def read(machine: Machine) -> AdviceValue:
        _require_declared(machine, name)
        return machine.variables[name]

    return read


def _require_declared(machine: Machine, name: str) -> None:
    if name not in machine.variables:
        raise ExecutionFault(
            "tag_variable_undefined", f"there is no variable {name}; the first assignment declares it: `var {name} = …`"
        )


def _declaration(node: Node, zkpc: int) -> Expression:
    name = node["varName"]

    def declare(machine: Machine) -> AdviceValue:
        _declare(machine, name)
        return machine.variables[name]

    return declare


def _declare(machine: Machine, name: str) -> None:
    if name in machine.variables and not name.startswith("_"):
        raise ExecutionFault(
            "tag_variable_redeclared",
            f"the variable {name} is declared already; assign to it without `var`, or begin its name with _",
        )
    machine.variables[name] = 0


def _assignment(node: Node, zkpc: int) -> Expression:
    target, source = node["values"]
    name = target["varName"]
    prepare = _declare if target["op"] == "declareVar" else _require_declared
    value = compile_advice(source, zkpc)

    def assign(machine: Machine) -> AdviceValue:
        prepare(machine, name)
        machine.variables[name] = result = value(machine)
        return result

    return assign


def _memory_value(node: Node, zkpc: int) -> Expression:
    address = int(node["offset"])
    label = node.get("offsetLabel", "")

    def read(machine: Machine) -> AdviceValue:
        if address not in machine.memory:
            raise ExecutionFault("tag_memory_unwritten", f"mem.{label} (cell {address}) was never written")
        low, high = machine.memory[address]
        if (low | high) > LIMB_MASK:
            raise limb_range(f"mem.{label}", low, high)
        return low | high << 32

    return read


def _choice(node: Node, zkpc: int) -> Expression:
    condition, yes, no = (compile_advice(value, zkpc) for value in node["values"])
    return lambda machine: yes(machine) if _as_number(condition(machine)) else no(machine)


def _call(node: Node, zkpc: int) -> Expression:
    name = node["funcName"]
    parameters = node["params"]
    if name == EVENT_LOG:
        return _event(parameters, zkpc)
    if name in BATCH_FUNCTIONS:
        return _failing("tag_function_undefined", f"{name} reads a batch of transactions; a run here has none")
    if name not in FUNCTIONS:
        return _failing("tag_function_undefined", f"there is no function {name}; there are {', '.join(FUNCTIONS)}")
    least, most, function = FUNCTIONS[name]
    if not least <= len(parameters) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        return _failing("tag_parameters", f"{name} takes {wanted} parameters, {len(parameters)} given")
    compiled = [compile_advice(parameter, zkpc) for parameter in parameters]

    def call(machine: Machine) -> AdviceValue:
        return function(machine, [_as_number(parameter(machine)) for parameter in compiled])

    return call


def _event(parameters: list[Node], zkpc: int) -> Expression:
    """Tells the listener of the machine, if it has one, which event it is and the values behind its name."""
    event = str(parameters[0].get("varName", "")) if parameters else ""
    values = [compile_advice(parameter, zkpc) for parameter in parameters[1:]]

    def tell(machine: Machine) -> AdviceValue:
        if machine.listener is not None:
            machine.listener(machine, event, [_as_number(value(machine)) for value in values])
        return 0

    return tell


_LEAVES: dict[str, Callable[[Node, int], Expression]] = {
    "number": _number,
    "getReg": _register,
    "getVar": _variable,
    "declareVar": _declaration,
    "setVar": _assignment,
    "getMemValue": _memory_value,
    "if": _choice,
    "functionCall": _call,
}


# Operators


def _as_number(value: AdviceValue) -> int:
    if isinstance(value, tuple):
        raise ExecutionFault(
            "tag_operation",
            f"{limbs_text(*value)} is a pair of limbs, which cannot be computed with; "
            "use the functions that give limbs (cond, beforeLast, exp, getTxs) alone",
        )
    return value


def _operator(op: str, operands: Sequence[Expression]) -> Expression:
    compute = _OPERATORS[op]
    if len(operands) == 1:
        only = operands[0]
        return lambda machine: compute(_as_number(only(machine)))
    left, right = operands

    def binary(machine: Machine) -> AdviceValue:
        a = left(machine)
        b = right(machine)
        if a.__class__ is tuple or b.__class__ is tuple:
            return compute(_as_number(a), _as_number(b))
        return compute(a, b)

    return binary


def _quotient(a: int, b: int) -> int:
    """a / b, truncated toward zero."""
    if b == 0:
        raise ExecutionFault("tag_division_by_zero", f"{a} is divided by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: int, b: int) -> int:
    """a % b with the sign of a."""
    if b == 0:
        raise ExecutionFault("tag_division_by_zero", f"the remainder of {a} by zero")
    return a - b * _quotient(a, b)


def _shift_left(a: int, distance: int) -> int:
    """a << distance; a negative distance shifts the other way."""
    if distance > SHIFT_LIMIT:
        raise ExecutionFault("tag_operation", f"a shift by {distance} bits; at most {SHIFT_LIMIT} can be computed")
    return a << distance if distance >= 0 else a >> -distance


_OPERATORS: dict[str, Callable[..., int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _quotient,
    "mod": _remainder,
    "bitand": lambda a, b: a & b,
    "bitor": lambda a, b: a | b,
    "bitxor": lambda a, b: a ^ b,
    "shl": _shift_left,
    "shr": lambda a, b: _shift_left(a, -b),
    "and": lambda a, b: int(bool(a) and bool(b)),
    "or": lambda a, b: int(bool(a) or bool(b)),
    "eq": lambda a, b: int(a == b),
    "ne": lambda a, b: int(a != b),
    "lt": lambda a, b: int(a < b),
    "le": lambda a, b: int(a <= b),
    "gt": lambda a, b: int(a > b),
    "ge": lambda a, b: int(a >= b),
    "neg": lambda a: -a,
    "bitnot": lambda a: ~a,
    "not": lambda a: int(a == 0),
}


# Functions


def _power(machine: Machine, parameters: list[int]) -> Limbs:
    base, exponent = parameters
    if exponent < 0:
        raise ExecutionFault("tag_negative_exponent", f"the exponent is {exponent}; it must not be negative")
    return split(pow(base, exponent, 1 << 64))


def _before_last(machine: Machine, parameters: list[int]) -> Limbs:
    distance = parameters[0] if parameters else DEFAULT_BEFORE_LAST
    return (0, 0) if machine.step >= machine.trace_length - distance else MINUS_ONE


def _mem_align_write_0(machine: Machine, parameters: list[int]) -> int:
    word, value, offset = parameters
    kept = word & _shift_left(WORD_MASK, 64 - 8 * offset)
    return (kept | _shift_left(value & WORD_MASK, -8 * offset)) & WORD_MASK


def _mem_align_write_1(machine: Machine, parameters: list[int]) -> int:
    word, value, offset = parameters
    return word & _shift_left(WORD_MASK, -8 * offset) | _shift_left(value, 64 - 8 * offset) & WORD_MASK


def _mem_align_write_byte(machine: Machine, parameters: list[int]) -> int:
    word, value, offset = parameters
    bits = 56 - 8 * offset
    return word & (WORD_MASK ^ _shift_left(0xFF, bits)) | _shift_left(value & 0xFF, bits)


def _state_root_word(machine: Machine, parameters: list[int]) -> int:
    return root_word(machine.inputs.old_state_root, _word_index(parameters[0]))


def _acc_input_hash_word(machine: Machine, parameters: list[int]) -> int:
    return root_word(machine.inputs.old_acc_input_hash, _word_index(parameters[0]))


def _digest_word(machine: Machine, parameters: list[int]) -> int:
    number, index = parameters
    if number not in machine.hash_streams:
        raise missing_digest(number)
    return machine.hash_streams[number].known_digest() >> 64 * _word_index(index) & WORD_MASK


def _word_index(index: int) -> int:
    if not 0 <= index < WORDS_PER_ROOT:
        raise ExecutionFault("tag_parameters", f"word {index} of a 256-bit number; the words are 0 to 3")
    return index


def _batch_data(machine: Machine, parameters: list[int]) -> Limbs:
    offset, length = parameters
    if offset < 0:
        raise ExecutionFault(
            "input_exhausted", "the program reads more input than there is; give it more bytes of the one that it reads"
        )
    return split(int.from_bytes(machine.inputs.batch_l2_data[offset : offset + length], "big"))


def _log(machine: Machine, parameters: list[int]) -> int:
    machine.log.append(" ".join(map(str, parameters)))
    return 0


def _log_hexadecimal(machine: Machine, parameters: list[int]) -> int:
    machine.log.append(" ".join(map(hex, parameters)))
    return 0


def _dump_registers(machine: Machine, parameters: list[int]) -> int:
    values = (
        f"{name}={limbs_text(*value) if isinstance(value, tuple) else field_text(value)}"
        for name, value in machine.registers().items()
    )
    machine.log.append(" ".join(values))
    return 0


def _nothing(machine: Machine, parameters: list[int]) -> int:
    return 0


_MANY = 1 << 10

FUNCTIONS: dict[str, tuple[int, int, Callable[[Machine, list[int]], AdviceValue]]] = {
    "cond": (1, 1, lambda machine, p: MINUS_ONE if p[0] else (0, 0)),
    "beforeLast": (0, 1, _before_last),
    "exp": (2, 2, _power),
    "bitwise_and": (2, 2, lambda machine, p: p[0] & p[1]),
    "bitwise_or": (2, 2, lambda machine, p: p[0] | p[1]),
    "bitwise_xor": (2, 2, lambda machine, p: p[0] ^ p[1]),
    "bitwise_not": (1, 1, lambda machine, p: ~p[0]),
    "comp_lt": (2, 2, lambda machine, p: int(p[0] < p[1])),
    "comp_gt": (2, 2, lambda machine, p: int(p[0] > p[1])),
    "comp_eq": (2, 2, lambda machine, p: int(p[0] == p[1])),
    "loadScalar": (1, 1, lambda machine, p: p[0]),
    "memAlignWR_W0": (3, 3, _mem_align_write_0),
    "memAlignWR_W1": (3, 3, _mem_align_write_1),
    "memAlignWR8_W0": (3, 3, _mem_align_write_byte),
    "getPublicOldStateRootR64": (1, 1, _state_root_word),
    "getPublicOldAccInputHashR64": (1, 1, _acc_input_hash_word),
    "hashKDigestR64": (2, 2, _digest_word),
    "getTxs": (2, 2, _batch_data),
    "getTxsLen": (0, 0, lambda machine, p: len(machine.inputs.batch_l2_data)),
    "getSequencerAddr": (0, 0, lambda machine, p: int.from_bytes(machine.inputs.sequencer_address, "big")),
    "getTimestampLimit": (0, 0, lambda machine, p: machine.inputs.timestamp_limit),
    "getIsForced": (0, 0, lambda machine, p: machine.inputs.is_forced),
    "log": (0, _MANY, _log),
    "dump": (0, _MANY, _log),
    "dumphex": (0, _MANY, _log_hexadecimal),
    "dumpRegs": (0, 0, _dump_registers),
    "storeLog": (0, _MANY, _nothing),
    "break": (0, _MANY, _nothing),
}
"""By name: the least and the most parameters, and the function."""
