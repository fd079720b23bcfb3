"""Number theory, random numbers and hashes whose results can be proved in zero knowledge.

The functions run the zkASM programs that this package ships in the simulator of hatch-zkwasm. `load` gives the program
itself, for a prover; `run` gives a result together with what its proof costs.

    >>> import provable_numbers
    >>> provable_numbers.gcd(1071, 462)
    21
    >>> provable_numbers.collatz(27)
    (111, 9232)
    >>> provable_numbers.sha256(b"abc").hex()[:8]
    'ba7816bf'
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from hatch_zkwasm.packed import PackedProgram, load_packed

if TYPE_CHECKING:
    from zkwasm_simulator import CallResult

__all__ = ["collatz", "gcd", "load", "message_words", "modpow", "run", "sha256", "xorshift32", "xorshift64"]

PROGRAMS = ("collatz", "numbers", "sha256")

MESSAGE_BYTES = 55
"""How long a message of one block of SHA-256 can be."""


@cache
def load(name: str) -> PackedProgram:
    """The program `name`, one of `PROGRAMS`, with its manifest."""
    return load_packed(files(__name__) / "programs", name)


def run(program: str, function: str, *arguments: int) -> CallResult:
    """Call `function` of `program` in the simulator: its values or trap, steps, counters and rows."""
    from zkwasm_simulator import Instance

    return Instance(load(program).program).call(function, *arguments)


def gcd(a: int, b: int) -> int:
    """The greatest common divisor of two numbers below 2**64."""
    return _call("numbers", "gcd", a, b)[0] % 2**64


def modpow(base: int, exponent: int, modulus: int) -> int:
    """`base ** exponent % modulus` for numbers below 2**32."""
    return _call("numbers", "modpow", base, exponent, modulus)[0] % 2**32


def xorshift32(seed: int, rounds: int = 1) -> int:
    """Marsaglia's xorshift32 after `rounds` rounds from `seed`."""
    return _call("numbers", "xorshift32", seed, rounds)[0] % 2**32


def xorshift64(seed: int, rounds: int = 1) -> int:
    """Marsaglia's xorshift64 after `rounds` rounds from `seed`."""
    return _call("numbers", "xorshift64", seed, rounds)[0] % 2**64


def collatz(n: int) -> tuple[int, int]:
    """How many steps the Collatz walk takes from `n` to 1, and the greatest number on it."""
    steps, peak = _call("collatz", "collatz", n)
    return steps % 2**32, peak % 2**64


def sha256(message: bytes) -> bytes:
    """The SHA-256 digest of a message of at most 55 bytes."""
    words = _call("sha256", "sha256", *message_words(message))
    return b"".join((word % 2**32).to_bytes(4, "big") for word in words)


def message_words(message: bytes) -> tuple[int, ...]:
    """The arguments of the program `sha256`: the message as seven big-endian words of 64 bits, and its length."""
    if len(message) > MESSAGE_BYTES:
        raise ValueError(f"the message has {len(message)} bytes; the program takes at most {MESSAGE_BYTES}")
    content = message.ljust(56, b"\0")
    words = (int.from_bytes(content[start : start + 8], "big") for start in range(0, 56, 8))
    return (*words, len(message))


def _call(program: str, function: str, *arguments: int) -> tuple[int, ...]:
    result = run(program, function, *arguments)
    if result.trap is not None:
        raise ArithmeticError(f"{function}({', '.join(map(str, arguments))}) trapped: {result.trap.message}")
    return tuple(int(value) for value in result.values)
