"""A misconfigured function says so in one line."""

import pytest

from pipeline_store.errors import ConfigurationError
from pipeline_store.settings import Required, Settings, read_settings


class Example(Settings, frozen=True):
    """One variable besides the common ones."""

    raw_bucket: Required


@pytest.mark.parametrize("environ", [pytest.param({}, id="missing"), pytest.param({"RAW_BUCKET": ""}, id="empty")])
def test_a_missing_variable_is_named_in_one_line(environ: dict[str, str]) -> None:
    """A KeyError deep inside the first put would tell an operator nothing."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings(Example, environ)

    assert "RAW_BUCKET" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_variables_are_none_of_our_business() -> None:
    """Lambda sets two dozen of its own."""
    settings = read_settings(Example, {"RAW_BUCKET": "raw", "PATH": "/bin", "METRICS_NAMESPACE": "Mine"})

    assert (settings.raw_bucket, settings.metrics_namespace) == ("raw", "Mine")
