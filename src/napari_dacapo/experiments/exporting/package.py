"""A package for bioimage.io: weights, their description, and an image with the prediction it is to give."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_dacapo.experiments.exporting.description import (
    README,
    TEST_INPUT,
    TEST_OUTPUT,
    WEIGHTS,
    description,
)
from napari_dacapo.experiments.exporting.example_patch import ExamplePatch
from napari_dacapo.experiments.exporting.graph import graph_bytes
from napari_dacapo.experiments.exporting.model_card import ModelCard
from napari_dacapo.experiments.exporting.module import Predictor, examples, plain_network
from napari_dacapo.experiments.predicting.trained import Trained
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.tasks.task import Parameters

Contents = dict[str, bytes]  # by file name


def package(
    trained: Trained, root: Path, card: ModelCard, parameters: Parameters | None
) -> Generator[Notice, None, Contents]:
    """Returns the files of a package. JSON is YAML, and needs nothing that may run code to be read.

    `parameters`: what the run segments with. Raises UserInputError where the data that shows the model is
    gone, or what the format cannot hold.
    """
    patch = ExamplePatch.of(trained.run, root)
    fields = description(trained, patch, card, parameters)
    network = plain_network(trained)
    predictor = Predictor(network, trained.run.task)
    module = network if fields["outputs"][0]["postprocessing"] else predictor
    yield Notice("Predicts the image that shows what it does …")
    with torch.inference_mode():
        prediction = predictor(torch.from_numpy(patch.normalised)).numpy()
    graph = yield from graph_bytes(module, examples(trained), "torchscript")
    return {
        WEIGHTS: graph,
        TEST_INPUT: _npy(patch.stored),
        TEST_OUTPUT: _npy(prediction),
        README: _readme(trained, card).encode(),
        "rdf.yaml": json.dumps(fields, indent=1, ensure_ascii=False).encode(),
    }


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _readme(trained: Trained, card: ModelCard) -> str:
    run, text = trained.run, card.documentation or card.description
    kinds = f"{type(run.architecture).__name__} that learned {type(run.task).__name__}"
    channels = ", ".join(run.task.channel_names(run.architecture.dims))
    postprocessor = json.dumps(run.task.to_json().get("postprocessor", {}))
    return f"""# {card.title}

{text}

A {kinds} in {trained.iteration:,} iterations with napari-dacapo.

Its output are the channels {channels}. Objects or classes are made from them by `{postprocessor}`.

## Validation

Segment images with known labels that took no part in training, and compare by {run.task.criteria()[0].name}.
"""
