"""The deployer's permissions in docs/deploying.md, between its generated markers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.deployer import policy
from harness.deployer.handlers import NO_ACTIONS
from harness.deployer.names import Place
from harness.deployer.policy import Rights
from harness.markdown import paragraph, table
from harness.render import source

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
#: The pages with the commands that a deployer types.
PAGES = (ROOT / "docs" / "deploying.md", ROOT / "docs" / "first-deploy-checks.md")
#: Output folder in the page's commands.
FOLDER = "build/deployer"
#: The page is for every environment; the committed policies are for production.
ANY_ENVIRONMENT = "<env>"
SHOWN_ENVIRONMENT = "production"


def read(place: Place) -> Rights:
    """The permissions to deploy this repository's template."""
    return policy.rights(source.read(TEMPLATE).template, [page.read_text() for page in PAGES], place)


def by_service() -> str:
    """Each generated statement by its Sid, with the resource types whose handlers call its actions."""
    found = read(Place(ANY_ENVIRONMENT))
    documents = {name: each for name, each in policy.documents(found).items() if name != "calls"}
    added = {f"{policy.label(each.actions[0])}{each.sid}" for each in found.resources}
    statements = [statement for each in documents.values() for statement in each["Statement"]]
    return "\n".join(_item(each, found) for each in statements if each["Sid"] not in added)


def left_out() -> str:
    """What no handler lists, and what a handler lists that is not an IAM action."""
    found = read(Place(ANY_ENVIRONMENT))
    added = "\n".join(
        paragraph(f"`{policy.label(each.actions[0])}{each.sid}`: {each.why}. {each.url}", "  ", "- ")
        for each in (*found.caller, *found.resources)
    )
    names = [
        (
            f"`{name}`",
            ", ".join(f"`{action}`" for action in NO_ACTIONS[name].instead) or "nothing",
            f"{NO_ACTIONS[name].why}. {NO_ACTIONS[name].url}",
        )
        for name in found.without_action
    ]
    return (
        f"Statements added for what no handler lists:\n\n{added}\n\nListed by handlers, but not IAM actions:\n\n"
        f"{table(('name', 'granted instead', 'because'), names)}"
    )


def commands() -> str:
    """The policies' sizes, and the commands that create them."""
    documents = policy.documents(read(Place(SHOWN_ENVIRONMENT)))
    rows = [(f"`{name}`", _services(each), f"{policy.size(each):,}") for name, each in documents.items()]
    lines = []
    for name in documents:
        lines += [
            f"aws iam create-policy --policy-name financial-deployer-{name}-$ENVIRONMENT \\",
            f"    --policy-document file://{FOLDER}/{name}.json",
            "aws iam attach-role-policy --role-name $DEPLOYER_ROLE \\",
            f"    --policy-arn arn:aws:iam::$ACCOUNT:policy/financial-deployer-{name}-$ENVIRONMENT",
        ]
    shell = "\n".join(["```sh", *lines, "```"])
    return f"{table(('policy', 'services', 'characters, of 6,144'), rows)}\n\n{shell}"


def _item(statement: dict[str, Any], found: Rights) -> str:
    types = sorted(set().union(*(found.handlers[action] for action in statement["Action"])))
    return paragraph(f"`{statement['Sid']}`: {', '.join(each.removeprefix('AWS::') for each in types)}", "  ", "- ")


def _services(document: dict[str, Any]) -> str:
    labels = {policy.label(statement["Action"][0]) for statement in document["Statement"]}
    return ", ".join(sorted(labels))


PARTS: dict[str, Callable[[], str]] = {
    "deployer_by_service": by_service,
    "deployer_left_out": left_out,
    "deployer_commands": commands,
}
