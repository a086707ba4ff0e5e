"""The documents are correct: names, commands, options, links and tox environments exist, and none is missing.

No test here can check what AWS really does: docs/first-deploy-checks.md is for that.
"""

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import jmespath
import pytest
from awscli.botocore.validate import ParamValidator
from awscli.clidriver import create_clidriver

from harness.render import source
from market_data import parse
from tests.documents import items
from tests.shared import REFERENCE, needed

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template" / "financial-pipeline.yaml"
ORIGINAL = REFERENCE / "original-template.yaml"
DOCS = ROOT / "docs"
PAGES = {str(path.relative_to(DOCS)): path.read_text() for path in sorted(DOCS.rglob("*.md"))}
DEPLOYING, CHECKS, CAPABILITIES = (PAGES[f"{name}.md"] for name in ("deploying", "first-deploy-checks", "capabilities"))
ANSWERS = items(PAGES["outside-scanners.md"], "Answered")
#: The files that deploying.md makes from docs/deployer-policy.json.
DEPLOYER_POLICIES: dict[str, Any] = json.loads((DOCS / "deployer-policy.json").read_text())
STATEMENT_IDS = {statement["Sid"] for policy in DEPLOYER_POLICIES.values() for statement in policy["Statement"]}


# -------------------------------------------------------------------------------------------- the templates ----


def _read(path: Path) -> dict[str, Any]:
    return source.read(path).template


