"""What a check says of a subject that is not as it should be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong with a subject, and what to type to mend it.

    `path` leads to the place inside the resource, such as `("Properties", "Policies", 0)`; empty for the whole of it.
    """

    violation: str
    fix: str
    path: tuple[str | int, ...] = ()
