"""Advice as the ROM's JSON has it. `to_json` and `from_json` are inverse to each other on every node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

from zkwasm_compiler.asm.advice.nodes import (
    SYMBOLS,
    UNARY_SYMBOLS,
    Advice,
    Assignment,
    Binary,
    Call,
    Conditional,
    Data,
    Declaration,
    Empty,
    MemoryValue,
    MemoryValueAt,
    NamedNumber,
    Number,
    Register,
    Unary,
    VariableName,
)
from zkwasm_compiler.asm.program import AdviceNode
from zkwasm_compiler.errors import InputError


def to_json(node: Advice) -> AdviceNode:
    """The JSON object of `node`, keys in the public assembler's order."""
    match node:
        case Empty():
            return {"op": ""}
        case Number(value):
            return {"op": "number", "num": str(value)}
        case Register(name):
            return {"op": "getReg", "regName": name}
        case VariableName(name):
            return {"op": "getVar", "varName": name}
        case Declaration(name):
            return {"op": "declareVar", "varName": name}
        case Assignment(target, value):
            return {"op": "setVar", "values": [to_json(target), to_json(value)]}
        case Call(name, arguments):
            return {"op": "functionCall", "funcName": name, "params": [to_json(argument) for argument in arguments]}
        case Unary(operation, operand):
            return {"op": operation, "values": [to_json(operand)]}
        case Binary(operation, left, right):
            return {"op": operation, "values": [to_json(left), to_json(right)]}
        case Conditional(condition, then, otherwise):
            return {"op": "if", "values": [to_json(condition), to_json(then), to_json(otherwise)]}
        case Data(module, name, index):
            return {"op": "getData", "module": module, "offset": name, "arrayOffset": _index_json(index)}
        case MemoryValue(name, cell, index, use_context):
            found: AdviceNode = {
                "op": "getMemValue",
                "module": "mem",
                "offset": cell,
                "arrayOffset": _index_json(index),
            }
            return found | _context_json(use_context) | {"offsetLabel": name}
        case MemoryValueAt(address, use_context):
            found = {"op": "getMemValueByAddress", "module": "mem"}
            return found | _context_json(use_context) | {"params": [to_json(address)]}
        case NamedNumber(module, name, value, index, digits):
            found = {"op": "number", "module": module, "arrayOffset": _index_json(index)}
            return found | {"num": value if digits is None else digits, "offsetLabel": name}
        case _:
            assert_never(node)


def _index_json(index: Advice | None) -> AdviceNode | int:
    return 0 if index is None else to_json(index)


def _context_json(use_context: int | None) -> AdviceNode:
    return {} if use_context is None else {"useCTX": use_context}


def from_json(found: Any) -> Advice:
    """The node of a JSON object. *Raises:* InputError when it has not the shape of advice."""
    try:
        return _from_json(found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(f"not an advice expression of a ROM ({error!r}): {str(found)[:200]}") from None


def _from_json(found: dict[str, Any]) -> Advice:
    operation = _string(found["op"])
    if operation in SYMBOLS:
        left, right = map(_from_json, found["values"])
        return Binary(operation, left, right)
    if operation in UNARY_SYMBOLS:
        (operand,) = map(_from_json, found["values"])
        return Unary(operation, operand)
    return _JSON_READERS[operation](found)


def _string(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r} is no string")
    return found


def _index_from(found: Any) -> Advice | None:
    return None if found == 0 else _from_json(found)


def _assignment_from(found: dict[str, Any]) -> Advice:
    target, value = map(_from_json, found["values"])
    if not isinstance(target, (VariableName, Declaration)):
        raise TypeError("an assignment to something that is no variable")
    return Assignment(target, value)


def _number_from(found: dict[str, Any]) -> Advice:
    if "module" not in found:
        return Number(int(found["num"]))
    digits = found["num"] if isinstance(found["num"], str) else None
    index = _index_from(found["arrayOffset"])
    return NamedNumber(_string(found["module"]), _string(found["offsetLabel"]), int(found["num"]), index, digits)


_JSON_READERS: dict[str, Callable[[dict[str, Any]], Advice]] = {
    "": lambda found: Empty(),
    "number": _number_from,
    "getReg": lambda found: Register(_string(found["regName"])),
    "getVar": lambda found: VariableName(_string(found["varName"])),
    "declareVar": lambda found: Declaration(_string(found["varName"])),
    "setVar": _assignment_from,
    "functionCall": lambda found: Call(_string(found["funcName"]), tuple(map(_from_json, found["params"]))),
    "if": lambda found: Conditional(*map(_from_json, found["values"])),
    "getData": lambda found: Data(
        _string(found["module"]), _string(found["offset"]), _index_from(found["arrayOffset"])
    ),
    "getMemValue": lambda found: MemoryValue(
        _string(found["offsetLabel"]), int(found["offset"]), _index_from(found["arrayOffset"]), found.get("useCTX")
    ),
    "getMemValueByAddress": lambda found: MemoryValueAt(_from_json(found["params"][0]), found.get("useCTX")),
}
