"""The state of the machine between two steps."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from zkwasm_simulator.counters import Counters
from zkwasm_simulator.faults import limb_range
from zkwasm_simulator.field import Limbs
from zkwasm_simulator.hashing import HashStream
from zkwasm_simulator.inputs import PublicInputs

WIDE_REGISTERS = ("A", "B", "C", "D", "E")
SINGLE_REGISTERS = ("CTX", "SP", "PC", "GAS", "RR", "HASHPOS", "RCX")

AdviceValue = int | Limbs
"""What an advice expression gives: an unbounded number, or limbs that only assignments and destinations take."""

Listener = Callable[["Machine", str, list[int]], None]
"""Called as listener(machine, event, values) for each `eventLog` of the program."""


class Machine:
    """Registers, memory, counters and what advice can see.

    The limbs of A to E are field elements, `A0` the low one. One-limb registers are signed numbers. `memory` has the
    cells that were written. `step` is the number of the step that advice sees, `last_zkpc` the row that was executed
    last, `trapped_at` the row that went to a trap (-1: none did), `trace_length` the N of `beforeLast`. `listener`
    hears of events.
    """

    __slots__ = (
        "A0",
        "A1",
        "B0",
        "B1",
        "C0",
        "C1",
        "CTX",
        "D0",
        "D1",
        "E0",
        "E1",
        "GAS",
        "HASHPOS",
        "PC",
        "RCX",
        "RR",
        "SP",
        "arith",
        "binary",
        "hash_streams",
        "inputs",
        "keccak",
        "last_zkpc",
        "listener",
        "log",
        "mem_align",
        "memory",
        "memory_accesses",
        "step",
        "trace_length",
        "trapped_at",
        "variables",
    )  # fmt: skip

    A0: int
    A1: int
    B0: int
    B1: int
    C0: int
    C1: int
    D0: int
    D1: int
    E0: int
    E1: int
    CTX: int
    SP: int
    PC: int
    GAS: int
    RR: int
    HASHPOS: int
    RCX: int

    def __init__(self, inputs: PublicInputs, trace_length: int, memory: dict[int, Limbs]) -> None:
        for name in WIDE_REGISTERS:
            self.set_register(name, (0, 0))
        for name in SINGLE_REGISTERS:
            self.set_register(name, 0)
        self.SP = inputs.old_num_batch
        self.GAS = inputs.chain_id
        self.CTX = inputs.fork_id
        self.inputs = inputs
        self.memory = memory
        self.memory_accesses = 0
        self.arith = 0
        self.binary = 0
        self.mem_align = 0
        self.keccak = 0
        self.step = 0
        self.last_zkpc = 0
        self.trapped_at = -1
        self.trace_length = trace_length
        self.variables: dict[str, AdviceValue] = {}
        self.hash_streams: dict[int, HashStream] = {}
        self.log: list[str] = []
        self.listener: Listener | None = None

    def set_register(self, name: str, value: int | Limbs) -> None:
        """Put `value` into a register: limbs for A to E, a signed number for the others."""
        if isinstance(value, tuple):
            setattr(self, f"{name}0", value[0])
            setattr(self, f"{name}1", value[1])
        else:
            setattr(self, name, value)

    def limbs(self, name: str) -> Limbs:
        """The limbs of one of A to E."""
        return getattr(self, f"{name}0"), getattr(self, f"{name}1")

    def word(self, name: str) -> int:
        """One of A to E as a 64-bit number. *Raises:* ExecutionFault when a limb is not normalised."""
        low, high = self.limbs(name)
        if (low | high) >> 32:
            raise limb_range(name, low, high)
        return low | high << 32

    def registers(self) -> dict[str, int | Limbs]:
        """All registers by name."""
        wide: dict[str, int | Limbs] = {name: self.limbs(name) for name in WIDE_REGISTERS}
        return wide | {name: getattr(self, name) for name in SINGLE_REGISTERS}

    def copy(self) -> Machine:
        """An equal machine that can run on alone."""
        twin = Machine.__new__(Machine)
        for name in Machine.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.memory = dict(self.memory)
        twin.variables = dict(self.variables)
        twin.hash_streams = deepcopy(self.hash_streams)
        twin.log = list(self.log)
        return twin

    def stream(self, number: int) -> HashStream:
        """The keccak stream `number`; it begins when it is first used."""
        if number not in self.hash_streams:
            self.hash_streams[number] = HashStream(number)
        return self.hash_streams[number]

    def counters(self, steps: int, rom: int) -> Counters:
        """The counters after `steps` steps of a program of `rom` rows."""
        return Counters(steps, self.arith, self.binary, self.mem_align, self.keccak, self.memory_accesses, rom)
