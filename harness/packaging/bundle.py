"""Bundles a package and its imports from this repository into one script, because Glue accepts only one file."""

import ast
import hashlib
import sys
from collections.abc import Iterable
from contextlib import suppress
from modulefinder import ModuleFinder
from pathlib import Path

from harness.packaging.layer import PackagingError

LOADER = Path(__file__).with_name("bundle_loader.py")
#: Packages that Glue 5.1 provides: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
BROUGHT_BY_GLUE = frozenset({"boto3", "botocore", "py4j", "pyspark"})
_HEAD = "# Written by `tox -e package`: change the files that are named below, not this one.\n"


def bundle(entry: str, folders: Iterable[Path]) -> str:
    """Return a script that runs `main(sys.argv)` of the module `entry`, with all its modules from `folders`.

    Each folder is named by its last part, so that the text does not depend on where the repository is. Raises
    PackagingError for a module that imports what Glue does not bring, and for one that cannot be read or quoted.
    """
    parents = {folder.resolve(): folder.name for folder in folders}
    parts = [_HEAD + LOADER.read_text(encoding="utf-8")]
    for name, path in sorted(_modules(entry, [str(folder) for folder in parents]).items()):
        folder = next(each for each in parents if path.is_relative_to(each))
        file = f"{parents[folder]}/{path.relative_to(folder).as_posix()}"
        source = _quoted(path.read_text(encoding="utf-8"), file)
        parts.append(f'# {f" {file} ":-^116}\nBUNDLE.add("{name}", "{file}", {source})\n')
    parts.append(f'if __name__ == "__main__":\n    from {entry} import main\n\n    main(sys.argv)\n')
    return "\n".join(parts)


def _quoted(source: str, file: str) -> str:
    """Quote the source unescaped, so that it stays readable and searchable."""
    quoted = f"r'''{source}'''"
    with suppress(SyntaxError):
        if ast.literal_eval(quoted) == source:
            return quoted
    raise PackagingError(f"{file} cannot be bundled: it has ''' in it, or ends with a quotation mark or a backslash")


def write_script(target: Path, text: str) -> str:
    """Write `text` to `target`, byte-identical on every machine, and return its SHA-256 in hexadecimal."""
    content = text.encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(target)
    return hashlib.sha256(content).hexdigest()


def _modules(entry: str, folders: list[str]) -> dict[str, Path]:
    """Find the module and all its imports below the folders, including late and type-checking imports."""
    finder = ModuleFinder(path=folders)
    finder.import_hook(entry)
    # It searches only our folders, so it does not find the standard library.
    there = sys.stdlib_module_names | BROUGHT_BY_GLUE
    if missing := [name for name in finder.any_missing() if name.partition(".")[0] not in there]:
        ours = " or ".join(Path(folder).name for folder in folders)
        raise PackagingError(f"{entry} imports {', '.join(missing)}: not Glue's, and not to be read from {ours}")
    files = {name: getattr(module, "__file__", None) for name, module in finder.modules.items()}
    # Built-in modules have no file.
    return {name: Path(file) for name, file in files.items() if file}
