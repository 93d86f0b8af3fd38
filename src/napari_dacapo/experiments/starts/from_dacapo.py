"""Weights that DaCapo trained."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from napari_dacapo.experiments.checkpoints.dacapo_checkpoint import read_dacapo_weights
from napari_dacapo.experiments.starts.start import Start, TrainedWeights


class FromDacapo(Start):
    """Begin with the weights of a run of DaCapo, whose network is a CNNectomeUNet. No code in them is run.

    They fit a UNet with the same numbers and `wide_last_rise`, which the import of a DaCapo project makes.
    """

    path: Annotated[str, Field(min_length=1)]
    "A file in checkpoints/iterations of the run; relative paths start at the workspace."

    channel_names: tuple[str, ...] = ()
    "What the channels of its head are called, in order; empty: the head counts only if its shape is equal."

    def weights(self, root: Path, own_bytes: int) -> TrainedWeights:
        return TrainedWeights(self.path, read_dacapo_weights(root / self.path, own_bytes), self.channel_names)
