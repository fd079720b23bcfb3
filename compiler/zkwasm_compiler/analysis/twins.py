"""Values that one arithmetic operation of the machine gives together, where they are in one block."""

from __future__ import annotations

from collections.abc import Hashable

from zkwasm_compiler.ir.function import Value

_TOGETHER = {
    "i64.mul": "product",
    "zk.mulhi_u": "product",
    "zk.mullo_add": "product and sum",
    "zk.mulhi_add": "product and sum",
    "zk.div_wide": "wide division",
    "zk.rem_wide": "wide division",
    "zk.div_u_nz_64": "division",
    "zk.rem_u_nz_64": "division",
    "zk.sqrt": "root",
    "zk.sqrt_rest": "root",
    "zk.clz_nz_64": "zeros",
    "zk.shl_clz": "zeros",
    "zk.normal": "normal",
    "zk.normal_zeros": "normal",
}


def origin(value: Value) -> Hashable | None:
    """What the twins of a value have in common; None for a value that comes alone."""
    if value.op in _TOGETHER:
        return _TOGETHER[value.op], *value.args
    if value.op in ("i64.shl", "i64.shr_u"):
        amount = value.args[1].immediate if value.args[1].op == "i64.const" else None
        if isinstance(amount, int) and amount % 64:
            return "shift", value.args[0], amount % 64 if value.op == "i64.shl" else 64 - amount % 64
    return None
