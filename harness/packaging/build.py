"""Builds the artifacts that the template references under `../build/package/`."""

from pathlib import Path

from harness.packaging.bundle import bundle, write_script
from harness.packaging.layer import ROOT, Target, install_requirements
from harness.packaging.zips import collect, write_zip

SOURCE = ROOT / "lambda_src"
GLUE_SOURCE = ROOT / "glue_src"
#: Relative to the repository's root; the template's paths are relative to the template.
PACKAGE_FOLDER = Path("build/package")
FUNCTIONS = ("kinesis_consumer", "data_validation")
#: Shared code, shipped in the layer with the third-party packages.
SHARED_PACKAGES = ("market_data", "pipeline_store")
#: The Glue job's package, with `main` in its module `job`.
JOB = "json_to_parquet"
SCRIPT = f"{JOB}.py"


def job_script() -> str:
    """Return the Glue job's script."""
    return bundle(f"{JOB}.job", (GLUE_SOURCE, SOURCE))


def build_package(folder: Path, target: Target) -> dict[str, str]:
    """Write the functions' zips, `layer.zip` and the job's script into `folder`; return each one's name and SHA-256."""
    digests = {}
    for function in FUNCTIONS:
        name = f"{function}.zip"
        digests[name] = write_zip(folder / name, collect(SOURCE / function, under=f"{function}/"))
    files = collect(install_requirements(target), under="python/")
    for package in SHARED_PACKAGES:
        files |= collect(SOURCE / package, under=f"python/{package}/")
    digests["layer.zip"] = write_zip(folder / "layer.zip", files)
    digests[SCRIPT] = write_script(folder / SCRIPT, job_script())
    return digests
