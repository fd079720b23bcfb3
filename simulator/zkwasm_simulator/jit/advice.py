"""Advice as WebAssembly: `${…}` without Python, for the expressions whose numbers fit into 128 bits.

Advice computes with unbounded integers. Every number here carries its bounds and is one or two i64 (`numbers`). What
remains (`UnsupportedError`) is computed by the reference interpreter, which also has the say where an operation would
fail.
"""

from __future__ import annotations

from typing import Any

from zkwasm_simulator.field import LIMB_MASK, PRIME, WORD_MASK
from zkwasm_simulator.inputs import WORDS_PER_ROOT
from zkwasm_simulator.jit.encoder import Code, access, i32, i64, op
from zkwasm_simulator.jit.numbers import (
    COMPARISONS,
    I63,
    Place,
    UnsupportedError,
    Wide,
    arithmetic,
    bit,
    bit_or,
    comparison,
    division,
    fits,
    kept,
    narrowed,
    shift_left,
    shift_right,
    single_word,
    truth,
    wide_operator,
)
from zkwasm_simulator.jit.state import (
    BATCH_BYTES,
    BATCH_MEMORY,
    INPUT_WORDS,
    TIMESTAMP,
    TRACE_LENGTH,
    VARIABLE_BOUND,
)
from zkwasm_simulator.jit.values import ZERO, Value, constant
from zkwasm_simulator.machine import SINGLE_REGISTERS, WIDE_REGISTERS

Node = dict[str, Any]

MOST_BATCH_BYTES = 1 << 31
"""Longer ones are the reference interpreter's."""

_FUNCTION_OPERATORS = {
    "bitwise_and": "bitand",
    "bitwise_or": "bitor",
    "bitwise_xor": "bitxor",
    "bitwise_not": "bitnot",
    "comp_lt": "lt",
    "comp_gt": "gt",
    "comp_eq": "eq",
}
_INPUT_FUNCTIONS = {"getPublicOldStateRootR64": 0, "getPublicOldAccInputHashR64": WORDS_PER_ROOT}


class _Nowhere:
    """A place for trying out whether advice can be written."""

    def share(self, code: Code, values: int = 1) -> list[Code]:
        return [b""] * values

    def refuse(self, condition: Code) -> None:
        pass

    def register(self, name: str) -> Value:
        return Value(b"", -(1 << 40), 1 << 40) if name in SINGLE_REGISTERS else Value(b"", 0, PRIME - 1)

    def variable(self, name: str) -> Value:
        return Value(b"", -VARIABLE_BOUND, VARIABLE_BOUND)

    def normalise(self, *limbs: Value) -> None:
        for limb in limbs:
            limb.narrow(0, LIMB_MASK)

    def step(self) -> Code:
        return b""

    @property
    def division(self) -> int:
        return 0


def supported(node: Node) -> bool:
    """Can the advice be computed without the reference interpreter?"""
    try:
        free_input(node, _Nowhere())
    except UnsupportedError:
        return False
    return True


def uses_counters(node: Node) -> bool:
    """Does advice look at the counters of the secondary machines?"""
    if node.get("op") == "getReg" and node["regName"].startswith("CNT_"):
        return True
    return any(uses_counters(child) for child in (*node.get("values", ()), *node.get("params", ())))


def free_input(node: Node, place: Place) -> tuple[Value, Value]:
    """The limbs of a free input. *Raises:* UnsupportedError."""
    limbs = _limbs(node, place)
    if limbs is not None:
        return limbs
    try:
        number = _number(node, place)
    except UnsupportedError:
        return _split(kept(place, _low_word(node, place)), 0, WORD_MASK, place)
    if isinstance(number, Wide):
        return _split(number.low_word, 0, WORD_MASK, place)
    return _split(number.code, number.low, number.high, place)


def _split(code: Code, low: int, high: int, place: Place) -> tuple[Value, Value]:
    if low >= 0 and high <= LIMB_MASK:
        return Value(code, low, high), ZERO
    upper_bound = high >> 32 if low >= 0 else LIMB_MASK
    lower = kept(place, code + i64(LIMB_MASK) + op("i64.and"))
    upper = kept(place, code + i64(32) + op("i64.shr_u"))
    return Value(lower, 0, LIMB_MASK), Value(upper, 0, min(upper_bound, LIMB_MASK))


def _limbs(node: Node, place: Place) -> tuple[Value, Value] | None:
    """Functions that give limbs and not a number: cond(x) and beforeLast(k) are −1 or 0, getTxs(at, n) is n bytes."""
    if node["op"] == "if" and _fails(node["values"][2]):
        place.refuse(single_word(_number(node["values"][0], place)).code + op("i64.eqz"))
        return _limbs(node["values"][1], place)
    if node["op"] != "functionCall":
        return None
    name, parameters = node["funcName"], node["params"]
    if name == "cond" and len(parameters) == 1:
        holds = truth(single_word(_number(parameters[0], place)))
        return _minus_one_if(holds, place), ZERO
    if name == "beforeLast" and len(parameters) <= 1:
        distance = _constant(parameters[0]) if parameters else 2
        if not 0 <= distance < I63:
            raise UnsupportedError
        last = i32(0) + access("i64.load", TRACE_LENGTH) + i64(distance) + op("i64.sub")
        return _minus_one_if(place.step() + last + op("i64.lt_s"), place), ZERO
    if name == "getTxs" and len(parameters) == 2:
        return _batch_data(parameters, place)
    return None


