"""Input that the gate cannot judge: exit code 2, one line with the place, no verdicts. Never a pass."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import patience
from harness.gate import command
from harness.gate.engines.watch import Progress

ROOT = Path(__file__).resolve().parents[2]
TOPIC = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
NAMED = f"{TOPIC}    Properties:\n      TopicName: "
PARAMETER = f"{TOPIC}Parameters:\n  Name: "
BOMB = "Metadata:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  {name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

FIRST = "first run aws cloudformation create-change-set"

#: Files that are no template: content, line of the error (0: none), message.
UNREADABLE = {
    "empty": ("", 0, "the file is empty"),
    "a comment alone": ("# Nothing yet.\n", 0, "the file is empty"),
    "a list left open": ("Resources: [a\n", 2, "not YAML"),
    "indented by tabs": ("Resources:\n\tTopic: x\n", 2, "not YAML"),
    "an alias of nothing": (f"{NAMED}*nothing\n", 5, "not YAML"),
    "two documents": (f"{TOPIC}---\n{TOPIC}", 4, "not YAML"),
    "a control character": (f"{TOPIC}# \x1b[2J\n", 4, "not YAML"),
    "text": ("hello\n", 1, "it is not an object"),
    "a list": ("- Resources\n", 1, "it is not an object"),
    "a number": ("5\n", 1, "it is not an object"),
    "null": ("~\n", 1, "null"),
    "no Resources": ("Parameters: {}\n", 1, "it has no Resources"),
    "empty Resources": ("\nResources: {}\n", 2, "it has no Resources"),
    "Resources as a list": ("Resources:\n- Type: AWS::SNS::Topic\n", 1, "it has no Resources"),
    "a resource without a type": ("Resources:\n  Topic: {}\n", 2, "the resource Topic has no Type"),
    "a resource that is null": ("Resources:\n  Topic:\n", 2, "null"),
    "a type that is a number": ("Resources:\n  Topic: {Type: 5}\n", 2, "the resource Topic has no Type"),
    "Parameters as a list": (f"{TOPIC}Parameters: [a]\n", 4, "Parameters is not an object"),
    "a parameter without a type": (f"{PARAMETER}{{Default: a}}\n", 5, "the parameter Name has no Type"),
    "Conditions as a list": (f"{TOPIC}Conditions: [a]\n", 4, "Conditions is not an object"),
    "Mappings as text": (f"{TOPIC}Mappings: a\n", 4, "Mappings is not an object"),
    "a rule as a list": (f"{TOPIC}Rules:\n  One: []\n", 5, "One"),
    "Outputs as a list": (f"{TOPIC}Outputs: [a]\n", 4, "Outputs is not an object"),
    "a resource given twice": (f"{TOPIC}  Topic:\n    Type: AWS::SNS::Topic\n", 4, "the key Topic is given twice"),
    "a property given twice": (f"{NAMED}a\n      TopicName: b\n", 6, "the key TopicName is given twice"),
    "a key given twice in JSON": (
        '{"Resources": {\n"Topic": {"Type": "AWS::SNS::Topic"},\n"Topic": {"Type": "AWS::SQS::Queue"}}}',
        3,
        "the key Topic is given twice",
    ),
    "an unknown function": (f"{NAMED}!Frobnicate a\n", 5, "unknown intrinsic function !Frobnicate"),
    "an unknown function in the long form": (
        f"{NAMED}{{'Fn::Frobnicate': a}}\n",
        5,
        "unknown intrinsic function Fn::Frobnicate",
    ),
    "a tag of Python's": (f"{NAMED}!!python/object/apply:os.system [id]\n", 5, "not a value of CloudFormation's"),
    "a merge key": (f"{TOPIC}  Other:\n    <<: {{Type: x}}\n", 5, "merge keys"),
    "a list as a key": (f"{TOPIC}  ? [a]\n  : b\n", 4, "a key has to be text"),
    "an alias bomb": (f"{BOMB}{TOPIC}", 2, "aliases multiply them"),
    "an alias of what it stands in": (f"{TOPIC}    Properties: &a\n      Topic: *a\n", 4, "an alias stands inside"),
    "a thousand levels": (f"{NAMED}{'[' * 1_000}{']' * 1_000}\n", 5, "levels deep"),
    "a hundred thousand levels": (f"{NAMED}{'[' * 100_000}{']' * 100_000}\n", 0, ""),
    "a macro": (f"{NAMED}!Transform {{Name: Mine}}\n", 5, "Fn::Transform is a macro"),
    "a macro in the long form": (f"{NAMED}{{'Fn::Transform': {{Name: Mine}}}}\n", 5, "Fn::Transform is a macro"),
    "a loop": (f"{TOPIC}  Fn::ForEach::Topics: [Name, [a], {{}}]\n", 4, "Fn::ForEach::Topics is a macro"),
    "a transform": (f"{TOPIC}Transform: AWS::Serverless-2016-10-31\n", 4, "is expanded by AWS"),
    "a transform in a list": (
        f"{TOPIC}Transform:\n- AWS::LanguageExtensions\n- Mine\n",
        6,
        "Transform Mine is expanded",
    ),
    "a transform with parameters": (f"{TOPIC}Transform: {{Name: AWS::Include}}\n", 4, "Transform AWS::Include is"),
    "a loop, and what to run first": (f"{TOPIC}  Fn::ForEach::Topics: [Name, [a], {{}}]\n", 4, FIRST),
    "SAM in JSON with tabs, and what to run first": (
        '{\n\t"Transform": "AWS::Serverless-2016-10-31",\n\t"Resources": {"Api": {"Type": "AWS::Serverless::Api"}}\n}',
        2,
        FIRST,
    ),
    "a module": ("Resources:\n  Topic:\n    Type: My::SNS::Topic::MODULE\n", 3, "Topic is a module"),
    "too large": (f"{TOPIC}# {'x' * 1_000_000}\n", 0, "more than CloudFormation takes"),
    "not UTF-8": (TOPIC.encode() + b"# caf\xe9\n", 0, "is not UTF-8"),
    "UTF-16": (TOPIC.encode("utf-16"), 0, "is not UTF-8"),
    "a zip": (b"PK\x03\x04" + bytes(range(256)), 0, "is not UTF-8"),
}

#: Templates that CloudFormation rejects: place in the template, and message.
UNRENDERABLE = {
    "a map without the entry": (f"{NAMED}!FindInMap [Names, a, b]\n", "Resources.Topic", "there is no Names.a.b"),
    "a map without this region": (
        f"{NAMED}!FindInMap [Names, !Ref AWS::Region, topic]\nMappings: {{Names: {{nowhere: {{topic: a}}}}}}\n",
        "Resources.Topic",
        "there is no Names.us-east-1.topic",
    ),
    "a resource's condition that is not there": (
        f"{TOPIC}    Condition: IsProd\n",
        "Resources.Topic",
        "there is no condition IsProd",
    ),
    "a value's condition that is not there": (
        f"{NAMED}!If [IsProd, a, b]\n",
        "Resources.Topic",
        "there is no condition IsProd",
    ),
    "a condition that depends on itself": (
        f"{TOPIC}Conditions:\n  IsProd: !Not [!Condition IsProd]\n",
        "condition IsProd",
        "depends on itself",
    ),
    "conditions that depend on each other": (
        f"{TOPIC}Conditions:\n  IsProd: !Not [!Condition IsTest]\n  IsTest: !Not [!Condition IsProd]\n",
        "condition IsProd",
        "depends on itself",
    ),
    "a condition that is neither true nor false": (
        f"{TOPIC}Conditions: {{IsProd: perhaps}}\n",
        "IsProd",
        "neither true",
    ),
    "a pattern that nothing matches": (
        f"{PARAMETER}{{Type: String, AllowedPattern: 'a^b'}}\n",
        "parameter Name",
        "no value can be found",
    ),
    "a pattern and a length that contradict": (
        f"{PARAMETER}{{Type: String, AllowedPattern: 'x{{5}}', MinLength: 9}}\n",
        "parameter Name",
        "no value can be found",
    ),
    "a pattern that is none": (
        f"{PARAMETER}{{Type: String, AllowedPattern: '['}}\n",
        "parameter Name",
        "AllowedPattern [",
    ),
    "bounds the wrong way round": (
        f"{PARAMETER}{{Type: Number, MinValue: 5, MaxValue: 3}}\n",
        "parameter Name",
        "no value can be found",
    ),
    "rules that let nothing through": (
        f"{TOPIC}Rules: {{One: {{Assertions: [{{Assert: !Equals [a, b]}}]}}}}\n",
        "Rules",
        "no values can be found",
    ),
    "a rule that is none": (
        f"{TOPIC}Rules: {{One: {{Assertions: [{{Assert: !Contains [a, b]}}]}}}}\n",
        "Rules",
        "Fn::Contains takes a list",
    ),
    "a question to AWS outside of Rules": (f"{NAMED}!ValueOf [Name, VpcId]\n", "Resources.Topic", "it is for Rules"),
    "an If of one value": (f"{NAMED}!If [IsProd]\n", "Resources.Topic", "Fn::If"),
    "a value that is its own": (
        "Resources:\n  Own:\n    Type: AWS::SSM::Parameter\n    Properties: {Type: String, Value: !GetAtt Own.Value}\n",
        "Resources.Own",
        "depends on itself",
    ),
}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A template of this content, in the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(content):
        path = Path("template.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def stale(verdicts):
    """Verdicts of an earlier run."""
    verdicts.parent.mkdir(parents=True)
    verdicts.write_text('{"exit_code": 0}')
    return verdicts


# ------------------------------------------------------------------------------------------------- not a template ----


@pytest.mark.parametrize(("content", "line", "said"), UNREADABLE.values(), ids=list(UNREADABLE))
def test_what_is_not_a_template_is_reported_in_one_line_with_its_place(gate, written, stale, content, line, said):
    started = time.monotonic()
    complaint = gate(written(content)).line

    place = f"template.yaml:{line}: " if line else "template.yaml"
    assert complaint.startswith(f"gate: {place}")
    assert said in complaint
    assert len(complaint) < 300
    assert not stale.exists()
    assert time.monotonic() - started < 5


def test_a_file_that_is_missing_is_reported(gate, stale, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert gate("nothing/here.yaml").line == "gate: nothing/here.yaml: No such file or directory"
    assert not stale.exists()


def test_a_folder_is_reported(gate, stale, tmp_path):
    assert gate(tmp_path).line == f"gate: {tmp_path}: Is a directory"
    assert not stale.exists()


def test_a_file_that_may_not_be_read_is_reported(gate, written, stale, monkeypatch):
    """The tests may run as root, who can read everything, so the error is simulated."""

    def refused(_):
        raise PermissionError(13, "Permission denied")

    path = written(TOPIC)
    monkeypatch.setattr(Path, "read_bytes", refused)

    assert gate(path).line == "gate: template.yaml: Permission denied"
    assert not stale.exists()


def test_links_that_lead_to_each_other_are_reported(gate, stale, tmp_path):
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").symlink_to(tmp_path / "a.yaml")

    assert "a.yaml" in gate(tmp_path / "a.yaml").line
    assert not stale.exists()


def test_a_name_that_cannot_be_one_is_reported(gate, stale):
    assert "File name too long" in gate("x" * 5_000).line
    assert not stale.exists()


# --------------------------------------------------------------------------------------------- cannot be rendered ----


@pytest.mark.parametrize(("content", "place", "said"), UNRENDERABLE.values(), ids=list(UNRENDERABLE))
def test_what_cannot_be_rendered_is_reported_in_one_line_with_its_place(gate, written, stale, content, place, said):
    """A scenario that cannot be rendered has not been judged."""
    started = time.monotonic()
    complaint = gate(written(content), "--engine", "checks").line

    section = place.partition(".")[0].replace("parameter Name", "Parameters")
    line = {"Resources": 2, "Parameters": 5, "Rules": 4}.get(section)
    assert complaint.startswith(f"gate: template.yaml:{line}: " if line else "gate: template.yaml: ")
    assert place in complaint
    assert said in complaint
    assert not stale.exists()
    assert time.monotonic() - started < 5


# ------------------------------------------------------------------------------------------------------ a process ----


#: The command, with its verdicts at the path in the first argument.
PROCESS = """
import sys
from pathlib import Path
from harness.gate import command
command.VERDICTS = Path(sys.argv[1])
sys.exit(command.main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (UNREADABLE["an alias bomb"][0], [], "aliases multiply them"),
        (UNREADABLE["a macro"][0], [], "Fn::Transform"),
        (UNREADABLE["a transform"][0], [], "AWS::Serverless-2016-10-31"),
        (TOPIC, ["--frobnicate"], "unrecognized arguments: --frobnicate (try --help)"),
    ],
)
def test_the_process_ends_with_2_and_one_line(tmp_path, stale, content, arguments, said):
    """With every engine, as CI runs it."""
    (tmp_path / "template.yaml").write_text(content)
    ended = subprocess.run(
        [sys.executable, "-c", PROCESS, str(stale), "template.yaml", *arguments],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=patience.seconds(60),
    )  # fmt: skip

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("gate: ")
    assert ended.stderr.count("\n") == 1
    assert said in ended.stderr
    assert not stale.exists()


