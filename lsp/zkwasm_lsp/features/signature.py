"""The operands that an operation takes, and the parameters of functions of advice, while one types them."""

from __future__ import annotations

from lsprotocol import types

from zkwasm_compiler.isa.machine import AdviceFunction, Machine
from zkwasm_lsp.language.completing import following
from zkwasm_lsp.language.context import Context, Spot, context_at
from zkwasm_lsp.language.describe import show_shape
from zkwasm_lsp.places import path_of
from zkwasm_lsp.server import ZkasmServer
from zkwasm_lsp.session import READ_ERRORS


def register(server: ZkasmServer) -> None:
    session = server.session
    options = types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=["+", "[", ":"])

    @server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, options)
    def help_(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        path = path_of(params.text_document.uri)
        try:
            source = session.source(path)
        except READ_ERRORS:
            return None
        context = context_at(source, session.places.offset(source.text, params.position))
        if context.spot is Spot.OPERAND:
            return _operands(context, source.machine)
        function = source.machine.advice_function_table.get(context.function)
        return None if function is None else _parameters(function, context.parameter)


def _operands(context: Context, machine: Machine) -> types.SignatureHelp | None:
    operation = machine.operation(context.operation)
    forms = [form for form in operation.forms if form.shape]
    if not forms:
        return None
    possible = following(operation, context.kinds)
    signatures = []
    for form in forms:
        shown = show_shape(form)
        label = f"{operation.name}({shown})"
        parameters = [types.ParameterInformation(place) for place in _parts(label, len(operation.name) + 1)]
        signatures.append(types.SignatureInformation(label, form.meaning or None, parameters))
    active = forms.index(possible[0]) if possible else 0
    return types.SignatureHelp(signatures, active, context.kinds.count(","))


def _parts(label: str, start: int) -> list[tuple[int, int]]:
    """Where the operands between commas are in a label whose parenthesis ends before `start`."""
    places = []
    for part in label[start:-1].split(","):
        end = start + len(part)
        places.append((end - len(part.lstrip()), end))
        start = end + 1
    return places


def _parameters(function: AdviceFunction, parameter: int) -> types.SignatureHelp:
    names = [f"x{number}" for number in range(1, function.least + 1)]
    names += [f"x{number}?" for number in range(function.least + 1, (function.most or function.least) + 1)]
    if function.most is None:
        names.append("…")
    label = f"{function.name}({', '.join(names)})"
    parameters = [types.ParameterInformation(name) for name in names]
    information = types.SignatureInformation(label, f"gives {function.result}", parameters)
    return types.SignatureHelp([information], 0, min(parameter, max(len(names) - 1, 0)))
