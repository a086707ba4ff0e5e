"""Environment variables as a typed model."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec

from .errors import ConfigurationError

#: A variable that must not be empty.
Required = Annotated[str, msgspec.Meta(min_length=1)]


class Settings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """Environment variables of every function: a field is the variable of the same name in capitals."""

    metrics_namespace: Required = "FinancialPipeline"
    powertools_service_name: Required = "financial-pipeline"


Model = TypeVar("Model", bound=Settings)


def read_settings(model: type[Model], environ: Mapping[str, str]) -> Model:
    """Read the environment into the model; ConfigurationError names the missing variable."""
    try:
        # A dict, because msgspec reads attributes from any other mapping.
        return msgspec.convert(dict(environ), model)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"environment variables: {error}") from None