def _words(value: Any) -> Iterator[str]:
    """Every key and every text in a template."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    else:
        yield str(value)


OURS = _read(TEMPLATE)
RESOURCES, PARAMETERS, OUTPUTS = OURS["Resources"], OURS["Parameters"], OURS["Outputs"]
ALARMS = {
    name: resource["Properties"]["AlarmName"]["Fn::Sub"].replace("${Environment}", "<env>")
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
#: Logical ids of the original that are not ours; decision records and the capability table mention them.
DROPPED = frozenset(
    {
        "DataValidationFunctionPermission", "GlueScriptsBucket", "GlueServiceRole", "KinesisAnalyticsRole",
        "LambdaExecutionRole",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def original() -> dict[str, Any]:
    """The original template. It is not in the repository."""
    return _read(needed(ORIGINAL))


# ------------------------------------------------------------------------------------------------ the pages ----


def _rows(page: str, under: str = "") -> list[list[str]]:
    """The cells of every table row below a heading, without header rows."""
    text = page.partition(under)[2] if under else page
    if under:
        text = re.split(r"\n## ", text)[0]
    lines = text.splitlines()
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for number, line in enumerate(lines)
        if line.startswith("|")
        and not line.startswith("|---")
        and not (number + 1 < len(lines) and lines[number + 1].startswith("|---"))
    ]


def _code_blocks(page: str) -> list[str]:
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in blocks]


def _spans(page: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


_HEREDOC = re.compile(r"^cat > (\S+) <<EOF\n(.*?)^EOF\n", re.DOTALL | re.MULTILINE)


def _lines(block: str) -> Iterator[str]:
    for line in _HEREDOC.sub("", block).replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def _aws_commands(page: str) -> Iterator[str]:
    """Each `aws` command: a line of a block, alone, in a pipe, a list or $(...); or one in a sentence or a table."""
    for block in _code_blocks(page):
        for line in _lines(block):
            inner = re.fullmatch(r"(?:export \w+=|for \w+ in )\$\((aws .*)\)(?:; do)?", line)
            command = inner[1] if inner else line
            if command.startswith("aws "):
                yield re.split(r" \|\|? | > | &&$", command)[0]
    for span in _spans(page):
        # Without options it is the name of a command in a sentence.
        if re.match(r"aws [\w-]+ [\w-]+ \S", span):
            yield span


def _short(command: str) -> str:
    return " ".join(command.split()[1:3])


COMMANDS = sorted({command for page in PAGES.values() for command in _aws_commands(page)})
FILES = dict(file for page in PAGES.values() for block in _code_blocks(page) for file in _HEREDOC.findall(block))


def _names(page: str) -> set[str]:
    return {span for span in _spans(page) if re.fullmatch(r"[A-Z][A-Za-z0-9]+", span) and not span.isupper()}


# ---------------------------------------------------------------------------------------- names and numbers ----

#: Words of AWS and of our code in the documents that are not in the template.
OTHER_WORDS = frozenset(
    [
        "AccessDenied", "AccessDeniedException", "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible", "BatchUpdatePartition", "Complete", "DamagedObject",
        "CreatePartition", "DPUSeconds", "DefaultValue", "DeletionProtectionEnabled", "Enabled", "ErrorMessage",
        "ErrorCode", "Ex1", "GetPartition", "Import", "InheritFromTable", "JobName", "JobRunId", "MatchedEvents",
        "Modify", "NotAction", "NotResource", "NumberOfTasksFailed", "ObjectsValidated", "ObjectsWritten",
        "OversizedObject", "OperationFailedReplication", "PendingConfirmation", "PolledEventCount", "PutRecord",
        "PutRecords", "RecordsIngested", "RecordsValidated", "RedriveAllowPolicy", "SequenceNumber",
        "SequenceNumberForOrdering", "AssumeRole", "ServerSideEncryption", "ShardId",
        "StandardStorage", "Transform", "TriggeredRules", "Type", "UnrepeatableVerdict", "VerdictNotReplaceable",
    ]
)  # fmt: skip
TEMPLATE_WORDS = {each.removeprefix("Fn::") for each in _words(OURS)}


@pytest.mark.parametrize("name", PAGES)
def test_every_name_is_one_of_the_template(name: str) -> None:
    """A renamed resource or parameter must not live on in a document."""
    page = PAGES[name]
    if name == "capabilities.md":
        # The first column is about the original; a test below checks it.
        page = "\n".join(" ".join(row[1:]) for row in _rows(page))
    if name == "outside-scanners.md":
        # The second column and the answers contain the scanners' own rule names.
        cells = [[*row[:1], *row[2:]] for row in _rows(page)] + [[*item.fields.values()] for item in ANSWERS]
        page = "\n".join(" ".join(row) for row in cells)

    assert _names(page) - TEMPLATE_WORDS - OTHER_WORDS - DROPPED - STATEMENT_IDS == set()


def test_no_word_is_excused_without_need() -> None:
    used = set().union(*map(_names, PAGES.values()))

    assert OTHER_WORDS - used == set()
    assert not OTHER_WORDS & set(RESOURCES)


def test_every_alarm_has_its_row() -> None:
    rows = {row[0].partition("</a>")[2].strip("`") for row in _rows(DEPLOYING, "\n## Alarms\n")}

    assert rows == set(ALARMS.values())


def test_every_alarm_names_its_own_row_of_the_runbook() -> None:
    """On-call follows it at three in the morning."""
    for name, alarm in ((each, RESOURCES[each]["Properties"]) for each in ALARMS):
        said = alarm["AlarmDescription"]
        text = said["Fn::Sub"] if isinstance(said, dict) else said
        anchor = text.rpartition(" Runbook: docs/deploying.md#")[2]

        assert f'<a id="{anchor}"></a>`{anchor}-<env>`' in DEPLOYING, name
        assert alarm["AlarmName"]["Fn::Sub"] == f"{anchor}-${{Environment}}"
        # CloudWatch rejects a longer one.
        assert len(text) <= 1024, name


def test_every_parameter_has_its_row() -> None:
    rows = [name for row in _rows(DEPLOYING, "\n## Changing a parameter\n") for name in re.findall(r"\w+", row[0])]

    assert sorted(rows) == sorted(PARAMETERS)


def test_what_is_said_to_stay_is_what_is_retained() -> None:
    rows = {row[0].strip("`") for row in _rows(DEPLOYING, "\n## Deleting the stack\n")}
    retained = {name for name, resource in RESOURCES.items() if resource.get("DeletionPolicy", "").startswith("Retain")}

    assert rows == retained
    assert f"has to name {'nine' if len(retained) == 9 else len(retained)} resources" in DEPLOYING


def test_a_name_with_an_environment_is_a_physical_name() -> None:
    """Names in commands are names in the template."""
    subs = {item["Fn::Sub"] for item in _with_key(OURS, "Fn::Sub") if isinstance(item["Fn::Sub"], str)}
    known = {
        sub.replace("${Environment}", "$ENVIRONMENT").replace("${AWS::AccountId}", "$ACCOUNT").split(":")[-1]
        for sub in subs
        if "${Environment}" in sub
    }
    # Created by hand, as deploying.md says.
    known |= {"financial-artifacts-$ENVIRONMENT-$ACCOUNT", "financial-batch-replication-role-$ENVIRONMENT"}
    known |= {"financial-deployer-$POLICY-$ENVIRONMENT", "policy/financial-deployer-$POLICY-$ENVIRONMENT"}
    # And the environment itself, as an option.
    known |= {"$ENVIRONMENT"}
    lines = [*COMMANDS, *(line for page in PAGES.values() for block in _code_blocks(page) for line in _lines(block))]
    tokens = {token for line in lines for token in re.findall(r"[\w./:$-]*\$ENVIRONMENT[\w./$-]*", line)}
    # The last part of an ARN or of a queue's address.
    named = {re.sub(r"^\$SQS/|^.*:(role/)?", "", token) for token in tokens}

    assert named - known == set()
    assert len(named) > 20


def _with_key(value: Any, key: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if key in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _with_key(item, key)


def test_numbers_of_the_template_are_its_own() -> None:
    types = [resource["Type"] for resource in RESOURCES.values()]
    counts = [types.count(f"AWS::{each}") for each in ("CloudWatch::Alarm", "SNS::Topic", "SQS::Queue")]
    alarms, topics, queues = counts
    tables, groups = types.count("AWS::DynamoDB::Table"), types.count("AWS::Logs::LogGroup")

    assert f"| {alarms}, {topics}, {queues}, {tables} and {groups} |" in DEPLOYING


def test_the_record_that_is_sent_is_valid() -> None:
    line = FILES["check.json"].replace("$(date -u +%FT%TZ)", "2026-01-02T03:04:05Z")

    assert parse(line.strip().encode()).exchange == "DEPLOY.CHECK"


# ------------------------------------------------------------------------------------------------- commands ----

#: Variables that the reader's shell or an earlier command sets.
VARIABLES = {
    "POLICY": "calls", "MAPPING": "00000000-0000-4000-8000-000000000000", "ACCOUNT": "111122223333",
    "AWS_DEFAULT_REGION": "us-east-1",
    "ENVIRONMENT": "production", "SINCE": "2026-01-01T00:00:00Z", "NOW": "2026-01-01T03:00:00Z",
}  # fmt: skip
#: Files that a command writes for the next one, or the reader has made.
WRITTEN = {
    "payload.json": "{}",
    "versions.json": '{"Objects": [{"Key": "k", "VersionId": "v"}]}',
    "build/import/resources.json": json.dumps(
        [{"ResourceType": "T", "LogicalResourceId": "L", "ResourceIdentifier": {"BucketName": "b"}}]
    ),
    "build/import/parameters.json": '[{"ParameterKey": "Environment", "ParameterValue": "production"}]',
    "build/import/template.yaml": "Resources: {}",
    "my-parameters.json": "[]",
    "build/deployer/calls.json": "{}",
    "template/stack-policy.json": (ROOT / "template" / "stack-policy.json").read_text(),
    "allow-once.json": (ROOT / "template" / "stack-policy.json").read_text(),
    "current-parameters.json": '[{"ParameterKey": "Environment", "ParameterValue": "production"}]',
}


def _filled(text: str) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda name: VARIABLES.get(name[1], f"sample-{name[1].lower()}"), text)


def test_there_are_commands() -> None:
    """A pattern that matches nothing would make the tests below pass by doing nothing."""
    assert len(COMMANDS) > 90


class Cli:
    """The AWS CLI, up to the point where it would send the request."""

    def __init__(self) -> None:
        self._driver = create_clidriver()
        events = self._driver.session.get_component("event_emitter")
        events.register_first("calling-command.*", self._stop)
        self.refused = ""

    def command(self, service: str, operation: str) -> Any:
        services = self._driver.create_help_command().command_table
        assert service in services, f"aws has no {service}"
        operations = services[service].create_help_command().command_table
        assert operation in operations, f"aws {service} has no {operation}"
        return operations[operation]

    def operation_model(self, service: str, operation: str) -> Any:
        """None for a command of the CLI's own: `s3 ls`, `cloudformation deploy`, `wait`."""
        return getattr(self.command(service, operation), "_operation_model", None)

    def options(self, service: str, operation: str) -> set[str]:
        command = self.command(service, operation)
        tables = [command.arg_table, self._driver.create_help_command().arg_table]
        if operation == "wait":
            tables += [waiter.create_help_command().arg_table for waiter in self.waiters(service).values()]
        return {f"--{option}" for table in tables for option in table}

    def waiters(self, service: str) -> dict[str, Any]:
        waiters: dict[str, Any] = self.command(service, "wait").create_help_command().command_table
        return waiters

    def objections(self, arguments: list[str]) -> str:
        """The CLI's error for a command; empty if it would send the request."""
        self.refused = "it was not understood"
        self._model = self.operation_model(*arguments[:2])
        said = StringIO()
        # SystemExit is argparse's, about an option.
        with redirect_stdout(said), redirect_stderr(said), suppress(SystemExit):
            self._driver.main(arguments)
        return said.getvalue()[-600:] + self.refused if self.refused else ""

    def _stop(self, call_parameters: dict[str, Any], **_: Any) -> int:
        sent = {name: value for name, value in call_parameters.items() if name != "PaginationConfig"}
        for value in sent.values():
            if hasattr(value, "close"):
                value.close()
        # The CLI generates idempotency tokens.
        members = self._model.input_shape.members.items()
        sent |= {name: 32 * "t" for name, member in members if member.metadata.get("idempotencyToken")}
        report = ParamValidator().validate(sent, self._model.input_shape)
        self.refused = report.generate_report()
        return 0