# -------------------------------------------------------------------------------------------------------- options ----


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "pdf"], "pdf"),
        (["--format"], "expected one argument"),
        (["--engine", "cfn_nag"], "cfn_nag"),
        (["--engine", ""], "invalid choice"),
        (["--output"], "expected one argument"),
        (["--rules-url", "rules/"], "--rules-url: rules/ is no http or https address"),
        (["--silence", "long"], "--silence: long is no number of seconds"),
        (["a.yaml", "b.yaml"], "b.yaml"),
        (["--waivers", "mine.yaml"], "--waivers"),
    ],
)
def test_a_bad_option_is_reported_in_one_line(gate, stale, arguments, said):
    """An earlier run's verdicts must not be taken for this run's."""
    complaint = gate(*arguments).line

    assert complaint.startswith("gate: ")
    assert complaint.endswith("(try --help)")
    assert said in complaint
    assert not stale.exists()


def test_while_it_judges_there_are_no_verdicts(gate, written, stale, monkeypatch):
    """A killed run leaves no verdicts either."""

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_report", interrupted)

    with pytest.raises(KeyboardInterrupt):
        gate(written(TOPIC))
    assert not stale.exists()


def test_verdicts_that_could_not_be_written_whole_do_not_stay(gate, written, stale, monkeypatch):
    def full(*_):
        stale.write_text('{"exit_code": 0')
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "_write", full)

    assert "No space left on device" in gate(written(TOPIC), "--engine", "checks").line
    assert not stale.exists()


