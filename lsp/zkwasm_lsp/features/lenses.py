"""Code lenses that run assertions and programs, and the commands behind them.

`zkwasm.run` takes a URI and the line of an assertion, counted from 0; `zkwasm.runAll` a URI: all assertions of the
program; `zkwasm.runProgram` a URI: the program from its first step, without expectations. Each gives what
`zkwasm test --json` prints of the runs.
"""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from zkwasm_lsp.background import WorkerFailedError
from zkwasm_lsp.language.assertions import runs_of
from zkwasm_lsp.language.names import Sort
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS

RUN, RUN_ALL, RUN_PROGRAM = "zkwasm.run", "zkwasm.runAll", "zkwasm.runProgram"
END_LABEL = "finalizeExecution"


def register(server: ZkasmServer) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))
    def lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        path = path_of(uri)
        try:
            source = session.source(path)
        except READ_ERRORS:
            return []
        if not session.settings.lenses:
            return []
        top = types.Range(types.Position(0, 0), types.Position(0, 0))
        found = []
        runs = [run for run in runs_of(source) if run.directive is not None]
        if runs:
            found.append(types.CodeLens(top, types.Command("▶ run all assertions", command=RUN_ALL, arguments=[uri])))
        labels = source.index.get(Sort.LABEL, [])
        if any(one.defines and one.name == END_LABEL for one, _ in labels) and session.project.main_of(path) == path:
            found.append(types.CodeLens(top, types.Command("▶ run the program", command=RUN_PROGRAM, arguments=[uri])))
        for run in runs:
            place = session.places.range(source.text, run.start, run.start + len(run.text))
            found.append(types.CodeLens(place, data={"uri": uri, "line": place.start.line}))
        return found

    @server.feature(types.CODE_LENS_RESOLVE)
    def resolve(lens: types.CodeLens) -> types.CodeLens:
        data = lens.data
        if isinstance(data, dict):
            title = _title(server, data["uri"], data["line"])
            lens.command = types.Command(title, command=RUN, arguments=[data["uri"], data["line"]])
        return lens

    @server.command(RUN)
    async def run(uri: str, line: int) -> dict[str, Any]:
        return await _run(server, uri, line)

    @server.command(RUN_ALL)
    async def run_all(uri: str) -> dict[str, Any]:
        return await _run(server, uri)

    @server.command(RUN_PROGRAM)
    async def run_program(uri: str) -> dict[str, Any]:
        return await _run(server, uri, whole_program=True)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        if session.settings.run_on_save and any(runs_of(source) for source in session.closure(path_of(uri)).values()):
            await _run(server, uri)


def _title(server: ZkasmServer, uri: str, line: int) -> str:
    """What the last run of an assertion came to, or that it can be run."""
    try:
        source = server.session.source(path_of(uri))
    except READ_ERRORS:
        return "▶ run"
    outcome = server.background.outcome(source.chunks[source.index_at_line(line)])
    if outcome is None:
        return "▶ run"
    if not outcome["passed"]:
        return f"✗ {outcome['messages'][0]}"
    return f"✓ {outcome['steps']} steps, N = {outcome['n']}"


async def _run(
    server: ZkasmServer, uri: str, line: int | None = None, *, whole_program: bool = False
) -> dict[str, Any]:
    wrong = ""
    try:
        answer = await server.background.run(path_of(uri), line, whole_program=whole_program)
        wrong = answer["wrong"]
    except WorkerFailedError as error:
        wrong = f"the run was given up: {error}"
    except READ_ERRORS as error:
        wrong = f"the file cannot be read: {error}"
    if wrong:
        server.window_show_message(types.ShowMessageParams(types.MessageType.Error, wrong))
        return {"runs": [], "counts": [], "wrong": wrong}
    return answer
