"""User errors and exhausted resources: one line that says where to look, and nothing is left behind."""

import gzip
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import patience
from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
from harness.emulator.process import Emulator
from harness.pipeline import run
from tests.integration.aws_cli import aws_cli
from tests.integration.commands import PROGRAM, Call, Command, assert_nothing_is_left, assert_told_in_one_line

pytestmark = pytest.mark.stack

TRADE = '{"symbol":"A","price":1.5,"volume":1,"timestamp":"2024-01-02T03:04:05Z","exchange":"XNYS","trade_id":"%d"}\n'


def ended(command: Command) -> int:
    """The exit code, after checking that nothing is left."""
    code = command.process.wait(patience.seconds(180))
    assert_nothing_is_left(command)
    return code


# ------------------------------------------------------------------------------------------------------- options ----


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        pytest.param(["--nonsense"], {}, ["--nonsense"], id="unknown-option"),
        pytest.param([], {"PORT": "http"}, ["PORT", "'http'"], id="port-no-number"),
        pytest.param([], {"PORT": "65536"}, ["PORT", "65535", "'65536'"], id="port-out-of-range"),
        pytest.param(["--parameters", "none.json"], {}, ["none.json: no such file"], id="no-parameters"),
    ],
)
def test_a_bad_option(tmp_path: Path, arguments: list[str], variables: dict[str, str], words: list[str]) -> None:
    kind = Command if variables == {} else Call
    with kind(tmp_path, *arguments, **variables) as command:
        assert ended(command) == 2
        assert_told_in_one_line(command, *words)


def test_help_is_no_run(tmp_path: Path) -> None:
    with Command(tmp_path, "--help") as command:
        assert ended(command) == 0
        assert "usage: pipeline" in command.printed
        assert not command.results.exists()


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Command(tmp_path, PORT=str(port)) as command:
            assert ended(command) == 1
            assert_told_in_one_line(command, f"port {port} is already in use")


# ------------------------------------------------------------------------------------------------------- the feed ----


def a_missing_file(folder: Path) -> str:
    return str(folder / "nothing.gz")


def a_dangling_link(folder: Path) -> str:
    (folder / "link.gz").symlink_to(folder / "gone.gz")
    return str(folder / "link.gz")


def a_folder_without_captures(folder: Path) -> str:
    (folder / "captures").mkdir()
    (folder / "captures" / "notes.md").touch()
    return str(folder / "captures")


def a_folder_of_folders(folder: Path) -> str:
    (folder / "captures" / "day.gz").mkdir(parents=True)
    return str(folder / "captures")


def a_file_that_cannot_be_read(_: Path) -> str:
    # Tests may run as root, whom no mode keeps out. A process's memory starts with a hole.
    return "/proc/self/mem"


