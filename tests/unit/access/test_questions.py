"""`rules/questions.yaml`: all answers are as expected, each twin gets another one, and a broken policy changes some."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.access.question_file import DENIED, QUESTIONS, BadQuestion, Question, load
from harness.access.questions import NOT_EVALUATED, Answer, ask, ask_all
from harness.deploy.stack import TEMPLATE
from harness.render.rendering import Rendering
from harness.render.scenarios import Scenario, Scenarios
from harness.render.source import read as read_template

Json = dict[str, Any]
THROUGH = "Every service that must get through gets through"
POLICY = "PolicyDocument"


@pytest.fixture(scope="module")
def scenarios() -> Scenarios:
    return Scenarios(read_template(TEMPLATE).template)


@pytest.fixture(scope="module")
def answers(scenarios: Scenarios) -> list[Answer]:
    return ask_all(scenarios, load())


@pytest.fixture(scope="module")
def full(scenarios: Scenarios) -> Scenario:
    """Production with its own key, its trail, and a consumer account of an organization."""
    wanted = {"CreatesKey", "RecordsDataEvents", "HasDataConsumerOrganization"}
    return next(each for each in scenarios.all if all(each.rendering.conditions[name] for name in wanted)
                and each.values["Environment"] == "production")  # fmt: skip


def test_all_answers_are_as_expected(answers: list[Answer]):
    assert [str(each) for each in answers if not each.is_as_expected] == []


def test_each_twin_gets_another_answer_wherever_both_are_asked(answers: list[Answer]):
    given = {(each.question.place, each.scenario): each.given for each in answers}
    pairs = [(one, given.get((f"{place}: twin", scenario))) for (place, scenario), one in given.items()]

    assert all(one != other for one, other in pairs)


def test_there_are_enough_questions_and_each_says_what_decides(answers: list[Answer]):
    asked = {each.question.place: each.question for each in answers if not each.question.is_twin}

    assert len(asked) >= 60
    assert sum(each.expected == DENIED for each in asked.values()) >= 30
    assert {f"{place}: twin" for place in asked} == {e.question.place for e in answers if e.question.is_twin}
    by_statement = [each for each in answers if "PolicyDocument.Statement" in each.because]
    assert len(by_statement) > len(answers) / 3


def ids(answers: list[Answer]) -> set[str]:
    """The ids of the questions that are not answered as expected; a twin's is its question's."""
    return {each.question.place.split(": ")[2] for each in answers if not each.is_as_expected}


def broken(full: Scenario, change: Callable[[Json], Any], group: str = "") -> list[Answer]:
    template = copy.deepcopy(full.rendering._source)
    change(template["Resources"])
    scenario = Scenario(full.name, full.values, Rendering(template, full.values))
    questions = [each for each in load() if group in each.place]
    return list(ask(scenario, questions, template["Resources"]))


def statements(resources: Json, name: str) -> list[Any]:
    body = resources[name]["Properties"]
    document = body.get(POLICY) or body.get("KeyPolicy") or body["Policies"][0][POLICY]
    return document["Statement"]  # type: ignore[no-any-return]


def added(name: str, effect: str, action: str, resource: str = "*", **more: Any) -> Callable[[Json], None]:
    """A statement more; `who` is its Principal, `condition` its Condition."""
    principal = {"Principal": more["who"]} if "who" in more else {}
    body = {"Effect": effect, "Action": action, "Resource": {"Fn::Sub": resource}} | principal
    return lambda all_: statements(all_, name).append(body | {"Condition": more.get("condition", {})})


def without(name: str, sid: str, *path: str) -> Callable[[Json], None]:
    """A statement less, or what is at a path in it."""

    def change(resources: Json) -> None:
        found = statements(resources, name)
        found = [each["Fn::If"][1] if "Fn::If" in each else each for each in found]
        body = next(each for each in found if each["Sid"] == sid)
        if not path:
            body.update({"Action": "sqs:NoSuchAction"})
        for step in path[:-1]:
            body = body[step]
        body.pop(path[-1] if path else "", None)

    return change


def widened(name: str, sid: str, resource: str) -> Callable[[Json], None]:
    def change(resources: Json) -> None:
        found = [each["Fn::If"][1] if "Fn::If" in each else each for each in statements(resources, name)]
        next(each for each in found if each["Sid"] == sid)["Resource"] = {"Fn::Sub": resource}

    return change


ANYBODY_LIKE = "arn:aws:iam::*:role/partner-*"
BREAKS: list[tuple[str, Callable[[Json], Any], set[str]]] = [
    ("a deny mutes alarms", added("PipelineAlertTopicPolicy", "Deny", "sns:Publish", "${PipelineAlertTopic}",
     who={"Service": "cloudwatch.amazonaws.com"}), {"alarms-reach-people"}),
    ("a deny with NotPrincipal mutes alarms", lambda all_: statements(all_, "PipelineAlertTopicPolicy").append(
        {"Effect": "Deny", "NotPrincipal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish",
         "Resource": {"Ref": "PipelineAlertTopic"}}), {"alarms-reach-people"}),
    ("a deny on the key", added("DataEncryptionKey", "Deny", "kms:GenerateDataKey*", who="*"),
     {"alarms-reach-people", "quality-alarms-reach-people", "raw-objects-are-announced", "logs-are-encrypted",
      "failed-batches-are-kept", "evidence-is-delivered"}),
    ("a role deletes versions", added("GlueJobRole", "Allow", "s3:DeleteObjectVersion"), {"role-deletes-archived-object"}),
    ("a role deletes versions by what is left out", lambda all_: statements(all_, "GlueJobRole").append(
        {"Effect": "Allow", "NotAction": "iam:*", "NotResource": {"Fn::GetAtt": ["RawDataBucket", "Arn"]}}),
     {"role-deletes-archived-object", "role-stops-the-trail", "role-edits-code", "role-reaches-another-account"}),
    ("a role passes a role to Glue", added("GlueCrawlerRole", "Allow", "iam:PassRole", "${GlueJobRole.Arn}",
     condition={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}), {"role-passes-a-role"}),
    ("a role passes any role", added("KinesisConsumerRole", "Allow", "iam:Pass*"), {"role-passes-a-role"}),
    ("a role assumes roles elsewhere", added("DataValidationRole", "Allow", "sts:AssumeRole"), {"role-assumes-a-role"}),
    ("a role edits the key", added("GlueJobRole", "Allow", "kms:*"), {"role-edits-the-key"}),
    ("a role replaces the script", added("GlueCrawlerRole", "Allow", "s3:Put*", "arn:${AWS::Partition}:s3:::${ArtifactBucketName}/*"),
     {"role-replaces-the-script"}),
    ("a role edits code", added("KinesisConsumerRole", "Allow", "lambda:Update*"), {"role-edits-code"}),
    ("a role stops the trail", added("GlueJobRole", "Allow", "cloudtrail:StopLogging", "${DataEventTrail.Arn}"), {"role-stops-the-trail"}),
    ("any account's alarm publishes", without("PipelineAlertTopicPolicy", "LetAlarmsPublish", "Condition"), {"foreign-alarm-publishes"}),
    ("any bucket notifies", without("ValidationQueuePolicy", "LetRawBucketNotify", "Condition", "ArnEquals"),
     {"other-bucket-notifies-validation"}),
    ("any account's bucket uses the key", without("DataEncryptionKey", "LetS3NotifyQueues", "Condition"), {"foreign-bucket-uses-the-key"}),
    ("versions of the record can go", without("RawDataBucketPolicy", "DenyDeletingVersions"), {"administrator-deletes-raw-version"}),
    ("plain HTTP", without("ProcessedDataBucketPolicy", "DenyPlainHttp"), {"consumer-account-reads-over-http"}),
    ("readers see all", widened("ProcessedDataBucketPolicy", "LetDataConsumerReadParquet", "${ProcessedDataBucket.Arn}/*"),
     {"consumer-account-reads-elsewhere"}),
    ("readers list all", without("ProcessedDataBucketPolicy", "LetDataConsumerListParquet", "Condition", "StringLike"),
     {"consumer-account-lists-elsewhere"}),
    ("readers write", added("ProcessedDataBucketPolicy", "Allow", "s3:Put*", "${ProcessedDataBucket.Arn}/parquet/*",
     who={"AWS": {"Ref": "DataConsumerAccountId"}}), {"consumer-account-writes-parquet"}),
    ("some accounts may delete", added("ArchivedDataBucketPolicy", "Allow", "s3:Delete*", "${ArchivedDataBucket.Arn}/*", who="*",
     condition={"ArnLike": {"aws:PrincipalArn": ANYBODY_LIKE}}), {"other-account-deletes-archived-object"}),
    ("some services may delete", added("ArchivedDataBucketPolicy", "Allow", "s3:Delete*", "${ArchivedDataBucket.Arn}/*", who="*",
     condition={"StringLike": {"aws:PrincipalServiceName": "back?p.*"}}), {"service-deletes-archived-object"}),
    ("some requests may delete", added("ArchivedDataBucketPolicy", "Allow", "s3:Delete*", "${ArchivedDataBucket.Arn}/old/*", who="*",
     condition={"StringEquals": {"aws:PrincipalTag/team": "a"}, "NumericLessThan": {"s3:signatureAge": "100"}}),
     {"other-account-deletes-archived-object", "service-deletes-archived-object"}),
    ("another account takes a role", lambda all_: all_["GlueJobRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}), {"outsider-assumes-a-role"}),
    ("another account invokes", lambda all_: all_.update(Permission={"Type": "AWS::Lambda::Permission", "Properties": {
        "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "DataValidationFunction"}, "Principal": "444455556666"}}),
     {"outsider-invokes-a-function"}),
    ("the endpoint is open", widened("S3VPCEndpoint", "ThisPipelineOnly", "*"), {"data-leaves-through-the-endpoint"}),
    ("the lock can be bypassed", lambda all_: all_["ArchivedDataBucket"]["Properties"]["ObjectLockConfiguration"]["Rule"]
     ["DefaultRetention"].update(Mode="GOVERNANCE"), {"administrator-deletes-archived-version"}),
    ("there are no versions", lambda all_: all_["RawDataBucket"]["Properties"].pop("VersioningConfiguration"), {"administrator-hides-raw-object"}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "changed"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS])
def test_a_break_changes_an_answer(full: Scenario, change: Callable[[Json], Any], changed: set[str]):
    assert changed <= ids(broken(full, change))


def test_a_deny_on_any_policy_that_a_service_needs_cuts_it_off(full: Scenario):
    resources = full.rendering._source["Resources"]
    kinds = ("Bucket", "Queue", "Topic")
    policies = [name for name, each in resources.items() if each["Type"].split("::")[-1] in {f"{k}Policy" for k in kinds}]
    unnoticed = []
    for name in [*policies, "DataEncryptionKey"]:
        for body in [each for each in statements(resources, name) if "Fn::If" not in each]:
            deny = {key: value for key, value in body.items() if key in ("Principal", "Action", "Resource")}
            if body["Effect"] == "Deny":
                deny |= {"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": True}}}
            if "AWS" in deny["Principal"]:
                continue
            found = broken(full, lambda all_, name=name, deny=deny: statements(all_, name).append({"Effect": "Deny"} | deny), THROUGH)  # type: ignore[misc]
            unnoticed += [] if ids(found) else [f"{name} {body['Sid']}"]

    assert unnoticed == []
