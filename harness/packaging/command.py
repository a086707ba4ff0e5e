"""`python -m harness package`: build the zips and the script, and print their digests."""

import sys
from pathlib import Path

from harness.cli import Parser
from harness.packaging.build import PACKAGE_FOLDER, build_package
from harness.packaging.layer import ROOT, PackagingError, Target


def main(argv: list[str]) -> int:
    """Build for `--target` into `--output`; return 1 if a package cannot be installed."""
    parser = Parser(prog="package", description="Build the zips and the script the template points at.")
    parser.add_argument(
        "--target",
        type=Target,
        choices=list(Target),
        default=Target.LAMBDA,
        help="where the functions will run: AWS Lambda (the default), or the emulated AWS on this machine",
    )
    parser.add_argument("--output", type=Path, default=ROOT / PACKAGE_FOLDER, help="folder (default: build/package)")
    options = parser.parse_args(argv)
    try:
        digests = build_package(options.output, options.target)
    except PackagingError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    for name, digest in digests.items():
        size = (options.output / name).stat().st_size
        print(f"{digest}  {size:>9,} bytes  {name}")
    return 0
