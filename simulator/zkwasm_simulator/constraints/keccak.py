"""The hashes: byte strings in pieces, their lengths, and their keccak-256 digests.

The public machines absorb a string byte by byte and permute bit by bit. Here a stream is a list of pieces that lie one
behind the other, and its digest is computed: what HASHK, HASHKLEN and HASHKDIGEST may rely on is the same. A piece need
not be one that a HASHK wrote: bytes that no step fixes are the prover's choice. HASHKLEN and HASHKDIGEST look at a
stream once each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from zkwasm_simulator.constraints.columns import Table, Trace, table
from zkwasm_simulator.constraints.main_view import MainView
from zkwasm_simulator.constraints.permutation import Cells, check_permutation
from zkwasm_simulator.constraints.violations import Constraint, Findings
from zkwasm_simulator.faults import field_text, limbs_text
from zkwasm_simulator.field import LIMB_MASK
from zkwasm_simulator.hashing import BLOCK_BYTES, PIECE_LIMIT, keccak256

LARGEST_HOLE = 1 << 20
"""A hole that is larger in a stream is left as it is; no proof has it."""

_DIGEST_LIMBS = ("op0", "op1", "A0", "A1", "B0", "B1", "C0", "C1")


def pieces(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows of the main machine with HASHK or HASHK1, each with the cells of `HASH_PIECES`."""
    steps = view.steps_with("hashK", "hashK1")
    addresses, sized = view.addresses_of("hashK", "hashK1"), view.field("hashK")
    cells = view.tuples(steps, ("HASHPOS", "D0", "op0", "op1"))
    return steps, [
        (addresses[step], position, size if sized(step) else 1, low, high)
        for step, (position, size, low, high) in zip(steps, cells, strict=True)
    ]


