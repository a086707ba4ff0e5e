"""The sections of a template as it is written: what is declared in them."""

from typing import Any


def entries(template: dict[str, Any], section: str) -> dict[str, Any]:
    """What a section such as `Parameters` declares, by name; nothing where it is no object."""
    stated = template.get(section)
    return stated if isinstance(stated, dict) else {}
