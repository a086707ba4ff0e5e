"""What the Python checks in `rules/checks/` share. Checks compare resources; what looks at one is a Guard rule."""

from harness.render.resources import Resource, Stack
from rules.lib.problem import Problem

__all__ = ["Problem", "Resource", "Stack"]
