"""`rules/questions.yaml`: all answers are as expected, each twin gets another one, and a broken policy changes some."""

import copy
from collections.abc import Callable, Container, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.access.askers import Known
from harness.access.question_file import DENIED, BadQuestion, Question, load
from harness.access.questions import NOT_EVALUATED, Answer, ask, ask_all
from harness.deploy.stack import TEMPLATE
from harness.render.scenarios import Scenario, Scenarios
from harness.render.source import read as read_template

Json = dict[str, Any]
Change = Callable[[Json], Any]
THROUGH = "Every service that must get through gets through"
PERMISSION = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "DataValidationFunction"},
        "Principal": "444455556666",
    },
}


#: What is worked out for the template as it is must not answer for a broken one.
KNOWN = Known()


@pytest.fixture(scope="module")
def scenarios() -> Scenarios:
    return Scenarios(read_template(TEMPLATE).template)


@pytest.fixture(scope="module")
def answers(scenarios: Scenarios) -> list[Answer]:
    return ask_all(scenarios, _questions())


@pytest.fixture(scope="module")
def full(scenarios: Scenarios) -> Scenario:
    """Production with its own key, its trail, and a consumer account of an organization."""
    wanted = {"CreatesKey", "RecordsDataEvents", "HasDataConsumerOrganization"}
    production = [each for each in scenarios.all if each.values["Environment"] == "production"]
    found = next(each for each in production if all(each.rendering.conditions[name] for name in wanted))
    rendering = found.rendering.caching()
    assert rendering.template  # from now on, all but what is changed is known
    full = Scenario(found.name, found.values, rendering)
    assert all(each.is_as_expected for each in ask(full, _questions(), scenarios.template["Resources"], KNOWN))
    return full


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


@cache
def _questions() -> list[Question]:
    return load()


def id_of(question: Question) -> str:
    """A question's id; a twin's is its question's."""
    return question.place.split(": ")[2]


def broken(full: Scenario, name: str, change: Change, asked: Container[str] = (), group: str = "") -> list[Answer]:
    """Answers to questions of these ids, or of a group, where a resource's properties are changed."""
    template = full.rendering._source
    body = copy.deepcopy(template["Resources"].get(name, PERMISSION))
    change(body["Properties"])
    resources = {**template["Resources"], name: body}
    rendering = full.rendering.changed({**template, "Resources": resources}, name)
    questions = [each for each in _questions() if (group and group in each.place) or id_of(each) in asked]
    return list(ask(Scenario(full.name, full.values, rendering), questions, resources, KNOWN))


def statements(properties: Json) -> list[Json]:
    """Its policy's statements, each as it is where its condition holds."""
    document = properties.get("PolicyDocument") or properties.get("KeyPolicy")
    found: list[Json] = (document or properties["Policies"][0]["PolicyDocument"])["Statement"]
    found[:] = [each["Fn::If"][1] if "Fn::If" in each else each for each in found]
    return found


def add(effect: str, action: str, resource: str = "*", **more: Any) -> Change:
    """A statement more."""
    body = {"Effect": effect, "Action": action, "Resource": {"Fn::Sub": resource}} | more
    return lambda properties: statements(properties).append(body)


def change_statement(sid: str, **changed: Any) -> Change:
    return lambda properties: next(each for each in statements(properties) if each["Sid"] == sid).update(changed)


def remove(sid: str) -> Change:
    def change(properties: Json) -> None:
        found = statements(properties)
        found[:] = [each for each in found if each["Sid"] != sid]

    return change


