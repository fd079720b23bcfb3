"""Code actions: remedies for diagnostics, and rewrites of the step at the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types

from zkwasm_compiler.asm.syntax import VariableStatement
from zkwasm_lsp.language.codes import CODES
from zkwasm_lsp.language.refactor import Rewrite, constrained, expanded, fused, with_else
from zkwasm_lsp.language.source import Chunk, Source
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS

_NAME = re.compile(r"`[%@]?([\w$.]+)")
_DEFINITIONS = {
    "label_undefined": "define the label `{}` at the end",
    "variable_undefined": "declare `VAR GLOBAL {}`",
    "tag_reference_undefined": "declare `VAR GLOBAL {}`",
    "constant_undefined": "define `CONST %{} = 0`",
}
_REMOVED = {"unused_label", "unused_variable", "unused_constant", "unreachable_code", "no_effect"}
_SUFFIXED = {"inexact_number", "constant_range"}


def register(server: ZkasmServer) -> None:
    session = server.session
    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        try:
            source = session.source(path_of(params.text_document.uri))
        except READ_ERRORS:
            return []
        wanted = params.context.only
        maker = Maker(server, params.text_document.uri, source)
        found: list[types.CodeAction] = []
        for diagnostic in params.context.diagnostics:
            found += maker.remedies(diagnostic)
        found += maker.rewrites(session.places.offset(source.text, params.range.start))
        return [one for one in found if wanted is None or any(str(one.kind).startswith(str(kind)) for kind in wanted)]


class Maker:
    """Makes the actions of one file."""

    def __init__(self, server: ZkasmServer, uri: str, source: Source) -> None:
        self._places = server.session.places
        self._uri = uri
        self._source = source

    def _action(
        self, title: str, start: int, end: int, text: str, diagnostic: types.Diagnostic | None = None
    ) -> types.CodeAction:
        edit = types.TextEdit(self._places.range(self._source.text, start, end), text)
        return types.CodeAction(
            title,
            kind=types.CodeActionKind.QuickFix if diagnostic else types.CodeActionKind.RefactorRewrite,
            diagnostics=[diagnostic] if diagnostic else None,
            is_preferred=True if diagnostic else None,
            edit=types.WorkspaceEdit({self._uri: [edit]}),
        )

    # Remedies

    def remedies(self, diagnostic: types.Diagnostic) -> Iterator[types.CodeAction]:
        """What removes a diagnostic."""
        code = str(diagnostic.code)
        if code not in CODES:
            return
        text = self._source.text
        start = self._places.offset(text, diagnostic.range.start)
        end = self._places.offset(text, diagnostic.range.end)
        named = _NAME.search(diagnostic.message)
        if code in _DEFINITIONS:
            marked = text.text[start:end].lstrip("%@")
            name = marked if re.fullmatch(r"[a-zA-Z_][\w$]*", marked, re.ASCII) else named[1] if named else ""
            if name:
                yield self._definition(code, name, start, diagnostic)
        elif code in _REMOVED:
            yield self._removal(code, start, end, diagnostic)
        elif code in _SUFFIXED:
            number = re.match(r"(0x[0-9a-fA-F_]+|[0-9][0-9_]*)(?![\w$])", text.text[start:])
            if number:
                place = start + number.end()
                yield self._action("write it with the suffix `n`", place, place, "n", diagnostic)
        elif code == "advice_lost" and text.text[start : start + 1] == "-":
            yield self._action("subtract it from 0", start, start + 1, "0 - ", diagnostic)
        elif code == "free_input_unpinned":
            yield from self._constraint(start, diagnostic)

    def _definition(self, code: str, name: str, start: int, diagnostic: types.Diagnostic) -> types.CodeAction:
        text = self._source.text
        title = _DEFINITIONS[code].format(name)
        if code == "label_undefined":
            end = len(text.text)
            line_end = "" if text.text.endswith(("\n", "\r")) or not text.text else "\n"
            return self._action(title, end, end, f"{line_end}{name}:\n", diagnostic)
        if code == "constant_undefined":
            place = self._source.start(self._source.index_at(start))
            return self._action(title, place, place, f"CONST %{name} = 0\n", diagnostic)
        place = self._behind_variables()
        return self._action(title, place, place, f"VAR GLOBAL {name}\n", diagnostic)

    def _behind_variables(self) -> int:
        """Where the next variable is declared: behind the last one of the first run of them, or at the begin."""
        found = 0
        for index, chunk in enumerate(self._source.chunks):
            if any(isinstance(one, VariableStatement) for one in chunk.parsed.tree.statements):
                behind = index + 1
                found = self._source.start(behind) if behind < len(self._source.chunks) else found
            elif found:
                break
        return found

    def _removal(self, code: str, start: int, end: int, diagnostic: types.Diagnostic) -> types.CodeAction:
        """Take out the lines of a span when nothing else is on them, else the span."""
        first, last = self._source.index_at(start), self._source.index_at(end)
        begin = self._source.start(first)
        stop = self._source.start(last) + len(self._source.chunks[last].text)
        statements = [one for chunk in self._source.chunks[first : last + 1] for one in chunk.parsed.tree.statements]
        if code != "unreachable_code" and len(statements) > 1:
            own = [one for one in statements if self._source.offset(one.start) <= start < self._source.offset(one.end)]
            begin, stop = self._source.offset(own[0].start), self._source.offset(own[0].end)
        elif last + 1 < len(self._source.chunks):
            stop = self._source.start(last + 1)
        what = "them" if last > first else "it"
        return self._action(f"remove {what}", begin, stop, "", diagnostic)

    def _constraint(self, start: int, diagnostic: types.Diagnostic) -> Iterator[types.CodeAction]:
        chunk = self._source.chunks[self._source.index_at(start)]
        if chunk.step is None or _has_comment(chunk, chunk.step.start):
            return
        rewrite = constrained(chunk.step, chunk.machine)
        if rewrite is not None:
            place = self._source.offset(chunk.step.start), self._source.offset(chunk.step.end)
            yield self._action(rewrite.title, *place, rewrite.text, diagnostic)

    # Rewrites

    def rewrites(self, offset: int) -> Iterator[types.CodeAction]:
        """What can be made of the step at an offset."""
        source = self._source
        index = source.index_at(offset)
        chunk = source.chunks[index]
        step = chunk.step
        if step is None or _has_comment(chunk, step.start):
            return
        start, end = source.offset(step.start), source.offset(step.end)
        for rewrite in (constrained(step, chunk.machine), expanded(step, chunk.machine)):
            if rewrite is not None:
                yield self._action(rewrite.title, start, end, rewrite.text)
        joined = self._joined(index)
        if joined is not None:
            yield self._action(joined[0].title, start, joined[1], joined[0].text)
        for call in step.operations:
            other = with_else(call, chunk.machine)
            if other is not None and call.operand is not None:
                place = source.offset(call.operand.end)
                yield self._action(f"write the other way of {call.name}", place, place, f", {other}")

    def _joined(self, index: int) -> tuple[Rewrite, int] | None:
        """The step of a chunk and the one behind it as one, and where the second ends; only lines that are empty may
        be between."""
        source = self._source
        first = source.chunks[index]
        behind = index + 1
        while behind < len(source.chunks) and not source.chunks[behind].text.strip():
            behind += 1
        if behind == len(source.chunks) or first.step is None or first.parsed.comments:
            return None
        second = source.chunks[behind]
        if second.step is None or len(second.parsed.tree.statements) != 1 or _has_comment(second, second.origin):
            return None
        rewrite = fused(first.step, second.step, first.machine)
        return None if rewrite is None else (rewrite, source.offset(second.step.end))


def _has_comment(chunk: Chunk, start: int) -> bool:
    """Is there a comment between an offset and the end of the step of a chunk, which a new text would not have?"""
    return chunk.step is not None and any(start <= one.start < chunk.step.end for one in chunk.parsed.comments)
