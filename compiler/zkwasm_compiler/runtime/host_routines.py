"""What the host does, as code: the private input, the public streams, keccak-256, the end of a program.

A routine takes its operands in A and B and gives its result in A. The machine's HASHK1 does two things with a step's
value: it is a byte, and it is the next one of a byte string whose digest is asked for in the end. That is how the
public streams are bound (docs/decisions/0022-streams.md). What the prover may choose is marked with a comment that the
audits read: `private input, 4 bytes` is a number of so many bytes, and nothing else is said of it.

The private input and the public one come to the prover as one string of bytes, the batch data of the public executor:
first the public input, whose length is the time stamp; then the private one, backwards, so that the bytes of a number
that is read with the least significant one first are a big-endian number there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from zkwasm_compiler.asm.program import Stream

PREFIX = "host_"
"""The label of a routine is this and what stands behind the point in the name of its op."""
LENGTHS_WORD, OUTPUT_DIGEST, INPUT_DIGEST = 10, 6, 2
"""Output words: the lengths of both streams, the first words of the digests."""
DIGEST_WORDS = 4
KECCAK_OF_NOTHING = (0x7BFAD8045D85A470, 0xE500B653CA82273B, 0x927E7DB2DCC703C0, 0xC5D2460186F7233C)
"""The words of the digest of no bytes, the least significant first."""
_REST = "(getTxsLen() - getTimestampLimit())"
_NOTHING_LEFT = "getTxs((0 - 1), 1)"
"""Advice that cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Host:
    """What a program needs of the host: the labels of its routines.

    Byte strings are numbered from 0: that of the public input, of the output, then those of keccak-256 calls.
    """

    used: frozenset[str]

    @classmethod
    def of(cls, targets: Collection[str]) -> Host:
        """Of a program whose calls have these targets."""
        return cls(frozenset(label for label in targets if label in ROUTINES))

    def _any(self, *names: str) -> bool:
        return any(PREFIX + name in self.used for name in names)

    @property
    def private(self) -> bool:
        """Is the private input read?"""
        return self._any("private_byte", "private_i32", "private_i64", "private_left")

    @property
    def input(self) -> bool:
        """Is the public input read?"""
        return self._any("public_byte", "public_i32", "public_left")

    @property
    def output(self) -> bool:
        """Is the public output written?"""
        return self._any("write_byte", "write_i32")

    @property
    def keccak(self) -> bool:
        """Is keccak-256 used?"""
        return self._any("keccak_byte", "keccak_i32", "keccak_finish")

    @property
    def output_number(self) -> int:
        """The number of the output's byte string."""
        return int(self.input)

    @property
    def first_keccak(self) -> int:
        """The number of the byte string of the first keccak-256 call."""
        return int(self.input) + int(self.output)

    def variables(self) -> list[tuple[str, int]]:
        """Name and number of cells."""
        sizes = [
            ("input_length", int(self.input)),
            ("input_position", int(self.input)),
            ("output_position", int(self.output)),
            ("keccak_position", int(self.keccak)),
            ("keccak_string", int(self.keccak)),
            ("digest", DIGEST_WORDS * int(self.keccak)),
        ]
        return [(name, size) for name, size in sizes if size]

    def beginnings(self) -> list[tuple[str, int]]:
        """What cells hold when a call begins."""
        names = {"input_position": 0, "output_position": 0, "keccak_position": 0, "keccak_string": self.first_keccak}
        return [(name, names[name]) for name, _ in self.variables() if name in names]

    def streams(self, cell: Callable[[str], int]) -> tuple[Stream, ...]:
        """The public streams, for the interface; `cell` gives the cell of a variable."""
        found = []
        if self.input:
            found.append(Stream("input", 0, INPUT_DIGEST, LENGTHS_WORD, 0, cell("input_length")))
        if self.output:
            found.append(Stream("output", self.output_number, OUTPUT_DIGEST, LENGTHS_WORD, 1))
        return tuple(found)

    @property
    def published(self) -> frozenset[int]:
        """The output words that are about streams."""
        digests = [first for first, used in ((INPUT_DIGEST, self.input), (OUTPUT_DIGEST, self.output)) if used]
        words = {first + word for first in digests for word in range(DIGEST_WORDS)}
        return frozenset(words | ({LENGTHS_WORD} if words else set()))

    # Text

    def opening(self) -> list[str]:
        """Behind row 0: what is true before anything runs."""
        lines = ["  $${var _private = 0}"] if self.private else []
        if self.input:
            lines += [
                "  ${getTimestampLimit()} => RCX :JMPN(fail)      ; public input, 4 bytes: its length",
                "  RCX :MSTORE(input_length)",
            ]
        if self.keccak and self.first_keccak:
            lines.append(f"  {self.first_keccak} :MSTORE(keccak_string)")
        return lines

    def routines(self) -> list[str]:
        """The routines that are used."""
        return [line for label, routine in ROUTINES.items() if label in self.used for line in routine(self)]

    def closing(self) -> list[str]:
        """At the end: what is left of the public input is read, and lengths and digests become output words.

        Where nothing was hashed at all, nothing is: the digests are those of no bytes.
        """
        if not self.published:
            return []
        lines = []
        if self.input:
            lines += [
                "  $ => RCX, A, B, D, E, RR :MLOAD(input_length)      ; what registers held is over",
                "  $ => HASHPOS :MLOAD(input_position)",
                "close_rest:",
                "  RCX - HASHPOS :JMPZ(close_read)",
                f"  {_public_byte('')}, JMP(close_rest)      ; public input, 1 byte",
                "close_read:",
            ]
        else:
            lines.append("  0 => RCX, A, B, D, E, RR, HASHPOS      ; what registers held is over")
        lines += [
            "  $ => C :MLOAD(output_position)" if self.output else "  0 => C",
            "  RCX + ROTL_C :MSTORE(output[10])",
        ]
        if self.keccak:
            lines += [
                "  $ => B :MLOAD(keccak_string)",
                "  $ => D :MLOAD(keccak_position)          ; not 0 where a trap broke in",
                f"  RCX + B + C + D - {self.first_keccak} :JMPZ(close_empty)",
            ]
        else:
            lines.append("  RCX + C :JMPZ(close_empty)")
        if self.input:
            lines += ["  RCX :HASHKLEN(0)", *_digest("0", f"output[{INPUT_DIGEST}]")]
        if self.output:
            number = str(self.output_number)
            lines += ["  $ => RCX :MLOAD(output_position)", f"  RCX :HASHKLEN({number})"]
            lines += _digest(number, f"output[{OUTPUT_DIGEST}]")
        lines += ["  :JMP(closed)", "close_empty:"]
        for first in (INPUT_DIGEST, OUTPUT_DIGEST):
            if first in self.published:
                for word, bits in enumerate(KECCAK_OF_NOTHING):
                    lines.append(f"  {bits:#x}n :MSTORE(output[{first + word}])")
        return [*lines, "closed:"]


