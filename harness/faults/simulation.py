"""One schedule: steps from a seed, or given; faults at calls; and invariants after each step and at rest."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from . import invariants, market, people
from .deployed import JOB, LOCK_SECONDS, Deployed
from .invariants import Violation
from .pollers import (
    MAXIMUM_AGE_SECONDS,
    POLLER,
    TIMEOUT_SECONDS,
    VISIBILITY_SECONDS,
    Outcome,
    QueuePoller,
    StreamPoller,
)
from .process import Died, Fault, Process, Suspendable
from .state import open_rows
from .world import BEGINNING, CRASHES, FAILED, VALIDATION, Rules, World

#: Records of a schedule, in so many puts, which reach two hours.
RECORDS, PUTS = 44, 8
LEAST_FAULTS = 3
STEPS = 90
#: Rounds of remedies in which everything must come to rest.
ROUNDS = 25

#: What can be done, with weights.
ACTIONS: dict[str, float] = {
    "put": 12,
    "poll": 24,
    "notify": 24,
    "notify twice": 3,
    "lose an event": 2,
    "validate": 30,
    "run the job": 6,
    "resume": 6,
    "wait": 6,
    "wait for days": 0.2,
    "reshard": 1,
    "read the stream again": 1,
    "deploy other rules": 3,
    "deploy other code": 1,
    "delete a validated object": 0.7,
    "damage a validated object": 0.7,
    "create a folder": 0.3,
    "redrive a failed batch": 4,
    "redrive dead letters": 4,
    "validate again": 1,
}
#: What people do, and AWS does once in a while: each schedule has about half of it.
PEOPLE = (
    "lose an event", "notify twice", "wait for days", "reshard", "read the stream again", "deploy other rules",
    "deploy other code", "delete a validated object", "damage a validated object", "create a folder",
    "redrive a failed batch", "redrive dead letters", "validate again",
)  # fmt: skip


@dataclass
class Step:
    """A step: what is done, the number that decides all its choices, and the faults of its calls by their number."""

    action: str
    choice: int
    faults: dict[int, Fault] = field(default_factory=dict)

    def __str__(self) -> str:
        faults = ", ".join(f"call {number} {fault}" for number, fault in sorted(self.faults.items()))
        return f"{self.action}{f' ({faults})' if faults else ''}"


class Result(NamedTuple):
    """What a schedule did."""

    seed: int
    steps: list[Step]
    violation: Violation | None
    faults: int
    cells: Counter[tuple[str, str]]
    actions: Counter[str]
    remedies: Counter[str]
    only: frozenset[str] | None = None


_CALL_FAULTS = (
    Fault.FAILS, Fault.THROTTLED, Fault.DENIED, Fault.TIMES_OUT, Fault.LOST, Fault.AGAIN, Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
)  # fmt: skip
#: How often a run stands still at a call, in a schedule of runs that do: mostly where it replaces a file or marks rows.
_STALLS = {
    "s3:create_multipart_upload": 0.3,
    "s3:upload_part_copy": 0.2,
    "s3:complete_multipart_upload": 0.3,
    "dynamodb:put_item": 0.1,
    "dynamodb:update_item": 0.1,
}
#: While a run stands still, these are so many times as frequent: another run needs the lock to expire and something to
#: do, and a verdict is replaced only after several steps.
_MEANWHILE = {
    "wait": 4, "run the job": 4, "validate": 4, "deploy other rules": 4, "delete a validated object": 8,
    "validate again": 8,
}  # fmt: skip
_OUTPUT_FAULTS = (Fault.DIES_BEFORE, Fault.DIES_AFTER)
_POLLER_FAULTS = (Fault.FAILS, Fault.THROTTLED, Fault.DENIED, Fault.TIMES_OUT)


def faults_of(kind: str, operation: str) -> tuple[Fault, ...]:
    """The faults that a call of a process of this kind can have."""
    if kind == POLLER:
        return _POLLER_FAULTS
    if operation.startswith("stdout"):
        return _OUTPUT_FAULTS
    return (*_CALL_FAULTS, Fault.STALLS, *((Fault.LAGS,) if operation == "dynamodb:query" else ()))


def _possible(process: Process, operation: str) -> list[Fault]:
    """The faults of a call, to draw from. The job runs for long, so it is where standing still matters."""
    stalls = (4 if process.kind == JOB else 1) if process.thread else 0
    faults = faults_of(process.kind, operation)
    return [fault for fault in faults for _ in range(stalls if fault is Fault.STALLS else 1)]


class Simulation:
    """A schedule's world, and what goes on in it."""

    def __init__(
        self,
        deployed: Deployed,
        seed: int,
        given: list[Step] | None = None,
        without: frozenset[str] = frozenset(),
        only: frozenset[str] | None = None,
    ) -> None:
        self.random = Random(seed)
        self.seed = seed
        self.given = given
        #: The invariants to judge; None for all.
        self.only = only
        self.world = World()
        self.deployed = deployed
        deployed.enter(self.world)
        self.stream_poller = StreamPoller(self.world, self.invoke, self.attempt)
        self.queue_poller = QueuePoller(self.world, self.invoke, self.attempt)
        self.people = people.People(self.world, self.invoke, self.stream_poller, deployed.digest)
        #: Processes that stand still.
        self.still: list[Process] = []
        self.step: Step = Step("begin", 0)
        self.steps: list[Step] = []
        self.calls_of_step = self.processes_of_step = 0
        self.puts = 0
        self.faults = 0
        self.rate = self.random.choice([0.01, 0.03, 0.08])
        # Schedules that differ in kind find more than schedules that all do a little of everything:
        # Groce and others, "Swarm Testing", ISSTA 2012.
        self.without = without | {action for action in PEOPLE if self.random.random() < 0.5}
        #: How often runs of the job stand still at a call: two runs at once take luck.
        self.stalling = self.random.choice([0, 0, 1])
        self.kinds = {fault for fault in Fault if self.random.random() < 0.75} or {Fault.DIES_AFTER}
        self.quiet = False
        self.problems: list[str] = []
        self.memory = invariants.Memory()
        self.counted: Counter[str] = Counter()

    # Processes.

    def decide(self, process: Process, number: int, operation: str) -> Fault | None:
        """The fault of a call: drawn, or as the given step says."""
        if self.quiet:
            return None
        at = self.calls_of_step
        self.calls_of_step += 1
        if self.given is not None:
            fault = self.step.faults.get(at)
            if fault is Fault.STALLS and process.thread is None:
                fault = None
        elif (
            process.kind == JOB
            and process.thread
            and self.random.random() < self.stalling * _STALLS.get(operation, 0.02)
        ):
            fault = self.step.faults[at] = Fault.STALLS
        elif self.random.random() < self.rate:
            possible = [each for each in _possible(process, operation) if each in self.kinds]
            if not possible:
                return None
            fault = self.random.choice(possible)
            self.step.faults[at] = fault
        else:
            return None
        if fault is not None:
            self.faults += 1
            if fault is Fault.STALLS:
                self.still.append(process)
        return fault

    def start(self, kind: str, function: Callable[[], Any], then: Callable[[Process, Outcome], None]) -> Process:
        """Run a function in a new process, until it ends or stands still."""
        random = Random(self.step.choice + self.processes_of_step)
        self.processes_of_step += 1
        process = Process(kind, self.world.rules, random, self.decide, self.world.seconds)

        def body() -> None:
            try:
                answer = function()
            except Died:
                answer = None
            except Exception as error:  # noqa: BLE001 - a function error
                process.error = error
                answer = None
                if not self.people.damaged:
                    self.memory.note_crash(process)
            then(process, Outcome(answer))

        if not self.quiet and (kind == JOB or self.step.choice % 4 == 0) and kind != POLLER:
            process.thread = Suspendable(body)
            self._continue(process)
        else:
            before, self.world.calls.current = self.world.calls.current, process
            body()
            self.world.calls.current = before
        return process

    def _continue(self, process: Process) -> None:
        assert process.thread is not None
        before, self.world.calls.current = self.world.calls.current, process
        process.thread.go()
        self.world.calls.current = before
        if process.thread.over and process in self.still:
            self.still.remove(process)

    def resume(self, random: Random) -> None:
        """A process that stands still goes on; or is over, if its function has timed out."""
        if self.still:
            process = random.choice(self.still)
            self.still.remove(process)
            if process.kind != JOB and self.world.seconds > process.started_at + TIMEOUT_SECONDS:
                process.dead = True
            self._continue(process)

    def invoke(self, function: str, event: dict[str, Any], then: Callable[[Process, Outcome], None]) -> None:
        """Invoke a function."""
        self.start(function, lambda: self.deployed.invoke(function, event), then)

    def attempt(self, kind: str, call: Callable[[], None]) -> bool:
        """Make a call; whether it has succeeded."""
        process = self.start(kind, call, lambda process, outcome: None)
        return process.error is None

    def run_job(self) -> None:
        """Run the job."""

        def then(process: Process, outcome: Outcome) -> None:
            self.problems = [] if outcome.answer is not None else [str(process.error)]

        self.start(JOB, self.deployed.run_job, then)

    # Steps.

    def actions(self) -> dict[str, float]:
        """What can be done now, with weights."""
        world = self.world
        stalled_jobs = sum(process.kind == JOB for process in self.still)
        possible = {
            "put": self.puts < PUTS,
            "poll": self.stream_poller.ready(),
            "notify": world.events,
            "notify twice": world.events,
            "lose an event": world.events,
            "validate": world.sqs.visible(VALIDATION),
            "run the job": stalled_jobs < 2,
            "resume": self.still,
            "wait": True,
            "wait for days": True,
            "reshard": True,
            "read the stream again": self._can_restart(),
            "deploy other rules": True,
            "deploy other code": True,
            "delete a validated object": True,
            "damage a validated object": True,
            "create a folder": True,
            "redrive a failed batch": any(world.s3.under(FAILED, "")),
            "redrive dead letters": world.sqs.queues.get(CRASHES),
            "validate again": True,
        }
        weights = {action: ACTIONS[action] for action, can in possible.items() if can and action not in self.without}
        if stalled_jobs:
            weights |= {action: weights[action] * times for action, times in _MEANWHILE.items() if action in weights}
        return weights

    def _can_restart(self) -> bool:
        """No invocation is under way."""
        return not any(reader.busy for reader in self.stream_poller.readers.values())

    def do(self, step: Step) -> None:
        """One step. A given one that cannot be done is left out."""
        self.step = step
        self.steps.append(step)
        self.calls_of_step = self.processes_of_step = 0
        if self.given is not None and step.action not in self.actions():
            return
        random, world = Random(step.choice), self.world
        self.counted[step.action] += 1
        match step.action:
            case "put":
                self._put(random)
            case "poll":
                reader = random.choice(self.stream_poller.ready())
                self.stream_poller.poll(reader, random.choice([3, 6, 12]), splits=random.random() < 0.5)
            case "notify":
                world.notify(world.events.pop(random.randrange(len(world.events))))
            case "notify twice":
                key = random.choice(world.events)
                world.notify(key)
            case "lose an event":
                world.events.pop(random.randrange(len(world.events)))
            case "validate":
                visible = world.sqs.visible(VALIDATION)
                self.queue_poller.poll(random.sample(visible, min(len(visible), random.choice([1, 1, 1, 3]))))
            case "run the job":
                self.run_job()
            case "resume":
                self.resume(random)
            case "wait":
                world.seconds += random.choice([VISIBILITY_SECONDS, LOCK_SECONDS])
            case "wait for days":
                world.seconds += random.choice([1, 3, 5]) * 86_400
                self._age()
            case "reshard":
                world.stream.reshard(random)
            case "read the stream again":
                self.stream_poller.restart()
            case "deploy other rules":
                nonpositive = "" if world.rules.nonpositive else Rules().nonpositive
                world.rules = world.rules._replace(nonpositive=nonpositive)
                world.deployed.append(world.rules)
            case "deploy other code":
                world.rules = world.rules._replace(code="old" if world.rules.code == "new" else "new")
                world.deployed.append(world.rules)
            case "delete a validated object":
                self.people.delete_validated(random)
            case "damage a validated object":
                self.people.damage_validated(random)
            case "create a folder":
                people.folder_marker(world, random)
            case "redrive a failed batch":
                self.people.redrive_failed()
            case "redrive dead letters":
                self.people.redrive_dead_letters()
            case "validate again":
                self.people.validate_again()
        world.seconds += random.random() * 60

    def _put(self, random: Random) -> None:
        first = RECORDS * self.puts // PUTS
        if self.puts >= PUTS // 2:
            self.world.seconds = max(self.world.seconds, BEGINNING + 2400)
        self.puts += 1
        for data in market.records(random, first, RECORDS * self.puts // PUTS - first):
            self.world.put(random, data)
            self.world.seconds += random.random()

    def _age(self) -> None:
        """While days pass, Lambda gives up what is too old, and then the stream drops what is older."""
        polled = True
        while polled:
            polled = False
            # Again and again: the shards of a split are read when their parent has been.
            for reader in self.stream_poller.ready():
                while reader.waiting or reader.next < len(reader.shard.records):
                    waiting = reader.waiting[0].records if reader.waiting else reader.shard.records[reader.next :]
                    if waiting[0].arrival >= self.world.seconds - MAXIMUM_AGE_SECONDS:
                        break
                    self.stream_poller.poll(reader, 12, splits=False)
                    polled = True
        self.world.stream.expire(self.world.seconds)

    def drawn(self) -> Iterable[Step]:
        """Steps as the seed has it."""
        for _ in range(STEPS):
            weights = self.actions()
            action = self.random.choices(list(weights), list(weights.values()))[0]
            yield Step(action, self.random.getrandbits(30))
        while self.puts < PUTS:
            yield Step("put", self.random.getrandbits(30))
        for _ in range(STEPS):
            if self.faults >= LEAST_FAULTS:
                return
            self.rate, self.kinds = 0.5, set(Fault)
            yield Step("run the job", self.random.getrandbits(30))

    def run(self) -> Result:
        """The whole schedule."""
        violation = None
        try:
            for step in self.given if self.given is not None else self.drawn():
                self.do(step)
                invariants.after_a_step(self)
            self.come_to_rest()
            invariants.at_rest(self)
        except Violation as found:
            violation = found
        finally:
            self._end()
        return Result(
            self.seed,
            self.steps,
            violation,
            self.faults,
            self.world.calls.cells,
            self.counted,
            self.people.remedies,
            self.only,
        )

    def _end(self) -> None:
        self.quiet = True
        for process in list(self.still):
            process.dead = True
            self._continue(process)

    def come_to_rest(self) -> None:
        """Faults have stopped; pollers and operators do their work until nothing is left to do."""
        self.quiet = True
        random = Random(self.seed)
        self.step = Step("come to rest", 1)
        for number in range(ROUNDS):
            self.rounds = number
            while self.still:
                self.resume(random)
            self._drain(random)
            if number:
                self._remedy()
            self.run_job()
            invariants.after_a_run(self)
            invariants.after_a_step(self)
            if self.is_at_rest():
                return
            self.world.seconds += LOCK_SECONDS + 1

    def _drain(self, random: Random) -> None:
        world = self.world
        for _ in range(400):
            if ready := self.stream_poller.ready():
                self.stream_poller.poll(ready[0], 12, splits=False)
            elif world.events:
                world.notify(world.events.pop())
            elif visible := world.sqs.visible(VALIDATION):
                self.queue_poller.poll(visible[:1])
            elif world.sqs.queues.get(VALIDATION):
                world.seconds += VISIBILITY_SECONDS
            else:
                return

    def _remedy(self) -> None:
        self.people.redrive_dead_letters()
        self.people.redrive_failed()
        self.people.read_dropped()
        self.people.delete_damaged()
        self.people.deploy_the_rules_of_what_is_missing()
        self.people.validate_again()

    def is_at_rest(self) -> bool:
        """Whether nothing is left to do."""
        return not self.problems and not self.left()

    def left(self) -> list[str]:
        """What is left to do."""
        queues, poller = self.world.sqs.queues, self.stream_poller
        work = {
            "records on the stream": not poller.drained,
            "dropped batches": poller.dropped,
            "S3 events": self.world.events,
            "messages": queues.get(VALIDATION),
            "dead letters": queues.get(CRASHES),
            "on-failure records": any(self.world.s3.under(FAILED, "")),
            "open rows": open_rows(self.world),
            "missing objects": self.people.damaged,
        }
        return [what for what, there in work.items() if there]
