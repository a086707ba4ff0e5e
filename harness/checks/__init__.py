"""What a Python check in `rules/checks/` sees and says. Checks compare resources; what looks at one is a Guard rule."""

from harness.checks.stack import Problem, Resource, Stack

__all__ = ["Problem", "Resource", "Stack"]
