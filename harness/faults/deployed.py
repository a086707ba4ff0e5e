"""The functions and the job as deployed: the real handlers and the real job, with clients and clock of a world."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import data_validation.handler
import data_validation.rules_digest
import data_validation.verdicts
import json_to_parquet.job
import json_to_parquet.stores
import kinesis_consumer.handler
from market_data import Reason, RejectedRecord

from .process import Died, InOrder
from .spark import SparkFailed, stage
from .substitutions import Substitution
from .world import DATABASE, JOBS, LINEAGE, PROCESSED, RAW, REJECTED, STREAM_NAME, Rules, World

CONSUMER, VALIDATOR, JOB = "consumer", "validator", "job"
#: Attributes that these modules import are theirs to replace; for mypy they are not theirs to export.
_VERDICTS: Any = data_validation.verdicts
_JOB: Any = json_to_parquet.job
_HANDLERS: dict[str, Any] = {CONSUMER: kinesis_consumer.handler, VALIDATOR: data_validation.handler}
BUCKETS_PER_PARTITION = 2
LOCK_SECONDS = 1800
ARGUMENTS = [
    "json_to_parquet.py",
    *("--database", DATABASE, "--job_table", JOBS, "--lineage_table", LINEAGE, "--processed_bucket", PROCESSED),
    *("--buckets_per_partition", str(BUCKETS_PER_PARTITION), "--lock_seconds", str(LOCK_SECONDS)),
]


@lru_cache
def _real_digest(digest: Callable[[frozenset[str]], str], allowed: frozenset[str]) -> str:
    return digest(allowed)


@lru_cache
def _parsed(parse: Callable[[list[str]], Any], argv: tuple[str, ...]) -> Any:
    return parse([*argv])


class Deployed:
    """Runs them in a world. One world at a time is entered: what they ask of their modules is the world's."""

    world: World
    #: What a cold start has built: clients and settings, by function and rules.
    _wired: dict[tuple[str, Rules], Any]

    def __init__(self) -> None:
        #: The environment variables of whichever function is being started.
        self._settings: dict[str, str] = {}

    def enter(self, world: World) -> None:
        """From now on, in this world."""
        self.world, self._wired = world, {}
        InOrder.calls = world.calls

    def substitutions(self) -> list[Substitution]:
        """What stands in for AWS, the clock and chance."""
        real_parse = _VERDICTS.parse

        def parse(raw: bytes, **parameters: Any) -> Any:
            record = real_parse(raw, **parameters)
            process = self.world.calls.current
            if process is not None and process.rules.code == "old" and record.symbol == "NEW":
                raise RejectedRecord(Reason.BAD_SYMBOL, "a symbol that the old code does not know")
            return record

        boto3 = SimpleNamespace(client=lambda service, **_: self.world.clients[service])
        clock = SimpleNamespace(now=lambda zone: self.world.now())
        found = [
            Substitution(_VERDICTS, "parse", lambda there: parse),
            Substitution(data_validation.handler, "rules_digest", lambda there: lambda allowed: self._digest(allowed)),
            Substitution(json_to_parquet.stores, "ThreadPoolExecutor", lambda there: InOrder),
            # The same arguments each time, and argparse takes a sixth of a run.
            Substitution(_JOB, "parse_options", lambda there: lambda argv: _parsed(there, tuple(argv))),
            Substitution(_JOB, "uuid4", lambda there: self._uuid),
            Substitution(_JOB, "spark_errors", lambda there: lambda: (SparkFailed,)),
            Substitution(_JOB, "cause", lambda there: str),
            Substitution(_JOB, "print", lambda there: self._printed),
            Substitution(_JOB.Staging, "stage", lambda there: lambda staging, work: self._stage(staging, work)),
        ]
        for kind, handler in _HANDLERS.items():
            found += [
                Substitution(handler, "boto3", lambda there: boto3),
                Substitution(handler, "datetime", lambda there: clock),
                Substitution(handler, "os", lambda there: SimpleNamespace(environ=self._settings)),
                Substitution(handler, "Telemetry", partial(self._telemetry, kind)),
                Substitution(handler, "wiring", partial(self._wired_by, kind)),
            ]
        return found

    def _telemetry(self, kind: str, _there: Any) -> Callable[[Any], "_Telemetry"]:
        return lambda settings: _Telemetry(self, kind)

    def _wired_by(self, kind: str, there: Any) -> Callable[[], Any]:
        # Without the function's own cache, which knows no world.
        return lambda: self._wiring(kind, there.__wrapped__)

    def digest(self, rules: Rules) -> str:
        """The digest of these rules. Other code, another digest."""
        allowed = frozenset(filter(None, rules.nonpositive.split(",")))
        real = _real_digest(data_validation.rules_digest.rules_digest, allowed)
        return real[:15] + ("0" if rules.code == "old" else "1")

    def _digest(self, allowed: frozenset[str]) -> str:
        process = self.world.calls.current
        assert process is not None
        return self.digest(process.rules)

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """An invocation of a function, in the current process."""
        answer: dict[str, Any] = _HANDLERS[function].lambda_handler(event, None)
        return answer

    def run_job(self) -> dict[str, Any]:
        """A run of the job, in the current process."""
        clients = _JOB.Clients(*(self.world.clients[name] for name in ("s3", "dynamodb", "glue")))
        result: dict[str, Any] = _JOB.main(ARGUMENTS, clients, _SPARK, self.world.now)
        return result

    def _wiring(self, kind: str, make: Any) -> Any:
        process = self.world.calls.current
        assert process is not None
        if (kind, process.rules) not in self._wired:
            self._settings |= {
                "RAW_BUCKET": RAW,
                "PROCESSED_BUCKET": PROCESSED,
                "JOB_TABLE": JOBS,
                "LINEAGE_TABLE": LINEAGE,
                "REJECTED_QUEUE_URL": REJECTED,
                "STREAM_NAME": STREAM_NAME,
                "NON_POSITIVE_PRICE_EXCHANGES": process.rules.nonpositive,
            }
            self._wired[kind, process.rules] = make()
        return self._wired[kind, process.rules]

    def _uuid(self) -> UUID:
        process = self.world.calls.current
        assert process is not None
        return UUID(int=process.random.getrandbits(128))

    def _printed(self, text: str, flush: bool) -> None:
        self.world.calls("stdout:log", lambda: self.world.log.append((JOB, json.loads(text))))

    def _stage(self, staging: Any, work: list[Any]) -> None:
        stage(staging, work, self.world.s3, PROCESSED, self.world.calls)


class _Telemetry:
    """For `Telemetry`. Standard output has no answer that could be lost."""

    def __init__(self, deployed: Deployed, kind: str) -> None:
        self._deployed, self._kind = deployed, kind

    def report(self, context: object, facts: dict[str, Any], counts: dict[str, int], *, odd: bool) -> None:
        """The log line, and the counts that are left."""
        self._print("stdout:log", lambda: self._deployed.world.log.append((self._kind, facts)))
        if counts:
            self.count(counts)

    def count(self, counts: dict[str, int]) -> None:
        """The counts, at once."""
        self._print("stdout:metrics", lambda: self._deployed.world.count(counts))

    def _print(self, what: str, do: Callable[[], None]) -> None:
        calls = self._deployed.world.calls
        if calls.current is None or calls.current.dead:
            raise Died
        calls(what, do)


_SPARK: Any = object()
