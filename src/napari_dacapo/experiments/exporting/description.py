"""What stands in a package's rdf.yaml, in the format of bioimage.io, version 0.5."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.bioimageio_file import OWN
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.experiments.exporting.example_patch import ExamplePatch
from napari_dacapo.experiments.exporting.model_card import ModelCard
from napari_dacapo.experiments.exporting.processing import postprocessing, preprocessing
from napari_dacapo.experiments.predicting.trained import Trained
from napari_dacapo.tasks.task import Parameters

FORMAT_VERSION = "0.5.12"
WEIGHTS, TEST_INPUT, TEST_OUTPUT, README = "weights.pt", "test_input.npy", "test_output.npy", "README.md"
MOST_VOXELS = 4096  # along an axis, for which sizes are to come out right
UNITS = {"nm": "nanometer", "voxel": None}
TOLERANCE = {"relative_tolerance": 1e-3, "absolute_tolerance": 1e-5}  # on other machines, too

Fields = dict[str, Any]


def description(
    trained: Trained, patch: ExamplePatch, card: ModelCard, parameters: Parameters | None
) -> Fields:
    """Raises UserInputError where the normalisation cannot be described."""
    import torch

    return {
        "format_version": FORMAT_VERSION,
        "type": "model",
        "name": card.title,
        "description": card.description,
        "authors": [{"name": name} for name in card.authors],
        "license": card.license,
        "cite": [{"text": card.cite, "doi": card.doi}],
        "documentation": {"source": README},
        "tags": ["segmentation", f"{trained.run.architecture.dims}d", "pytorch", "napari-dacapo"],
        "inputs": [_input(trained, patch)],
        "outputs": [_output(trained, patch)],
        "weights": {
            "torchscript": {"source": WEIGHTS, "pytorch_version": torch.__version__.partition("+")[0]}
        },
        "config": {
            "bioimageio": {"reproducibility_tolerance": [TOLERANCE]},
            OWN: {"task": trained.run.task.to_json()}
            | ({"parameters": dict(parameters)} if parameters else {}),
        },
    }


def _input(trained: Trained, patch: ExamplePatch) -> Fields:
    architecture, image = trained.run.architecture, patch.image
    least = architecture.nearest_input_shape((1,) * image.dims, at_least=True)
    sides = zip(least, architecture.stride, strict=True)
    sizes = [{"size": {"min": n, "step": by}} for n, by in sides]
    names = image.channel_names or tuple(f"channel{number}" for number in range(image.shape[0]))
    return {
        "id": "raw",
        "axes": [{"type": "batch"}, _channels(names), *_space(patch, (1,) * image.dims, sizes)],
        "data": {"type": image.dtype.name},
        "test_tensor": {"source": TEST_INPUT},
        "preprocessing": preprocessing(patch.normalization, image.dims),
    }


def _output(trained: Trained, patch: ExamplePatch) -> Fields:
    architecture, task = trained.run.architecture, trained.run.task
    dims = architecture.dims
    low, high = task.prediction_range
    return {
        "id": "prediction",
        "axes": [
            {"type": "batch"},
            _channels(task.channel_names(dims)),
            *_space(patch, architecture.scale, _output_sizes(architecture)),
        ],
        "data": {"type": "float32", "range": [low, high]},
        "test_tensor": {"source": TEST_OUTPUT},
        "postprocessing": postprocessing(task),
    }


def _output_sizes(architecture: Architecture) -> list[Fields]:
    """Of each axis by the input's; what may be seen of the border is a halo where the network keeps it.

    An input of 20 that gives 12 has the offset -8.
    """
    patch, scale = architecture.input_patch, architecture.scale
    lost = tuple(o - i * s for o, i, s in zip(architecture.output_shape(patch), patch, scale, strict=True))
    sides = zip("zyx"[-architecture.dims :], lost, _halo(architecture, lost), strict=True)
    return [
        {"size": {"tensor_id": "raw", "axis_id": axis, "offset": less}, **({"halo": halo} if halo else {})}
        for axis, less, halo in sides
    ]


def _halo(architecture: Architecture, lost: Voxels) -> Voxels:
    """Output voxels at each side that miss a part of what they should see: none of a valid network."""
    least = architecture.output_shape(
        architecture.nearest_input_shape((1,) * architecture.dims, at_least=True)
    )
    sides = zip(architecture.border, architecture.scale, lost, least, strict=True)
    return tuple(min(border * scale, (n - 1) // 2) if less == 0 else 0 for border, scale, less, n in sides)


def _space(patch: ExamplePatch, scale: Voxels, sizes: list[Fields]) -> list[Fields]:
    """The axes in space; their scale is the size of a voxel."""
    image, unit = patch.image, UNITS[patch.image.unit]
    own = {} if unit is None else {"unit": unit}
    sides = zip("zyx"[-image.dims :], image.voxel_size, scale, sizes, strict=True)
    return [
        {"type": "space", "id": axis, "scale": _finer(_countable(v), factor), **own, **size}
        for axis, v, factor, size in sides
    ]


def _countable(size: float) -> float:
    """The voxel size, or one of fewer digits where a number of voxels times it does not give that back."""
    exact = all(number * size / size == number for number in range(1, MOST_VOXELS))
    return size if exact else float(np.float32(size))


def _finer(size: float, factor: int) -> float:
    """The size of one of so many parts, not a bit too large: readers of the format round down."""
    part = size / factor
    return part if part * factor <= size and math.frexp(factor)[0] == 0.5 else math.nextafter(part, 0.0)


def _channels(names: tuple[str, ...]) -> Fields:
    return {"type": "channel", "channel_names": list(_identifiers(names))}


def _identifiers(names: tuple[str, ...]) -> tuple[str, ...]:
    """Without spaces and the like: "outer membrane" is "outer_membrane", "3" is "_3"."""
    plain = [re.sub(r"\W", "_", name) for name in names]
    valid = [name if name.isidentifier() else f"_{name}" for name in plain]
    twice = {name for name in valid if valid.count(name) > 1}
    return tuple(f"{name}_{place}" if name in twice else name for place, name in enumerate(valid))
