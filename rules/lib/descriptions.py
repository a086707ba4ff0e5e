"""Descriptions in a template as it is written."""

from typing import Any


def explains(description: Any, name: str) -> bool:
    """Whether a description says more than the name it stands beside."""
    said = "".join(each for each in description if each.isalnum()) if isinstance(description, str) else ""
    return bool(said) and said.lower() != name.lower()
