"""Image, mask and network as a block takes them along, opened once where it is worked on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.experiments.predicting.predict import network_of
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.run_folder import RunFolder

_loading = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOneStart:
    """Never equal to that of another start: a worker that keeps what it opened may outlive the work."""

    start: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True)
class ImageOf(OfOneStart):
    """An image or a mask, opened where it is called: also on other machines."""

    source: Source
    root: Path
    normalization: Normalization | None = None  # as the network was trained on such; None: as it is

    def __call__(self) -> Array:
        return _opened(self)


@dataclass(frozen=True, slots=True)
class NetworkOf(OfOneStart):
    """A run's network, loaded once in every process that predicts."""

    folder: RunFolder
    iteration: int
    device: str
    input_shape: Voxels

    def __call__(self) -> Network:
        with _loading:
            return _loaded(self)


def image_of(folder: RunFolder, source: Source) -> ImageOf:
    return ImageOf(source, folder.root, folder.saved_run().datasplit.normalization)


@lru_cache(maxsize=2)  # an image and its mask
def _opened(image: ImageOf) -> Array:
    plain = image.source.open(image.root)
    if image.normalization is None or image.source.is_normalized:
        return plain
    return image.normalization.apply(plain)


@lru_cache(maxsize=1)
def _loaded(network: NetworkOf) -> Network:
    trained = load_trained(network.folder, iteration=network.iteration, device=network.device)
    return network_of(trained, network.input_shape)