def trust(properties: Json) -> None:
    principal = {"AWS": "444455556666"}
    properties["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    )


def bypass(properties: Json) -> None:
    properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"] = "GOVERNANCE"


ALARMS, EVENTS = ({"Service": f"{each}.amazonaws.com"} for each in ("cloudwatch", "events"))
READERS = {"AWS": {"Ref": "DataConsumerAccountId"}}
TOPIC, ARCHIVE = "PipelineAlertTopicPolicy", "ArchivedDataBucketPolicy"
ARCHIVED, PARQUET = "${ArchivedDataBucket.Arn}/*", "${ProcessedDataBucket.Arn}/parquet/*"
SCRIPTS = "arn:${AWS::Partition}:s3:::${ArtifactBucketName}/*"
BY_OTHERS, BY_SERVICES = "other-account-deletes-archived-object", "service-deletes-archived-object"
TO_GLUE = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
PARTNERS = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/partner-*"}}
BACKUPS = {"StringLike": {"aws:PrincipalServiceName": "back?p.*"}}
TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "a"}, "NumericLessThan": {"s3:signatureAge": "100"}}
BUT_RAW = {"NotAction": "iam:*", "NotResource": {"Fn::GetAtt": ["RawDataBucket", "Arn"]}}
#: A deny, or a right too many: the resource, how it is changed, and the questions that then get another answer.
BREAKS: dict[str, tuple[str, Change, set[str]]] = {
    "alarms are muted": (TOPIC, add("Deny", "sns:Publish", "${PipelineAlertTopic}", Principal=ALARMS),
        {"alarms-reach-people"}),
    "all but events are muted": (TOPIC, add("Deny", "sns:Publish", "${PipelineAlertTopic}", NotPrincipal=EVENTS),
        {"alarms-reach-people"}),
    "the key is denied": ("DataEncryptionKey", add("Deny", "kms:GenerateDataKey*", Principal="*"),
        {"alarms-reach-people", "quality-alarms-reach-people", "raw-objects-are-announced", "logs-are-encrypted",
         "evidence-is-delivered"}),
    "the key of failed batches is denied": ("FailedBatchesKey", add("Deny", "kms:*", Principal="*"),
        {"failed-batches-are-kept", "failed-batches-are-archived"}),
    "a role deletes versions": ("GlueJobRole", add("Allow", "s3:DeleteObjectVersion"),
        {"role-deletes-archived-object"}),
    "a role may do whatever is not named": ("GlueJobRole", lambda properties: statements(properties).append(
        {"Effect": "Allow"} | BUT_RAW), {"role-deletes-archived-object", "role-stops-the-trail", "role-edits-code",
         "role-reaches-another-account"}),
    "a role passes a role": ("GlueCrawlerRole", add("Allow", "iam:PassRole", "${GlueJobRole.Arn}", Condition=TO_GLUE),
        {"role-passes-a-role"}),
    "a role passes any role": ("KinesisConsumerRole", add("Allow", "iam:Pass*"), {"role-passes-a-role"}),
    "a role assumes others": ("DataValidationRole", add("Allow", "sts:AssumeRole"), {"role-assumes-a-role"}),
    "a role edits the key": ("GlueJobRole", add("Allow", "kms:*"), {"role-edits-the-key"}),
    "a role replaces the script": ("GlueCrawlerRole", add("Allow", "s3:Put*", SCRIPTS), {"role-replaces-the-script"}),
    "a role edits code": ("KinesisConsumerRole", add("Allow", "lambda:Update*"), {"role-edits-code"}),
    "a role stops the trail": ("GlueJobRole", add("Allow", "cloudtrail:StopLogging", "${DataEventTrail.Arn}"),
        {"role-stops-the-trail"}),
    "any account's alarms": (TOPIC, change_statement("LetAlarmsPublish", Condition={}), {"foreign-alarm-publishes"}),
    "any bucket notifies": ("ValidationQueuePolicy", change_statement("LetRawBucketNotify", Condition={}),
        {"foreign-bucket-notifies-validation", "other-bucket-notifies-validation"}),
    "any bucket uses the key": ("DataEncryptionKey", change_statement("LetS3NotifyQueues", Condition={}),
        {"foreign-bucket-uses-the-key", "foreign-service-uses-the-key"}),
    "raw versions can go": ("RawDataBucketPolicy", remove("DenyDeletingVersions"),
        {"administrator-deletes-raw-version"}),
    "but for some administrators": ("RawDataBucketPolicy", change_statement("DenyDeletingVersions", Condition={
        "ArnNotLike": PARTNERS["ArnLike"]}), {"administrator-deletes-raw-version"}),
    "plain HTTP": ("ProcessedDataBucketPolicy", remove("DenyPlainHttp"), {"consumer-account-reads-over-http"}),
    "readers read all": ("ProcessedDataBucketPolicy", change_statement("LetDataConsumerReadParquet", Resource={
        "Fn::Sub": "${ProcessedDataBucket.Arn}/*"}), {"consumer-account-reads-elsewhere"}),
    "readers list all": ("ProcessedDataBucketPolicy", change_statement("LetDataConsumerListParquet", Condition={}),
        {"consumer-account-lists-elsewhere", "consumer-account-lists-the-whole-bucket"}),
    "readers write": ("ProcessedDataBucketPolicy", add("Allow", "s3:Put*", PARQUET, Principal=READERS),
        {"consumer-account-writes-parquet"}),
    "some accounts delete": (ARCHIVE, add("Allow", "s3:Delete*", ARCHIVED, Principal="*", Condition=PARTNERS),
        {BY_OTHERS}),
    "some services delete": (ARCHIVE, add("Allow", "s3:Delete*", ARCHIVED, Principal="*", Condition=BACKUPS),
        {BY_SERVICES}),
    "some requests delete": (ARCHIVE, add("Allow", "s3:Delete*", ARCHIVED, Principal="*", Condition=TAGGED),
        {BY_OTHERS, BY_SERVICES}),
    "another account takes a role": ("GlueJobRole", trust, {"outsider-assumes-a-role"}),
    "another account invokes": ("Permission", lambda properties: None, {"outsider-invokes-a-function"}),
    "the endpoint leads anywhere": ("S3VPCEndpoint", change_statement("ThisPipelineOnly", Resource="*"),
        {"data-leaves-through-the-endpoint"}),
    "the lock can be bypassed": ("ArchivedDataBucket", bypass, {"administrator-deletes-archived-version"}),
    "there are no versions": ("RawDataBucket", lambda properties: properties.pop("VersioningConfiguration"),
        {"administrator-hides-raw-object"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_changes_an_answer(full: Scenario, name: str):
    resource, change, changed = BREAKS[name]

    found = broken(full, resource, change, changed)

    assert {id_of(each.question) for each in found if not each.is_as_expected} == changed


#: Denying these cuts off no service: none deletes, and replication writes with s3:ReplicateObject, not s3:PutObject.
OF_NO_SERVICE = {
    "ArchivedDataBucketPolicy DenyAwsManagedKey",
    "ArchivedDataBucketPolicy DenyOtherEncryption",
    "ArchivedDataBucketPolicy DenyOtherKeys",
    "DataEventBucketPolicy DenyDeleting",
    "FailedBatchesBucketPolicy DenyDeletingVersions",
    "RawDataBucketPolicy DenyDeletingVersions",
}


def denials(template: Json) -> Iterator[tuple[str, str, Json]]:
    """For each statement of a resource's policy the Deny of what it is about: to its service, or to everybody."""
    policies = ("AWS::KMS::Key", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
    for name, resource in template["Resources"].items():
        for body in statements(copy.deepcopy(resource["Properties"])) if resource["Type"] in policies else ():
            if "AWS" not in body["Principal"]:
                yield name, body["Sid"], {key: body[key] for key in ("Principal", "Action", "Resource")}


def test_a_deny_of_what_a_policy_is_about_cuts_a_service_off(full: Scenario):
    noticed = {}
    for name, sid, about in denials(full.rendering._source):
        answers = broken(full, name, add("Deny", "", **about), group=THROUGH)
        noticed[f"{name} {sid}"] = any(not each.is_as_expected for each in answers)

    assert {name for name, is_noticed in noticed.items() if not is_noticed} == OF_NO_SERVICE
    assert len(noticed) > 2 * len(OF_NO_SERVICE)


def test_what_cannot_be_evaluated_is_no_answer(full: Scenario):
    managed = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}

    found = broken(full, "GlueJobRole", lambda properties: properties.update(managed), group="No role")

    assert {each.given for each in found} == {NOT_EVALUATED}
    assert "GlueJobRole.Properties.ManagedPolicyArns" in found[0].because


GOOD: Json = {
    "id": "one", "ask": "Can it?", "who": "GlueJobRole", "action": "s3:PutObject",
    "resource": "${ProcessedDataBucket.Arn}/validated/a", "expected": "denied", "reason": "It reads.",
    "twin": {"ask": "Parquet?", "resource": "${ProcessedDataBucket.Arn}/parquet/a"},
}  # fmt: skip


def written(tmp_path: Path, **changed: Any) -> list[Question]:
    path = tmp_path / "questions.yaml"
    path.write_text(yaml.safe_dump({"Group": [GOOD | changed]}))
    return load(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"whom": "x"}, "one: whom is not one of who, action"),
        ({"twin": {"whom": "x"}}, "one: twin: whom is not one of who, action"),
        ({"reason": ""}, "one: reason is missing"),
        ({"expected": "maybe"}, "one: expected: maybe is not one of denied, allowed"),
        ({"expected": "held by versioning"}, "one: twin: expected: say another answer than the question's"),
        ({"twin": GOOD["twin"] | {"expected": "denied"}}, "one: twin: expected: say another answer"),
        ({"twin": {"ask": "Again?"}}, "one: twin: it differs in one fact, not in none"),
        ({"twin": {"who": "administrator", "via": "S3VPCEndpoint"}}, "differs in one fact, not in via, who"),
        ({"twin": GOOD["twin"] | {"when": {"CreatesKey": True}}}, "differs in one fact, not in CreatesKey, resource"),
        ({"but": {"resource": "*/parquet/*"}}, "not in resource and it is left out"),
        ({"context": {"aws:PrincipalArn": "x"}}, "one: context: aws:PrincipalArn follows from who asks"),
        ({"context": {"aws:PrincipalTag/x": {"a": "b"}}}, "one: context: aws:PrincipalTag/x: {'a': 'b'} is no text"),
        ({"action": "s3:*", "expected": "allowed"}, "one: only a denial has patterns"),
        ({"through": {"action": "kms:Decrypt"}}, "one: through 1: resource is missing"),
    ],
)  # fmt: skip
def test_another_form_is_refused_with_its_place(tmp_path: Path, changed: Json, message: str):
    with pytest.raises(BadQuestion) as caught:
        written(tmp_path, **changed)

    assert message in str(caught.value)
    assert "Group: one" in str(caught.value)


