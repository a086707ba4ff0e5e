"""Environment variables as a typed model."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec

from .errors import ConfigurationError

#: A variable that has to be set to something.
Required = Annotated[str, msgspec.Meta(min_length=1)]


class Settings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """What every function is told. A field is the variable of the same name in capitals."""

    metrics_namespace: Required = "FinancialPipeline"
    powertools_service_name: Required = "financial-pipeline"


Model = TypeVar("Model", bound=Settings)


def read_settings(model: type[Model], environ: Mapping[str, str]) -> Model:
    """The environment as the model says it, or one line that names the variable which is missing."""
    try:
        # A plain dict, because msgspec would look for attributes on any other mapping.
        return msgspec.convert(dict(environ), model)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"environment of the function: {error}") from None