@pytest.fixture(scope="module")
def cli() -> Cli:
    return Cli()


@pytest.fixture(scope="module")
def models() -> Cli:
    """Reading a waiter removes the results from the models that it shares with its command."""
    return Cli()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the commands read, written as the documents say."""
    for name, body in {**FILES, **WRITTEN}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_filled(body))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("command", COMMANDS, ids=_short)
def test_a_command_is_one_of_the_aws_cli(command: str, cli: Cli) -> None:
    """Checks service, command, options and values with the AWS CLI's own models; nothing is sent."""
    _, service, operation, *arguments = shlex.split(_filled(command))

    # In full: version 1 of the CLI accepts abbreviated options.
    assert {argument for argument in arguments if argument.startswith("--")} - cli.options(service, operation) == set()
    if cli.operation_model(service, operation) is not None:
        assert cli.objections([service, operation, *arguments]) == ""


@pytest.mark.parametrize("command", [command for command in COMMANDS if " wait " in command], ids=_short)
def test_a_waiter_exists(command: str, cli: Cli) -> None:
    _, service, _, waiter, *_ = command.split()

    assert waiter in cli.waiters(service)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("s3api head-object --bucket b --keys k", id="an option that does not exist"),
        pytest.param("s3api head-object --bucket b", id="an option too few"),
        pytest.param("dynamodb describe-table --table-name t --table-names t", id="an option too many"),
        pytest.param("lambda update-function-configuration --function-name f --timeout soon", id="a text for a number"),
        pytest.param("s3control create-job --account-id 1 --operation '{\"Replicate\":{}}'", id="a wrong structure"),
        pytest.param("s3api put-bucket-policy --bucket b --policy file://none", id="a file that is not there"),
    ],
)
def test_a_command_that_is_none_is_seen(command: str, cli: Cli) -> None:
    """Proves that the test above can fail."""
    assert cli.objections(shlex.split(command)) != ""


