"""Weights of a file."""

from pathlib import Path

from napari_dacapo.experiments.checkpoints.weights import read_weights
from napari_dacapo.experiments.starts.start import Start, TrainedWeights


class FromFile(Start):
    """Begin with weights from a .safetensors file or a checkpoint's folder."""

    path: str
    "The file or folder; relative paths start at the workspace."

    channel_names: tuple[str, ...] = ()
    "What the channels of its head are called, in order; empty: the head counts only if its shape is equal."

    def weights(self, root: Path, own_bytes: int) -> TrainedWeights:
        return TrainedWeights(self.path, read_weights(root / self.path, own_bytes), self.channel_names)