def _digest(string: str, first: str) -> list[str]:
    """The digest of a byte string whose length is said, into four cells from `first` on; clobbers A to D."""
    name, _, index = first.partition("[")
    start = int(index[:-1])
    registers = ("A", "B", "C")
    lines = [f"  ${{hashKDigestR64({string}, {word})}} => {name_}" for word, name_ in enumerate(registers, 1)]
    lines.append(f"  ${{hashKDigestR64({string}, 0)}} => D :HASHKDIGEST({string})")
    return lines + [f"  {register} :MSTORE({name}[{start + word}])" for word, register in enumerate("DABC")]


# Advice


def _private(bytes_: int) -> str:
    return f"${{({_REST} >= _private) ? getTxs((getTxsLen() - _private), {bytes_}) : {_NOTHING_LEFT}}}"


def _public_byte(destination: str) -> str:
    advice = f"${{(getTimestampLimit() > HASHPOS) ? getTxs(HASHPOS, 1) : {_NOTHING_LEFT}}}"
    return f"{advice} {destination}:HASHK1(0)"


# Routines


def _private_byte(host: Host) -> list[str]:
    return [
        "host_private_byte:",
        "  $${_private = _private + 1}",
        f"  {_private(1)} => RCX :JMPN(fail)      ; private input, 1 byte",
        "  16777216*RCX :JMPN(fail)",
        "  RCX => A :RETURN",
    ]


def _private_i32(host: Host) -> list[str]:
    return [
        "host_private_i32:",
        "  $${_private = _private + 4}",
        f"  {_private(4)} => A :JMPN(fail)      ; private input, 4 bytes",
        "  :RETURN",
    ]


def _private_i64(host: Host) -> list[str]:
    return [
        "host_private_i64:",
        "  $${_private = _private + 8}",
        f"  {_private(8)} => C :JMPN(fail)      ; private input, 8 bytes",
        "  ROTL_C :JMPN(fail)",
        "  C => A :RETURN",
    ]


def _private_left(host: Host) -> list[str]:
    return [
        "host_private_left:",
        f"  ${{{_REST} - _private}} => RCX :JMPN(fail)      ; private input, 4 bytes: how many are left",
        "  RCX => A :RETURN",
    ]


def _input_byte(host: Host) -> list[str]:
    return [
        "host_public_byte:",
        "  $ => HASHPOS :MLOAD(input_position)",
        f"  {_public_byte('=> A ')}      ; public input, 1 byte",
        "  HASHPOS :MSTORE(input_position), RETURN",
    ]


def _input_i32(host: Host) -> list[str]:
    return [
        "host_public_i32:",
        "  $ => HASHPOS :MLOAD(input_position)",
        *(f"  {_public_byte(f'=> {register} ')}      ; public input, 1 byte" for register in "ABCD"),
        "  HASHPOS :MSTORE(input_position)",
        "  A + 256*B + 65536*C + 16777216*D => A :RETURN",
    ]


def _input_left(host: Host) -> list[str]:
    """Where the position is beyond the length, the program never comes to its end."""
    return [
        "host_public_left:",
        "  $ => A :MLOAD(input_length)",
        "  $ => RCX :MLOAD(input_position)",
        "  A - RCX => A :RETURN",
    ]


