"""Builds what the template's `../build/package/` paths point at."""

from __future__ import annotations

from pathlib import Path

from harness.packaging.layer import ROOT, Target, install_requirements
from harness.packaging.zips import collect, write_zip

SOURCE = ROOT / "lambda_src"
#: Relative to the root of the repository; the template names it relative to itself.
PACKAGE_FOLDER = Path("build/package")
FUNCTIONS = ("kinesis_consumer", "data_validation")
#: What the functions share travels in the layer, beside the third-party packages.
SHARED_PACKAGES = ("market_data", "pipeline_store")


def build_package(folder: Path, target: Target) -> dict[str, str]:
    """Write one zip a function and `layer.zip` into `folder`; return each zip's name and SHA-256."""
    digests = {}
    for function in FUNCTIONS:
        name = f"{function}.zip"
        digests[name] = write_zip(folder / name, collect(SOURCE / function, under=f"{function}/"))
    files = collect(install_requirements(target), under="python/")
    for package in SHARED_PACKAGES:
        files |= collect(SOURCE / package, under=f"python/{package}/")
    digests["layer.zip"] = write_zip(folder / "layer.zip", files)
    return digests
