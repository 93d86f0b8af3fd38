"""Weights of a model of bioimage.io."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from napari_dacapo.architectures.bioimageio_file import read_bioimageio
from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.weights import LARGEST_RATIO
from napari_dacapo.experiments.starts.start import Start, TrainedWeights

WRAPPER = "network."  # how the names of weights begin where the activation is in the module, too


class FromModel(Start):
    """Begin with the weights in a package of bioimage.io, such as one exported from another workspace.

    They are taken by their names: the architecture has to be the one that the package was made from.
    """

    path: Annotated[str, Field(min_length=1)]
    "The package (.zip), its folder or its rdf.yaml; relative paths start at the workspace."

    def weights(self, root: Path, own_bytes: int) -> TrainedWeights:
        from napari_dacapo.networks.bioimageio_module import load_model

        file = read_bioimageio(root / self.path)
        state = load_model(file.description, trusted=False).state_dict()
        size = sum(tensor.nbytes for tensor in state.values())
        if size > (most := LARGEST_RATIO * own_bytes):
            raise CheckpointError(
                f"{self.path} has {size:,} bytes of weights, this network at most {most:,}."
            )
        tensors = {name.removeprefix(WRAPPER): tensor.clone() for name, tensor in state.items()}
        return TrainedWeights(self.path, tensors, file.output_channels)