def test_asking_for_help_deletes_nothing(gate, stale):
    assert gate("--help").code == 0
    assert stale.exists()


@pytest.mark.parametrize("output", [".", "", "template.yaml/report.txt"])
def test_an_output_that_cannot_be_written_is_said_before_anything_is_judged(gate, written, stale, monkeypatch, output):
    """Nobody has seen the findings, so the run must not count as clean."""
    monkeypatch.setattr(command, "_report", lambda _: pytest.fail("it judges"))

    assert "cannot be written: " in gate(written(TOPIC), "--output", output).line
    assert not stale.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.yaml", "--output", "report.sarif"], "nothing.yaml: No such file"),
        (["template.yaml", "--output", "report.sarif", "--frobnicate"], "--frobnicate"),
        (["template.yaml", "--output=report.sarif", "--format", "pdf"], "pdf"),
        (["template.yaml", "--output", "report.sarif", "--region", "Mars"], "Mars"),
    ],
)
def test_the_report_of_an_earlier_run_does_not_stay(gate, written, stale, arguments, said):
    written(TOPIC)
    report = Path("report.sarif")
    report.write_text("yesterday's")

    assert said in gate(*arguments).line
    assert not report.exists()
    assert not stale.exists()


@pytest.mark.parametrize("more", [[], ["--frobnicate"]])
@pytest.mark.parametrize("option", ["template", "parameters"])
def test_what_is_to_be_judged_is_never_overwritten_by_the_report(gate, written, option, more):
    path = written(TOPIC)
    values = Path("values.json")
    values.write_text("{}")
    same = {"template": path, "parameters": values}[option]

    assert gate(path, "--parameters", values, "--output", same, *more).line
    assert (path.read_text(), values.read_text()) == (TOPIC, "{}")