def test_two_questions_of_one_name_are_refused(tmp_path: Path):
    path = tmp_path / "questions.yaml"
    path.write_text(yaml.safe_dump({"A": [GOOD], "B": [GOOD]}))

    with pytest.raises(BadQuestion, match="B: one: two questions are called this"):
        load(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"who": ["GlueJobRole", "GlueJob"]}, "who: GlueJob is no role of the template"),
        ({"who": ["GlueJobRole", "MarketDataStream"]}, "who: MarketDataStream is no role of the template"),
        ({"context": {"aws:SourceArn": "${NoBucket.Arn}"}}, "the template has no NoBucket.Arn"),
        ({"but": {"resource": "${RawDataBucket.Name}"}}, "the template has no RawDataBucket.Name"),
        ({"via": "S3Endpoint"}, "via: S3Endpoint is no VPC endpoint"),
        ({"when": {"HasKey": True}}, "when: the template has no condition or parameter HasKey"),
        ({"when": {"ArchiveLockMode": "NONE"}}, "when: it applies in no scenario"),
    ],
)
def test_a_name_that_the_template_does_not_have_is_refused(
    tmp_path: Path, scenarios: Scenarios, changed: Json, message: str
):
    with pytest.raises(BadQuestion, match=f"Group: one: {message}"):
        ask_all(scenarios, written(tmp_path, **changed))


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"resource": ["${SNSVPCEndpoint}", GOOD["resource"]]}, "SNSVPCEndpoint: the scenario does not create it"),
        ({"who": ["GlueJobRole", "consumer account"]}, "the scenario has no consumer account"),
        ({"via": "SNSVPCEndpoint"}, "SNSVPCEndpoint: the scenario has no such VPC endpoint"),
        ({"but": {"who": "GlueJobRole"}, "twin": {"who": "GlueJobRole"}}, "nothing is asked: all of it is left out"),
    ],
)
def test_a_question_about_what_is_not_there_is_not_answered(
    tmp_path: Path, scenarios: Scenarios, changed: Json, because: str
):
    default = scenarios.all[0]

    found = next(ask(default, written(tmp_path, **changed), scenarios.template["Resources"]))

    assert (found.given, found.is_as_expected) == (NOT_EVALUATED, False)
    assert because in found.because
