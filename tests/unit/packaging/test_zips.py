"""Zips that depend only on names and contents: an unchanged tree must be "no changes to deploy"."""

import os
import zipfile

from harness.packaging.zips import collect, write_zip


def _tree(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return folder


def test_neither_times_nor_the_order_of_creation_change_the_zip(tmp_path):
    first = _tree(tmp_path / "a", ["x.py", "y/z.py"])
    second = _tree(tmp_path / "b", ["y/z.py", "x.py"])
    os.utime(second / "x.py", (1_000_000_000, 1_000_000_000))
    (second / "x.py").chmod(0o755)

    assert write_zip(tmp_path / "a.zip", collect(first)) == write_zip(tmp_path / "b.zip", collect(second))


def test_a_changed_file_changes_the_zip(tmp_path):
    folder = _tree(tmp_path / "a", ["x.py"])
    before = write_zip(tmp_path / "a.zip", collect(folder))
    (folder / "x.py").write_text("other")

    assert write_zip(tmp_path / "a.zip", collect(folder)) != before


def test_what_pip_and_python_leave_behind_stays_out(tmp_path):
    """Bytecode names the machine that compiled it, RECORD the way pip was called."""
    folder = _tree(
        tmp_path / "a",
        ["p/__init__.py", "p/__pycache__/x.cpython-311.pyc", "p-1.dist-info/RECORD", "p-1.dist-info/METADATA", "bin/p"],
    )

    assert set(collect(folder, under="python/")) == {"python/p/__init__.py", "python/p-1.dist-info/METADATA"}


def test_files_are_readable_by_the_function(tmp_path):
    """Lambda runs the code as another user than the one who zipped it."""
    write_zip(tmp_path / "a.zip", collect(_tree(tmp_path / "a", ["x.py"])))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (entry,) = archive.infolist()

    assert entry.external_attr >> 16 == 0o100644
