"""The emulated account, for the handler's tests."""

from tests.unit.pipeline_store.emulated_aws import aws

__all__ = ["aws"]
