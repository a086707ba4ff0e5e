"""`tox -e deployer-policy`: check or write `docs/deployer-policy.json`, or write an environment's policies."""

import re
import sys
from pathlib import Path

from harness import generated
from harness.cli import Parser
from harness.deployer import page, policy
from harness.deployer.errors import UnknownRight
from harness.deployer.names import PARTITIONS, Place
from harness.deployer.page import PAGES, ROOT, SHOWN_ENVIRONMENT
from harness.render import parameters, source
from harness.render.errors import UnreadableTemplate

POLICY = ROOT / "docs" / "deployer-policy.json"
FRESH, STALE, UNKNOWN = 0, 1, 2
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_STACK_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]{0,127}")


def main(argv: list[str]) -> int:
    """Returns 0 written or up to date, 1 stale, 2 unknown type or action, or a bad option."""
    parser = Parser(
        prog="deployer-policy",
        description="IAM policies for deploying the template, from AWS's resource schemas: docs/deployer-policy.json "
        "and the lists in docs/deploying.md. With --folder, the policies of one environment.",
        epilog="Exit codes: 0 written or up to date; 1 stale; 2 unknown resource type or action.",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale (the default)")
    either.add_argument("--write", action="store_true", help="update stale files")
    either.add_argument("--folder", type=Path, help="write one file per policy to this folder, for the options below")
    parser.add_argument(
        "--environment", default=SHOWN_ENVIRONMENT, help="the parameter Environment (default: %(default)s)"
    )
    parser.add_argument("--stack-name", default=Place.stack, help="default: %(default)s")
    parser.add_argument("--artifact-bucket", default="", help="default: the bucket that deploying.md creates")
    parser.add_argument("--partition", default=Place.partition, choices=PARTITIONS, help="default: %(default)s")
    parser.add_argument(
        "--service-role",
        action="store_true",
        help="for the service role that CloudFormation assumes (--role-arn), not for the person who deploys",
    )
    options = parser.parse_args(argv)
    place = Place(options.environment, options.partition, options.stack_name, options.artifact_bucket)
    if options.folder is None and (place != Place(SHOWN_ENVIRONMENT) or options.service_role):
        parser.error("these options need --folder; docs/deployer-policy.json is always production's")
    try:
        if options.folder is not None:
            if mistake := _refused(place):
                parser.error(mistake)
            return write_apart(options.folder, policy.documents(page.read(place), service_role=options.service_role))
        wanted = {POLICY: text(), PAGES[0]: generated.filled(PAGES[0].read_text(), page.PARTS)}
    except (UnknownRight, UnreadableTemplate, OSError) as error:
        print(f"deployer-policy: {error}", file=sys.stderr)
        return UNKNOWN
    return STALE if generated.hold("deployer-policy", ROOT, wanted, options.write) else FRESH


def text() -> str:
    """The content of docs/deployer-policy.json."""
    documents = policy.documents(page.read(Place(SHOWN_ENVIRONMENT)))
    return "{\n" + ",\n".join(f'"{name}": {policy.text(document)}' for name, document in documents.items()) + "\n}\n"


def _refused(place: Place) -> str:
    """What the template does not take: a `*` in a name would grant what is not this stack's. Empty if all is well."""
    stated = source.read(page.TEMPLATE).template["Parameters"]
    given = {"Environment": ("--environment", place.environment)}
    if place.artifact_bucket:
        given["ArtifactBucketName"] = ("--artifact-bucket", place.artifact_bucket)
    for name, (option, value) in given.items():
        if not parameters.allows(stated[name], value):
            return f"{option} {value}: {name} {stated[name]['ConstraintDescription']}"
    if _STACK_NAME.fullmatch(place.stack) is None:
        return f"--stack-name {place.stack}: must be up to 128 letters, digits and hyphens, a letter first."
    return ""


def write_apart(folder: Path, documents: dict[str, policy.Json]) -> int:
    """Write a file per document, and print their sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        path = folder / f"{name}.json"
        path.write_text(policy.text(document) + "\n")
        print(f"{path}: {policy.size(document):,} of {policy.MAXIMUM_CHARACTERS:,} characters")
    return FRESH
