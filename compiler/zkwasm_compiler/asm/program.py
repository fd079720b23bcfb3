"""An assembled zkASM program: what the assembler makes, the compiler returns and the simulator runs.

The rows are the public assembler's JSON objects (zkasmcom), typed for zkvm64: a `Program` is written as ROM JSON
without any translation. `Interface` says how a compiled program is called; a hand-written program has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

from zkwasm_compiler.asm.positions import Positions

AdviceNode = dict[str, Any]
"""One node of an advice expression as zkasmcom's JSON has it, e.g. ``{"op": "getReg", "regName": "A"}``."""


class RomRow(TypedDict, total=False):
    """One instruction of zkvm64 as zkasmcom's JSON has it; absent fields are 0. Coefficients and constants are decimal
    text. Rows of another machine have its fields instead (`rom.field_types`)."""

    inA: str
    inB: str
    inC: str
    inD: str
    inE: str
    inCTX: str
    inSP: str
    inPC: str
    inGAS: str
    inRR: str
    inSTEP: str
    inHASHPOS: str
    inROTL_C: str
    inRCX: str
    inCntArith: str
    inCntBinary: str
    inCntKeccakF: str
    inCntMemAlign: str
    inFREE: str
    freeInTag: AdviceNode | None
    CONST: str
    CONSTL: str
    labelCONST: str | None
    setA: int
    setB: int
    setC: int
    setD: int
    setE: int
    setCTX: int
    setSP: int
    setPC: int
    setGAS: int
    setRR: int
    setHASHPOS: int
    setRCX: int
    setzkPC: int
    mOp: int
    mWR: int
    hashK: int
    hashK1: int
    hashKLen: int
    hashKDigest: int
    bin: int
    binOpcode: int
    arith: int
    memAlignRD: int
    memAlignWR: int
    memAlignWR8: int
    repeat: int
    call: int
    JMP: int
    JMPC: int
    JMPN: int
    JMPZ: int
    useJmpAddr: int
    jmpAddr: int
    jmpAddrLabel: str
    useElseAddr: int
    elseAddr: int
    elseAddrLabel: str
    isStack: int
    isMem: int
    ind: int
    indRR: int
    incStack: int
    offset: int
    extraOffset: int
    offsetLabel: str
    useCTX: int
    cmdBefore: list[AdviceNode]
    cmdAfter: list[AdviceNode]
    line: int
    fileName: str
    lineStr: str


# Three field names are Python keywords or clash with methods; the functional form would hide the rest, so they are
# reached by subscription with a cast at the single place that needs each: "assert", "return".


