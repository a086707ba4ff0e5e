"""A run of `make pipeline` for the whole-stack tests, with its results. No tests."""

import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from rich.console import Console

from harness.deploy.stack import DEVELOPMENT_PARAMETERS, TEMPLATE
from harness.emulator.process import Emulator
from harness.pipeline import run as run_module
from harness.pipeline.command import run_pipeline
from harness.pipeline.glue import class_archive
from harness.pipeline.options import Options
from harness.pipeline.run import STAGES, Run
from market_data.envelope import decode_raw_line, unpack
from pipeline_store.keys import parse_key
from tests.integration.stacks import DeployedStack, Edit, Stack


def options(**changes: Any) -> Options:
    given = {
        "feed": None,
        "venue": None,
        "keep": False,
        "port": None,
        "count": 1_000,
        "seed": 7,
        "template": TEMPLATE,
        "parameters": DEVELOPMENT_PARAMETERS,
    }
    return Options(**{**given, **changes})


def deploying_through_the_api(
    edit: Edit = str, skipped: Collection[str] = ()
) -> tuple[tuple[str, Callable[[Run], None]], ...]:
    """The stages of a run with a faster first one, which deploys the edited template without the AWS CLI."""

    def deploy(run: Run) -> None:
        run.deployed = Stack(run.emulator, run.options.parameters, edit).create().resources
        run.display.say(f"Deployed: {len(run.resources)} resources")

    return (("deploy", deploy), *((name, stage) for name, stage in STAGES[1:] if name not in skipped))


def lent(emulator: Emulator) -> Callable[..., Any]:
    """What a run may start instead of an emulator of its own: this one, as new, which goes on when the run ends."""

    class Lent:
        start = stop = staticmethod(emulator.reset)

        def __init__(self, **_: Any) -> None:
            pass

        def __getattr__(self, name: str) -> Any:
            return getattr(emulator, name)

    return Lent


class Outcome:
    """Exit code, summary and all that was printed of one run.

    The template is edited and deployed through CloudFormation's API, unless `edit` is None; then no stage is skipped.
    With an `emulator`, that one is used, as new.
    """

    def __init__(
        self,
        folder: Path,
        interfere: Mapping[str, Callable[[Run], None]] | None = None,
        edit: Edit | None = str,
        emulator: Emulator | None = None,
        skipped: Collection[str] = (),
        **changes: Any,
    ) -> None:
        self.folder = folder
        self.printed = io.StringIO()
        console = Console(file=self.printed, width=200)
        with pytest.MonkeyPatch.context() as patch:
            if edit is not None:
                patch.setattr(run_module, "STAGES", deploying_through_the_api(edit, skipped))
            if emulator is not None:
                patch.setattr(run_module, "Emulator", lent(emulator))
            self.exit_code = run_pipeline(options(**changes), folder, console, interfere)
        class_archive(folder).make()
        self.summary = json.loads((folder / "summary.json").read_text())
        assert self.summary["exit_code"] == self.exit_code
        # Holds however the run ended: what was not found in either place is told as lost.
        accounted = self.summary["parquet_rows"] + self.summary["quarantined"] + self.summary["lost"]
        assert accounted == self.summary["records_in"]

    def tables(self, feed: str, *columns: str) -> Iterator[Any]:
        """Yield the files of a feed's Parquet as tables."""
        for path in sorted((self.folder / "parquet" / f"feed={feed}").rglob("*.parquet")):
            yield pyarrow.parquet.ParquetFile(path).read(columns=list(columns))


def raw_records(run: Run | DeployedStack) -> dict[tuple[str, str], bytes]:
    """The bytes of every record in the raw bucket, by position; also checks the objects against their keys."""
    s3, bucket = run.emulator.client("s3"), run.resources["RawDataBucket"]
    found: dict[tuple[str, str], bytes] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="market-data/"):
        for entry in page["Contents"]:
            body = io.BytesIO(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
            records = [decode_raw_line(line) for line in unpack(body)]
            assert parse_key(entry["Key"]).sequence_range.count == len(records)
            found |= {record.position: record.data for record in records}
    return found
