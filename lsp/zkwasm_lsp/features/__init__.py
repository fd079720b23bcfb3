"""What an editor asks for, one module each: `register(server)` binds it to the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zkwasm_lsp.features import (
    calls,
    code_actions,
    completion,
    diagnostics,
    folding,
    formatting,
    hover,
    inlay_hints,
    lenses,
    navigation,
    rename,
    selection,
    semantic_tokens,
    signature,
    symbols,
)

if TYPE_CHECKING:
    from zkwasm_lsp.server import ZkasmServer


class Feature(Protocol):
    """The module of a feature."""

    def register(self, server: ZkasmServer, /) -> None:
        """Bind the requests of the feature."""


FEATURES: tuple[Feature, ...] = (
    calls,
    code_actions,
    completion,
    diagnostics,
    folding,
    formatting,
    hover,
    inlay_hints,
    lenses,
    navigation,
    rename,
    selection,
    semantic_tokens,
    signature,
    symbols,
)
