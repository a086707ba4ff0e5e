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
_COMMANDS = """\
```sh
for POLICY in {names}; do
    aws iam create-policy --policy-name financial-deployer-$POLICY-$ENVIRONMENT \\
        --policy-document file://{folder}/$POLICY.json
    aws iam attach-role-policy --role-name $DEPLOYER_ROLE \\
        --policy-arn arn:aws:iam::$ACCOUNT:policy/financial-deployer-$POLICY-$ENVIRONMENT
done
```"""


def read(place: Place) -> Rights:
    """The permissions to deploy this repository's template."""
    return policy.rights(source.read(TEMPLATE).template, [page.read_text() for page in PAGES], place)


def by_service() -> str:
    """The generated statements by their Sids, with the resource types whose handlers call their actions."""
    found = read(Place(ANY_ENVIRONMENT))
    documents = {name: each for name, each in policy.documents(found).items() if name != "calls"}
    added = {f"{policy.label(each.actions[0])}{each.sid}" for each in found.resources}
    statements = [statement for each in documents.values() for statement in each["Statement"]]
    sids: dict[str, list[str]] = {}
    for each in statements:
        if each["Sid"] not in added:
            types = sorted(set().union(*(found.handlers[action] for action in each["Action"])))
            sids.setdefault(", ".join(type_.removeprefix("AWS::") for type_ in types), []).append(f"`{each['Sid']}`")
    return "\n".join(paragraph(f"{', '.join(named)}: {types}", "  ", "- ") for types, named in sids.items())


def left_out() -> str:
    """What no handler lists, and what a handler lists that is not an IAM action."""
    found = read(Place(ANY_ENVIRONMENT))
    added = "\n".join(
        paragraph(f"`{policy.label(each.actions[0])}{each.sid}`: {each.why}. {each.url}", "  ", "- ")
        for each in (*found.caller, *found.resources)
    )
    reasons: dict[str, list[str]] = {}
    for name in found.without_action:
        each = NO_ACTIONS[name]
        granted = " and ".join(f"`{action}`" for action in each.instead) or "nothing"
        reasons.setdefault(f"{each.why}. {each.url}", []).append(f"`{name}` ({granted})")
    names = "\n".join(paragraph(f"{', '.join(each)}: {why}", "  ", "- ") for why, each in reasons.items())
    return (
        f"Statements added for what no handler lists:\n\n{added}\n\n"
        f"Listed by handlers, but not IAM actions, with what is granted instead:\n\n{names}"
    )


def commands() -> str:
    """The policies' sizes, and the commands that create them."""
    documents = policy.documents(read(Place(SHOWN_ENVIRONMENT)))
    rows = [(f"`{name}`", _services(each), f"{policy.size(each):,}") for name, each in documents.items()]
    shell = _COMMANDS.format(names=" ".join(documents), folder=FOLDER)
    return f"{table(('policy', 'services', 'characters, of 6,144'), rows)}\n\n{shell}"


def _services(document: dict[str, Any]) -> str:
    labels = {policy.label(statement["Action"][0]) for statement in document["Statement"]}
    return ", ".join(sorted(labels))


PARTS: dict[str, Callable[[], str]] = {
    "deployer_by_service": by_service,
    "deployer_left_out": left_out,
    "deployer_commands": commands,
}
