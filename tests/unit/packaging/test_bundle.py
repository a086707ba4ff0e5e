"""The Glue job as one script: all its modules and nothing else, named in tracebacks, reproducible."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.packaging import build
from harness.packaging.bundle import bundle, write_script
from harness.packaging.layer import ROOT, PackagingError

#: A job with a late import, a name in both modules, and text that careless quoting would change.
JOB = {
    "glue/job/__init__.py": '"""A job."""\n',
    "glue/job/main.py": """\
from shared import names

from .deep.inner import fail

NAME = "outer"


def main(argv):
    import shared.late

    if argv[1:] == ["fail"]:
        fail()
    print(NAME, names.NAME, shared.late.TEXT, argv[1:])
""",
    "glue/job/deep/__init__.py": "",
    "glue/job/deep/inner.py": '"""é"""\n\n\ndef fail():\n    raise ValueError("\\N{SNOWMAN}")  # here\n',
    "glue/job/unused.py": "import nowhere\n",
    "functions/shared/__init__.py": "",
    "functions/shared/names.py": 'NAME = "inner"\n',
    "functions/shared/late.py": 'TEXT = "\\\\n" + r"\\n" + """\\\\"""\n',
}
INNER = "glue/job/deep/inner.py"


@pytest.fixture
def tree(tmp_path):
    """Write a job into a folder; return its two source folders."""

    def write(files=JOB, folder="tree"):
        for name, source in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return tmp_path / folder / "glue", tmp_path / folder / "functions"

    return write


@pytest.fixture
def run(tmp_path):
    """Run a script as Glue does, outside its tree; return the finished process."""

    def run(text, *arguments, folder="elsewhere"):
        script = tmp_path / folder / "job.py"
        write_script(script, text)
        # Isolated from the tree's folders on PYTHONPATH, and in a folder that Python looks into first.
        environment = {"PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-S", script.name, *arguments],
            cwd=script.parent, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip

    return run


def test_a_bundle_does_what_its_modules_do(tree, run):
    """The script has the package's name, but Python must not import it in place of the package."""
    done = run(bundle("job.main", tree()), "a")

    assert (done.stdout, done.stderr) == ("outer inner \\n\\n\\ ['a']\n", "")


def test_a_traceback_names_the_repositorys_file_and_line(tree, run):
    """A line number of the bundle would be useless without that release's script at hand."""
    done = run(bundle("job.main", tree()), "fail")

    frames = re.findall(r'File "(.*)", line (\d+), in (\w+)', done.stderr)
    assert frames[-2:] == [("glue/job/main.py", "12", "main"), (INNER, "5", "fail")]
    assert done.stderr.endswith("ValueError: \N{SNOWMAN}\n")


def test_a_traceback_can_quote_the_source(tree, run):
    text = bundle("job.main", tree())
    caught = "\ntry:\n    main(['', 'fail'])\nexcept ValueError:\n    import traceback\n    traceback.print_exc()\n"

    done = run(f"{text}\nfrom job.main import main\n{caught}".replace("    main(sys.argv)\n", "    pass\n"))

    assert '    raise ValueError("\\N{SNOWMAN}")  # here\n' in done.stderr


def test_what_is_not_imported_stays_out(tree):
    assert "unused" not in bundle("job.main", tree())


def test_the_tree_alone_decides_the_bytes(tree):
    """Uploads are named by content: different bytes cause a deployment."""
    first = tree()
    second = tree(dict(reversed(JOB.items())), "another")
    for folder, _, files in os.walk(second[0]):
        for name in files:
            os.utime(Path(folder) / name, (1_000_000_000, 1_000_000_000))

    assert bundle("job.main", first) == bundle("job.main", second)


@pytest.mark.parametrize("name", [name for name in JOB if not name.endswith("unused.py")])
def test_each_line_of_each_module_decides_them_too(tree, name):
    changed = JOB | {name: JOB[name] + "# changed\n"}

    assert bundle("job.main", tree()) != bundle("job.main", tree(changed, "another"))


@pytest.mark.parametrize("line", ["import msgspec", "def late():\n    from msgspec.json import decode"])
def test_what_glue_does_not_bring_is_refused(tree, line):
    """Otherwise it would first be missed on AWS, at three in the morning."""
    name = "functions/shared/names.py"

    with pytest.raises(PackagingError, match=r"^job\.main imports msgspec(\.json)?: not Glue's"):
        bundle("job.main", tree(JOB | {name: f"{JOB[name]}{line}\n"}))


def test_what_python_cannot_read_is_refused(tree):
    """It would silently be missing."""
    with pytest.raises(PackagingError, match=r"shared\.late: .* not to be read from glue or functions"):
        bundle("job.main", tree(JOB | {"functions/shared/late.py": "TEXT = \n"}))


@pytest.mark.parametrize("source", ["TEXT = '''a'''\n", "TEXT = 'a'", "# \\"])
def test_what_cannot_be_quoted_is_refused(tree, source):
    with pytest.raises(PackagingError, match=r"functions/shared/late\.py cannot be bundled"):
        bundle("job.main", tree(JOB | {"functions/shared/late.py": source}))


def _job_modules(text):
    return set(re.findall(r'^BUNDLE\.add\("[\w.]+", "(\S+)", ', text, re.MULTILINE))


def test_the_job_is_bundled_whole_with_what_it_shares_with_the_functions():
    """A module that nothing imports would be tested but never run; keys and stages are defined only once."""
    files = _job_modules(build.job_script())
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "glue_src").rglob("*.py")}

    assert files - own == {f"lambda_src/pipeline_store/{name}.py" for name in ("__init__", "columns", "keys", "stages")}
    assert own <= files


def test_the_jobs_script_is_the_same_from_another_checkout(tmp_path, monkeypatch):
    before = build.job_script()
    for name in ("SOURCE", "GLUE_SOURCE"):
        folder = getattr(build, name)
        monkeypatch.setattr(build, name, Path(shutil.copytree(folder, tmp_path / folder.name)))

    assert build.job_script() == before
