"""Names of what holds values: limbs of registers, cells, and regions whose cells are not told apart.

A cell with a fixed address is one location; what is indexed belongs to a region: the linear memory, a frame's slots by
their offset, or the arrays. A region is one location for all of its cells.
"""

from __future__ import annotations

from zkwasm_simulator.audit.static.symbols import Location
from zkwasm_simulator.decode import MEMORY_BASE, Address

LINEAR_MEMORY = "linear memory"
STACK = "the stack"
ARRAYS = "an array"
BYTE_WINDOW = (0, 255)
"""What cells of the linear memory hold where each holds a byte."""


def cell(number: int) -> str:
    return f"cell {number}"


def limb(place: str, number: int) -> Location:
    """The low (0) or high (1) limb of a cell or a region."""
    return f"{place}, {'high' if number else 'low'} limb"


def limb_number(location: Location) -> int:
    """Which limb of a cell or a region a location is."""
    return int(location.endswith(", high limb"))


def region(form: Address, address: int | None, *, pushes: bool) -> str:
    """What an access belongs to; `address` is its address if it is fixed.

    `pushes`: the program moves SP while it uses the stack, so that an offset does not name a slot.
    """
    if form.base == MEMORY_BASE:
        return LINEAR_MEMORY
    if form.stack_pointer:
        return STACK if pushes else f"slot {form.offset} of the frame"
    if address is not None:
        return cell(address)
    return f"context cell {form.offset}" if form.context and form.fixed else ARRAYS