def lengths(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows with HASHKLEN, each as (stream, length)."""
    steps = view.steps_with("hashKLen")
    addresses = view.addresses_of("hashKLen")
    return steps, [(addresses[step], view.op0[step]) for step in steps]


def digests(view: MainView) -> tuple[list[int], list[Cells]]:
    """The rows with HASHKDIGEST, each as the stream, the eight limbs of the digest, and incCounter."""
    steps = view.steps_with("hashKDigest")
    addresses = view.addresses_of("hashKDigest")
    cells = view.tuples(steps, (*_DIGEST_LIMBS, "incCounter"))
    return steps, [(addresses[step], *rest) for step, rest in zip(steps, cells, strict=True)]


def permutations(length: int) -> int:
    """The keccak permutations that a string of `length` bytes takes."""
    return length // BLOCK_BYTES + 1


def hash_tables(view: MainView) -> tuple[Table, Table]:
    """Pieces and streams of an honest prover."""
    return streams_of(pieces(view)[1], lengths(view)[1], digests(view)[1])


def streams_of(
    asked: Iterable[Cells], lengths_asked: Sequence[Cells], digests_asked: Sequence[Cells]
) -> tuple[Table, Table]:
    """The same from what the main machine asks for."""
    found = _without_holes(sorted({*asked}))
    streams = sorted({piece[0] for piece in found} | {look[0] for look in (*lengths_asked, *digests_asked)})
    asked_for = {look[0] for look in lengths_asked}, {look[0] for look in digests_asked}
    rows = []
    for stream in streams:
        data = b"".join(_bytes(piece) for piece in found if piece[0] == stream)
        flags = (int(stream in streams_asked) for streams_asked in asked_for)
        rows.append((stream, len(data), *_limbs(data), permutations(len(data)), *flags))
    return table("HashPiece", found), table("Hash", rows)


def _without_holes(found: list[Cells]) -> list[Cells]:
    """The pieces, with a byte 0 wherever no piece is."""
    filled: list[Cells] = []
    ends: Counter[int] = Counter()
    for piece in found:
        stream, position, size, *_ = piece
        if position - ends[stream] <= LARGEST_HOLE:
            filled += [(stream, place, 1, 0, 0) for place in range(ends[stream], position)]
        filled.append(piece)
        ends[stream] = max(ends[stream], position + size)
    return filled


def _bytes(piece: Cells) -> bytes:
    """The bytes of a piece; of one that is wrong in itself, some."""
    _, _, size, low, high = piece
    size = min(size, PIECE_LIMIT)
    return ((low + (high << 32)) & (1 << 8 * size) - 1).to_bytes(size, "big")


def _limbs(data: bytes) -> Iterator[int]:
    digest = keccak256(data)
    return (digest >> 32 * limb & LIMB_MASK for limb in range(8))


def check_hashes(view: MainView, trace: Trace, findings: Findings) -> None:
    """What the main machine hashes is in the streams, and their digests are right."""
    _check_asked(view, trace, findings)
    data = _check_pieces(trace.hash_pieces, findings)
    _check_streams(trace.hashes, data, findings)


def _check_asked(view: MainView, trace: Trace, findings: Findings) -> None:
    held = {*zip(*trace.hash_pieces.columns.values(), strict=True)}
    for step, piece in zip(*pieces(view), strict=True):
        if piece not in held:
            message = f"the step hashes {_shown(piece)}, which is not in the stream"
            findings.add(Constraint.KECCAK, "HashPiece.position", step, message, step=step)
    hashes = trace.hashes
    rows = [*zip(*hashes.columns.values(), strict=True)]
    for asked, flag, first, last in ((lengths(view), "lastHashLen", 0, 2), (digests(view), "lastHashDigest", 0, 11)):
        looked_at = [row for row, used in enumerate(hashes[flag]) if used]
        given = [rows[row][first:last] if flag == "lastHashLen" else _digest(rows[row]) for row in looked_at]
        check_permutation(findings, Constraint.KECCAK, asked, (looked_at, given), f"Hash.{flag}", _stream_shown)


def _digest(row: Cells) -> Cells:
    stream, _, *rest = row
    return (stream, *rest[:9])


def _check_pieces(table: Table, findings: Findings) -> dict[int, bytes | None]:
    """The content of each stream, None of one whose pieces do not lie one behind the other."""
    data: dict[int, bytes | None] = {}
    for row, piece in enumerate(zip(*table.columns.values(), strict=True)):
        stream, position, size, low, high = piece
        held = data.get(stream, b"")
        if held is None:
            continue
        if not 1 <= size <= PIECE_LIMIT:
            name, message = "size", f"a piece has {field_text(size)} bytes, but 1 to {PIECE_LIMIT} are allowed"
        elif low | high > LIMB_MASK or (low | high << 32) >> 8 * size:
            name, message = "value[0]", f"{limbs_text(low, high)} does not fit into a piece of {size} bytes"
        elif position != len(held):
            name, message = "position", f"{_shown(piece)} does not follow the {len(held)} bytes before it"
        else:
            data[stream] = held + _bytes(piece)
            continue
        data[stream] = None
        findings.add(Constraint.KECCAK, f"HashPiece.{name}", row, message)
    return data


def _check_streams(table: Table, data: dict[int, bytes | None], findings: Findings) -> None:
    """Streams are numbered from 0, and length, digest and permutations are those of the content."""
    for row, (stream, length, *rest) in enumerate(zip(*table.columns.values(), strict=True)):
        content = data.get(stream, b"")
        if content is None:
            continue
        digest, count, *flags = tuple(rest[:8]), *rest[8:]
        if stream != row:
            name, message = "addr", f"streams are numbered from 0, but stream {row} is called {field_text(stream)}"
        elif length != len(content):
            name, message = "len", f"stream {stream} has {len(content)} bytes, but its length is {field_text(length)}"
        elif digest != tuple(_limbs(content)):
            name, message = "hash[0]", f"the digest of stream {stream} is {keccak256(content):#066x}"
        elif count != permutations(length):
            name = "incCounter"
            message = f"stream {stream} takes {permutations(length)} permutations, but {name} is {field_text(count)}"
        elif max(flags) > 1:
            name, message = "lastHashLen", f"lastHashLen and lastHashDigest are {flags}, but they are bits"
        else:
            continue
        findings.add(Constraint.KECCAK, f"Hash.{name}", row, message)


def _shown(piece: Cells) -> str:
    stream, position, size, low, high = piece
    value = limbs_text(low, high)
    return f"{value} in {field_text(size)} bytes at {field_text(position)} of stream {field_text(stream)}"


def _stream_shown(cells: Cells) -> str:
    if len(cells) == 2:
        return f"the length {field_text(cells[1])} of stream {field_text(cells[0])}"
    limbs = " ".join(f"{limb:08x}" for limb in reversed(cells[1:9]))
    return f"the digest {limbs} of stream {field_text(cells[0])} in {cells[9]} permutations"