@pytest.mark.parametrize(("more", "said"), [([], "cannot be written: Permission denied"), (["--frob"], "--frob")])
@pytest.mark.parametrize("may_be_emptied", [True, False])
def test_a_folder_of_another_user_is_reported_and_what_lies_there_is_emptied_or_named(
    gate, written, stale, monkeypatch, may_be_emptied, more, said
):
    """The tests may run as root, whom no folder refuses, so the errors are simulated."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    monkeypatch.setattr(Path, "touch", refused)
    if not may_be_emptied:
        monkeypatch.setattr(command.os, "truncate", refused)
    complaint = gate(written(TOPIC), *more).line

    assert said in complaint
    assert complaint.endswith("verdicts.json is of an earlier run") != may_be_emptied
    assert bool(stale.read_text()) != may_be_emptied


#: Arguments: a folder to be read-only, the rest a command.
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


@pytest.mark.parametrize(("is_stale", "more"), [(True, []), (True, ["--frobnicate"]), (False, [])])
def test_a_read_only_checkout_is_reported_and_what_lies_there_is_named(tmp_path, verdicts, is_stale, more):
    """With a real one, since root may write everywhere else."""
    unshare = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a folder read-only")
    (tmp_path / "template.yaml").write_text(TOPIC)
    report = tmp_path / "report.sarif"
    report.write_text("yesterday's")
    verdicts.parent.mkdir(parents=True)
    if is_stale:
        verdicts.write_text('{"exit_code": 0}')
    command = [sys.executable, "-c", PROCESS, verdicts, tmp_path / "template.yaml", "--output", report, *more]
    ended = subprocess.run(
        [*unshare, "sh", "-c", READ_ONLY, "sh", verdicts.parent, *command],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=patience.seconds(60),
    )  # fmt: skip

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1), ended.stderr
    assert (more or ["cannot be written: Read-only file system"])[0] in ended.stderr
    assert ended.stderr.endswith("verdicts.json is of an earlier run\n") == is_stale
    assert not report.exists()


@pytest.mark.parametrize(("output", "said"), [(None, "is closed"), ("/dev/full", "cannot be written: No space left")])
def test_a_report_that_nobody_gets_is_not_taken_for_findings(gate, written, stale, monkeypatch, output, said):
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(Path(output).open("w")) if output else None
        monkeypatch.setattr(sys, "stdout", file)
        complaint = gate(written(TOPIC), "--engine", "checks").line

    assert complaint.startswith(f"gate: standard output {said}")
    assert not stale.exists()


@pytest.mark.parametrize(
    ("format_", "shown", "encoding"),
    [("text", r"caf\xe9.yaml:2", "ascii"), ("json", "café.yaml", "utf-8"), ("sarif", "caf%C3%A9.yaml", "utf-8")],
)
def test_a_locale_without_a_character_stops_no_report(gate, written, verdicts, monkeypatch, format_, shown, encoding):
    """What a terminal has not is escaped; JSON is UTF-8."""
    path = written(TOPIC).rename("café.yaml")
    printed = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", printed)

    assert gate(path, "--engine", "checks", "--format", format_).code == 1
    assert shown in printed.buffer.getvalue().decode(encoding)
    assert json.loads(verdicts.read_bytes())["template"] == "café.yaml"


def test_a_closed_standard_error_puts_no_word_of_it_into_the_report(gate, written, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(Progress, "EVERY", 0.0)

    assert gate(written(TOPIC), "--engine", "checks", "--format", "json").report["exit_code"] == 1
    assert gate("nothing.yaml").out == ""


def test_standard_output_by_its_name_is_no_file_to_remove(gate, written):
    """`--output /dev/stdout`, which may lead to somebody's log."""
    assert command._remove([Path("/dev/stdout"), Path("/dev/null")]) == []
    assert Path("/dev/stdout").exists()
    assert Path("/dev/null").exists()


