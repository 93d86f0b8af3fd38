"""Normalisation and activation in the words of bioimage.io."""

from __future__ import annotations

from typing import Any

from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile, ZScore
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.errors import UserInputError
from napari_dacapo.tasks.task import Task

Operation = dict[str, Any]
EPSILON = 1e-9  # added to what is divided by
FLOAT32: Operation = {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}


def preprocessing(normalization: Normalization | None, dims: int) -> list[Operation]:
    """What is done on raw before the network sees it.

    Raises UserInputError for a kind of normalisation that the format has no word for.
    """
    operations = _operations(normalization, dims)
    return [FLOAT32, *operations, FLOAT32] if operations else [FLOAT32]  # else readers go back to the image's


def postprocessing(task: Task) -> list[Operation]:
    """What makes the prediction of the network's output; nothing where the network does it itself."""
    match task.activation:
        case "sigmoid":
            return [{"id": "sigmoid"}]
        case "softmax":
            return [{"id": "softmax", "kwargs": {"axis": "channel"}}]
        case "clip":
            low, high = task.prediction_range
            return [{"id": "clip", "kwargs": {"min": low, "max": high}}]
        case "own":
            return []


def _operations(normalization: Normalization | None, dims: int) -> list[Operation]:
    axes = list("zyx"[-dims:])  # each channel by itself
    match normalization:
        case None:
            return []
        case FixedRange():
            gain = 1 / (normalization.high - normalization.low)
            kwargs = {"gain": gain, "offset": -normalization.low * gain}
            identity = kwargs == {"gain": 1.0, "offset": 0.0}
            return [*([] if identity else [{"id": "scale_linear", "kwargs": kwargs}]), _clip()]
        case Percentile(low=low, high=high):
            return [_range(low, high, axes), _clip()]
        case MinMax():
            return [_range(0.0, 100.0, axes), _clip()]
        case ZScore():
            return [{"id": "zero_mean_unit_variance", "kwargs": {"axes": axes, "eps": EPSILON}}]
    kind = type(normalization).__name__
    fix = "Train with FixedRange, Percentile, MinMax or ZScore, or export as torchscript"
    raise UserInputError("normalization", kind, "bioimage.io has no word for it", fix)


def _range(low: float, high: float, axes: list[str]) -> Operation:
    kwargs = {"axes": axes, "min_percentile": low, "max_percentile": high, "eps": EPSILON}
    return {"id": "scale_range", "kwargs": kwargs}


def _clip() -> Operation:
    return {"id": "clip", "kwargs": {"min": 0.0, "max": 1.0}}