def a_gzip_cut_short(folder: Path) -> str:
    whole = gzip.compress(TRADE.encode(), mtime=0)
    (folder / "short.gz").write_bytes(whole[: len(whole) // 2])
    return str(folder / "short.gz")


def a_gzip_with_a_wrong_byte(folder: Path) -> str:
    whole = bytearray(gzip.compress(TRADE.encode(), mtime=0))
    whole[10] ^= 0xFF
    (folder / "damaged.gz").write_bytes(whole)
    return str(folder / "damaged.gz")


@pytest.mark.parametrize(
    ("made_by", "words"),
    [
        (a_missing_file, ["nothing.gz: no such file"]),
        (a_dangling_link, ["link.gz: no such file"]),
        (a_folder_without_captures, ["captures: no *.gz file"]),
        (a_folder_of_folders, ["captures: no *.gz file"]),
        (a_file_that_cannot_be_read, ["/proc/self/mem: cannot be read: Input/output error"]),
        (a_gzip_cut_short, ["short.gz: the gzip data ends too early"]),
        (a_gzip_with_a_wrong_byte, ["damaged.gz: the gzip data is damaged"]),
    ],
)
def test_a_feed_that_cannot_be_had_is_told_before_anything_is_started(tmp_path: Path, made_by, words) -> None:
    with Call(tmp_path, FEED=made_by(tmp_path)) as command:
        assert ended(command) == 1
        assert_told_in_one_line(command, *words)
        assert "Starting" not in command.printed


def test_an_unknown_venue(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text(TRADE)
    with Call(tmp_path, FEED=str(tmp_path / "feed"), VENUE="nasdaq") as command:
        assert ended(command) == 1
        assert_told_in_one_line(command, "unknown format 'nasdaq'", "canonical")


# What packages goes on after the run, so it has to be there before.
@pytest.mark.usefixtures("packaged_folder")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty", marks=pytest.mark.nightly),
        pytest.param('\n1.5: {"type":"subscriptions"}\n', id="session"),
    ],
)
def test_a_file_without_any_record(tmp_path: Path, reusable: Emulator, content: str) -> None:
    """Zero records with zero lost would look like a success."""
    feed = tmp_path / "nothing.txt"
    feed.write_text(content)
    with Call(tmp_path, emulator=reusable, FEED=str(feed)) as command:
        assert ended(command) == 1
        assert_told_in_one_line(command, f"{feed}: contains no records")


@pytest.mark.usefixtures("packaged_folder")
def test_a_gzip_that_is_cut_short_far_down_is_told_with_the_line(tmp_path: Path, reusable: Emulator) -> None:
    """Records sent before the failure are accounted for."""
    whole = gzip.compress("".join(TRADE % number for number in range(3_000)).encode(), mtime=0)
    (tmp_path / "short.gz").write_bytes(whole[:-200])
    with Call(tmp_path, emulator=reusable, FEED=str(tmp_path / "short.gz")) as command:
        assert ended(command) == 1
        assert_told_in_one_line(command, "short.gz: the gzip data ends too early, after line 2")
        assert command.summary["records_in"] >= 2_000


# --------------------------------------------------------------------------------------------------- the template ----


def changed_template(folder: Path, added: str) -> Path:
    template = folder / "template.yaml"
    template.write_text(TEMPLATE.read_text().replace("\nResources:\n", f"\nResources:\n{added}", 1))
    return template


@pytest.mark.usefixtures("packaged_folder")
def test_a_resource_that_cannot_be_made_is_named_with_cloudformations_own_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "AwsCli", aws_cli)
    template = changed_template(
        tmp_path,
        "  Unmakeable:\n    Type: AWS::IAM::Policy\n"
        "    Properties: {PolicyName: p, Roles: [no-such-role], PolicyDocument: {Statement: []}}\n",
    )
    with Call(tmp_path, "--template", str(template)) as command:
        assert ended(command) == 1
        log = command.results / "emulator.log"
        reason = "first to fail: Unmakeable: The role with name no-such-role cannot be found."
        assert_told_in_one_line(command, reason, str(template), f"log: {log}")
        assert log.exists()
        assert "Uploading" not in command.complaint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("Resources:\n\t- {", ["not YAML", ":2:"], id="no-yaml"),
        pytest.param("", ["the file is empty"], id="empty", marks=pytest.mark.nightly),
        pytest.param(
            None, ["Unrecognized resource types: [AWS::No::Such]"], id="no-such-type", marks=pytest.mark.nightly
        ),
    ],
)
def test_a_template_that_is_none(tmp_path: Path, content: str | None, words: list[str]) -> None:
    template = changed_template(tmp_path, "  Unknown:\n    Type: AWS::No::Such\n")
    if content is not None:
        template.write_text(content)
    with Call(tmp_path, "--template", str(template)) as command:
        assert ended(command) == 1
        assert_told_in_one_line(command, *words, str(template), "emulator.log")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param('["Environment"', ["no readable parameter"], id="no-json"),
        pytest.param("null", ["no readable parameter"], id="no-list", marks=pytest.mark.nightly),
        pytest.param('["LogRetentionDay=30"]', ["has no parameter LogRetentionDay"], id="unknown"),
        pytest.param(
            '["Environment=nonsense"]', ["'Environment'", "nonsense"], id="value-not-allowed", marks=pytest.mark.nightly
        ),
    ],
)
def test_parameters_that_cannot_be_meant(tmp_path: Path, content: str, words: list[str]) -> None:
    """The AWS CLI ignores a misspelt name and deploys the default."""
    parameters = tmp_path / "mine.json"
    parameters.write_text(content)
    if "=" in content:
        changed, *rest = json.loads(content)[0], *json.loads(DEVELOPMENT_PARAMETERS.read_text())
        name = changed.partition("=")[0]
        parameters.write_text(json.dumps([changed, *(each for each in rest if not each.startswith(f"{name}="))]))
    with Call(tmp_path, "--parameters", str(parameters)) as command:
        assert ended(command) == 1
        assert_told_in_one_line(command, *words)
        assert str(parameters) in command.complaint or "Environment" in content


# ------------------------------------------------------------------------------------------------------ full disks ----

