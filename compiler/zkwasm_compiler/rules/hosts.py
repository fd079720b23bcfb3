"""How the operations of the host take and give values (`runtime.host_routines` has their steps)."""

from __future__ import annotations

from zkwasm_compiler.rules.representation import CLEAN, LONG, WORD, Representation

HOST_RESULTS: dict[str, Representation | None] = {
    "host.private_byte": CLEAN,
    "host.private_i32": WORD,
    "host.private_i64": LONG,
    "host.private_left": CLEAN,
    "host.public_byte": CLEAN,
    "host.public_i32": CLEAN,
    "host.public_left": CLEAN,
    "host.digest": LONG,
}
"""The representation of what an operation gives."""

HOST_OPERANDS: dict[str, tuple[Representation, ...]] = {
    "host.private_byte": (),
    "host.private_i32": (),
    "host.private_i64": (),
    "host.private_left": (),
    "host.public_byte": (),
    "host.public_i32": (),
    "host.public_left": (),
    "host.write_byte": (CLEAN,),
    "host.write_i32": (WORD,),
    "host.keccak_byte": (CLEAN,),
    "host.keccak_i32": (WORD,),
    "host.keccak_finish": (),
    "host.exit": (WORD,),
    "host.abort": (CLEAN, CLEAN),
    "host.log": (CLEAN, CLEAN),
    "host.thrown": (CLEAN, CLEAN, CLEAN, CLEAN),
    "host.note": (CLEAN,),
    "host.string": (CLEAN,),
    "host.number": (LONG,),
    "host.line": (),
}
"""The representations in which an operation that is a call of a routine takes its operands, from A on."""
