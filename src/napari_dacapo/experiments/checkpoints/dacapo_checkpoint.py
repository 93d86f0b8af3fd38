"""Weights that DaCapo trained, read without running what a pickle may hold."""

from __future__ import annotations

import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from napari_dacapo.errors import CheckpointError
from napari_dacapo.files import is_whole_zip
from napari_dacapo.networks.cnnectome import body_and_head

if TYPE_CHECKING:
    import torch

LARGEST_RATIO = 12  # a file holds the weights and two moments of each: four times that is far too much
SLACK = 1 << 20
NOT_READABLE = (  # what torch raises for files that are damaged, or of something else
    UnpicklingError,
    *(AttributeError, EOFError, IndexError, KeyError, RuntimeError, TypeError, ValueError),
)


class _Weights:
    """Stands in for the class of DaCapo that its checkpoints name; it has data only."""


def read_dacapo_weights(path: Path, expected_bytes: int | None = None) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint of DaCapo as those of `body` and `head`, on the CPU.

    Files of more than twelve times `expected_bytes`, the bytes of the network's weights, are refused.
    Raises CheckpointError.
    """
    if not path.is_file():
        raise CheckpointError(
            f"No file lies at {path}. Choose one in checkpoints/iterations of a DaCapo run."
        )
    size = path.stat().st_size
    if expected_bytes is not None and size > (most := LARGEST_RATIO * expected_bytes + SLACK):
        raise CheckpointError(f"{path} has {size:,} bytes, this network's checkpoint at most {most:,}.")
    body, head = body_and_head(_model(path))
    parts = {"body": body, "head": head}
    return {f"{part}.{name}": tensor for part, own in parts.items() for name, tensor in own.items()}


def _model(path: Path) -> dict[str, torch.Tensor]:
    """What lies under "model", by name: tensors only."""
    import torch

    if zipfile.is_zipfile(path) and not is_whole_zip(path):  # torch takes flipped bits for good
        raise CheckpointError(f"{path} is damaged. Copy it again, or choose another iteration.")
    try:
        with torch.serialization.safe_globals([(_Weights, "dacapo.store.weights_store.Weights")]):
            loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (*NOT_READABLE, OSError) as error:
        problem = f"{path} is no checkpoint of DaCapo that can be read without running code in it"
        raise CheckpointError(f"{problem}. Choose a file in checkpoints/iterations of a run.") from error
    held = vars(loaded) if isinstance(loaded, _Weights) else loaded
    model = held.get("model") if isinstance(held, dict) else None
    if not isinstance(model, dict):
        raise CheckpointError(
            f"{path} holds no model. Choose a file in checkpoints/iterations of a DaCapo run."
        )
    return {str(name): tensor for name, tensor in model.items() if isinstance(tensor, torch.Tensor)}
