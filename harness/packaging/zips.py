"""Zip files whose bytes depend on nothing but the files' names and contents."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

#: The oldest time a zip file can name. Real file times would make an unchanged tree look changed.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644
#: Bytecode names the machine that compiled it; RECORD, INSTALLER and REQUESTED depend on pip's call.
LEFT_OUT_FOLDERS = frozenset({"__pycache__", "bin"})
LEFT_OUT_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


def collect(folder: Path, *, under: str = "") -> dict[str, Path]:
    """Return the files of `folder` by the name they get in the zip, below the folder `under`."""
    files: dict[str, Path] = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if not path.is_file() or LEFT_OUT_FOLDERS.intersection(relative.parts[:-1]):
            continue
        in_metadata = len(relative.parts) > 1 and relative.parts[-2].endswith(".dist-info")
        if path.suffix == ".pyc" or (in_metadata and path.name in LEFT_OUT_FILES) or path.name == ".lock":
            continue
        files[f"{under}{relative.as_posix()}"] = path
    return files


def write_zip(target: Path, files: Mapping[str, Path]) -> str:
    """Write `files` to `target`, in the order of their names, and return the zip's SHA-256 in hexadecimal.

    Nothing is compressed: two builds of zlib may pack the same bytes differently, and then the same tree, packaged on
    two machines, would be two deployments.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", compression=zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=FIXED_TIME)
            entry.create_system = 3  # Unix, wherever it is built: the mode below means nothing elsewhere
            entry.external_attr = READABLE_FILE << 16
            archive.writestr(entry, files[name].read_bytes())
    partial.replace(target)
    return hashlib.sha256(target.read_bytes()).hexdigest()
