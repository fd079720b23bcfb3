"""What hatch loads through the entry point `zkwasm` of the group `hatch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from hatch_zkwasm.plugin import ZkwasmBuildHook


@hookimpl
def hatch_register_build_hook() -> type[ZkwasmBuildHook]:
    from hatch_zkwasm.plugin import ZkwasmBuildHook

    return ZkwasmBuildHook