@pytest.mark.parametrize("command", [command for command in COMMANDS if "--query " in command], ids=_short)
def test_a_query_is_jmespath_over_what_the_command_returns(command: str, models: Cli) -> None:
    words = shlex.split(_filled(command))
    asked = _fields(jmespath.compile(words[words.index("--query") + 1]).parsed)
    model = models.operation_model(words[1], words[2])

    assert asked - _members(model.output_shape) == set()


def _fields(node: dict[str, Any]) -> set[str]:
    found = {node["value"]} if node["type"] == "field" else set()
    return found.union(*(_fields(child) for child in node["children"] if isinstance(child, dict)))


def _members(shape: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    if shape is None or shape.name in seen:
        return set()
    seen = seen | {shape.name}
    match shape.type_name:
        case "structure":
            return set(shape.members).union(*(_members(member, seen) for member in shape.members.values()))
        case "list":
            return _members(shape.member, seen)
        case "map":
            # Its keys are data: the attributes of a queue.
            return {"ApproximateNumberOfMessages"} | _members(shape.value, seen)
        case _:
            return set()


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_a_file_that_is_written_is_json(name: str) -> None:
    assert json.loads(_filled(FILES[name]))


def test_a_variable_is_set_before_it_is_used() -> None:
    for name, page in (("deploying.md", DEPLOYING), ("first-deploy-checks.md", DEPLOYING + CHECKS)):
        text = "\n".join(line for block in _code_blocks(page) for line in block.splitlines())
        set_there = set(re.findall(r"(?:export |for )(\w+)(?:=| in )", text))
        used = set(re.findall(r"\$(\w+)", "\n".join([text, *_aws_commands(page)])))
        # A placeholder in words: an address, an ARN or an id that the reader knows.
        in_hand = {
            "ALERT_EMAIL", "ALERT_QUEUE_URL", "CHECK_UPLOAD", "CHECK_VERSION", "DATABASE", "KEY_ARN", "PARQUET_KEY",
            "TRAIL_FILE",
        }  # fmt: skip

        assert used - set_there - in_hand - {"SUBSCRIPTION_ARN", "TOPIC_ARN"} == set(), name


@pytest.mark.parametrize("name", PAGES)
def test_a_tox_environment_exists(name: str) -> None:
    environments = configparser.ConfigParser(interpolation=None, strict=False)
    environments.read(ROOT / "tox.ini")
    text = PAGES[name]
    named = set(re.findall(r"tox (?:run )?(?:-q+ )?-e ([\w-]+)", text))

    assert {each for each in named if f"testenv:{each}" not in environments} == set()


# ----------------------------------------------------------------------------------------- links and proofs ----


def _anchor(heading: str) -> str:
    """The anchor that GitHub derives from a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


#: Sources of the pages' claims about AWS, and the sites of the scanners.
SOURCES = ("https://docs.aws.amazon.com/", "https://github.com/")


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        if re.match(r"\w+:", target):
            # Sources only; nothing that must be read is elsewhere.
            assert target.startswith(SOURCES), f"{target}: these pages stand by themselves"
            continue
        path, _, anchor = target.partition("#")
        file = (DOCS / name).parent / path if path else DOCS / name
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert anchor in map(_anchor, headings), target


@pytest.mark.parametrize("name", PAGES)
def test_every_path_exists(name: str) -> None:
    folders = "tests|docs|template|requirements|harness|lambda_src|glue_src"
    for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", PAGES[name]):
        assert (ROOT / path).exists(), path


CHECK_ITEMS = items(CHECKS, "The checks")
SETTLED_ROWS = _rows(CHECKS, "\n## What AWS's documentation settles\n")


def test_every_check_that_is_named_is_in_the_list() -> None:
    ids = [re.sub(r"[` ⚠]", "", item.name) for item in CHECK_ITEMS]
    settled = [row[0].strip("`") for row in SETTLED_ROWS]
    named = {
        (word, id_)
        for page in PAGES.values()
        for word, several in re.findall(r"(check|documented)s? ((?:`[a-z0-9-]+`(?:, )?)+)", page)
        for id_ in re.findall(r"`([a-z0-9-]+)`", several)
    }

    assert len(ids + settled) == len({*ids, *settled})
    assert {word for word, _ in named} == {"check", "documented"}
    assert named - {("check", id_) for id_ in ids} - {("documented", id_) for id_ in settled} == set()


def test_every_check_says_what_how_and_why() -> None:
    assert len(CHECK_ITEMS) > 60
    for item in CHECK_ITEMS:
        assert list(item.fields) == ["Run", "Expected", "In the emulator"], item.name
        assert item.text, item.name
        assert all(item.fields.values()), item.name
        assert "`aws " in item.fields["Run"], item.name


def test_what_is_settled_says_where() -> None:
    assert len(SETTLED_ROWS) > 10
    for row in SETTLED_ROWS:
        assert len(row) == 3
        assert "](https://docs.aws.amazon.com/" in row[2], row[0]


# -------------------------------------------------------------------------------------- the original's word ----


def _first_column() -> list[str]:
    return [row[0] for row in _rows(CAPABILITIES)]


def test_every_capability_says_where_it_is_and_what_proves_it() -> None:
    for row in _rows(CAPABILITIES):
        assert len(row) == 4
        assert row[2], row[0]
        assert row[3] or row[2].startswith("dropped"), row[0]


def test_a_dropped_capability_names_its_record_or_its_reason() -> None:
    for row in _rows(CAPABILITIES):
        if row[2].startswith("dropped"):
            assert "(decisions/" in row[2] or ": " in row[2], row[0]


def test_each_resource_parameter_and_output_of_the_original_is_accounted_for(original: dict[str, Any]) -> None:
    named = {name for cell in _first_column() for name in re.findall(r"`(\w+)`", cell)}

    for section in ("Resources", "Parameters", "Outputs"):
        assert set(original[section]) - named == set(), section


def test_each_property_of_the_original_is_accounted_for(original: dict[str, Any]) -> None:
    """Every property of the original template must be listed as a capability."""
    cells = " ".join(_first_column())
    for name, resource in original["Resources"].items():
        about = " ".join(cell for cell in _first_column() if f"`{name}`" in cell)
        whole = any(f"`{name}`" in cell and re.fullmatch(r"`\w+`(, `\w+`)*", cell) for cell in _first_column())
        mentioned = {word.lower() for word in re.findall(r"[A-Za-z]+", about)}
        missing = {
            each
            for each in resource.get("Properties", {})
            if not whole and each.lower() not in mentioned and not SAID_OTHERWISE.get(each, set()) & mentioned
        }
        assert missing == set(), name
        tags = "Tags" in resource["Properties"] and "tags" not in mentioned
        assert not tags or whole, name
    assert cells


#: The table's words for properties that it does not name.
SAID_OTHERWISE = {
    "AttributeDefinitions": {"keys"}, "BucketEncryption": {"encryption"}, "Code": {"code"},
    "DatabaseName": {"target"}, "DefaultArguments": {"enable"}, "EventSourceArn": {"source"},
    "FunctionName": {"function"}, "GlobalSecondaryIndexes": {"statusindex", "sourceindex"}, "Handler": {"code"},
    "KeyPolicy": {"policy"}, "KeySchema": {"keys"}, "LifecycleConfiguration": {"policies"},
    "Policies": {"s3access", "s3dataaccess"}, "PublicAccessBlockConfiguration": {"access"}, "Role": {"role", "code"},
    "TableName": {"name"}, "Targets": {"target"}, "VersioningConfiguration": {"versions"},
    "AssumeRolePolicyDocument": {"rolename"}, "Description": {"key"}, "DashboardBody": {"ingestion"},
    "Name": {"name"},
}  # fmt: skip


def test_the_first_column_names_nothing_that_the_original_does_not_have(original: dict[str, Any]) -> None:
    words = set(_words(original)) | {"ServerSideEncryption", "INGESTED", "ERROR", "Tags"}
    code = " ".join(word for word in words if "\n" in word)
    named = {name for cell in _first_column() for name in re.findall(r"`([A-Za-z0-9-]+)`", cell)}

    assert {name for name in named if name not in words and name not in code and not name.startswith("kms")} == set()


def test_what_is_dropped_is_what_the_original_has_and_we_do_not(original: dict[str, Any]) -> None:
    assert set(original["Resources"]) - set(RESOURCES) == DROPPED


def test_exports_have_the_names_that_other_stacks_import(original: dict[str, Any]) -> None:
    for name, output in original["Outputs"].items():
        assert OUTPUTS[name].get("Export") == output.get("Export"), name


def test_no_sentence_of_the_original_is_copied(original: dict[str, Any]) -> None:
    long = {text for text in _words(original) if len(text.split()) > 6 and "\n" not in text}

    assert [text for text in long for page in PAGES.values() if text in page] == []


# ----------------------------------------------------------------------------------------- decision records ----


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("decisions/")])
def test_a_decision_record_has_its_four_parts_on_one_page(name: str) -> None:
    page, number = PAGES[name], int(Path(name).name[:4])

    assert page.startswith(f"# {number}. ")
    assert re.findall(r"^\*\*(.+?)\.\*\*", page, re.MULTILINE) == [
        "Context", "Decision", "Consequences", "What would change our mind",
    ]  # fmt: skip
    assert len(page.split()) < 400


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(Path(name).name[:4]) for name in PAGES if name.startswith("decisions/")]

    assert numbers == list(range(1, len(numbers) + 1))
