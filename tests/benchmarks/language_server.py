"""How long an editor waits for the language server: `python tests/benchmarks/language_server.py [LINES…]`.

A server over standard input and output, as an editor starts it. Each round types a letter somewhere and asks; the
times are those of the client, from the change to the answer, in milliseconds. Diagnostics are timed from the end of the
rest that the server waits for (150 ms after the last key). The project has 120 files.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types
from pytest_lsp import LanguageClient

from tests.benchmarks.assembler import STEPS
from tests.lsp.editor import CONFIG, Editor

SIZES = (1_000, 10_000, 50_000)
ROUNDS = 40
BLOCK = 12
PROJECT_FILES, PROJECT_LINES = 120, 125
REST = 0.15


def program(lines: int, *, labels: int = 0, first: int = 0) -> str:
    """A program of a number of lines: labels, steps, comments."""
    choose = random.Random(lines + first)
    text = []
    labels = labels or max(lines // BLOCK, 1)
    while len(text) < lines:
        if len(text) % BLOCK == 0:
            text.append(f"l{first + len(text) // BLOCK}:")
        step = choose.choice(STEPS).format(taken=choose.randrange(labels), other=choose.randrange(labels))
        text.append(f"        {step}" + ("  ; what it is for" if choose.randrange(4) == 0 else ""))
    return "\n".join(text[:lines]) + "\n"


VARIABLES = "VAR GLOBAL frame[64]\nVAR GLOBAL word\nCONST %LIMIT = 2 ** 8\n"


class Timed:
    """The times of each kind of request."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.times: dict[str, list[float]] = {}

    def note(self, name: str, seconds: float) -> None:
        self.times.setdefault(name, []).append(1000 * seconds)

    def report(self) -> None:
        print(f"\n{self.title}")
        for name, times in self.times.items():
            ordered = sorted(times)
            p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
            print(f"  {name:28} p50 {statistics.median(ordered):8.1f} ms   p95 {p95:8.1f} ms   of {len(ordered)}")


async def measured(timed: Timed, name: str, ask: Callable[[], Awaitable[object]]) -> None:
    began = time.perf_counter()
    await ask()
    timed.note(name, time.perf_counter() - began)


async def rounds(editor: Editor, name: str, text: str, timed: Timed) -> None:
    """Type and ask, again and again."""
    choose = random.Random(1)
    client, document = editor.client, editor.document(name)
    lines = text.split("\n")
    steps = [number for number, line in enumerate(lines) if "CALL(l" in line]
    for _ in range(ROUNDS):
        line = choose.choice(steps)
        place = types.Position(line, 8)
        inside = types.Position(line, lines[line].index("CALL") + 6)

        def typed(letters: str, end: types.Position, place: types.Position = place) -> None:
            area = types.Range(place, end)
            editor.change(types.TextDocumentContentChangePartial(range=area, text=letters), name=name)

        for request, ask in _requests(client, document, inside):
            typed("A => B ", place)
            await measured(timed, request, ask)
            typed("", types.Position(line, 15))
        editor.inbox.clear_unread(editor.uri(name))
        began = time.perf_counter()
        typed("5 => ", place)
        await editor.pushed(name)
        timed.note("change → diagnostics, after rest", time.perf_counter() - began - REST)
        typed("", types.Position(line, 13))
        await editor.pushed(name)


def _requests(
    client: LanguageClient, document: types.TextDocumentIdentifier, inside: types.Position
) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
    area = types.Range(types.Position(max(inside.line - 30, 0), 0), types.Position(inside.line + 30, 0))
    return [
        (
            "change, hover",
            lambda: client.text_document_hover_async(types.HoverParams(document, inside)),
        ),
        (
            "change, definition",
            lambda: client.text_document_definition_async(types.DefinitionParams(document, inside)),
        ),
        (
            "change, completion",
            lambda: client.text_document_completion_async(types.CompletionParams(document, inside)),
        ),
        (
            "change, semantic tokens (60 lines)",
            lambda: client.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(document, area)),
        ),
        (
            "change, semantic tokens (file)",
            lambda: client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document)),
        ),
        (
            "change, inlay hints (60 lines)",
            lambda: client.text_document_inlay_hint_async(types.InlayHintParams(document, area)),
        ),
    ]


async def one_file(lines: int) -> None:
    await _measure(f"{lines} lines", {"main.zkasm": VARIABLES + program(lines - 3)}, "main.zkasm")


async def project() -> None:
    labels = PROJECT_FILES * (PROJECT_LINES // BLOCK)
    files = {
        f"part{number}.zkasm": program(PROJECT_LINES, labels=labels, first=number * (PROJECT_LINES // BLOCK + 1))
        for number in range(PROJECT_FILES - 1)
    }
    files["main.zkasm"] = VARIABLES + "".join(f'INCLUDE "{name}"\n' for name in files)
    await _measure(
        f"{PROJECT_FILES} files, {sum(len(text.splitlines()) for text in files.values())} lines", files, "part60.zkasm"
    )


async def _measure(title: str, files: dict[str, str], edited: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        client = await CONFIG.start()
        assert isinstance(client, LanguageClient)
        editor = Editor(client, Path(folder))
        for name, text in files.items():
            editor.write(text, name)
        await editor.start({"audit": {"enable": False}})
        timed = Timed(title)
        began = time.perf_counter()
        text = editor.open(files[edited], edited)
        await editor.pushed(edited)
        timed.note("open → diagnostics", time.perf_counter() - began)
        await rounds(editor, edited, text, timed)
        timed.report()
        await client.shutdown_session()


async def main(sizes: list[int]) -> None:
    for lines in sizes or SIZES:
        await one_file(lines)
    if not sizes:
        await project()


if __name__ == "__main__":
    asyncio.run(main([int(word) for word in sys.argv[1:]]))