def test_a_defect_of_the_gate_itself_is_not_mistaken_for_findings(gate, stale, monkeypatch):
    """Python's exit code 1 would mean that the template was judged. A bug shows its traceback."""

    def broken(_):
        raise RuntimeError("a defect")

    monkeypatch.setattr(command, "_report", broken)
    ended = gate()

    assert ended.code == 2
    assert "Traceback" in ended.err
    assert "RuntimeError: a defect" in ended.err
    assert not stale.exists()


# ----------------------------------------------------------------- references: findings, since they can be judged ----

QUEUE = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: {0}
  Other:
    Type: AWS::SQS::Queue
    {1}
"""


@pytest.mark.parametrize(
    ("name", "other", "rule", "line"),
    [
        ("!Ref Nothing", "UpdateReplacePolicy: Delete", "E1020", 5),
        ("!GetAtt Nothing.Arn", "UpdateReplacePolicy: Delete", "E1010", 5),
        ("!GetAtt Other.Nothing", "UpdateReplacePolicy: Delete", "E1010", 5),
        ("!Sub 'a-${Nothing}'", "UpdateReplacePolicy: Delete", "E1019", 5),
        ("!Sub 'a-${Nothing.Arn}'", "UpdateReplacePolicy: Delete", "E1019", 5),
        ("a", "DependsOn: Nothing", "E3005", 8),
        ("a", "DependsOn: [Queue, Nothing]", "E3005", 8),
    ],
)
def test_a_reference_to_nothing_is_a_finding_at_its_line(gate, written, name, other, rule, line):
    ended = gate(written(QUEUE.format(name, other)), "--engine", "cfn-lint", "--format", "json")

    assert ended.code == 1
    assert line in {finding["line"] for finding in ended.findings(rule)}, ended.report["findings"]


def test_resources_that_need_each_other_are_a_finding_at_both_lines(gate, written):
    text = QUEUE.format("!GetAtt Other.QueueName", "Properties:\n      QueueName: !GetAtt Queue.QueueName")
    ended = gate(written(text), "--engine", "cfn-lint", "--format", "json")

    assert ended.code == 1
    assert {(each["resource"], each["line"]) for each in ended.findings("E3004")} == {("Queue", 2), ("Other", 6)}


def test_dangling_and_circular_references_do_not_stop_the_other_engines(gate, written):
    """One mistake must not hide all others."""
    text = QUEUE.format("!Ref Nothing", "DependsOn: Other")
    ended = gate(written(text), "--engine", "cfn-guard", "--engine", "checks", "--format", "json")

    assert ended.code == 1
    assert ended.findings("queue_encrypts_with_a_customer_key")
    assert ended.findings("queue_refuses_plain_http")


# ------------------------------------------------------------------------------------------ what is odd, but fine ----


def test_json_and_a_byte_order_mark_are_read(gate, written):
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    for text in (json.dumps(template), json.dumps(template, indent="\t"), f"\ufeff{TOPIC}"):
        ended = gate(written(text), "--engine", "checks", "--format", "json")

        assert ended.code == 1
        assert ended.findings("topic_refuses_plain_http")
