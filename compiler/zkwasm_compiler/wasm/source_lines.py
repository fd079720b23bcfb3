"""The source lines of a module's instructions, from its DWARF sections (`.debug_line` and its companions).

*Source:* DWARF for WebAssembly (https://yurydelendik.github.io/webassembly-dwarf): addresses are byte offsets in the
content of the code section.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from zkwasm_compiler.wasm.module import Module

LINES = ".debug_line"
_NEEDED = (".debug_info", ".debug_abbrev", LINES)


@dataclass(frozen=True, slots=True)
class SourceLines:
    """`lines` has (byte offset in the module, number in `files`, line) where the line changes, in order; line 0 where
    no line is known. `problem` says why there are none although the module has DWARF."""

    files: tuple[str, ...] = ()
    lines: tuple[tuple[int, int, int], ...] = ()
    problem: str = ""


def source_lines(module: Module) -> SourceLines:
    """The lines of a module; none for one without DWARF. Debugging information serves messages only: what is malformed
    in it is no error."""
    sections = {section.name: section.data for section in module.custom_sections}
    if not all(name in sections for name in _NEEDED):
        return SourceLines()
    from elftools.common.exceptions import DWARFError, ELFError

    try:
        return _collect(sections, module.code_offset)
    except (DWARFError, ELFError, AssertionError, LookupError, ValueError, TypeError, AttributeError) as error:
        return SourceLines(problem=f"the debugging information cannot be read: {type(error).__name__}: {error}")


def _collect(sections: dict[str, bytes], code_offset: int) -> SourceLines:
    files: dict[str, int] = {}
    found: dict[int, tuple[int, int]] = {}
    information = _dwarf(sections)
    for unit in information.iter_CUs():
        program = information.line_program_for_CU(unit)
        if program is None:
            continue
        names = _file_names(program)
        first = 1 if program.header.version < 5 else 0
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            offset = code_offset + state.address
            if state.end_sequence:
                found.setdefault(offset, (0, 0))
            else:
                name = names[state.file - first] if 0 <= state.file - first < len(names) else ""
                found[offset] = (files.setdefault(name, len(files)), state.line if name else 0)
    return SourceLines(tuple(files), _changes(found))


def _changes(found: dict[int, tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
    lines: list[tuple[int, int, int]] = []
    for offset, (file, line) in sorted(found.items()):
        if not lines or lines[-1][1:] != (file, line):
            lines.append((offset, file, line))
    return tuple(lines)


def _file_names(program: Any) -> list[str]:
    """The names of a line program's files, with their folders as far as those are relative."""
    header = program.header
    first = 1 if header.version < 5 else 0
    names = []
    for entry in header.file_entry:
        number = entry.dir_index - first
        folder = header.include_directory[number] if 0 <= number < len(header.include_directory) else b""
        folder = b"" if folder.startswith(b"/") or b":" in folder else folder
        path = (folder + b"/" + entry.name if folder else entry.name).decode("utf-8", "replace")
        names.append(path.removeprefix("./"))
    return names


def _dwarf(sections: dict[str, bytes]) -> Any:
    from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo

    def section(name: str) -> DebugSectionDescriptor | None:
        data = sections.get(name)
        return None if data is None else DebugSectionDescriptor(io.BytesIO(data), name, None, len(data), 0)

    return DWARFInfo(
        config=DwarfConfig(little_endian=True, machine_arch="wasm", default_address_size=4),
        debug_info_sec=section(".debug_info"),
        debug_aranges_sec=section(".debug_aranges"),
        debug_abbrev_sec=section(".debug_abbrev"),
        debug_frame_sec=None,
        eh_frame_sec=None,
        debug_str_sec=section(".debug_str"),
        debug_loc_sec=section(".debug_loc"),
        debug_ranges_sec=section(".debug_ranges"),
        debug_line_sec=section(LINES),
        debug_pubtypes_sec=None,
        debug_pubnames_sec=None,
        debug_addr_sec=section(".debug_addr"),
        debug_str_offsets_sec=section(".debug_str_offsets"),
        debug_line_str_sec=section(".debug_line_str"),
        debug_loclists_sec=section(".debug_loclists"),
        debug_rnglists_sec=section(".debug_rnglists"),
        debug_sup_sec=None,
        gnu_debugaltlink_sec=None,
        debug_types_sec=None,
    )
