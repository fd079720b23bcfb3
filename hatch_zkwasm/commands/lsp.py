"""`zkwasm lsp`: the language server for zkASM."""

from __future__ import annotations

import argparse
import os
import sys

NAME = "lsp"
HELP = "run the language server for zkASM, for an editor"
DESCRIPTION = """\
Run the language server for zkASM. An editor starts it and talks to it over standard input and output, or over TCP; it
ends with the connection. It needs the extra `lsp`: pip install "hatch-zkwasm[lsp]".
"""
EPILOG = """\
examples:
  zkwasm lsp                         over standard input and output
  zkwasm lsp --tcp --port 7777       wait for one editor on 127.0.0.1:7777
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", help="talk over standard input and output (the default)")
    parser.add_argument("--tcp", action="store_true", help="talk over TCP")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on with --tcp (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=7777, help="the port to listen on with --tcp (default: 7777; 0: any)"
    )


def execute(arguments: argparse.Namespace) -> int:
    from hatch_zkwasm import __version__
    from zkwasm_compiler.errors import ConfigurationError

    try:
        from zkwasm_lsp.server import make_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise ConfigurationError(
            'the language server needs pygls, which is not installed: pip install "hatch-zkwasm[lsp]"'
        ) from None
    server = make_server(__version__)
    if arguments.tcp:
        server.serve_tcp(arguments.host, arguments.port)
    else:
        # The server closes the channel that it is given; what else prints must not get into it.
        channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        sys.stdout = sys.stderr
        server.start_io(sys.stdin.buffer, channel)
    return 0
