"""What a run has besides its components, as a record of its own that a form can show."""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from napari_dacapo.config import Config
from napari_dacapo.experiments.combinations import COMPONENTS
from napari_dacapo.experiments.run import Run

_FIELDS: dict[str, Any] = {
    name: (field.annotation, field)
    for name, field in Run.model_fields.items()
    if name not in (*COMPONENTS, "repetition")
}

RunOptions: type[Config] = create_model(
    "RunOptions", __base__=Config, __doc__="Where a run starts and when it stops.", **_FIELDS
)


def values_of(options: Config) -> dict[str, Any]:
    """The fields as a run takes them."""
    return {name: getattr(options, name) for name in _FIELDS}
