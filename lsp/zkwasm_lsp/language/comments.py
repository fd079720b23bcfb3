"""Comments that document what stands below them, and lines that tools read (`;@ …`)."""

from __future__ import annotations

from zkwasm_lsp.language.source import Source

DIRECTIVE = ";@"


def above(source: Source, index: int) -> list[int]:
    """The chunks directly above chunk `index` that are only comments, the uppermost first."""
    found: list[int] = []
    while index > 0:
        index -= 1
        if not _only_comment(source, index):
            break
        found.insert(0, index)
    return found


def documentation(source: Source, index: int) -> str:
    """What the comments above and behind a chunk say, as lines; directives are left out."""
    lines: list[str] = []
    for number in [*above(source, index), index]:
        for comment in source.chunks[number].parsed.comments:
            if not comment.text.startswith(DIRECTIVE):
                lines += _stripped(comment.text)
    return "\n".join(lines).strip()


def _only_comment(source: Source, index: int) -> bool:
    parsed = source.chunks[index].parsed
    return bool(parsed.comments) and not parsed.problems and not parsed.tree.statements


def _stripped(comment: str) -> list[str]:
    if comment.startswith(";"):
        return [comment.lstrip(";").strip()]
    inner = comment.removeprefix("/*").removesuffix("*/")
    return [line.strip().removeprefix("*").strip() for line in inner.splitlines()]
