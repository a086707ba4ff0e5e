"""What this evaluator does not know how to decide: reported with its place, never guessed."""

from collections.abc import Sequence


class Refused(Exception):
    """A form of policy, or a question, outside what is evaluated. `place` leads to it, from the logical id on."""

    def __init__(self, place: Sequence[str | int], message: str) -> None:
        self.path = tuple(place)
        self.place = ".".join(map(str, place))
        super().__init__(f"{self.place}: {message}" if place else message)
