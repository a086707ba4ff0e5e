"""S3's notifications are read as S3 writes them."""

import re
from pathlib import Path

import pytest

from data_validation.events import CreatedObject, Message, created_objects
from tests.unit.data_validation.notifications import created


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        pytest.param("market-data/feed%3Dtrade/year%3D2026/x", "market-data/feed=trade/year=2026/x", id="equals-sign"),
        pytest.param("a+b", "a b", id="space"),
        pytest.param("a%2Bb", "a+b", id="plus-sign"),
        pytest.param("%C3%A9", "é", id="beyond-ascii"),
    ],
)
def test_keys_are_decoded(encoded: str, key: str) -> None:
    """The original never did: each of its own keys, `year=2026/...`, was then not found."""
    body = created("KEY").replace("KEY", encoded)

    assert created_objects(Message("m", body)) == [CreatedObject("raw", key)]


@pytest.mark.parametrize("event", ["ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload"])
def test_every_way_to_create_an_object_counts(event: str) -> None:
    """A restored or copied raw object has to be validated as well."""
    assert created_objects(Message("m", created("k", event=event))) == [CreatedObject("raw", "k")]


def test_the_message_of_the_runbook_is_read_as_s3s() -> None:
    """A lost notification, or a lost object, is mended by a person who types it."""
    page = Path(__file__).parents[3].joinpath("docs/deploying.md").read_text()
    (body,) = re.findall(r"--message-body \\\n *'(.*)'\n", page)
    key = "market-data/feed=trade/year=2026/x"
    typed = body.replace("'$RAW'", "raw").replace("'$KEY'", key)

    assert created_objects(Message("m", typed)) == [CreatedObject("raw", key)]
