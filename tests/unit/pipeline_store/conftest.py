"""The emulated account, for the adapters' tests."""

from tests.unit.pipeline_store.emulated_aws import aws

__all__ = ["aws"]