def _minus_one_if(condition: Code, place: Place) -> Value:
    return Value(kept(place, i64(-1) + i64(0) + condition + op("select")), -1, 0)


def _constant(node: Node) -> int:
    if node["op"] != "number":
        raise UnsupportedError
    return int(node["num"])


def _number(node: Node, place: Place) -> Value | Wide:
    """The number that `node` is, exactly."""
    operation = node["op"]
    if operation == "number":
        value = int(node["num"])
        if not fits(value, value):
            raise UnsupportedError
        return constant(value)
    if operation == "getReg":
        return _register(node["regName"], place)
    if operation == "getVar":
        return place.variable(node["varName"])
    if operation == "if":
        return _choice(node["values"], place)
    if operation == "functionCall":
        return _call(node, place)
    return _operator(operation, node.get("values", []), node, place)


def _register(name: str, place: Place) -> Value:
    if name in WIDE_REGISTERS:
        low, high = place.register(f"{name}0"), place.register(f"{name}1")
        place.normalise(low, high)
        if high.high == 0:
            return low
        code = kept(place, high.code + i64(32) + op("i64.shl") + low.code + op("i64.or"))
        return Value(code, low.low, low.high | high.high << 32)
    if name in SINGLE_REGISTERS:
        return place.register(name)
    if name == "STEP":
        return Value(kept(place, place.step()), 0, I63 - 1)
    raise UnsupportedError


def _call(node: Node, place: Place) -> Value | Wide:
    name, parameters = node["funcName"], node["params"]
    if name in _FUNCTION_OPERATORS and len(parameters) == (1 if name == "bitwise_not" else 2):
        return _operator(_FUNCTION_OPERATORS[name], parameters, node, place)
    if name == "loadScalar" and len(parameters) == 1:
        return _number(parameters[0], place)
    if name in _INPUT_FUNCTIONS and len(parameters) == 1:
        index = _constant(parameters[0])
        if 0 <= index < WORDS_PER_ROOT:
            word = INPUT_WORDS + 8 * (_INPUT_FUNCTIONS[name] + index)
            return Value(kept(place, i32(0) + access("i64.load", word)), 0, WORD_MASK)
    if name == "getTxsLen" and not parameters:
        return Value(kept(place, i32(0) + access("i64.load", BATCH_BYTES)), 0, MOST_BATCH_BYTES)
    if name == "getTimestampLimit" and not parameters:
        timestamp = kept(place, i32(0) + access("i64.load", TIMESTAMP))
        place.refuse(timestamp + i64(0) + op("i64.lt_s"))
        return Value(timestamp, 0, VARIABLE_BOUND)
    raise UnsupportedError


def _batch_data(parameters: list[Node], place: Place) -> tuple[Value, Value]:
    """Bytes of the batch as a big-endian number; what is not all there is refused."""
    offset, size = single_word(_number(parameters[0], place)), _constant(parameters[1])
    if not 1 <= size <= 8 or offset.high >= I63 - 8:
        raise UnsupportedError
    end = offset.code + i64(size) + op("i64.add")
    place.refuse(offset.code + i64(0) + op("i64.lt_s"))
    place.refuse(end + i32(0) + access("i64.load", BATCH_BYTES) + op("i64.gt_s"))
    address = offset.code + op("i32.wrap_i64")
    code = b""
    for number in range(size):
        code += address + access("i64.load8_u", number, BATCH_MEMORY) + i64(8 * (size - 1 - number)) + op("i64.shl")
        code += op("i64.or") if number else b""
    return _split(kept(place, code), 0, (1 << 8 * size) - 1, place)


def _fails(node: Node) -> bool:
    """Is it what our compiler writes for input that is not there: bytes in front of the batch?"""
    if node["op"] != "functionCall" or node["funcName"] != "getTxs":
        return False
    offset = node["params"][0]
    if offset["op"] != "sub" or any(value["op"] != "number" for value in offset["values"]):
        return False
    minuend, subtrahend = (int(value["num"]) for value in offset["values"])
    return minuend < subtrahend


def assignment(node: Node, place: Place) -> tuple[str, Value] | None:
    """The variable that a command assigns, and the number; None when it is another command.

    *Raises:* UnsupportedError.
    """
    if node["op"] != "setVar":
        return None
    target, source = node["values"]
    if target["op"] == "declareVar":
        if not target["varName"].startswith("_"):
            raise UnsupportedError
        return target["varName"], constant(_constant(source))
    if target["op"] != "getVar":
        return None
    place.variable(target["varName"])
    number = single_word(_number(source, place))
    if not (number.low >= -VARIABLE_BOUND and number.high <= VARIABLE_BOUND):
        if number.high >= I63:
            raise UnsupportedError
        place.refuse(number.code + i64(VARIABLE_BOUND) + op("i64.add") + i64(2 * VARIABLE_BOUND) + op("i64.gt_u"))
        number = Value(number.code, max(number.low, -VARIABLE_BOUND), min(number.high, VARIABLE_BOUND))
    return target["varName"], number


