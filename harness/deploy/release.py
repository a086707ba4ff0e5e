"""Releases: each deployed packaged template stays in the artifact bucket, so that it can be deployed again.

A packaged template names its zips and its script by content hash, so other content has another name. The packaged
template therefore is the whole release: to roll back, deploy an earlier one.
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

import hashlib
import subprocess
from pathlib import Path

from harness.deploy.cli import AwsCli
from harness.packaging.layer import ROOT

FOLDER = "releases"
#: Every file below these is part of a release, tracked or not.
PACKAGED_FOLDERS = ("lambda_src", "glue_src", "template")


def release_name(packaged: Path, root: Path = ROOT) -> str:
    """The commit; for a modified tree, the commit and a content hash."""
    commit = _git(root, "rev-parse", "HEAD")
    # Untracked files outside these folders (parameter files, runbook output) do not count.
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--", *PACKAGED_FOLDERS)
    if commit and not changed and not new:
        return commit
    content = hashlib.sha256(packaged.read_bytes()).hexdigest()[:12]
    return f"{commit}-changed-{content}" if commit else f"no-commit-{content}"


def keep(aws: AwsCli, packaged: Path, bucket: str, name: str) -> str:
    """Upload the packaged template to where a rollback finds it. Returns the S3 URI."""
    address = f"s3://{bucket}/{FOLDER}/{name}.yaml"
    aws.run("s3", "cp", str(packaged), address, "--no-progress")
    return address


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""  # an unpacked archive, or no git at all
    return done.stdout.strip()
