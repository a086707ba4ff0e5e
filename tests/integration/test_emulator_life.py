"""The emulator process: it starts, responds, stops, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness import patience
from harness.emulator.errors import EmulatorError
from harness.emulator.process import Emulator
from tests.integration.stacks import ROOT, deploy_template
from tests.waiting import until


def test_it_speaks_tls_as_a_bound_administrator_to_the_real_cli(emulator: Emulator) -> None:
    """Deployments use the AWS CLI, so its environment alone must lead it to this emulator."""
    command = [str(Path(sys.executable).with_name("aws")), "sts", "get-caller-identity", "--output", "json"]
    printed = subprocess.run(command, env=emulator.environment(), capture_output=True, text=True, check=True).stdout

    assert json.loads(printed)["Arn"] == f"arn:aws:iam::{emulator.account_id}:user/deployer"
    assert emulator.endpoint_url.startswith("https://")


def test_only_loopback_is_listened_on(emulator: Emulator) -> None:
    with socket.socket() as probe:
        # Any address of the loopback net but the one it is bound to.
        assert probe.connect_ex(("127.0.0.2", emulator.port)) != 0


def test_two_run_side_by_side_and_a_stopped_one_leaves_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """Tests run in parallel; MiniStack alone would use port 443 in both."""
    log = tmp_path / "emulator.log"
    with Emulator(log_file=log) as other:
        folder = other.ca_bundle.parent.parent
        other.client("s3").create_bucket(Bucket="only-there")
        assert other.port != emulator.port
        assert "only-there" not in [b["Name"] for b in emulator.client("s3").list_buckets()["Buckets"]]

    assert not folder.exists()
    listening = [line for text in (emulator.log_tail(10_000_000), log.read_text()) for line in text.splitlines()]
    assert any(f"Running on {emulator.endpoint_url} " in line for line in listening)
    assert not any("127.0.0.1:443 " in line for line in listening)


def test_a_port_in_use_is_told_in_one_line(emulator: Emulator) -> None:
    with pytest.raises(EmulatorError, match=rf"\Aport {emulator.port} is already in use\Z"):
        Emulator(port=emulator.port).start()


def test_a_chosen_port_is_used() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Emulator(port=port) as chosen:
        assert chosen.endpoint_url == f"https://127.0.0.1:{port}"


def test_one_that_cannot_start_says_why() -> None:
    """The cause is in its log, which is deleted with it, so the error must contain it."""
    broken = Emulator(settings={"GATEWAY_PORT": "not-a-port"})

    with pytest.raises(EmulatorError, match=r"(?s)ended while starting.*not-a-port"):
        broken.start()


def test_one_that_is_not_ready_in_time_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(EmulatorError, match=f"not ready after {patience.seconds(0.01):g} s"):
        Emulator(start_timeout=0.01).start()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_waiting_is_cleaned_up_by_the_one_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After Ctrl-C a test run still finalizes its fixtures; a half-started emulator must not keep running."""

    def interrupted(*_arguments: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("harness.emulator.process._answers", interrupted)
    emulator = Emulator()
    with pytest.raises(KeyboardInterrupt):
        emulator.start()

    assert list(tmp_path.iterdir()) == []


OWNER = """
import signal, sys, time
# A job started in the background of a script ignores interrupts, and so does all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
from harness.emulator.process import Emulator
print("starting", flush=True)
with Emulator() as emulator:
    print(emulator.ca_bundle.parent.parent, emulator.port, flush=True)
    time.sleep(600)
"""


def owner(tmp_path: Path, program: str = OWNER) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_killed_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    """CI kills a job that takes too long with SIGKILL, and the machine runs the next one."""
    with owner(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        folder, port = process.stdout.readline().split()
        assert Path(folder).exists()
        process.kill()

    until(lambda: not listens(int(port)) and list(tmp_path.iterdir()) == [])


@pytest.mark.parametrize("delay", [0.05, 0.4])
def test_an_interrupt_while_starting_leaves_nothing_behind(tmp_path: Path, delay: float) -> None:
    """Users often press Ctrl-C in the first second, after noticing a mistake."""
    with owner(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.wait(patience.seconds(20))

    until(lambda: list(tmp_path.iterdir()) == [])


def test_one_that_is_left_running_ends_at_a_signal(tmp_path: Path) -> None:
    """KEEP=1: the user inspects the resources, and then has one process id to kill."""
    program = (
        "from harness.emulator.process import Emulator\n"
        "emulator = Emulator()\n"
        "emulator.start()\n"
        "print(emulator.port, emulator.detach())\n"
    )
    with owner(tmp_path, program) as process:
        assert process.stdout is not None
        port, pid = map(int, process.stdout.readline().split())
        assert process.wait(patience.seconds(20)) == 0
    assert listens(port)
    os.kill(pid, signal.SIGTERM)

    until(lambda: not listens(port) and list(tmp_path.iterdir()) == [])


def test_clients_may_be_used_by_several_threads(emulator: Emulator) -> None:
    """The producer puts records from more than one thread."""
    client = emulator.client("sts")
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(client.get_caller_identity()["Arn"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 8


#: Where a deployment of the template leaves something: the call, the list in its answer, and an entry's name.
LISTS = (
    ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("glue", "get_databases", "DatabaseList", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_users", "Users", "UserName"),
    ("kinesis", "list_streams", "StreamNames", None),
    ("kms", "list_keys", "Keys", "KeyId"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", None),
)


def kept(emulator: Emulator) -> dict[tuple[str, str], list[str]]:
    """The names of all that is there, by service and call."""
    found = {}
    for service, operation, key, name in LISTS:
        entries = getattr(emulator.client(service), operation)().get(key, [])
        found[service, operation] = sorted(entry if name is None else entry[name] for entry in entries)
    return found


def test_a_reset_leaves_nothing_of_a_deployment(emulator: Emulator) -> None:
    """Tests share a process, so that nothing of one may help or hinder another."""
    emulator.reset()
    new = kept(emulator)
    deploy_template(emulator)
    deployed, earlier = kept(emulator), emulator.client("s3")
    emulator.reset()

    # By then there was something everywhere but a user.
    assert {place for place in new if new[place] == deployed[place]} == {("iam", "list_users")}
    assert kept(emulator) == new
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        earlier.list_buckets()


def test_a_service_that_keeps_its_state_fails_the_reset(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """MiniStack only logs that."""
    with monkeypatch.context() as patch:
        patch.setattr(emulator, "log_tail", lambda: "WARNING reset() failed for s3: no")
        with pytest.raises(EmulatorError, match=r"(?s)could not be reset.*s3"):
            emulator.reset()
    # It has lost its deployer.
    emulator.reset()