class ConstantEntry(TypedDict, total=False):
    """One entry of the ROM's ``constants`` section."""

    value: str
    type: str
    originalValue: str
    originalType: str
    defines: bool
    line: int
    fileName: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A `VAR`: `count` cells from cell `offset`; `scope` is ``GLOBAL`` (context 0) or ``CTX``."""

    name: str
    scope: str
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Export:
    """An exported function of a compiled program: public input `index` selects it.

    `parameters` and `results` are WebAssembly value types (``i32 i64 f32 f64 funcref externref``), one public word
    each. `label` is where a call enters that keeps the state of earlier ones, past what initialises cells; empty: where
    calls are dispatched.
    """

    name: str
    index: int
    parameters: tuple[str, ...]
    results: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class GlobalCell:
    """A WebAssembly global that the program keeps in memory cell `cell`; `export` is its exported name, if any.

    `initial` is its pattern in a new instance, which only calls that see the global store; None: every call does.
    """

    index: int
    type: str
    mutable: bool
    cell: int
    export: str | None = None
    initial: int | None = None


MEMORY_REGION = 0x20000
"""The first cell of the memory region."""


CELL_BYTES = (1, 4)
"""How many bytes of the linear memory a cell may hold."""


@dataclass(frozen=True, slots=True)
class MemoryCells:
    """The linear memory: `cell_bytes` bytes a cell, little-endian, in the low limb, from cell `MEMORY_REGION` on.

    `minimum` and `maximum` are in pages. The number of words, four bytes each, is in cell `words_cell` when the program
    can grow the memory, otherwise it is that of `minimum` pages. `exports` are its exported names; `imported` are the
    two names of the import when the module expects a host to bring the memory. `content` are the bytes of a new
    instance, but for zeros: addresses, and the bytes in hexadecimal digits.
    """

    minimum: int
    maximum: int | None
    words_cell: int | None
    exports: tuple[str, ...] = ()
    imported: tuple[str, str] | None = None
    content: tuple[tuple[int, str], ...] = ()
    cell_bytes: int = 4


@dataclass(frozen=True, slots=True)
class TableArray:
    """A table that the program keeps in memory cells, one reference a cell from cell `cell` on; `type` is that of its
    references, which are numbers: 0 is null.

    `minimum` is its size at first; when the program can grow it, cell `size_cell` has the size. `exports` are its
    exported names, `content` the references of a new instance that are not null: indexes and numbers.
    """

    index: int
    type: str
    minimum: int
    cell: int
    size_cell: int | None
    exports: tuple[str, ...] = ()
    content: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """A public stream of bytes, bound by keccak-256: `input` or `output`.

    Its digest is in four output words from `digest_word` on, the least significant 64 bits first; its length is limb
    `length_limb` of output word `length_word`. `string` is the number of its byte string in the machine. The length of
    the input is in cell `length_cell` from the beginning of a call on.
    """

    name: str
    string: int
    digest_word: int
    length_word: int
    length_limb: int
    length_cell: int | None = None


HOST_FIELDS = ("streams", "private_input", "call_cells", "notes")


@dataclass(frozen=True, slots=True)
class Interface:
    """How a compiled program is called (docs/public-interface.md).

    Function index 0 instantiates the module and returns. Public words 0..7 are the arguments; `result_words` of the
    twelve output words are results. `argument_cell` and `result_cell` are the first memory cells of each. The run of
    index 0 passes the label `dispatch_label`; a call that keeps state enters with the registers of that moment, the
    index in SP and the arguments in their cells, at the label of its export or else there. `functions` are the label
    and the WebAssembly name of each compiled function, in the order of the program. `streams` are the public streams,
    `private_input` says whether the program reads any, and `call_cells` which cells hold what when a call begins.
    `notes` are texts that the program shows in the log by their numbers.
    """

    exports: tuple[Export, ...] = ()
    globals: tuple[GlobalCell, ...] = ()
    argument_cell: int = 0
    argument_words: int = 0
    result_cell: int = 0
    result_words: int = 0
    dispatch_label: str = "dispatch"
    functions: tuple[tuple[str, str], ...] = ()
    memory: MemoryCells | None = None
    skip_address_check: bool = False
    tables: tuple[TableArray, ...] = ()
    streams: tuple[Stream, ...] = ()
    private_input: bool = False
    call_cells: tuple[tuple[int, int], ...] = ()
    notes: tuple[tuple[int, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Names and values of the fields, without those about the host where nothing is to say of it."""
        found = asdict(self)
        return {name: value for name, value in found.items() if value or name not in HOST_FIELDS}

    def stream(self, name: str) -> Stream | None:
        """The public stream called `name`, if the program has it."""
        return next((stream for stream in self.streams if stream.name == name), None)

    def export(self, name: str) -> Export | None:
        """The export called `name`, if there is one."""
        return next((export for export in self.exports if export.name == name), None)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Program:
    """An assembled program.

    `source` is the zkASM text of the main file (empty when read from ROM JSON); `variables` are in the order of their
    declaration; `warnings` are the assembler's; `machine` is the name of the machine that it is for; `positions` say
    what the compiler made rows of.
    """

    rows: tuple[RomRow, ...]
    labels: Mapping[str, int]
    constants: Mapping[str, ConstantEntry] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()
    interface: Interface | None = None
    source: str = ""
    file_name: str = ""
    warnings: tuple[str, ...] = ()
    machine: str = "zkvm64"
    positions: Positions | None = None

    def rom(self) -> dict[str, Any]:
        """The public assembler's JSON object: ``program``, ``labels`` and ``constants``, in its key order.

        A compiled program adds ``interface``.
        """
        rom: dict[str, Any] = {
            "program": list(self.rows),
            "labels": dict(self.labels),
            "constants": dict(self.constants),
        }
        if self.interface is not None:
            rom["interface"] = self.interface.to_json()
        return rom

    def rom_json(self) -> str:
        """The text of the ROM file, as the public assembler's command line writes it."""
        return json.dumps(self.rom(), indent=1, ensure_ascii=False) + "\n"
