"""The public inputs of a run: what the verifier sees besides the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zkwasm_compiler.asm.program import Export, Interface
from zkwasm_compiler.errors import ConfigurationError
from zkwasm_simulator.field import WORD_MASK
from zkwasm_simulator.values import Value, to_bits

WORDS_PER_ROOT = 4


@dataclass(frozen=True, slots=True)
class PublicInputs:
    """The inputs of one run; the defaults are zero.

    Three registers hold an input at row 0: SP `old_num_batch`, GAS `chain_id`, CTX `fork_id`. The two roots are 32
    bytes, big endian, and are read as four words each, word 0 being the least significant
    (`getPublicOldStateRootR64(i)`, `getPublicOldAccInputHashR64(i)`). The others are read by advice only.
    """

    old_state_root: bytes = bytes(32)
    old_acc_input_hash: bytes = bytes(32)
    old_num_batch: int = 0
    chain_id: int = 0
    fork_id: int = 0
    batch_l2_data: bytes = b""
    sequencer_address: bytes = bytes(20)
    timestamp_limit: int = 0
    is_forced: int = 0

    def __post_init__(self) -> None:
        for name, wanted in (("old_state_root", 32), ("old_acc_input_hash", 32), ("sequencer_address", 20)):
            found = len(getattr(self, name))
            if found != wanted:
                raise ConfigurationError(f"the public input {name} has {found} bytes; it must have {wanted}")

    @classmethod
    def of_words(cls, words: Sequence[int], *, function_index: int = 0) -> PublicInputs:
        """The inputs of a call of a compiled program: up to eight 64-bit words and the function's index."""
        if len(words) > 2 * WORDS_PER_ROOT:
            raise ConfigurationError(f"{len(words)} public words given; a program takes at most {2 * WORDS_PER_ROOT}")
        for number, word in enumerate(words):
            if not 0 <= word <= WORD_MASK:
                raise ConfigurationError(f"public word {number} is {word}; it must be an unsigned 64-bit number")
        padded = [*words, *[0] * (2 * WORDS_PER_ROOT - len(words))]
        return cls(_root(padded[:WORDS_PER_ROOT]), _root(padded[WORDS_PER_ROOT:]), old_num_batch=function_index)

    @classmethod
    def of_call(cls, export: Export, arguments: Sequence[Value]) -> PublicInputs:
        """The inputs of a call with Python values. *Raises:* ConfigurationError for arguments that do not fit."""
        if len(arguments) != len(export.parameters):
            raise ConfigurationError(f"{export.name} takes {len(export.parameters)} arguments, {len(arguments)} given")
        pairs = enumerate(zip(export.parameters, arguments, strict=True), 1)
        words = [to_bits(type_, value, f"argument {number} of {export.name}") for number, (type_, value) in pairs]
        return cls.of_words(words, function_index=export.index)

    def with_data(self, private: bytes, public: bytes) -> PublicInputs:
        """The same with the private and the public input of a compiled program: the public one in front, then the
        private one backwards; the time stamp is the length of the public one."""
        return replace(self, batch_l2_data=public + private[::-1], timestamp_limit=len(public))


def check_data(interface: Interface, private: bytes, public: bytes) -> None:
    """*Raises:* ConfigurationError for an input that the program does not read."""
    if private and not interface.private_input:
        raise ConfigurationError("the program reads no private input, but some was given; leave it out")
    if public and interface.stream("input") is None:
        raise ConfigurationError("the program reads no public input, but some was given; leave it out")


def _root(words: Sequence[int]) -> bytes:
    return b"".join(word.to_bytes(8, "big") for word in reversed(words))


def root_word(root: bytes, index: int) -> int:
    """Word `index` (0 to 3) of a 32-byte root."""
    end = 32 - 8 * index
    return int.from_bytes(root[end - 8 : end], "big")