#: A file system of so many bytes at the folder, for one command and all that it starts; the summary is brought out.
ON_A_SMALL_DISK = """
size="$1" disk="$2" kept="$3"
shift 3
mount -t tmpfs -o "size=$size" none "$disk" || exit 99
"$@"
code=$?
cp "$disk"/results/summary.json "$kept"/ 2>/dev/null
exit $code
"""
#: The disk fills up just before a stage, but for so many bytes. The zips of the deployment make room for the summary.
FILLING = """
import sys
from pathlib import Path
from harness.deploy.stack import assemble
from harness.packaging.layer import Target
from harness.pipeline import command, run
from harness.pipeline.options import read_options
from tests.integration.runs import deploying_through_the_api
run.STAGES = deploying_through_the_api()
results, stage, disk, left, *arguments = sys.argv[1:]
def assembled(run):
    assemble(run.folder / "deploy", Target.EMULATOR)
def fill(run):
    with Path(disk, "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            filler.truncate(filler.tell() - int(left))
interfere = {"check_grants": assembled, stage: fill}
sys.exit(command.run_pipeline(read_options(arguments, {}), Path(results), interfere=interfere))
"""


@pytest.fixture(scope="module")
def unshare() -> list[str]:
    """The command that runs another in a private mount namespace."""
    # Whoever is not root may be it among themselves, where the machine allows that.
    command = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    probe = [*command, "sh", "-c", "mount -t tmpfs none /mnt"]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk of their own (unshare --mount)")
    return command


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "kept").mkdir()
    yield disk
    # Seen by the command alone, it was never seen here.
    assert list(disk.iterdir()) == []


def on_a_small_disk(unshare: list[str], size: str, disk: Path) -> list[str]:
    return [*unshare, "sh", "-c", ON_A_SMALL_DISK, "sh", size, str(disk), str(disk.with_name("kept"))]


def assert_told_that_it_is_full(command: Command, stage: str) -> None:
    command.results = command.results.parents[1] / "kept"
    assert_told_in_one_line(command, "No space left on device", stage)


def test_a_disk_that_does_not_hold_the_zips(tmp_path: Path, unshare: list[str], disk: Path) -> None:
    within = on_a_small_disk(unshare, "1m", disk)
    with Command(tmp_path, program=PROGRAM, within=within, results=disk / "results") as command:
        assert ended(command) == 1
        assert f"results go to {disk}/results, temporary files to {command.temporary}" in command.complaint
        assert_told_that_it_is_full(command, "stage: deploy")


@pytest.mark.parametrize("stage", ["transform", pytest.param("account", marks=pytest.mark.nightly)])
def test_a_disk_that_is_full_when_results_are_brought_there(
    tmp_path: Path, unshare: list[str], disk: Path, packaged_folder: dict[str, str], stage: str
) -> None:
    """First the Glue job's script and log, then the Parquet."""
    within = on_a_small_disk(unshare, "64m", disk)
    arguments = (stage, str(disk), "0", "--count", "100")
    place = {"within": within, "results": disk / "results"}
    with Command(tmp_path, *arguments, program=FILLING, **place, **packaged_folder) as command:
        assert ended(command) == 1
        assert_told_that_it_is_full(command, f"stage: {stage}")
        assert command.summary["records_in"] == 100


@pytest.mark.nightly
def test_a_disk_that_has_no_room_for_sparks_temporary_files(
    tmp_path: Path, unshare: list[str], disk: Path, packaged_folder: dict[str, str]
) -> None:
    """Half of them on the way to S3: no partition is written, and the records are reported as lost."""
    within = on_a_small_disk(unshare, "64m", disk)
    arguments = ("transform", str(disk), "65536", "--count", "100")
    place = {"within": within, "temporary": disk}
    with Command(tmp_path, *arguments, program=FILLING, **place, **packaged_folder) as command:
        assert ended(command) == 1
        log = command.results / "glue.log"
        assert_told_in_one_line(command, "did not finish everything", "No space left on device", f"log: {log}")
        assert "No space left on device" in log.read_text()
        assert command.summary["lost"] > 0


# ----------------------------------------------------------------------------------------------- standard output ----


def test_a_full_disk_under_standard_output(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with Command(tmp_path, "--count", "100", output=full) as command:
        os.close(full)
        assert ended(command) == 1
        assert_told_in_one_line(command, "No space left on device")


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`make pipeline | head`: nobody would see the result, so the run fails."""
    reader, writer = os.pipe()
    os.close(reader)
    with Command(tmp_path, "--count", "100", output=writer) as command:
        os.close(writer)
        assert ended(command) == 1
        assert_told_in_one_line(command, "standard output was closed")
