"""One run: the stages of `make pipeline`, in order, on one emulated AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from harness.deploy.cli import AwsCli
from harness.deploy.stack import DeployError, assemble, deploy, parameter, physical_ids
from harness.emulator.denials import FunctionLogs
from harness.emulator.errors import SlowToStop
from harness.emulator.overlay import faults
from harness.emulator.permissions import missing_grants
from harness.emulator.process import Emulator
from harness.packaging.layer import Target
from harness.pipeline import collect
from harness.pipeline.accounting import Account, Position, account
from harness.pipeline.drain import Drain, DrainError, Progress
from harness.pipeline.errors import PipelineError
from harness.pipeline.glue import run_deployed_job
from harness.pipeline.options import Options
from harness.pipeline.report import Display
from harness.pipeline.summary import Source, Summary
from harness.pipeline.vwap import SymbolTotals, vwap_by_symbol
from harness.replay.ledger import Ledger, digest_of
from harness.replay.producer import CLIENT_ATTEMPTS, Producer
from harness.replay.sources import open_sources
from market_data import FEEDS, UNKNOWN

#: Runs of the job before its failure counts: each leaves to the next only the partitions that a fault has hit.
_RUNS_UNDER_FAULTS = 6


class Run:
    """The state of a run. A context manager: leaving it stops the emulated AWS."""

    def __init__(self, options: Options, display: Display, folder: Path) -> None:
        self.options = options
        self.display = display
        self.folder = folder
        self.summary = Summary()
        self.symbol_totals: list[SymbolTotals] = []
        self._faults = folder / "faults.txt"
        under_faults: dict[str, Any] = {}
        if options.faults is not None:
            settings = {faults.SEED: str(options.faults), faults.REPORT: str(self._faults.resolve())}
            under_faults = {"settings": settings}
        self.emulator = Emulator(port=options.port, log_file=folder / "emulator.log", **under_faults)
        #: Physical ids by logical id; None before the deployment.
        self.deployed: dict[str, str] | None = None
        self.ledger = Ledger()
        self._account: Account | None = None
        #: Failures after which the records were still accounted for.
        self.failures: list[str] = []
        #: The current stage, for error messages.
        self.stage = "start"
        # Opened first: a missing file must be reported before anything is started.
        self._feed = open_sources(options.feed, options.venue, options.count, options.seed, options.bad_per_mille)

    def __enter__(self) -> Run:
        self.display.say("Starting the emulated AWS (TLS, IAM enforced)")
        self.emulator.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.emulator.stop()
        except SlowToStop as slow:
            # A slow machine loses no records; and this must not hide an earlier failure.
            self.display.say(f"Warning: {slow}")

    @property
    def resources(self) -> dict[str, str]:
        """Physical ids of the deployed resources, by logical id."""
        if self.deployed is None:
            raise PipelineError("nothing is deployed yet")
        return self.deployed

    # ------------------------------------------------------------------------------------------------ stages ----

    def deploy(self) -> None:
        """Package and deploy the template through the AWS CLI."""
        self.display.say("Packaging the functions")
        template = assemble(self.folder / "deploy", Target.EMULATOR, self.options.template)
        bucket = parameter(self.options.parameters, "ArtifactBucketName")
        self.emulator.client("s3").create_bucket(Bucket=bucket)
        self.display.say("Deploying the template with the AWS CLI")
        try:
            aws = AwsCli(self.emulator.environment())
            deploy(aws, template, self.options.parameters)
            self.deployed = physical_ids(aws)
        except DeployError as error:
            places = f"template: {self.options.template}, log: {self.folder}/emulator.log"
            raise DeployError(f"{error} ({places})") from error
        self.display.say(f"Deployed: {len(self.resources)} resources")

    def check_grants(self) -> None:
        """Fail if a role lacks permissions that AWS services need; the emulated AWS does not enforce those."""
        missing = missing_grants(self.emulator.client, region=self.emulator.region, account=self.emulator.account_id)
        if missing:
            raise PipelineError("; ".join(str(grant) for grant in missing))

    def replay(self) -> None:
        """Put the records on the stream and record Kinesis's responses in the ledger."""
        kinesis = self.emulator.client("kinesis", attempts=CLIENT_ATTEMPTS)
        producer = Producer(kinesis, self.resources["MarketDataStream"])
        bar = self.display.bar(
            "Putting records on the stream", self.options.count if self.options.feed is None else None
        )
        try:
            producer.send(self._feed, on_progress=lambda ledger: bar.at(len(ledger)), ledger=self.ledger)
            bar.at(len(self.ledger), len(self.ledger))
        finally:
            self._count()
        if not self.ledger:
            raise PipelineError(f"{self.options.feed}: contains no records")
        read = sum(source.records for source in self._feed.sources)
        if not read == len(self.ledger) == self.ledger.records_in:
            raise PipelineError(
                f"{read:,} records were read; Kinesis accepted {len(self.ledger):,}, at {self.ledger.records_in:,} "
                "distinct positions: the stream did not keep all of them"
            )

    def _count(self) -> None:
        """Copy the producer's counts into the summary; after a failure, the counts so far."""
        summary = self.summary
        # A record counts as lost until it is found in the results.
        summary.records_in = summary.lost = self.ledger.records_in
        by_feed = self.ledger.records_by_feed
        summary.records_by_feed = {feed: by_feed.get(feed, 0) for feed in (*FEEDS, UNKNOWN)}
        summary.sources = [
            Source(source.path, source.lines, source.session_lines, source.skipped, source.records)
            for source in self._feed.sources
        ]
        summary.skipped_by_kind = dict(sorted(self._feed.skipped_by_kind.items()))

    def drain(self) -> None:
        """Wait until the functions have stored and validated every record."""
        records = self.summary.records_in
        stored = self.display.bar("Stored as they arrived", records)
        judged = self.display.bar("Validated or quarantined", records)
        logs = FunctionLogs(self.emulator.client("logs"), self.emulator.client("lambda"))
        crashes: dict[str, None] = {}
        drain = Drain(
            self.emulator.client("s3"),
            self.emulator.client("dynamodb"),
            self.resources["RawDataBucket"],
            self.resources["ProcessingJobTable"],
        )

        def show(now: Progress) -> None:
            stored.at(min(now.stored, records))
            judged.at(min(now.judged, records))

        def check() -> None:
            # A denied call never recovers: fail at once and name the role and the action.
            found = logs.read()
            if found.denials:
                raise PipelineError("; ".join(str(denial) for denial in found.denials))
            crashes.update(dict.fromkeys(str(crash) for crash in found.crashes))

        try:
            done = drain.wait(records, show, check)
        except DrainError as error:
            raise PipelineError("; ".join([str(error), *crashes, f"log: {self.folder}/emulator.log"])) from error
        self.summary.batches = done.objects

    def transform(self) -> None:
        """Run the Glue job in Spark. Its failure does not keep the records from being accounted for."""
        bar = self.display.bar("Glue job in local Spark", None)
        lines = 0

        def count(_: str) -> None:
            nonlocal lines
            lines += 1
            bar.at(lines)

        # A run that fails is made up for by the next. On AWS the trigger starts it within the hour.
        for _ in range(1 if self.options.faults is None else _RUNS_UNDER_FAULTS):
            job = run_deployed_job(self.emulator, self.resources["JsonToParquetJob"], self.folder, count)
            self.summary.job_runs += 1
            if job.failure is None:
                break
        bar.at(1, 1)
        if job.result is not None:
            self.summary.duplicates_removed = job.result["duplicates_removed"]
        if job.failure is not None:
            self.failures.append(f"{job.failure} (log: {self.folder}/glue.log)")

    def account(self) -> None:
        """Download the results and reconcile them with the producer's ledger."""
        if self.options.faults is not None:
            self.summary.faults = faults.made(self._faults)
        self._collect()
        expected: Mapping[Position, str | None] | None = (
            {entry.position: entry.expected_reason for entry in self.ledger} if self.options.feed is None else None
        )
        self._take_account(expected)
        self.symbol_totals = vwap_by_symbol(collect.trades(self._parquet))

    def account_for_what_there_is(self, *, collecting: bool) -> None:
        """After a failure: report exactly the records as lost that are in neither Parquet nor quarantine by now."""
        if self.deployed is None:
            return
        if collecting:
            try:
                self._collect()
            except (BotoCoreError, ClientError, OSError, PipelineError) as error:
                self.display.say(f"The results so far could not be downloaded: {error}")
        self._take_account(None)

    @property
    def balanced(self) -> bool:
        """Whether the account was taken and every record is in exactly one place, the right one."""
        return self._account is not None and self._account.balanced

    @property
    def _parquet(self) -> Path:
        return self.folder / "parquet"

    @property
    def _quarantine(self) -> Path:
        return self.folder / "quarantine"

    def _collect(self) -> None:
        s3 = self.emulator.client("s3")
        try:
            collect.download(s3, self.resources["ProcessedDataBucket"], "parquet/", self._parquet)
            collect.download(s3, self.resources["RawDataBucket"], "quarantine/", self._quarantine)
        except Boto3Error as error:
            raise PipelineError(
                f"the results cannot be downloaded: {error} (log: {self.folder}/emulator.log)"
            ) from error

    def _take_account(self, expected: Mapping[Position, str | None] | None) -> None:
        digests: dict[Position, bytes] = {}
        reasons: list[tuple[Position, str]] = []
        # One record at a time: all their bytes together may not fit in memory.
        for each in collect.quarantined(self._quarantine):
            digests[each.record.position] = digest_of(each.record.data)
            reasons.append((each.record.position, each.reason))
        self._account = account(
            # A million positions take 200 MB: no second copy.
            self.ledger.positions() if expected is None else expected,
            collect.parquet_positions(self._parquet),
            reasons,
            expected,
        )
        self.summary.take(self._account)
        altered = [e.position for e in self.ledger if digests.get(e.position, e.digest) != e.digest]
        if altered:
            self.failures.append(f"{len(altered)} quarantined records have changed bytes, for example {altered[0]}")


#: In this order. A test may inject a fault before any of them.
STAGES: tuple[tuple[str, Callable[[Run], None]], ...] = (
    ("deploy", Run.deploy),
    ("check_grants", Run.check_grants),
    ("replay", Run.replay),
    ("drain", Run.drain),
    ("transform", Run.transform),
    ("account", Run.account),
)


def carry_out(run: Run, interfere: Mapping[str, Callable[[Run], None]] | None = None) -> None:
    """Run all stages; call `interfere[stage]` before the stage of that name."""
    started = time.monotonic()
    try:
        for name, stage in STAGES:
            if interfere and name in interfere:
                interfere[name](run)
            run.stage = name
            began = time.monotonic()
            stage(run)
            run.summary.stage_seconds[name] = round(time.monotonic() - began, 1)
    except BaseException as error:
        # After Ctrl-C, do not wait for downloads.
        run.account_for_what_there_is(collecting=isinstance(error, Exception))
        raise
    finally:
        run.summary.elapsed_seconds = round(time.monotonic() - started, 1)
