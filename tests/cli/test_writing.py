"""Files appear complete or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_zkwasm.errors import BuildError
from hatch_zkwasm.writing import write_files


def test_folders_are_made_and_old_files_replaced(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    write_files({tmp_path / "new" / "a": b"1", tmp_path / "b": b"2"})
    assert (tmp_path / "new" / "a").read_bytes() == b"1"
    assert (tmp_path / "b").read_bytes() == b"2"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "new"]


def test_a_failure_leaves_the_old_files_and_no_temporary_ones(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BuildError, match=r"file.b: cannot be written: "):
        write_files({tmp_path / "a": b"new", tmp_path / "file" / "b": b"new"})
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file"]
