"""What an editor asks for, one module each: `register(server)` binds it to the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zkwasm_lsp.features import completion, diagnostics, hover, navigation, rename, signature, symbols

if TYPE_CHECKING:
    from zkwasm_lsp.server import ZkasmServer


class Feature(Protocol):
    """The module of a feature."""

    def register(self, server: ZkasmServer, /) -> None:
        """Bind the requests of the feature."""


FEATURES: tuple[Feature, ...] = (diagnostics, hover, navigation, rename, symbols, completion, signature)
