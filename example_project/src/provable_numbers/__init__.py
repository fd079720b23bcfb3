"""Number theory and random numbers whose results can be proved in zero knowledge.

The functions run the zkASM programs that this package ships in the simulator of hatch-zkwasm. `load` gives the program
itself, for a prover; `run` gives a result together with what its proof costs.

    >>> import provable_numbers
    >>> provable_numbers.gcd(1071, 462)
    21
    >>> provable_numbers.collatz(27)
    (111, 9232)
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from hatch_zkwasm.packed import PackedProgram, load_packed

if TYPE_CHECKING:
    from zkwasm_simulator import CallResult

__all__ = ["collatz", "gcd", "load", "modpow", "run", "xorshift32", "xorshift64"]

PROGRAMS = ("collatz", "numbers")


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


def _call(program: str, function: str, *arguments: int) -> tuple[int, ...]:
    result = run(program, function, *arguments)
    if result.trap is not None:
        raise ArithmeticError(f"{function}({', '.join(map(str, arguments))}) trapped: {result.trap.message}")
    return tuple(int(value) for value in result.values)