def assigns(node: Node) -> bool:
    """Is a command in front of a row an assignment that can be computed without the reference interpreter?"""
    try:
        return assignment(node, _Nowhere()) is not None
    except UnsupportedError:
        return False


def assigned_constant(node: Node) -> tuple[str, int] | None:
    """What a command behind a row assigns, where that is a declaration with a number; None when it is anything else."""
    if node["op"] != "setVar" or node["values"][0]["op"] != "declareVar" or not assigns(node):
        return None
    return node["values"][0]["varName"], int(node["values"][1]["num"])


def _choice(values: list[Node], place: Place) -> Value:
    condition, yes, no = (single_word(_number(value, place)) for value in values)
    low, high = min(yes.low, no.low), max(yes.high, no.high)
    if not fits(low, high):
        raise UnsupportedError
    return Value(kept(place, yes.code + no.code + truth(condition) + op("select")), low, high)


def _operator(operation: str, nodes: list[Node], node: Node, place: Place) -> Value | Wide:
    if operation in ("shl", "shr"):
        distance = _constant(nodes[1])
        if not 0 <= distance < 128:
            raise UnsupportedError
        operand = _number(nodes[0], place)
        return (shift_left if operation == "shl" else shift_right)(operand, distance, place)
    if operation == "bitand":
        return _bit_and(nodes, place)
    operands = [_number(value, place) for value in nodes]
    if operation == "mul":
        operands = [narrowed(operand, place) for operand in operands]
    if operation in ("add", "sub", "mul"):
        return arithmetic(operation, operands[0], operands[1], place)
    if any(isinstance(operand, Wide) for operand in operands):
        return wide_operator(operation, operands, place)
    singles = [single_word(operand) for operand in operands]
    if operation in COMPARISONS:
        return comparison(operation, singles[0], singles[1], place)
    match operation:
        case "div" | "mod":
            return division(operation, singles[0], singles[1], place)
        case "bitor" | "bitxor":
            return bit_or(operation, singles[0], singles[1], place)
        case "neg":
            result = arithmetic("sub", ZERO, singles[0], place)
        case "bitnot":
            result = arithmetic("sub", constant(-1), singles[0], place)
        case "not":
            return bit(singles[0].code + op("i64.eqz"), place)
        case "and" | "or":
            joined = truth(singles[0]) + truth(singles[1]) + op("i32.and" if operation == "and" else "i32.or")
            return bit(joined, place)
        case _:
            raise UnsupportedError
    return result


def _bit_and(nodes: list[Node], place: Place) -> Value:
    """a & b; of what is joined with a number below 2^64 that is not negative only the low word counts."""
    for mine, other in (nodes, nodes[::-1]):
        if mine["op"] == "number" and 0 <= int(mine["num"]) <= WORD_MASK:
            return _masked(other, int(mine["num"]), place)
    a, b = (single_word(_number(node, place)) for node in nodes)
    highs = [value.high for value in (a, b) if value.low >= 0]
    if not highs and not (a.high < I63 and b.high < I63):
        raise UnsupportedError
    low, high = (0, min(highs)) if highs else (-I63, I63 - 1)
    return Value(kept(place, a.code + b.code + op("i64.and")), low, high)


def _masked(node: Node, mask: int, place: Place) -> Value:
    if mask <= LIMB_MASK and node["op"] == "getReg" and node["regName"] in WIDE_REGISTERS:
        name = node["regName"]
        value = place.register(f"{name}0")
        place.normalise(value, place.register(f"{name}1"))
    else:
        register = _register(node["regName"], place) if node["op"] == "getReg" else None
        if register is not None and register.low >= 0:
            value = register
        else:
            value = Value(kept(place, _low_word(node, place)), 0, WORD_MASK)
    if value.high & ~mask == 0 and (mask + 1) & mask == 0:
        return value
    return Value(kept(place, value.code + i64(mask) + op("i64.and")), 0, min(mask, value.high))


def _low_word(node: Node, place: Place) -> Code:
    """The low 64 bits of the number that `node` is, in two's complement."""
    operation = node["op"]
    values = node.get("values", [])
    if operation in ("add", "sub", "mul", "bitor", "bitxor", "bitand"):
        name = {"bitor": "or", "bitxor": "xor", "bitand": "and"}.get(operation, operation)
        return _low_word(values[0], place) + _low_word(values[1], place) + op(f"i64.{name}")
    if operation == "neg":
        return i64(0) + _low_word(values[0], place) + op("i64.sub")
    if operation == "bitnot":
        return _low_word(values[0], place) + i64(-1) + op("i64.xor")
    if operation == "number":
        return i64(int(node["num"]))
    if operation == "shl" and values[1]["op"] == "number" and 0 <= int(values[1]["num"]) < 64:
        return _low_word(values[0], place) + i64(int(values[1]["num"])) + op("i64.shl")
    number = _number(node, place)
    return number.low_word if isinstance(number, Wide) else number.code
