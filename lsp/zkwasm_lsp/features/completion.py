"""Completion with snippets; documentation comes when an entry is looked at."""

from __future__ import annotations

from lsprotocol import types

from zkwasm_lsp.language.completing import Proposal, What, proposals
from zkwasm_lsp.language.context import Context, Spot, context_at
from zkwasm_lsp.language.describe import constant, describe_function, describe_operation, label, variable
from zkwasm_lsp.language.describe import register_or_counter as describe_register
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS

LIMIT = 150
"""The most entries; more make the list incomplete, so that the client asks again after the next letter."""

_KINDS = {
    What.KEYWORD: types.CompletionItemKind.Keyword,
    What.REGISTER: types.CompletionItemKind.Value,
    What.OPERATION: types.CompletionItemKind.Method,
    What.LABEL: types.CompletionItemKind.Function,
    What.VARIABLE: types.CompletionItemKind.Variable,
    What.CONSTANT: types.CompletionItemKind.Constant,
    What.FUNCTION: types.CompletionItemKind.Function,
    What.MODULE: types.CompletionItemKind.Module,
    What.FILE: types.CompletionItemKind.File,
    What.SNIPPET: types.CompletionItemKind.Snippet,
}


def register(server: ZkasmServer) -> None:
    session = server.session
    options = types.CompletionOptions(trigger_characters=list('%@$:(,.{"/['), resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def complete(params: types.CompletionParams) -> types.CompletionList:
        path = path_of(params.text_document.uri)
        try:
            source = session.source(path)
        except READ_ERRORS:
            return types.CompletionList(False, [])
        offset = session.places.offset(source.text, params.position)
        context = context_at(source, offset)
        found = proposals(context, source.machine, session.names(path), path.parent)
        kept = [one for one in found if fits(context.word, one.label)]
        kept.sort(key=lambda one: _order(one, context.word))
        place = session.places.range(source.text, offset - _replaced(context), offset)
        snippets = _takes_snippets(server)
        uri = params.text_document.uri
        items = [_item(one, _order(one, context.word), place, snippets, uri) for one in kept[:LIMIT]]
        return types.CompletionList(len(kept) > LIMIT, items)

    @server.feature(types.COMPLETION_ITEM_RESOLVE)
    def resolve(item: types.CompletionItem) -> types.CompletionItem:
        if isinstance(item.data, dict):
            text = _documentation(server, What(item.data["what"]), item.data["name"], item.data["uri"])
            if text:
                item.documentation = types.MarkupContent(types.MarkupKind.Markdown, text)
        return item


def fits(word: str, label: str) -> bool:
    """Has a label the letters of a word in their order, as clients match?"""
    letters = iter(label.lower())
    return all(letter in letters for letter in word.lower())


def _takes_snippets(server: ZkasmServer) -> bool:
    document = server.client_capabilities.text_document
    completion = document and document.completion
    item = completion and completion.completion_item
    return bool(item and item.snippet_support)


def _replaced(context: Context) -> int:
    """How many characters before the place are replaced: the begun word, of a path what is behind its last slash."""
    return len(context.written.rpartition("/")[2]) if context.spot is Spot.PATH else len(context.word)


def _order(one: Proposal, word: str) -> str:
    """Sorts proposals: by rank, then those that begin with the word."""
    begins = one.label.lower().startswith(word.lower())
    return f"{one.rank}{0 if begins else 1}{one.label.lower()}"


def _item(one: Proposal, order: str, place: types.Range, snippets: bool, uri: str) -> types.CompletionItem:
    text = (one.snippet if snippets and one.snippet else one.plain) or one.label
    is_snippet = snippets and bool(one.snippet)
    if one.what is What.SNIPPET and not snippets and not one.plain:
        text = one.label if one.label.isupper() else ""
    return types.CompletionItem(
        label=one.label,
        kind=_KINDS[one.what],
        detail=one.detail or None,
        sort_text=order,
        filter_text=one.label.lstrip("%@") if one.label[0] in "%@" else None,
        insert_text_format=types.InsertTextFormat.Snippet if is_snippet else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(place, text or one.label),
        data={"what": one.what.value, "name": one.label.lstrip("%@"), "uri": uri},
    )


def _documentation(server: ZkasmServer, what: What, name: str, uri: str) -> str:
    path = path_of(uri)
    session = server.session
    try:
        program, names = session.program(path), session.names(path)
    except READ_ERRORS:
        return ""
    machine = program.machine
    match what:
        case What.OPERATION:
            return describe_operation(machine.operation(name))
        case What.REGISTER:
            return describe_register(name, machine)
        case What.LABEL:
            return label(name, program, names)
        case What.VARIABLE:
            return variable(name, program, names)
        case What.CONSTANT:
            return constant(name, program, names)
        case What.FUNCTION:
            return describe_function(machine.advice_function_table[name])
        case _:
            return ""