def _bytes_of_a(string: str) -> list[str]:
    """The bytes of the low limb of A, the least significant first: they are below 2^8, and their sum is A."""
    shifted = ("A", "(A >> 8)", "(A >> 16)", "(A >> 24)")
    lines = [f"  ${{{x} & 255}} => {r} :HASHK1({string})" for x, r in zip(shifted, ("B", "C", "D", "RCX"), strict=True)]
    return [*lines, "  A - B - 256*C - 65536*D - 16777216*RCX :JMPNZ(fail)"]


def _output_byte(host: Host) -> list[str]:
    return [
        "host_write_byte:",
        "  $ => HASHPOS :MLOAD(output_position)",
        f"  A :HASHK1({host.output_number})",
        "  HASHPOS :MSTORE(output_position), RETURN",
    ]


def _output_i32(host: Host) -> list[str]:
    return [
        "host_write_i32:",
        "  $ => HASHPOS :MLOAD(output_position)",
        *_bytes_of_a(str(host.output_number)),
        "  HASHPOS :MSTORE(output_position), RETURN",
    ]


def _keccak_byte(host: Host) -> list[str]:
    return [
        "host_keccak_byte:",
        "  $ => HASHPOS :MLOAD(keccak_position)",
        "  $ => E :MLOAD(keccak_string)",
        "  A :HASHK1(E)",
        "  HASHPOS :MSTORE(keccak_position), RETURN",
    ]


def _keccak_i32(host: Host) -> list[str]:
    return [
        "host_keccak_i32:",
        "  $ => HASHPOS :MLOAD(keccak_position)",
        "  $ => E :MLOAD(keccak_string)",
        *_bytes_of_a("E"),
        "  HASHPOS :MSTORE(keccak_position), RETURN",
    ]


def _keccak_finish(host: Host) -> list[str]:
    return [
        "host_keccak_finish:",
        "  $ => E :MLOAD(keccak_string)",
        "  $ => RCX :MLOAD(keccak_position)",
        "  RCX :HASHKLEN(E)",
        *_digest("E", "digest[0]"),
        "  0 :MSTORE(keccak_position)",
        "  E + 1 :MSTORE(keccak_string), RETURN",
    ]


def _exit(host: Host) -> list[str]:
    return ["host_exit:", "  A => PC :JMP(close)"]


def _abort(host: Host) -> list[str]:
    return ["host_abort:", "  $${eventLog(assertion, A, B)}", "  1 => A", "  0 :ASSERT"]


def _log(host: Host) -> list[str]:
    return ["host_log:", "  $${eventLog(log, A, B)}", "  :RETURN"]


def _thrown(host: Host) -> list[str]:
    return ["host_thrown:", "  $${eventLog(thrown, A, B, C, D)}", "  :RETURN"]


def _event(name: str) -> Callable[[Host], list[str]]:
    """A routine that tells the simulator something about A."""
    return lambda host: [f"{PREFIX}{name}:", f"  $${{eventLog({name}, A)}}", "  :RETURN"]


ROUTINES: dict[str, Callable[[Host], list[str]]] = {
    "host_private_byte": _private_byte,
    "host_private_i32": _private_i32,
    "host_private_i64": _private_i64,
    "host_private_left": _private_left,
    "host_public_byte": _input_byte,
    "host_public_i32": _input_i32,
    "host_public_left": _input_left,
    "host_write_byte": _output_byte,
    "host_write_i32": _output_i32,
    "host_keccak_byte": _keccak_byte,
    "host_keccak_i32": _keccak_i32,
    "host_keccak_finish": _keccak_finish,
    "host_exit": _exit,
    "host_abort": _abort,
    "host_log": _log,
    "host_thrown": _thrown,
    "host_note": _event("note"),
    "host_string": _event("string"),
    "host_number": _event("number"),
    "host_line": _event("line"),
}
"""The text of each routine by its label."""

CLOBBERS: dict[str, tuple[str, ...]] = {
    "host_private_byte": ("RCX", "RR"),
    "host_private_i32": ("RR",),
    "host_private_i64": ("C", "RR"),
    "host_private_left": ("RCX", "RR"),
    "host_public_byte": ("HASHPOS", "RR"),
    "host_public_i32": ("B", "C", "D", "HASHPOS", "RR"),
    "host_public_left": ("RCX", "RR"),
    "host_write_byte": ("HASHPOS", "RR"),
    "host_write_i32": ("B", "C", "D", "RCX", "HASHPOS", "RR"),
    "host_keccak_byte": ("E", "HASHPOS", "RR"),
    "host_keccak_i32": ("B", "C", "D", "E", "RCX", "HASHPOS", "RR"),
    "host_keccak_finish": ("A", "B", "C", "D", "E", "RCX", "RR"),
    "host_exit": ("RR",),
    "host_abort": ("RR",),
    "host_log": ("RR",),
    "host_thrown": ("RR",),
    "host_note": ("RR",),
    "host_string": ("RR",),
    "host_number": ("RR",),
    "host_line": ("RR",),
}
"""The registers that a call of a routine changes besides A, where it gives a result there."""
